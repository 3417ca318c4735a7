// Package simulate makes latency series whose truth is known: level, noise,
// cycles, gaps, timeouts, and faults with their exact onsets. The tables of
// package evaluate measure the judges on them.
//
// A series is a pure function of its description, seed included. The package
// judges nothing, and claims no likeness to any particular site.
package simulate

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// Point is one simulated run.
type Point struct {
	At    time.Time // UTC
	Value float64   // milliseconds
	// Censored tells that the run was cut off by its timeout: Value is the
	// timeout, and it would have taken at least that long.
	Censored bool
	// Failed tells that the run did not succeed. A run that timed out failed;
	// one that failed otherwise still has the time until it did.
	Failed bool
	// Fault tells that a fault was acting: the truth that judges do not see.
	Fault bool
}

// Series describes a latency series. Noise and cycles act on the logarithm of
// the latency, as they do in practice: a busy hour makes slow requests slower
// by more milliseconds than fast ones.
type Series struct {
	Seed   uint64
	Start  time.Time     // first point
	Every  time.Duration // cadence; zero means a minute
	Length time.Duration // points lie in [Start, Start+Length)

	Level  float64 // median latency without cycles and faults, milliseconds; zero means 400
	Offset float64 // milliseconds on top of everything: distance of the location
	Sigma  float64 // standard deviation of the logarithm around the cycles
	Noise  Noise
	// AR is the lag-one autocorrelation of the noise, 0 up to but excluding 1.
	// Sigma stays the standard deviation whatever AR is.
	AR float64

	// Daily, Weekly and Weekend are seasonal: Daily and Weekly are amplitudes
	// of the logarithm, Weekend is added to it on Saturdays and Sundays. All
	// follow the wall clock of Zone, so that they move with summer time.
	Daily, Weekly, Weekend float64
	Peak                   float64 // hour of the day with the highest latency
	Sharp                  float64 // 0 is a sine; up to 1 narrows the daily peak
	// Busy is by how much the logarithm of Sigma follows the daily cycle.
	Busy float64
	// Nightly slows what runs in the first twenty minutes after two o'clock by
	// so much in log space: a job that comes every day.
	Nightly float64
	// Drift is the standard deviation per day of a random walk of the level,
	// in log space.
	Drift float64
	Zone  *time.Location // nil means UTC
	// Holidays are days ("2006-01-02" in Zone) that behave like a Sunday.
	Holidays map[string]bool

	// Missing is the share of single points that are not there. Gaps are
	// longer holes: so many per week, exponentially long with mean GapLength.
	Missing   float64
	Gaps      float64
	GapLength time.Duration

	Timeout     float64 // milliseconds; zero means none
	FailureRate float64 // share of runs that fail for no reason

	Faults []Fault
}

// Noise is the shape of the noise. Every kind is scaled to standard deviation
// one before Sigma is applied.
type Noise int

// The kinds of noise, in log space.
const (
	// Lognormal noise is Gaussian in log space.
	Lognormal Noise = iota
	// StudentT noise has four degrees of freedom: heavy on both sides.
	StudentT
	// ParetoMix is Gaussian, but one run in 25 is slower by an exponential
	// amount of mean 3 sigma, a Pareto factor in linear space.
	ParetoMix
)

// String names the noise.
func (n Noise) String() string {
	switch n {
	case Lognormal:
		return "lognormal"
	case StudentT:
		return "student-t"
	case ParetoMix:
		return "pareto-mix"
	}
	return "unknown"
}

const (
	paretoShare = 0.04
	paretoMean  = 3.0
	studentDF   = 4
)

// sample draws a number of mean 0 and standard deviation 1.
func (n Noise) sample(r *rand.Rand) float64 {
	switch n {
	case StudentT:
		chi := 0.0
		for range studentDF {
			g := r.NormFloat64()
			chi += g * g
		}
		t := r.NormFloat64() / math.Sqrt(chi/studentDF)
		return t / math.Sqrt(float64(studentDF)/(studentDF-2))
	case ParetoMix:
		x, extra := r.NormFloat64(), r.ExpFloat64()*paretoMean
		if r.Float64() < paretoShare {
			x += extra
		}
		const mean = paretoShare * paretoMean
		const variance = 1 + 2*paretoShare*paretoMean*paretoMean - mean*mean
		return (x - mean) / math.Sqrt(variance)
	}
	return r.NormFloat64()
}

// streams of random numbers: each property has its own, so that adding a
// fault or a gap leaves everything else of a series as it was.
const (
	streamNoise = iota + 1
	streamGaps
	streamMissing
	streamFailures
	streamFaults
	streamDrift
)

