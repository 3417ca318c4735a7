package surge

import (
	"fmt"
	"strings"
	"time"

	"outrider/checks"
)

// Bounds gives what a check's definition promises about its whole journey.
func Bounds(c *checks.Check) []Bound {
	var bounds []Bound
	add := func(name string, limit time.Duration, quantile float64) {
		if limit > 0 {
			bounds = append(bounds, Bound{Name: name, Limit: limit, Quantile: quantile})
		}
	}
	for _, o := range c.Objectives {
		name := "objective"
		if o.Name != "latency" { // that of one without a name
			name += " " + o.Name
		}
		add(name, o.Latency, o.Good)
	}
	add("threshold degraded", c.Thresholds.Total.Degraded, 0.5)
	add("threshold failed", c.Thresholds.Total.Failed, 0.5)
	if c.Thresholds.Total.Failed == 0 {
		add("timeout", c.Timeout, 0.5)
	}
	return bounds
}

// TargetOf gives the target that an event plans.
func TargetOf(l checks.PlannedLoad) Target { return Target{Factor: l.Factor, Load: l.Value} }

// Outlook is what a planned event will do to a check.
type Outlook struct {
	Event      checks.Event
	Projection Projection
	// Risks are the bounds with the probability that they break in the event.
	Risks []Risk
	// Sentence says it in words, with numbers.
	Sentence string
}

// Risk is a bound and the probability that it breaks.
type Risk struct {
	Bound
	Probability float64
}

// Project tells what an event will do to a check. It depends on nothing but
// its arguments; unit is that of the load, such as "/min".
func Project(f *Fit, e checks.Event, bounds []Bound, unit string) Outlook {
	load := TargetOf(e.Load).Of(f.Peak)
	o := Outlook{Event: e, Projection: f.At(load)}
	for _, b := range bounds {
		o.Risks = append(o.Risks, Risk{b, f.Breaks(b.Limit, b.Quantile, load).Within})
	}
	o.Sentence = fmt.Sprintf("%s, %s to %s: %s%s", e.Name, e.From.Format("2006-01-02 15:04"), e.To.Format("2006-01-02 15:04 UTC"),
		f.Sentence(o.Projection, unit), riskWords(o.Risks))
	return o
}

// riskWords lists the bounds that may well break.
func riskWords(risks []Risk) string {
	const worth = 0.05 // below, it is not worth a word
	var words []string
	for _, r := range risks {
		if r.Probability >= worth {
			words = append(words, fmt.Sprintf("%s %s with %s", r.Name, FormatLatency(r.Limit), percent(r.Probability)))
		}
	}
	switch {
	case len(risks) == 0:
		return ""
	case len(words) == 0:
		return " No bound is expected to break."
	}
	return " Breaks: " + strings.Join(words, ", ") + "."
}
