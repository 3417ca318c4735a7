package surge

import (
	"math"
	"time"
)

// Drift says that recent runs differ from earlier ones by more than their load
// explains: something else has changed.
type Drift struct {
	Since time.Time
	// Factor is how many times as long recent runs take under the same load.
	Factor float64
}

const (
	driftParts  = 20  // stretches of time that are compared
	driftRecent = 4   // of them are recent
	leastDrift  = 1.1 // factor that is worth a word
)

// drift compares the last fifth of the runs with the others. left are their
// residuals in the order of time, those without one NaN. It gives nil if they
// are alike, or if the stretches differ among themselves as much.
func drift(pairs []Pair, left []float64) *Drift {
	if len(pairs) < 10*driftParts || !pairs[0].Time.Before(pairs[len(pairs)-1].Time) {
		return nil
	}
	var parts [driftParts]float64
	for k := range parts {
		var values []float64
		for _, v := range left[len(left)*k/driftParts : len(left)*(k+1)/driftParts] {
			if !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			return nil
		}
		parts[k] = median(values)
	}
	early := append([]float64(nil), parts[:driftParts-driftRecent]...)
	late := append([]float64(nil), parts[driftParts-driftRecent:]...)
	before, after := median(early), median(late)
	spread := 1.4826 * max(deviation(early, before), deviation(late, after))
	change := after - before
	// Four standard errors of the difference of two medians.
	noise := 1.2533 * spread * math.Sqrt(1.0/driftRecent+1.0/(driftParts-driftRecent))
	if math.IsInf(change, 0) || math.Abs(change) < math.Log(leastDrift) || math.Abs(change) < 4*noise {
		return nil
	}
	return &Drift{Since: pairs[len(pairs)*(driftParts-driftRecent)/driftParts].Time, Factor: math.Exp(change)}
}
