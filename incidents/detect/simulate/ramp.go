package simulate

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// ApproachKind is how a series comes near its limit.
type ApproachKind int

// The kinds.
const (
	// ApproachStraight rises in a straight line.
	ApproachStraight ApproachKind = iota
	// ApproachExponential rises by the same factor in the same time.
	ApproachExponential
	// ApproachQueue rises as the waiting time of a queue whose load grows in a
	// straight line: 1/(1−load).
	ApproachQueue
	// ApproachPeak has a daily peak that grows day by day.
	ApproachPeak
	// ApproachErrors is a share of failed runs that creeps up: a straight line
	// or exponential.
	ApproachErrors
	// ApproachStalled rises like one of the first three, but stops for good
	// after 30 to 80 % of its way.
	ApproachStalled
	// ApproachSawtooth rises again and again and falls back each time, after 50
	// to 85 % of its way (a memory leak with restarts).
	ApproachSawtooth
	// ApproachNone is a series of one of the classes of forecasts, without a
	// trend: it never comes near its limit.
	ApproachNone
)

// BreachingApproaches are the kinds that end in a breach.
func BreachingApproaches() []ApproachKind {
	return []ApproachKind{ApproachStraight, ApproachExponential, ApproachQueue, ApproachPeak, ApproachErrors}
}

// String names the kind.
func (k ApproachKind) String() string {
	return [...]string{"straight", "exponential", "queue-like", "growing daily peak", "creeping error rate", "stalled", "saw-tooth", "trendless"}[k]
}

// Approach is a series with a limit, a sample a minute. Its nature is drawn
// from the seed:
//
//   - level 80 to 2,000 ms; noise of the logarithm with a standard deviation of
//     0.1 to 0.3 and an autocorrelation of 0 to 0.5 from sample to sample;
//   - half of the series have a daily cycle of ±10 to ±30 % (a growing peak
//     always has one, which starts at 20 to 50 % over the level);
//   - the limit is 1.5 to 3 times the highest usual median; for error rates it
//     is 5 to 15 %, the usual rate being 0.2 to 1 %;
//   - the ramp starts after Learning and up to another week of calm, and takes
//     2 hours, 8 hours or 2 days (growing peaks 7 to 14 days, error rates
//     8 hours, 1 day or 2 days) until the true median, or the true rate,
//     crosses the limit. In a series with a daily cycle it may cross earlier,
//     at the peak of a day; the breach is then there. After the breach the ramp
//     goes on for a tenth of its time and holds for three hours;
//   - teeth of a saw are 4 hours to 3 days long, each up to a fifth longer or
//     shorter than the usual one of its series.
type Approach struct {
	Kind     ApproachKind
	Class    ForecastClass // of ApproachNone
	Seed     uint64
	Learning time.Duration
	// Weeks is how long series without a breach go on after Learning.
	Weeks int
}

// ApproachRun is an Approach that was drawn: its truth, and its points.
type ApproachRun struct {
	Limit float64 // milliseconds, or a share of failed runs
	// Start and Breach are when the ramp starts and when the truth crosses the
	// limit; both are zero if there is no breach to come.
	Start, Breach time.Time
	End           time.Time
	Errors        bool // values are 1 for a failed run and 0 for a good one

	shape  func(at time.Time) float64
	sample func(usual float64) float64
}

// Points gives the points of the run; it can be used once.
func (a *ApproachRun) Points() iter.Seq2[time.Time, float64] {
	return func(yield func(time.Time, float64) bool) {
		for at := forecastStart; at.Before(a.End); at = at.Add(time.Minute) {
			if !yield(at, a.sample(a.shape(at))) {
				return
			}
		}
	}
}

// Truth is the true median, or the true rate, at a time.
func (a *ApproachRun) Truth(at time.Time) float64 { return a.shape(at) }

// Draw draws the run of an approach.
func (a Approach) Draw() *ApproachRun {
	r := rand.New(rand.NewPCG(a.Seed, uint64(a.Kind)*16+uint64(a.Class)+2000))
	switch a.Kind {
	case ApproachNone:
		return a.drawTrendless(r)
	case ApproachErrors:
		return a.drawErrors(r)
	}
	class := ForecastQuiet
	if r.IntN(2) == 0 || a.Kind == ApproachPeak {
		class = ForecastDaily
	}
	n := drawNature(class, r)
	n.daily, n.second = n.daily*0.75, n.second*0.5
	run := &ApproachRun{Start: forecastStart.Add(a.Learning + time.Duration(r.Float64()*7*24*60)*time.Minute)}
	run.lognormal(&n, r)
	calm := func(at time.Time) float64 { return n.level * math.Exp(n.season(at)) }
	run.Limit = highest(calm) * (1.5 + 1.5*r.Float64())
	switch a.Kind {
	case ApproachPeak:
		run.drawPeak(&n, r)
	case ApproachSawtooth:
		a.drawSaw(run, calm, r)
	default:
		run.drawRamp(a.Kind, calm, r)
	}
	return run
}

func (a *ApproachRun) lognormal(n *forecastNature, r *rand.Rand) {
	noise := forecastNoise{n: n, r: rand.New(rand.NewPCG(r.Uint64(), 1))}
	a.sample = func(usual float64) float64 { return usual * math.Exp(noise.next()) }
}

// highest is the highest value of a calm day.
func highest(f func(time.Time) float64) float64 {
	high := 0.0
	for i := range 24 * 12 {
		high = max(high, f(forecastStart.Add(time.Duration(i)*5*time.Minute)))
	}
	return high
}

func pick(r *rand.Rand, d ...time.Duration) time.Duration { return d[r.IntN(len(d))] }

