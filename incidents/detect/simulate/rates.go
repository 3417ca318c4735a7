package simulate

import (
	"math/rand/v2"
	"time"
)

// RateKind is how a share of failed runs behaves that does not creep up.
type RateKind int

// The kinds.
const (
	// RateConstant is the same all the time.
	RateConstant RateKind = iota
	// RateClusters is a constant share of runs that take up to four after them
	// along.
	RateClusters
	// RateJump jumps once, for good, to 20 to 70 % of the limit, within the
	// first week after learning.
	RateJump
)

// RateKinds are all of them.
func RateKinds() []RateKind { return []RateKind{RateConstant, RateClusters, RateJump} }

// String names the kind.
func (k RateKind) String() string {
	return [...]string{"constant", "in clusters", "one jump"}[k]
}

// Rate is a series of good and failed runs, one a minute, that never comes to
// its limit: usual share and limit are drawn as those of ApproachErrors.
type Rate struct {
	Kind     RateKind
	Seed     uint64
	Learning time.Duration
	Weeks    int // after Learning
}

// Draw draws the run of a series.
func (a Rate) Draw() *ApproachRun {
	r := rand.New(rand.NewPCG(a.Seed, uint64(a.Kind)+3000))
	usual := 0.002 + 0.008*r.Float64()
	run := &ApproachRun{Errors: true, Limit: 0.05 + 0.1*r.Float64()}
	from := forecastStart.Add(a.Learning)
	run.End = from.AddDate(0, 0, 7*a.Weeks)
	jump := from.Add(time.Duration(r.Float64()*7*24*60) * time.Minute)
	to := run.Limit * (0.2 + 0.5*r.Float64())
	run.shape = func(at time.Time) float64 {
		if a.Kind == RateJump && !at.Before(jump) {
			return to
		}
		return usual
	}
	along := 0
	run.sample = func(p float64) float64 {
		switch {
		case along > 0:
			along--
			return 1
		case a.Kind == RateClusters && r.Float64() < p/3: // three runs on average
			along = r.IntN(5)
			return 1
		case a.Kind != RateClusters && r.Float64() < p:
			return 1
		}
		return 0
	}
	return run
}
