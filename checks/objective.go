package checks

import (
	"slices"
	"time"
)

// Objective is a promise: a share of good runs over a rolling window.
type Objective struct {
	// Name tells the objectives of a check apart, in history too. Without one
	// in the definition it is "availability" or, with a latency, "latency".
	Name string
	Good float64       // share of good runs, over 0 and under 1: 0.995 for 99.5 %
	Over time.Duration // the rolling window
	// Latency, if set, makes a run good only if its journey took no longer.
	Latency time.Duration
	// Burn are the burn rates to alert at: nil for the usual ones, empty for no
	// alerts.
	Burn []BurnRate
}

// Keeps tells whether a run counts as good, by whether its journey worked and
// how long it took.
func (o *Objective) Keeps(worked bool, took time.Duration) bool {
	return worked && (o.Latency <= 0 || took <= o.Latency)
}

// BurnRate alerts when, in both windows, the error budget burns at least Rate
// times as fast as would use it up just at the end of the objective's window.
type BurnRate struct {
	Long, Short time.Duration
	Rate        float64
	Severity    Severity
}

// Severity is how loudly an alert is told.
type Severity string

// The severities that a definition can ask for.
const (
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// Latencies gives, by check id, the latencies that objectives promise: none for
// most checks, but every check is there.
func (d *Definitions) Latencies() map[string][]time.Duration {
	all := make(map[string][]time.Duration, len(d.Checks))
	for i := range d.Checks {
		var latencies []time.Duration
		for _, o := range d.Checks[i].Objectives {
			if o.Latency > 0 && !slices.Contains(latencies, o.Latency) {
				latencies = append(latencies, o.Latency)
			}
		}
		all[d.Checks[i].ID] = latencies
	}
	return all
}
