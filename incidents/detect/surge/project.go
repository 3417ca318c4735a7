package surge

import (
	"encoding/json"
	"math"
	"time"
)

// Latency is a duration, or the finding that there is none since the server
// saturates: more arrives than it can do, and waiting grows for as long as the
// surge lasts.
type Latency struct {
	Value     time.Duration
	Saturates bool
}

// MarshalJSON writes milliseconds, or null for a saturated server.
func (l Latency) MarshalJSON() ([]byte, error) {
	if l.Saturates {
		return []byte("null"), nil
	}
	return json.Marshal(float64(l.Value) / float64(time.Millisecond))
}

// atLeast tells whether l is the longer one, or as long.
func (l Latency) atLeast(d time.Duration) bool { return l.Saturates || l.Value >= d }

// Verdict is how much a projection is worth.
type Verdict string

// The verdicts.
const (
	// Tells: the interval is narrow enough to plan with.
	Tells Verdict = "tells"
	// Leans: the interval is too wide to plan with, but the middle 80 % of it are
	// not: it will probably be like that, and a surprise cannot be excluded.
	Leans Verdict = "leans"
	// Saturates: more likely than not the server cannot do that much.
	Saturates Verdict = "saturates"
	// CannotTell: the data allow everything from hardly slower to saturated, or
	// nearly so.
	CannotTell Verdict = "cannot tell"
)

// Projection is what a journey is expected to take at a load.
type Projection struct {
	Load float64 `json:"load"`
	// Factor is Load over the peak that was seen.
	Factor float64 `json:"factor"`
	Median Latency `json:"median_ms"`
	// Low and High bound the median with 95 % probability.
	Low  Latency `json:"low_ms"`
	High Latency `json:"high_ms"`
	// LikelyLow and LikelyHigh bound it with 80 % probability.
	LikelyLow  Latency `json:"likely_low_ms"`
	LikelyHigh Latency `json:"likely_high_ms"`
	// P95 is what 95 % of runs stay below, at the expected median. It saturates
	// with the median, or if more than 5 % of runs timed out under high load.
	P95 Latency `json:"p95_ms"`
	// Saturation is the probability that the server has no capacity for it.
	Saturation float64 `json:"saturation"`
	// Extrapolated says that the load is beyond what was seen.
	Extrapolated bool    `json:"extrapolated"`
	Verdict      Verdict `json:"verdict"`
}

// The bounds of intervals of 95 % and of 80 %.
const (
	lowest  = 0.025
	highest = 0.975
	low80   = 0.1
	high80  = 0.9
)

const (
	// beyond is the factor of the peak from which on a load is extrapolated.
	beyond = 1.1
	// widest is the ratio of an interval's ends above which it tells nothing
	// that one could plan with.
	widest = 8
	// widestLikely is that ratio for the interval of 80 %.
	widestLikely = 4
)

// At projects to a load, in the unit of the load that was fitted. A load that
// is negative or no number counts as 0.
func (f *Fit) At(load float64) Projection {
	if !(load >= 0) {
		load = 0
	}
	x := load / f.unit
	s := f.at(x)
	latency := func(q float64) Latency { return toLatency(s.quantile(q)) }
	p := Projection{
		Load: load, Factor: x,
		Median: latency(0.5), Low: latency(lowest), High: latency(highest),
		LikelyLow: latency(low80), LikelyHigh: latency(high80),
		Saturation: s.saturation(), Extrapolated: x > beyond,
		P95: toLatency(s.quantile(0.5) + f.tail(x, 0.95)),
	}
	p.Verdict = f.verdict(p)
	return p
}

func (f *Fit) verdict(p Projection) Verdict {
	switch {
	case p.Saturation >= 0.5 && f.TimeOfDay != ByTime:
		return Saturates
	case p.Extrapolated && f.TimeOfDay == ByTime:
		return CannotTell
	case within(p.Low, p.High, widest):
		return Tells
	case within(p.LikelyLow, p.LikelyHigh, widestLikely):
		return Leans
	}
	return CannotTell
}

// within tells whether high is at most some times low.
func within(low, high Latency, times float64) bool {
	return !high.Saturates && float64(high.Value) <= times*float64(low.Value)
}

// tail is by how much the q-quantile of runs is above their median, as a
// logarithm, at a load.
func (f *Fit) tail(x, q float64) float64 {
	if x >= f.Bins[len(f.Bins)*2/3].Load/f.unit {
		return f.busyResiduals.quantile(q)
	}
	return f.residuals.quantile(q)
}

func toLatency(log float64) Latency {
	if math.IsInf(log, 1) {
		return Latency{Saturates: true}
	}
	return Latency{Value: seconds(math.Exp(log))}
}

