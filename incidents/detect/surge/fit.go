package surge

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

var (
	// ErrTooFew says that there are too few runs with a known load.
	ErrTooFew = errors.New("too few runs with a known load")
	// ErrTimedOut says that most runs at every load timed out.
	ErrTimedOut = errors.New("most runs timed out at every load")
)

// Fit is what the data say of latency against load. It is immutable and safe
// for concurrent use.
type Fit struct {
	// Pairs is how many runs it rests on; TimedOut of them were cut off.
	Pairs, TimedOut int
	// Low and Peak are the loads that the data reach: their 1st and 99th
	// percentile. A factor such as 5x is one of Peak.
	Low, Peak float64
	From, To  time.Time // of the runs; zero if they have no time
	// Bins are the medians that were fitted, by load.
	Bins []Bin
	// Models are the weights of the models, the heaviest first; they sum to 1.
	Models []Weight
	// Explained is the share of the variance between the bins' medians that
	// the fit explains, at most 1; negative where load explains nothing.
	Explained float64
	// Growth is how many times longer a typical run takes at Peak than at Low.
	Growth float64
	// Noise is how far single runs are from the fitted median, as a factor:
	// two thirds of them are within it.
	Noise float64
	// TimeOfDay says whether load or only the time of day goes with latency.
	TimeOfDay Confounding
	// Drift is set if recent runs differ from earlier ones under the same load.
	Drift *Drift

	particles []particle
	// residuals are the logarithms of latency over the fitted median, sorted:
	// of all runs, and of the third with the highest loads.
	residuals, busyResiduals residuals
	unit                     float64 // load of 1 for curves
}

// Bin is the median of runs in a narrow range of load.
type Bin struct {
	Load   float64
	Median time.Duration
	Runs   int
	// TimedOut: more than half were cut off, the median is at least Median.
	TimedOut bool
}

// Weight is how much a model counts: the probability that it is the right one
// of all models, given the data.
type Weight struct {
	Model Model   `json:"model"`
	Share float64 `json:"share"`
}

// New fits latency against load. Pairs may come in any order; those without a
// positive latency or with a load that is no number are left out. The error is
// ErrTooFew or ErrTimedOut, with what would help.
func New(pairs []Pair) (*Fit, error) {
	pairs = usable(pairs)
	if len(pairs) < minPairs {
		return nil, fmt.Errorf("%w: %d, at least %d are needed", ErrTooFew, len(pairs), minPairs)
	}
	f := &Fit{Pairs: len(pairs), From: pairs[0].Time, To: pairs[len(pairs)-1].Time}
	loads := make([]float64, len(pairs))
	for i, p := range pairs {
		loads[i] = p.Load
		if p.TimedOut {
			f.TimedOut++
		}
	}
	slices.Sort(loads)
	f.Low, f.Peak = nearest(loads, 0.01), nearest(loads, 0.99)
	if f.Peak == 0 {
		return nil, fmt.Errorf("%w: the load is 0 in nearly all of them", ErrTooFew)
	}
	f.unit = f.Peak
	all := make([]observation, len(pairs))
	for i, p := range pairs {
		all[i] = observation{load: p.Load / f.unit, latency: math.Log(p.Latency.Seconds()), censored: p.TimedOut}
	}
	bins := binned(all)
	bootstrap(all, bins, blockLength(pairs))
	soften(bins)
	if !slices.ContainsFunc(bins, func(b bin) bool { return !b.censored }) {
		return nil, fmt.Errorf("%w: nothing says how long a run takes", ErrTimedOut)
	}
	f.sample(bins)
	f.Drift = drift(pairs, f.describe(all, bins))
	f.TimeOfDay = f.timeOfDay(pairs, all)
	return f, nil
}

// blockLength is how many neighbouring runs are resampled as one: an hour of
// them where there are days, since incidents, deployments and batch jobs last
// about so long, a fiftieth of all in shorter histories, and n^(1/3) at least.
func blockLength(pairs []Pair) int {
	n := len(pairs)
	span := pairs[n-1].Time.Sub(pairs[0].Time)
	if span <= 0 {
		return 1 // no order of time
	}
	part := min(1.0/50, float64(time.Hour)/float64(span))
	return int(max(math.Cbrt(float64(n)), part*float64(n))) + 1
}

