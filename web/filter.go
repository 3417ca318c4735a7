package web

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"outrider/probes"
)

// filter selects checks for the list.
type filter struct {
	Text   string
	States []string
	Labels []label
}

// label is one label that a check must have.
type label struct{ Key, Value string }

// String gives the label as the query has it.
func (l label) String() string { return l.Key + "=" + l.Value }

// parseFilter reads a filter from a query: q, state (repeatable) and label
// (repeatable, all must match).
func parseFilter(q url.Values) (filter, error) {
	f := filter{Text: strings.TrimSpace(q.Get("q"))}
	for _, s := range q["state"] {
		if s == "" {
			continue // the form's "any state"
		}
		if !slices.Contains(states[:], s) {
			return f, &paramError{"state", s, "one of " + strings.Join(states[:], ", ")}
		}
		f.States = append(f.States, s)
	}
	for _, l := range q["label"] {
		if l == "" {
			continue
		}
		k, v, ok := strings.Cut(l, "=")
		if !ok || k == "" {
			return f, &paramError{"label", l, "a label and its value, such as label=tier=gold"}
		}
		f.Labels = append(f.Labels, label{k, v})
	}
	return f, nil
}

// IsZero tells whether everything is selected.
func (f filter) IsZero() bool { return f.Text == "" && len(f.States) == 0 && len(f.Labels) == 0 }

// matches tells whether a check is selected.
func (f filter) matches(c *checkState) bool {
	for _, l := range f.Labels {
		if v, ok := c.Check.Labels[l.Key]; !ok || v != l.Value {
			return false
		}
	}
	if len(f.States) > 0 && !slices.Contains(f.States, c.State) {
		return false
	}
	return f.Text == "" || f.inText(c)
}

// inText looks for the text in what the list shows of a check, any case.
func (f filter) inText(c *checkState) bool {
	text := strings.ToLower(f.Text)
	if strings.Contains(strings.ToLower(c.Check.ID), text) ||
		strings.Contains(strings.ToLower(c.Check.Name), text) ||
		strings.Contains(strings.ToLower(c.Check.Description), text) {
		return true
	}
	for k, v := range c.Check.Labels {
		if strings.Contains(strings.ToLower(k+"="+v), text) {
			return true
		}
	}
	return false
}

// sortedLabels gives labels in the order of their keys.
func sortedLabels(m map[string]string) []label {
	out := make([]label, 0, len(m))
	for k, v := range m {
		out = append(out, label{k, v})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

// number reads a positive whole number; absent gives the default.
func number(q url.Values, name string, otherwise, atMost int64) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > atMost {
		return 0, &paramError{name, text, "a whole number from 1 to " + strconv.FormatInt(atMost, 10)}
	}
	return n, nil
}

// instant reads an RFC 3339 time; absent gives the zero time.
func instant(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, &paramError{name, text, "a time such as 2026-01-31T18:00:00Z"}
	}
	return t.UTC(), nil
}

// outcomes reads the outcomes that runs are limited to.
func outcomes(q url.Values) ([]probes.Outcome, error) {
	var out []probes.Outcome
	for _, text := range q["outcome"] {
		switch o := probes.Outcome(text); o {
		case "":
		case probes.Passed, probes.Degraded, probes.Failed, probes.Unknown:
			out = append(out, o)
		default:
			return nil, &paramError{"outcome", text, "one of passed, degraded, failed, unknown"}
		}
	}
	return out, nil
}