// mostGrowth is how many times the unloaded journey still counts as a latency;
// what is beyond is saturated for whoever waits.
const mostGrowth = 300

// spread is what all curves say of the logarithm of the median latency at one
// load.
type spread struct {
	particles []particle
	values    []float64 // of each particle; +Inf if it saturates
	finite    float64   // weight of those that do not saturate
	low, high float64   // beyond which there is next to nothing of them
}

// at looks at one load, in units of the peak.
func (f *Fit) at(x float64) spread {
	s := spread{particles: f.particles, values: make([]float64, len(f.particles)), low: math.Inf(1), high: math.Inf(-1)}
	for i := range f.particles {
		p := &f.particles[i]
		g := p.curve.growth(x)
		if g > mostGrowth {
			s.values[i] = math.Inf(1)
			continue
		}
		v := p.level + math.Log(g)
		s.values[i] = v
		s.finite += p.weight
		s.low, s.high = min(s.low, v-6*p.spread), max(s.high, v+6*p.spread)
	}
	return s
}

// saturation is the weight of the curves that saturate.
func (s *spread) saturation() float64 {
	sum := 0.0
	for i, v := range s.values {
		if math.IsInf(v, 1) {
			sum += s.particles[i].weight
		}
	}
	return min(1, sum)
}

// mean over the curves that have a latency: a quick stand-in for the median
// within the loads that were seen.
func (s *spread) mean() float64 {
	if s.finite == 0 {
		return math.Inf(1)
	}
	sum := 0.0
	for i, v := range s.values {
		if !math.IsInf(v, 1) {
			sum += s.particles[i].weight * v
		}
	}
	return sum / s.finite
}

// below is the probability that the median's logarithm is at most v.
func (s *spread) below(v float64) float64 {
	sum := 0.0
	for i := range s.particles {
		p := &s.particles[i]
		switch z := (s.values[i] - v) / p.spread; {
		case z > 7: // saturated ones, too
		case z < -7:
			sum += p.weight
		default:
			sum += p.weight * normalAbove(z)
		}
	}
	return sum
}

// quantile is +Inf where the server saturates.
func (s *spread) quantile(q float64) float64 {
	if s.finite <= q {
		return math.Inf(1)
	}
	low, high := s.low, s.high
	for range 30 {
		if middle := (low + high) / 2; s.below(middle) < q {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// Break is the load at which a bound on latency is reached.
type Break struct {
	Limit time.Duration `json:"limit_ns"`
	// Quantile is the share of runs that the bound is for: 0.5 asks when a
	// typical run reaches it, 0.95 when one in twenty does.
	Quantile float64 `json:"quantile"`
	// Load, Low and High are the expected load and its 95 % interval; +Inf
	// where no load up to Reach breaks the bound.
	Load float64 `json:"-"`
	Low  float64 `json:"-"`
	High float64 `json:"-"`
	// Reach is the highest load that was looked at.
	Reach float64 `json:"reach"`
	// Within is the probability that a load up to Reach breaks it.
	Within float64 `json:"within_reach"`
}

// MarshalJSON writes null for loads that are out of reach.
func (b Break) MarshalJSON() ([]byte, error) {
	type plain Break
	finite := func(v float64) *float64 {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		plain
		Load *float64 `json:"load"`
		Low  *float64 `json:"low"`
		High *float64 `json:"high"`
	}{plain(b), finite(b.Load), finite(b.Low), finite(b.High)})
}

// Reached tells whether the bound breaks within reach, more likely than not.
func (b *Break) Reached() bool { return !math.IsInf(b.Load, 1) }

// Breaks gives the load at which the given share of runs no longer stays
// within limit, looking at loads up to reach.
func (f *Fit) Breaks(limit time.Duration, quantile, reach float64) Break {
	b := Break{Limit: limit, Quantile: quantile, Reach: reach}
	chance := func(x float64) float64 {
		bound := math.Log(limit.Seconds())
		if quantile != 0.5 {
			bound -= f.tail(x, quantile)
		}
		s := f.at(x)
		return 1 - s.below(bound)
	}
	most := reach / f.unit
	b.Within = max(0, min(1, chance(most)))
	find := func(q float64) float64 {
		if b.Within < q {
			return math.Inf(1)
		}
		if chance(0) >= q {
			return 0
		}
		low, high := 0.0, most
		for range 40 {
			middle := (low + high) / 2
			if chance(middle) < q {
				low = middle
			} else {
				high = middle
			}
		}
		return high * f.unit
	}
	b.Low, b.Load, b.High = find(lowest), find(0.5), find(highest)
	return b
}