// soften keeps bins whose runs happen to be equal (a coarse clock, few runs)
// from being taken for exact.
func soften(bins []bin) {
	variances := make([]float64, len(bins))
	for i, b := range bins {
		variances[i] = b.variance * float64(b.runs)
	}
	typical := median(variances)
	for i := range bins {
		bins[i].variance = max(bins[i].variance, typical/2/float64(bins[i].runs), 1e-8)
	}
}

// sample weighs the models and their curves.
func (f *Fit) sample(bins []bin) {
	like := &likelihood{bins: bins}
	// What was served is within the capacity.
	least := 1e-3
	for i, b := range bins {
		if b.censored {
			continue
		}
		least = max(least, b.load)
		if i == len(bins)-1 {
			least = max(least, 1) // the peak was served, too
		}
	}
	type drawn struct {
		family    family
		particles []particle
		evidence  float64
	}
	var all []drawn
	top := math.Inf(-1)
	for i, family := range families() {
		s := &sampler{like: like, family: family, least: least, logs: make([]float64, len(bins)),
			random: rand.New(rand.NewPCG(uint64(i), 20_07))}
		particles, evidence := s.draw()
		if len(particles) == 0 {
			continue
		}
		evidence += math.Log(family.prior)
		all = append(all, drawn{family, particles, evidence})
		top = max(top, evidence)
	}
	total := 0.0
	for i := range all {
		all[i].evidence = math.Exp(all[i].evidence - top)
		total += all[i].evidence
	}
	for _, d := range all {
		share := d.evidence / total
		f.Models = append(f.Models, Weight{d.family.model, share})
		f.keep(d.particles, share)
	}
	kept := 0.0
	for i := range f.particles {
		kept += f.particles[i].weight
	}
	for i := range f.particles {
		f.particles[i].weight /= kept
	}
	slices.SortStableFunc(f.Models, func(a, b Weight) int { return cmp.Compare(b.Share, a.Share) })
}

// curvesKept is about how many curves a fit keeps.
const curvesKept = 1000

// keep takes over as many of a model's curves as its share calls for. They are
// a random sample, so that any part of them is one, too.
func (f *Fit) keep(particles []particle, share float64) {
	n := min(int(math.Ceil(share*curvesKept)), len(particles))
	if share < 1e-4 {
		return
	}
	for i := range n {
		p := particles[i*len(particles)/n]
		p.weight = share / float64(n)
		f.particles = append(f.particles, p)
	}
}

// describe fills in how good the fit is, and gives the residuals in the order
// of all; NaN where the fit saturates.
func (f *Fit) describe(all []observation, bins []bin) (left []float64) {
	var mean, weight float64
	for _, b := range bins {
		f.Bins = append(f.Bins, Bin{Load: b.load * f.unit, Median: seconds(math.Exp(b.median)), Runs: b.runs, TimedOut: b.censored})
		if !b.censored {
			mean += b.median * float64(b.runs)
			weight += float64(b.runs)
		}
	}
	mean /= weight
	fitted := make([]float64, len(bins))
	var missed, total float64
	for i, b := range bins {
		fitted[i] = f.mean(b.load)
		if !b.censored {
			missed += float64(b.runs) * square(b.median-fitted[i])
			total += float64(b.runs) * square(b.median-mean)
		}
	}
	if total > 0 {
		f.Explained = 1 - missed/total
	}
	f.Growth = math.Exp(f.mean(1) - f.mean(f.Low/f.unit))
	busy := bins[len(bins)*2/3].load
	left = make([]float64, len(all))
	for i, o := range all {
		r := o.latency - fitted[o.bin]
		if math.IsInf(r, 0) {
			r = math.NaN()
		}
		if left[i] = r; math.IsNaN(r) {
			continue
		}
		if o.censored {
			r = math.Inf(1)
		}
		f.residuals = append(f.residuals, r)
		if o.load >= busy {
			f.busyResiduals = append(f.busyResiduals, r)
		}
	}
	slices.Sort(f.residuals)
	slices.Sort(f.busyResiduals)
	f.Noise = math.Exp((f.residuals.quantile(0.8413) - f.residuals.quantile(0.1587)) / 2)
	if len(f.busyResiduals) < 40 {
		f.busyResiduals = f.residuals
	}
	return left
}

// residuals are sorted; +Inf stands for a run that was cut off.
type residuals []float64

// quantile interpolates between neighbours; runs that were cut off give +Inf.
func (r residuals) quantile(q float64) float64 {
	if len(r) == 0 {
		return 0
	}
	at := q * float64(len(r)-1)
	i := int(at)
	if i+1 >= len(r) || math.IsInf(r[i+1], 1) {
		return r[i]
	}
	return r[i] + (at-float64(i))*(r[i+1]-r[i])
}

