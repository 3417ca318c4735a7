package forecast

import (
	"fmt"
	"math"
	"time"
)

// Burn is what was spent of an error budget in a window that ends now.
type Burn struct {
	Window time.Duration
	Bad    int64 // runs that broke the objective
	Total  int64
}

// Budget is an error budget as it stands.
type Budget struct {
	// Objective is the share of runs that must be good, such as 0.995, over
	// Window.
	Objective float64
	Window    time.Duration
	// Left is the share of the budget that is left: 1 is all of it, 0 none.
	Left float64
}

// Exhaustion is when a budget will be used up if it goes on being spent as in
// the last windows. Probability is that of having it used up within Horizon.
type Exhaustion struct {
	Horizon     time.Duration
	Probability float64
	// Rate is how many budgets are spent in a window of the objective (1 uses
	// up exactly all).
	Rate float64
	// After is how long the budget lasts at that rate, between Earliest and
	// Latest in nine of ten cases; more than a hundred windows of the objective
	// count as for ever, which is told as zero.
	After, Earliest, Latest time.Duration
	Left                    float64
}

// forEver is how many windows of an objective nobody plans ahead.
const forEver = 100

// Exhaust works out when a budget is used up. Rates of windows of different
// length are averaged in logarithms, each by the number of bad runs behind it:
// a short window tells more of now, a long one is surer. Counts are Poisson's,
// so that few bad runs give a wide interval (the rate is gamma-distributed,
// with Jeffreys' prior; its logarithm is taken as normal). What falls out of
// the rolling window of the objective while time goes on is not given back:
// the answer is on the safe side.
func Exhaust(b Budget, burns []Burn, horizon time.Duration) Exhaustion {
	e := Exhaustion{Horizon: horizon, Left: b.Left}
	allowed := 1 - b.Objective
	if b.Left <= 0 {
		e.Probability = 1
		return e
	}
	if allowed <= 0 || b.Window <= 0 {
		return e
	}
	var sum, weight float64
	for _, w := range burns {
		if w.Total <= 0 || w.Bad < 0 || w.Bad > w.Total {
			continue
		}
		bad := float64(w.Bad) + 0.5
		sum += bad * math.Log(bad/float64(w.Total)/allowed)
		weight += bad
	}
	if weight == 0 {
		return e
	}
	mean := sum / weight
	// Windows overlap, so that together they tell little more than the one with
	// the most bad runs.
	most := 0.5
	for _, w := range burns {
		if w.Total > 0 && w.Bad <= w.Total {
			most = max(most, float64(w.Bad)+0.5)
		}
	}
	sd := 1 / math.Sqrt(most)
	after := func(logRate float64) time.Duration {
		windows := b.Left / math.Exp(logRate)
		if windows > forEver {
			return 0
		}
		return time.Duration(windows * float64(b.Window))
	}
	e.Rate = math.Exp(mean)
	e.After, e.Earliest, e.Latest = after(mean), after(mean+1.645*sd), after(mean-1.645*sd)
	if horizon > 0 {
		need := math.Log(b.Left * float64(b.Window) / float64(horizon))
		e.Probability = normalAbove(need, mean, sd*sd)
	}
	return e
}

// Explain says it in one sentence, as seen at a time.
func (e Exhaustion) Explain(now time.Time, loc *time.Location) string {
	w := words{Options{Location: loc}, now}
	switch {
	case e.Left <= 0:
		return "The error budget is used up."
	case e.After == 0:
		return fmt.Sprintf("At the present rate (%.2g budgets a window) the error budget lasts; probability of using it up within %s %s.",
			e.Rate, span(e.Horizon), percent(e.Probability))
	}
	until := "later"
	if e.Latest > 0 {
		until = w.clock(now.Add(e.Latest))
	}
	return fmt.Sprintf("At the present rate (%.2g budgets a window) the last %s of the error budget is used up at about %s (%s–%s); probability within %s %s.",
		e.Rate, percent(e.Left), w.clock(now.Add(e.After)), w.clock(now.Add(e.Earliest)), until, span(e.Horizon), percent(e.Probability))
}
