package web

import (
	"time"

	"outrider/checks"
	"outrider/probes"
)

// waterfall is the steps of a run as bars on one time axis.
type waterfall struct {
	Rows   []waterfallRow
	Ticks  []chartTick
	Phases []phaseKey // the legend: only what occurs
}

// waterfallRow is one step.
type waterfallRow struct {
	Step    probes.Step
	Started time.Duration
	Bars    []waterfallBar
}

// waterfallBar is a part of a step. X and W are percent of the whole.
type waterfallBar struct {
	X, W  float64
	Phase string // style class: a phase, "other", "action" or "failed"
	Title string
}

// phaseKey is an entry of the legend.
type phaseKey struct {
	Class string
	Name  string
	Total time.Duration
}

// phaseName is how a phase is called on pages.
func phaseName(p checks.Phase) string {
	switch p {
	case checks.PhaseFirstByte:
		return "first byte"
	case checks.PhaseTLS:
		return "TLS"
	}
	return string(p)
}

// newWaterfall draws a run's steps.
func newWaterfall(run probes.Run) waterfall {
	whole := time.Duration(1)
	for _, st := range run.Steps {
		whole = max(whole, st.Started+st.Duration)
	}
	w := waterfall{}
	totals := map[string]time.Duration{}
	for _, st := range run.Steps {
		row := waterfallRow{Step: st, Started: st.Started}
		row.Bars = stepBars(st, whole, totals)
		w.Rows = append(w.Rows, row)
	}
	at := func(d time.Duration) float64 { return 100 * float64(d) / float64(whole) }
	for _, t := range durationTicks(whole, at) {
		if t.At < 92 { // the label of a later one would be cut off
			w.Ticks = append(w.Ticks, t)
		}
	}
	for _, p := range checks.Phases() {
		if t := totals[string(p)]; t > 0 {
			w.Phases = append(w.Phases, phaseKey{string(p), phaseName(p), t})
		}
	}
	w.Phases = addSplit(w.Phases, totals)
	if t := totals["other"]; t > 0 && len(w.Phases) > 0 {
		w.Phases = append(w.Phases, phaseKey{"other", "other", t})
	}
	return w
}

// stepBars divides a step into its phases, in the order in which they pass;
// what no phase explains comes last. A step in a browser is divided into what
// the customer waited for. It adds to the totals by phase.
func stepBars(st probes.Step, whole time.Duration, totals map[string]time.Duration) []waterfallBar {
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(whole) }
	x, end := st.Started, st.Started+st.Duration
	var out []waterfallBar
	add := func(class, name string, d time.Duration) {
		d = min(d, end-x) // phases are rounded apart: never beyond the step
		if d <= 0 {
			return
		}
		totals[class] += d
		out = append(out, waterfallBar{percent(x), percent(d), class, name + " " + showDuration(d)})
		x += d
	}
	if st.Split != nil {
		for _, part := range splitParts(st.Split) {
			if part.Class == "other" && st.Outcome == probes.Failed {
				part.Class, part.Name = "failed", "waiting in vain"
			}
			add(part.Class, part.Name, part.Total)
		}
		return out
	}
	if st.HTTP != nil {
		for _, p := range checks.Phases() {
			add(string(p), phaseName(p), st.HTTP.Phases.Of(p))
		}
		add("other", "other", end-x)
		return out
	}
	class := "action"
	if st.Outcome == probes.Failed {
		class = "failed"
	}
	add(class, st.Verb, end-x)
	return out
}