// drawRamp gives the run a ramp of one of the first three kinds.
func (a *ApproachRun) drawRamp(kind ApproachKind, calm func(time.Time) float64, r *rand.Rand) {
	length := pick(r, 2*time.Hour, 8*time.Hour, 48*time.Hour)
	stop := math.Inf(1)
	if kind == ApproachStalled {
		stop = 0.3 + 0.5*r.Float64()
		kind = []ApproachKind{ApproachStraight, ApproachExponential, ApproachQueue}[r.IntN(3)]
	}
	full := a.Limit / calm(a.Start.Add(length))
	const load = 0.3
	rise := func(s float64) float64 {
		switch kind {
		case ApproachExponential:
			return math.Pow(full, s)
		case ApproachQueue:
			last := 1 - (1-load)/full
			return (1 - load) / (1 - min(load+(last-load)*s, 0.97))
		}
		return 1 + (full-1)*s
	}
	a.shape = func(at time.Time) float64 {
		s := float64(at.Sub(a.Start)) / float64(length)
		return calm(at) * rise(min(max(s, 0), stop, 1.1))
	}
	a.End = a.Start.Add(length*11/10 + 3*time.Hour)
	if math.IsInf(stop, 1) {
		a.findBreach(length * 12 / 10)
		return
	}
	a.End = a.Start.Add(length + 48*time.Hour)
	a.findBreach(a.End.Sub(a.Start))
}

// findBreach looks for the first crossing of the limit.
func (a *ApproachRun) findBreach(within time.Duration) {
	for at := a.Start; at.Before(a.Start.Add(within)); at = at.Add(time.Minute) {
		if a.shape(at) >= a.Limit {
			a.Breach = at
			a.End = at.Add(at.Sub(a.Start)/10 + 3*time.Hour)
			return
		}
	}
	a.Start = time.Time{}
}

// drawPeak gives the run a daily peak that grows.
func (a *ApproachRun) drawPeak(n *forecastNature, r *rand.Rand) {
	length := time.Duration(7+r.IntN(8)) * 24 * time.Hour
	height := 0.2 + 0.3*r.Float64()
	phase, sharp := r.Float64(), 1+2*r.Float64()
	a.Limit = n.level * (1 + height) * (1.5 + 1.5*r.Float64())
	reach := a.Limit/n.level - 1
	start := a.Start
	a.shape = func(at time.Time) float64 {
		day := float64(at.Hour()*60+at.Minute())/1440 + phase
		bump := math.Pow((1+math.Sin(2*math.Pi*day))/2, sharp)
		s := float64(at.Sub(start)) / float64(length)
		return n.level * (1 + (height+(reach-height)*max(s, 0))*bump)
	}
	a.findBreach(length + 72*time.Hour)
}

// drawSaw gives the run teeth.
func (a Approach) drawSaw(run *ApproachRun, calm func(time.Time) float64, r *rand.Rand) {
	run.Start = time.Time{}
	run.End = forecastStart.Add(a.Learning).AddDate(0, 0, 7*a.Weeks)
	usual := float64(4*time.Hour) * math.Exp(r.Float64()*math.Log(18))
	full := math.Log(run.Limit / highest(calm))
	linear := r.IntN(2) == 0
	var from, to time.Time
	peak := 0.0
	run.shape = func(at time.Time) float64 {
		for !at.Before(to) { // times only go on
			if to.IsZero() {
				to = forecastStart
			}
			from, to = to, to.Add(time.Duration(usual*(0.8+0.4*r.Float64())))
			peak = full * (0.5 + 0.35*r.Float64())
		}
		s := float64(at.Sub(from)) / float64(to.Sub(from))
		if linear {
			return calm(at) * (1 + (math.Exp(peak)-1)*s)
		}
		return calm(at) * math.Exp(peak*s)
	}
}

// drawErrors gives the run a share of failed runs that creeps up.
func (a Approach) drawErrors(r *rand.Rand) *ApproachRun {
	usual := 0.002 + 0.008*r.Float64()
	run := &ApproachRun{Errors: true, Limit: 0.05 + 0.1*r.Float64()}
	run.Start = forecastStart.Add(a.Learning + time.Duration(r.Float64()*7*24*60)*time.Minute)
	length := pick(r, 8*time.Hour, 24*time.Hour, 48*time.Hour)
	straight := r.IntN(2) == 0
	start := run.Start
	run.shape = func(at time.Time) float64 {
		s := min(max(float64(at.Sub(start))/float64(length), 0), 1.1)
		if straight {
			return usual + (run.Limit-usual)*s
		}
		return usual * math.Pow(run.Limit/usual, s)
	}
	run.sample = func(p float64) float64 {
		if r.Float64() < p {
			return 1
		}
		return 0
	}
	run.findBreach(length * 12 / 10)
	return run
}

// drawTrendless gives the run a series of a class of forecasts.
func (a Approach) drawTrendless(r *rand.Rand) *ApproachRun {
	n := drawNature(a.Class, r)
	run := &ApproachRun{End: forecastStart.Add(a.Learning).AddDate(0, 0, 7*a.Weeks)}
	run.lognormal(&n, r)
	calm := func(at time.Time) float64 { return n.level * math.Exp(n.season(at)) }
	run.Limit = highest(calm) * (1.5 + 1.5*r.Float64())
	shift, size := time.Time{}, 0.0
	if n.shifts {
		// One lasting step, which stays under 60 % of the way to the limit.
		shift = forecastStart.Add(a.Learning + time.Duration(r.Float64()*float64(7*a.Weeks-7)*24*60)*time.Minute)
		size = (0.2 + 0.4*r.Float64()) * math.Log(run.Limit/highest(calm))
	}
	run.shape = func(at time.Time) float64 {
		if size > 0 && !at.Before(shift) {
			return calm(at) * math.Exp(size)
		}
		return calm(at)
	}
	return run
}
