package backtest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"outrider/incidents/detect"
)

// Alert is an incident that would have been.
type Alert struct {
	Location string       `json:"location"`
	Cause    detect.Cause `json:"cause"`
	// Severity is the worst that it came to, and Summary and Findings are what
	// would have been said when it did.
	Severity detect.Severity `json:"severity"`
	Opened   time.Time       `json:"opened"`
	// Since is the start of the first bad run that led to it.
	Since time.Time `json:"since"`
	// Resolved is zero if it would still be open after the last run.
	Resolved time.Time `json:"resolved,omitzero"`
	BadRuns  int       `json:"bad_runs"`
	Summary  string    `json:"summary"`
	Findings []string  `json:"findings,omitempty"`
	// Before tells that it opened before the span, and reached into it.
	Before bool `json:"opened_before_span,omitempty"`
}

// Pages tells whether people would have been asked to act: notices only tell
// of what is likely to come.
func (a *Alert) Pages() bool { return a.Severity.WorseThan(detect.Notice) }

// end is when the alert ended, at the latest at the end of the span.
func (a *Alert) end(last time.Time) time.Time {
	if a.Resolved.IsZero() || a.Resolved.After(last) {
		return later(last, a.Opened)
	}
	return a.Resolved
}

func compareAlerts(a, b Alert) int {
	return cmp.Or(a.Opened.Compare(b.Opened), compareText(a.Location, b.Location), compareText(string(a.Cause), string(b.Cause)))
}

func compareText(a, b string) int { return strings.Compare(a, b) }

// Totals sum up a Result.
type Totals struct {
	// Alerts counts those that opened in the span and page; Notices those that
	// opened in the span and do not. ByCause counts both, by cause.
	Alerts  int                  `json:"alerts"`
	Notices int                  `json:"notices"`
	ByCause map[detect.Cause]int `json:"by_cause"`
	// AlertsPerWeek is Alerts over the length of the span, all locations
	// together; zero if the span has no length.
	AlertsPerWeek float64 `json:"alerts_per_check_week"`
	// InAlert is the share of the span in which an alert that pages was open at
	// one location at least.
	InAlert float64 `json:"share_of_time_in_alert"`
	// Predictions counts those of which it is known what became of them, and
	// CameTrue those that came true.
	Predictions int `json:"predictions"`
	CameTrue    int `json:"predictions_came_true"`
}

const week = 7 * 24 * time.Hour

func totalsOf(r *Result) Totals {
	t := r.Totals // what was counted on the way
	t.ByCause = map[detect.Cause]int{}
	var open []span
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Pages() {
			open = append(open, span{later(a.Opened, r.From), a.end(r.To)})
		}
		if a.Before {
			continue
		}
		t.ByCause[a.Cause]++
		if a.Pages() {
			t.Alerts++
		} else {
			t.Notices++
		}
	}
	if length := r.To.Sub(r.From); length > 0 {
		t.AlertsPerWeek = float64(t.Alerts) * float64(week) / float64(length)
		var in time.Duration
		for _, s := range union(open) {
			in += s.length()
		}
		t.InAlert = min(float64(in)/float64(length), 1)
	}
	return t
}

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return max(s.to.Sub(s.from), 0) }

// overlaps tells whether two spans have a moment in common.
func (s span) overlaps(o span) bool { return !s.from.After(o.to) && !o.from.After(s.to) }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && !t.After(s.to) }

// union merges spans that overlap; they come out in order.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && !s.from.After(out[n-1].to) {
			out[n-1].to = later(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
