package simulate

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// ForecastClass is a kind of series that forecasts are measured on.
type ForecastClass int

// The classes.
const (
	// ForecastQuiet is noise around a level.
	ForecastQuiet ForecastClass = iota
	// ForecastDaily has a cycle of a day with two harmonics.
	ForecastDaily
	// ForecastWeekly has a cycle of a day that is lower and flatter on two
	// days of the week.
	ForecastWeekly
	// ForecastTrend has a cycle of a day and a trend of 0.5 to 2 % a day, up
	// or down.
	ForecastTrend
	// ForecastWandering has noise with an autocorrelation of 0.7 from sample to
	// sample, and a slower one, 0.7 from hour to hour, of a third of its size.
	ForecastWandering
	// ForecastShifts has a daily cycle and changes its level for good every
	// ten to twenty days, by 15 to 60 %, up or down.
	ForecastShifts
	// ForecastHeavy has noise by Student's t of two degrees of freedom, and one
	// run in fifty three to ten times as slow.
	ForecastHeavy
)

// ForecastClasses are all of them.
func ForecastClasses() []ForecastClass {
	return []ForecastClass{ForecastQuiet, ForecastDaily, ForecastWeekly, ForecastTrend, ForecastWandering, ForecastShifts, ForecastHeavy}
}

// String names the class.
func (c ForecastClass) String() string {
	return [...]string{"quiet", "daily", "daily and weekly", "trend and season", "autocorrelated", "level shifts", "heavy-tailed"}[c]
}

// ForecastPoint is one simulated sample.
type ForecastPoint struct {
	At    time.Time
	Value float64 // milliseconds
	// Usual is the median of the distribution that the value is from, without
	// knowledge of the noise so far: the truth that no forecaster can beat but
	// by the autocorrelation of the noise.
	Usual float64
	// ShiftedAt is when the level last changed for good; zero for never.
	ShiftedAt time.Time
	// Shift is the logarithm of the level relative to that of the start; it is
	// part of Usual.
	Shift float64
}

// ForecastSeries is one series of a class, a sample a minute, starting on a
// Monday. Level (80 to 2,000 ms), noise (standard deviation of the logarithm
// 0.1 to 0.3, autocorrelation 0 to 0.5 where the class does not say) and cycles
// are drawn from the seed.
type ForecastSeries struct {
	Class ForecastClass
	Seed  uint64
	Weeks int
}

// forecastStart is a Monday.
var forecastStart = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// forecastNature is what a seed draws for a series.
type forecastNature struct {
	level, sigma, ar  float64
	daily, second     float64
	phase, phase2     float64
	weekend, flatter  float64
	trend             float64 // per day
	wander            float64
	heavy             bool
	shifts            bool
	lastShift, height float64
}

func drawNature(class ForecastClass, r *rand.Rand) forecastNature {
	n := forecastNature{
		level: 80 * math.Exp(r.Float64()*math.Log(25)),
		sigma: 0.1 + 0.2*r.Float64(), ar: 0.5 * r.Float64(),
	}
	if class != ForecastQuiet && class != ForecastWandering {
		n.daily, n.phase = 0.1+0.3*r.Float64(), r.Float64()
		n.second, n.phase2 = n.daily*0.4*r.Float64(), r.Float64()
	}
	switch class {
	case ForecastWeekly:
		n.weekend, n.flatter = -(0.1 + 0.3*r.Float64()), 0.3+0.4*r.Float64()
	case ForecastTrend:
		n.trend = 0.005 + 0.015*r.Float64()
		if r.IntN(2) == 0 {
			n.trend = -n.trend
		}
	case ForecastWandering:
		n.ar, n.wander = 0.7, n.sigma/3
	case ForecastHeavy:
		n.heavy = true
	case ForecastShifts:
		n.shifts = true
	}
	return n
}

// season is the logarithm of what the cycles make of the level.
func (n *forecastNature) season(at time.Time) float64 {
	day := float64(at.Hour()*60+at.Minute()) / 1440
	cycle := n.daily*math.Sin(2*math.Pi*(day+n.phase)) + n.second*math.Sin(4*math.Pi*(day+n.phase2))
	if d := at.Weekday(); n.weekend != 0 && (d == time.Saturday || d == time.Sunday) {
		return n.weekend + n.flatter*cycle
	}
	return cycle
}

// noise is autocorrelated noise of a nature, one number a minute.
type forecastNoise struct {
	n       *forecastNature
	r       *rand.Rand
	x, slow float64
	minute  int
}

func (f *forecastNoise) next() float64 {
	g := f.r.NormFloat64()
	if f.n.heavy {
		g /= math.Sqrt(f.r.ExpFloat64()) // Student's t of two degrees of freedom
	}
	f.x = f.n.ar*f.x + math.Sqrt(1-f.n.ar*f.n.ar)*g
	e := f.n.sigma * f.x
	if f.n.heavy && f.r.Float64() < 0.02 {
		e += math.Log(3 + 7*f.r.Float64())
	}
	if f.n.wander > 0 {
		if f.minute%60 == 0 {
			f.slow = 0.7*f.slow + math.Sqrt(1-0.49)*f.n.wander*f.r.NormFloat64()
		}
		e += f.slow
	}
	f.minute++
	return e
}

// Points gives the series. The same series gives the same points every time.
func (s ForecastSeries) Points() iter.Seq[ForecastPoint] {
	return func(yield func(ForecastPoint) bool) {
		r := rand.New(rand.NewPCG(s.Seed, uint64(s.Class)+1000))
		n := drawNature(s.Class, r)
		noise := forecastNoise{n: &n, r: r}
		end := forecastStart.AddDate(0, 0, 7*s.Weeks)
		next := forecastStart.Add(time.Duration((10 + 10*r.Float64()) * 24 * float64(time.Hour)))
		shift, shifted := 0.0, time.Time{}
		for at := forecastStart; at.Before(end); at = at.Add(time.Minute) {
			if n.shifts && !at.Before(next) {
				by := math.Log(1.15 + 0.45*r.Float64())
				if shift > 0 || shift == 0 && r.IntN(2) == 0 {
					by = -by
				}
				shift += by
				shifted, next = at, at.Add(time.Duration((10+10*r.Float64())*24*float64(time.Hour)))
			}
			days := at.Sub(forecastStart).Hours() / 24
			usual := n.level * math.Exp(n.season(at)+n.trend*days+shift)
			if !yield(ForecastPoint{At: at, Value: usual * math.Exp(noise.next()), Usual: usual, ShiftedAt: shifted, Shift: shift}) {
				return
			}
		}
	}
}