func (s *Series) stream(n uint64) *rand.Rand { return rand.New(rand.NewPCG(s.Seed, n)) }

// Points gives the series in order of time. Each call starts anew and gives
// the same points.
func (s Series) Points() iter.Seq[Point] {
	return func(yield func(Point) bool) {
		every := s.Every
		if every <= 0 {
			every = time.Minute
		}
		noise, gaps := s.stream(streamNoise), s.stream(streamGaps)
		missing, failures, faults := s.stream(streamMissing), s.stream(streamFailures), s.stream(streamFaults)
		x := s.Noise.sample(noise)
		innovation := math.Sqrt(1 - s.AR*s.AR)
		end := s.Start.Add(s.Length)
		var gapEnd time.Time
		drift, level := s.stream(streamDrift), 0.0
		perStep := s.Drift * math.Sqrt(every.Hours()/24)
		perPoint := s.Gaps * every.Hours() / (7 * 24)
		for at := s.Start; at.Before(end); at = at.Add(every) {
			// Every stream advances at every point, seen or not.
			x = s.AR*x + innovation*s.Noise.sample(noise)
			startsGap, length := gaps.Float64() < perPoint, gaps.ExpFloat64()
			if startsGap && at.After(gapEnd) {
				gapEnd = at.Add(time.Duration(length * float64(s.GapLength)))
			}
			lost, broken, luck := missing.Float64() < s.Missing, failures.Float64() < s.FailureRate, faults.Float64()
			level += perStep * drift.NormFloat64()
			if lost || at.Before(gapEnd) {
				continue
			}
			p := s.point(at, x, level, luck)
			p.Failed = p.Failed || broken
			if !yield(p) {
				return
			}
		}
	}
}

// point is the run at a time with its noise (standard deviations), the drift
// of its level, and its luck under faults (uniform, 0 to 1).
func (s *Series) point(at time.Time, x, level, luck float64) Point {
	p := Point{At: at.UTC()}
	logShift, out := level, false
	for i := range s.Faults {
		f := &s.Faults[i]
		if !f.active(at) {
			continue
		}
		p.Fault = p.Fault || f.Kind != Faster
		if f.Kind == Outage {
			out = true
			continue
		}
		logShift += f.shift(at, luck) * s.Sigma
	}
	usual, sigma := s.usual(at)
	p.Value = usual*math.Exp(sigma*x+logShift) + s.Offset
	if out {
		p.Failed = true
		if s.Timeout > 0 {
			p.Value = math.Inf(1)
		}
	}
	if s.Timeout > 0 && p.Value >= s.Timeout {
		p.Value, p.Censored, p.Failed = s.Timeout, true, true
	}
	return p
}

// Usual is the median latency at a time, in milliseconds, if no fault acts and
// the level did not drift.
func (s Series) Usual(at time.Time) float64 {
	usual, _ := s.usual(at)
	return usual + s.Offset
}

// usual is the median latency at a time and the deviation of its logarithm.
func (s *Series) usual(at time.Time) (usual, sigma float64) {
	level := s.Level
	if level == 0 {
		level = 400
	}
	shift, busy := s.season(at)
	return level * math.Exp(shift), s.Sigma * math.Exp(s.Busy*busy)
}

// season is what the cycles add to the logarithm of the latency, and the daily
// one alone, between -1 and 1.
func (s *Series) season(at time.Time) (sum, cycle float64) {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	local := at.In(zone)
	hour := float64(local.Hour()) + float64(local.Minute())/60 + float64(local.Second())/3600
	day := local.Weekday()
	if s.Holidays[local.Format(time.DateOnly)] {
		day = time.Sunday
	}
	cycle = math.Cos(2 * math.Pi * (hour - s.Peak) / 24)
	if s.Sharp > 0 {
		// A von Mises bump, brought back to the range of a cosine.
		k := 4 * s.Sharp
		cycle = 2*(math.Exp(k*(cycle-1))-math.Exp(-2*k))/(1-math.Exp(-2*k)) - 1
	}
	sum = s.Daily * cycle
	// The week peaks on Wednesday noon.
	sum += s.Weekly * math.Cos(2*math.Pi*(float64(day)+hour/24-3.5)/7)
	if day == time.Saturday || day == time.Sunday {
		sum += s.Weekend
	}
	if local.Hour() == 2 && local.Minute() < 20 {
		sum += s.Nightly
	}
	return sum, cycle
}
