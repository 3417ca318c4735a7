package evaluate

import (
	"testing"

	"outrider/incidents/detect/forecast"
	"outrider/incidents/detect/simulate"
)

// A disturbance that fails a few runs in a row is no rise.
func TestRowsOfFailuresAreNoRise(t *testing.T) {
	const series, weeks = 20, 6
	raised := 0
	for seed := range uint64(series) {
		run := simulate.Rate{Kind: simulate.RateClusters, Seed: 60_000 + seed, Learning: breachLearning, Weeks: weeks}.Draw()
		changes, first := watchBreach(run, nil)
		for _, c := range changes {
			if c.Kind == forecast.Raised && c.At.Sub(first) >= breachLearning {
				raised++
			}
		}
	}
	rate := float64(raised) / (series * weeks)
	t.Logf("%.3f false predictions per check-week", rate)
	if rate > 0.1 {
		t.Error("too many")
	}
}
