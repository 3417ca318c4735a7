package browser

import (
	"context"
	_ "embed"
	"fmt"
	markup "html"
	"strings"
	"time"

	"github.com/chromedp/cdproto/runtime"

	"outrider/checks"
	"outrider/probes"
)

//go:embed js/evidence.js
var evidenceScript string

const (
	// domName is the name of the document among the artifacts of a run.
	domName = "page.html"
	// maxDOM bounds a document that is kept, in bytes.
	maxDOM = 512 << 10
	// domTime bounds what it may take to write it down, and markTime what it
	// may take to mark a target.
	domTime, markTime = time.Second, 500 * time.Millisecond
)

// evidenceWorld prepares our world of the page to give evidence.
func (j *journey) evidenceWorld(ctx context.Context) error {
	world := j.tab.observer.currentWorld()
	if world == "" {
		return errGone
	}
	res, err := call(ctx, j.tab, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: "function() {\n" + evidenceScript + "\n}", UniqueContextID: world, Silent: new(true),
	})
	if err == nil && res.ExceptionDetails != nil {
		err = errScript(exceptionText(res.ExceptionDetails))
	}
	return err
}

// keepDOM keeps the page's document as it is now. One that the page does not
// give in time is left out.
func (j *journey) keepDOM(ctx context.Context, step string) {
	if !j.keeping.DOM.Wanted(j.result.Outcome == probes.Failed, j.keeping.draw) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, domTime)
	defer cancel()
	if j.evidenceWorld(ctx) != nil {
		return
	}
	var page struct {
		HTML string `json:"html"`
		Cut  bool   `json:"cut"`
	}
	args := map[string]any{"limit": 2 * maxDOM, "redacted": checks.Redacted}
	if err := inWorld(ctx, j.tab, "snapshot", func() any { return args }, &page); err != nil {
		return
	}
	shown := j.secrets.hide(page.HTML)
	if page.Cut && len(shown) < maxDOM {
		// Most of it was secrets: what it ends with may be the half of one.
		shown = checks.Redacted
	}
	m := masker{hide: j.secrets.hide}
	// Whoever opens it sees what was there, but nothing of it runs or loads.
	head := fmt.Sprintf("<!doctype html>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"+
		"<meta name=\"address\" content=\"%s\">\n", markup.EscapeString(m.address(j.tab.observer.current().url)))
	j.keep(domName, "text/html; charset=utf-8", step, []byte(shorten(head+strings.ToValidUTF8(shown, "\uFFFD"), maxDOM)))
}

// markTargets outlines on the page what the failed step was about. Where that
// is not to be seen nothing is outlined.
func (j *journey) markTargets(ctx context.Context, action checks.Action) {
	ctx, cancel := context.WithTimeout(ctx, markTime)
	defer cancel()
	var marks []map[string]any
	for _, t := range targetsOf(action) {
		if t.IsZero() || len(t.Frame) > 0 {
			continue
		}
		if l, err := locate(t, j.scope); err == nil {
			marks = append(marks, map[string]any{"target": l, "label": j.cut(l.String())})
		}
	}
	if len(marks) == 0 || j.evidenceWorld(ctx) != nil {
		return
	}
	_ = inWorld(ctx, j.tab, "mark", func() any { return map[string]any{"targets": marks} }, nil)
}

// unmarkTargets takes the outlines away again.
func (j *journey) unmarkTargets(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, markTime)
	defer cancel()
	if world := j.tab.observer.currentWorld(); world != "" {
		_ = callWorld(ctx, j.tab, world, "unmark", nil, nil)
	}
}
