package evaluate

import (
	"fmt"
	"io"

	"outrider/incidents/detect/forecast"
	"outrider/incidents/detect/simulate"
)

// falseRates counts false predictions of error rates that do not creep up. A
// jump counts by jumps and has no verdict: for some hours after one, nobody can
// tell it from a rise by its counts.
func falseRates(w io.Writer, o ForecastOptions) {
	fmt.Fprintf(w, "\nthe same for error rates\n\n")
	for _, kind := range simulate.RateKinds() {
		n, jumps := 0, 0
		for i := range o.Series {
			run := simulate.Rate{Kind: kind, Seed: o.Seed + uint64(i), Learning: breachLearning, Weeks: o.Weeks}.Draw()
			changes, first := watchBreach(run, nil)
			raised := 0
			for _, c := range changes {
				if c.Kind == forecast.Raised && c.At.Sub(first) >= breachLearning {
					raised++
				}
			}
			n += raised
			if raised > 0 {
				jumps++
			}
		}
		weeks := float64(o.Series * o.Weeks)
		rate, name := float64(n)/weeks, "error rate: "+kind.String()
		if kind == simulate.RateJump {
			fmt.Fprintf(w, "%-28s %3d in %4.0f weeks %8.4f    after %d of %d jumps\n", name, n, weeks, rate, jumps, o.Series)
			continue
		}
		fmt.Fprintf(w, "%-28s %3d in %4.0f weeks %8.4f %10s\n", name, n, weeks, rate, verdict(rate, 0.05, 0.01))
	}
}
