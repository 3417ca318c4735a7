package surge

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Point is one value of a load series: the load from its time to the next
// point's, in any unit of a rate (requests/s, visitors/min).
type Point struct {
	Time  time.Time
	Value float64
}

// Sample is what one run took.
type Sample struct {
	Time    time.Time
	Latency time.Duration
	// TimedOut says that the run was cut off: it would have taken at least
	// Latency.
	TimedOut bool
	// Failed says that the run ended early with an error other than a timeout,
	// so that its latency says nothing.
	Failed bool
}

// Pair is one run and the load under which it was made.
type Pair struct {
	Time    time.Time
	Load    float64
	Latency time.Duration
	// TimedOut: it would have taken at least Latency.
	TimedOut bool
}

// usable drops pairs that say nothing and sorts the rest, so that neither
// order nor rubbish makes a difference.
func usable(pairs []Pair) []Pair {
	kept := make([]Pair, 0, len(pairs))
	for _, p := range pairs {
		if p.Latency > 0 && p.Load >= 0 && !math.IsInf(p.Load, 0) {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b Pair) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		if c := cmp.Compare(a.Load, b.Load); c != 0 {
			return c
		}
		if c := cmp.Compare(a.Latency, b.Latency); c != 0 {
			return c
		}
		if a.TimedOut == b.TimedOut {
			return 0
		}
		if b.TimedOut {
			return -1
		}
		return 1
	})
	return kept
}

// Alignment says how runs were matched with the load.
type Alignment struct {
	// Step is the load series' usual distance from point to point.
	Step time.Duration
	// Lag is by how many steps latency follows load; most often 0.
	Lag int
	// Matched and Unmatched count runs with and without a load at their time;
	// Failed those that say nothing of latency.
	Matched, Unmatched, Failed int
	// FailedBusy and FailedQuiet are the shares of runs that failed, in the
	// busier and the quieter half.
	FailedBusy, FailedQuiet float64
}

// maxLag is how many steps latency is looked for after (or, for clocks and
// windows named by their end, before) the load.
const maxLag = 5

// Align matches each run with the load at its time. If latency clearly goes
// with the load of some steps before or after, that lag is used.
func Align(load []Point, samples []Sample) ([]Pair, Alignment) {
	s := newSeries(load)
	a := Alignment{Step: s.step}
	a.Lag = s.lag(samples)
	pairs := s.match(samples, a.Lag, &a)
	return pairs, a
}

// series is a load series, sorted, each time once.
type series struct {
	points []Point
	step   time.Duration
}

func newSeries(load []Point) series {
	var s series
	for _, p := range load {
		if p.Value >= 0 && !math.IsInf(p.Value, 0) {
			s.points = append(s.points, p)
		}
	}
	slices.SortFunc(s.points, func(a, b Point) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return cmp.Compare(b.Value, a.Value)
	})
	s.points = slices.CompactFunc(s.points, func(a, b Point) bool { return a.Time.Equal(b.Time) })
	steps := make([]time.Duration, 0, len(s.points))
	for i := 1; i < len(s.points); i++ {
		steps = append(steps, s.points[i].Time.Sub(s.points[i-1].Time))
	}
	if len(steps) > 0 {
		slices.Sort(steps)
		s.step = steps[len(steps)/2]
	}
	return s
}

// at gives the load in force at a time; false in a gap.
func (s *series) at(t time.Time) (float64, bool) {
	i, found := slices.BinarySearchFunc(s.points, t, func(p Point, t time.Time) int { return p.Time.Compare(t) })
	if !found {
		i--
	}
	// A point speaks for its step, and for half a step more where the series
	// is uneven.
	if i < 0 || t.Sub(s.points[i].Time) >= s.step+s.step/2 {
		return 0, false
	}
	return s.points[i].Value, true
}

func (s *series) match(samples []Sample, lag int, a *Alignment) []Pair {
	shift := time.Duration(lag) * s.step
	pairs := make([]Pair, 0, len(samples))
	var failed []float64
	for _, r := range samples {
		x, ok := s.at(r.Time.Add(-shift))
		switch {
		case !ok:
			a.Unmatched++
		case r.Failed:
			a.Failed++
			failed = append(failed, x)
		default:
			a.Matched++
			pairs = append(pairs, Pair{Time: r.Time, Load: x, Latency: r.Latency, TimedOut: r.TimedOut})
		}
	}
	a.failures(failed, pairs)
	return pairs
}

// failures splits at the median load of what was matched.
func (a *Alignment) failures(failed []float64, pairs []Pair) {
	if len(failed) == 0 || len(pairs) == 0 {
		return
	}
	loads := make([]float64, len(pairs))
	for i, p := range pairs {
		loads[i] = p.Load
	}
	slices.Sort(loads)
	middle := loads[len(loads)/2]
	var busy, quiet, busyAll, quietAll float64
	for _, x := range loads {
		if x >= middle {
			busyAll++
		} else {
			quietAll++
		}
	}
	for _, x := range failed {
		if x >= middle {
			busy++
		} else {
			quiet++
		}
	}
	a.FailedBusy = busy / max(1, busy+busyAll)
	a.FailedQuiet = quiet / max(1, quiet+quietAll)
}

// lag finds the shift at which load and latency go together best. Another
// shift than none needs to be clearly better: a smooth series goes with itself
// at every shift.
func (s *series) lag(samples []Sample) int {
	score := func(lag int) (r float64, n int) {
		var ignored Alignment
		pairs := s.match(samples, lag, &ignored)
		x := make([]float64, len(pairs))
		y := make([]float64, len(pairs))
		for i, p := range pairs {
			x[i], y[i] = p.Load, p.Latency.Seconds()
		}
		return spearman(x, y), len(pairs)
	}
	none, n := score(0)
	if n < minPairs || s.step <= 0 {
		return 0
	}
	best, at := none, 0
	for lag := 1; lag <= maxLag; lag++ {
		for _, l := range [...]int{lag, -lag} {
			if r, m := score(l); m >= n*9/10 && r > best+0.01 {
				best, at = r, l
			}
		}
	}
	// Fisher's z: the distance must be beyond what chance gives, n runs being
	// worth fewer since neighbours are alike.
	if at != 0 && math.Atanh(best*0.999)-math.Atanh(none*0.999) < 4/math.Sqrt(float64(n)/4) {
		return 0
	}
	return at
}

// spearman is the rank correlation; 0 if there is none to speak of.
func spearman(x, y []float64) float64 {
	if len(x) < 3 {
		return 0
	}
	a, b := ranks(x), ranks(y)
	middle := float64(len(x)-1) / 2
	var ab, aa, bb float64
	for i := range a {
		u, v := a[i]-middle, b[i]-middle
		ab, aa, bb = ab+u*v, aa+u*u, bb+v*v
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// ranks gives each value's rank from 0; equal ones share the mean of theirs.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	r := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			r[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return r
}