// nearest is the quantile by nearest rank.
func nearest(sorted []float64, q float64) float64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// seconds is a duration that is never out of range.
func seconds(s float64) time.Duration {
	ns := s * float64(time.Second)
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// leastGrowth is how many times longer a run must take at the peak for a
// relation to be worth a word.
const leastGrowth = 1.1

// Confounding is what runs at the same time of day on different days say.
type Confounding string

// The findings.
const (
	// Unknown: less than three days, days too much alike, or no relation.
	Unknown Confounding = "unknown"
	// ByLoad: at the same hour, busier days are slower.
	ByLoad Confounding = "load"
	// ByTime: at the same hour, busier days are no slower. Load and latency
	// then only share their daily rhythm.
	ByTime Confounding = "time of day"
)

// timeOfDay looks at each hour of the day by itself: if load is what makes
// runs slow, a run is slower than others of its hour by as much as the fit
// says for the difference in load (a slope of 1), else by nothing (0).
func (f *Fit) timeOfDay(pairs []Pair, all []observation) Confounding {
	if f.To.Sub(f.From) < 72*time.Hour || f.Growth < leastGrowth {
		return Unknown
	}
	levels := f.levels()
	var hours [24][]int
	days := map[int64]*[2]float64{} // sums by day, for the slope's error
	x := make([]float64, len(all))
	y := make([]float64, len(all))
	for i := range all {
		x[i] = levels.at(all[i].load)
		y[i] = all[i].latency
		if math.IsInf(x[i], 0) {
			continue
		}
		h := pairs[i].Time.UTC().Hour()
		hours[h] = append(hours[h], i)
	}
	for _, members := range hours {
		if len(members) < 3 {
			continue
		}
		mx, my := medianOf(members, x), medianOf(members, y)
		spread := 3 * 1.4826 * deviation(pick(members, y), my)
		for _, i := range members {
			dx, dy := x[i]-mx, min(max(y[i]-my, -spread), spread)
			day := pairs[i].Time.UTC().Unix() / 86400
			if days[day] == nil {
				days[day] = &[2]float64{}
			}
			days[day][0] += dx * dx
			days[day][1] += dx * dy
		}
	}
	slope, deviation := jackknife(days)
	switch {
	case len(days) < 3 || math.IsNaN(slope) || math.IsNaN(deviation):
		return Unknown
	case slope+3*deviation < 0.5:
		return ByTime
	case slope-2*deviation > 0.3:
		return ByLoad
	}
	return Unknown
}

// jackknife gives the slope over all days and its error from leaving out each
// day in turn.
func jackknife(days map[int64]*[2]float64) (slope, deviation float64) {
	var order []int64
	for day := range days {
		order = append(order, day)
	}
	slices.Sort(order) // sums of floats depend on their order
	var xx, xy float64
	for _, day := range order {
		xx += days[day][0]
		xy += days[day][1]
	}
	if xx < 1e-9 {
		return math.NaN(), math.NaN()
	}
	slope = xy / xx
	sum := 0.0
	for _, day := range order {
		left := xx - days[day][0]
		if left <= 0 {
			return slope, math.NaN()
		}
		sum += square((xy-days[day][1])/left - slope)
	}
	n := float64(len(order))
	return slope, math.Sqrt(sum * (n - 1) / n)
}

func pick(members []int, from []float64) []float64 {
	values := make([]float64, len(members))
	for k, i := range members {
		values[k] = from[i]
	}
	return values
}

func medianOf(members []int, from []float64) float64 { return median(pick(members, from)) }

// levels is the fitted median at many loads, for looking up quickly.
type levels struct{ at func(load float64) float64 }

func (f *Fit) levels() levels {
	loads := make([]float64, len(f.Bins))
	values := make([]float64, len(f.Bins))
	for i, b := range f.Bins {
		loads[i] = b.Load / f.unit
		values[i] = f.mean(loads[i])
	}
	return levels{func(x float64) float64 {
		i, _ := slices.BinarySearch(loads, x)
		switch {
		case i == 0:
			return values[0]
		case i == len(loads):
			return values[i-1]
		}
		part := (x - loads[i-1]) / (loads[i] - loads[i-1])
		return values[i-1] + part*(values[i]-values[i-1])
	}}
}

// mean is the fitted logarithm at a load within those that were seen.
func (f *Fit) mean(x float64) float64 {
	s := f.at(x)
	return s.mean()
}
