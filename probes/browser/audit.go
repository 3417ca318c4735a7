package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"outrider/probes"
)

// audits are the expectations that take a while to look at. A page that does
// not meet them soon after all else is as expected never will.
func (w *stateWanted) audits(ctx context.Context) (*failure, error) {
	began := time.Now()
	// The looking is our wish, not the customer's.
	defer func() { w.t.own += time.Since(began) }()
	for _, audit := range []func(context.Context) (*failure, error){w.accessible, w.looksLike} {
		wrong, err := audit(ctx)
		if err != nil {
			return nil, err
		}
		if wrong == nil {
			continue
		}
		if since := time.Since(w.audited); since >= auditPatience {
			wrong.message += fmt.Sprintf(" (waited %s)", since.Round(100*time.Millisecond))
			return nil, wrong
		}
		return wrong, nil
	}
	return nil, nil
}

// brokenRule is a rule of accessibility that a page breaks, as
// js/accessible.js tells.
type brokenRule struct {
	Rule   string `json:"rule"`
	Count  int    `json:"count"`
	Detail string `json:"detail"` // where first
}

// accessible holds the page against the rules of accessibility.
func (w *stateWanted) accessible(ctx context.Context) (*failure, error) {
	if w.Accessible == nil {
		return nil, nil
	}
	var broken []brokenRule
	allow := append([]string{}, w.Accessible.Allow...)
	err := inWorld(ctx, w.j.tab, "accessible", func() any { return map[string]any{"allow": allow} }, &broken)
	var thrown errScript
	switch {
	case errors.As(err, &thrown):
		return failf(probes.FailPage, "the page could not be looked through for its accessibility: %s", thrown), nil
	case err != nil:
		return w.late(ctx, err)
	case len(broken) == 0:
		return nil, nil
	}
	rules, parts := make([]string, len(broken)), make([]string, 0, len(broken))
	for i, b := range broken {
		rules[i] = b.Rule
		where := w.j.cut(b.Detail)
		if b.Count > 1 {
			where += fmt.Sprintf(" and %d more", b.Count-1)
		}
		parts = append(parts, b.Rule+": "+where)
	}
	what := "a rule"
	if len(broken) > 1 {
		what = fmt.Sprintf("%d rules", len(broken))
	}
	f := failf(probes.FailAssertion, "the page breaks %s of accessibility: %s", what, strings.Join(parts, "; "))
	f.expected, f.got = "none", strings.Join(rules, ", ")
	return f, nil
}
