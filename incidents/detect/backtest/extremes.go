package backtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// tail is a model of the peaks of a series: how often clusters of values over
// a level come, and by how much their highest value goes over it. It is the
// peaks-over-threshold model with runs declustering of Coles, An Introduction
// to Statistical Modeling of Extreme Values (2001), chapters 4 and 5.3.
type tail struct {
	level  float64 // from which on peaks are counted
	excess []float64
	length float64 // that was observed, in the unit of periods
	shape  float64 // of the generalised Pareto distribution, ξ
	scale  float64 // σ
}

// point is a value at a time.
type point struct {
	at    time.Time
	value float64
}

// minPeaks is how many peaks a tail is fitted to at least, where there are as
// many: with fewer, the scale alone is off by a quarter.
const minPeaks = 30

// fitTail fits a tail to series, which are in order of time and are observed
// side by side over length. Clusters are peaks that are gap or more apart. Not
// ok where there is nothing to fit.
func fitTail(series [][]point, length, gap time.Duration) (tail, bool) {
	var values []float64
	for _, s := range series {
		for _, p := range s {
			values = append(values, p.value)
		}
	}
	if len(values) == 0 {
		return tail{}, false
	}
	slices.Sort(values)
	t := tail{length: length.Seconds()}
	for _, q := range [...]float64{0.995, 0.99, 0.98, 0.95, 0.9, 0.8} {
		t.level = values[int(q*float64(len(values)-1))]
		t.excess = t.excess[:0]
		for _, s := range series {
			t.excess = appendPeaks(t.excess, s, t.level, gap)
		}
		if len(t.excess) >= minPeaks {
			break
		}
	}
	if len(t.excess) == 0 {
		return t, false // constant
	}
	t.shape, t.scale = fitPareto(t.excess)
	return t, true
}

// appendPeaks adds by how much the highest value of each cluster goes over the
// level.
func appendPeaks(peaks []float64, s []point, level float64, gap time.Duration) []float64 {
	var last time.Time
	for _, p := range s {
		if p.value <= level {
			continue
		}
		over := p.value - level
		if n := len(peaks); !last.IsZero() && p.at.Sub(last) < gap {
			peaks[n-1] = max(peaks[n-1], over)
		} else {
			peaks = append(peaks, over)
		}
		last = p.at
	}
	return peaks
}

// fitPareto fits a generalised Pareto distribution by probability-weighted
// moments (Hosking and Wallis, Technometrics 29, 1987), which do well with few
// values. The shape is drawn towards 0, an exponential tail, as if twenty more
// values had said so: with few, it is mostly chance.
func fitPareto(excess []float64) (shape, scale float64) {
	sorted := slices.Sorted(slices.Values(excess))
	n := float64(len(sorted))
	var a0, a1 float64
	for i, x := range sorted {
		a0 += x / n
		a1 += x / n * (1 - (float64(i)+0.65)/n)
	}
	if d := a0 - 2*a1; d > 0 && n > 2 {
		shape = 2 - a0/d
	}
	const prior, most = 20, 0.5
	shape = min(max(shape*n/(n+prior), -most), most)
	return shape, a0 * (1 - shape) // keeps the mean
}

// returnLevel is the level that is gone over by one cluster in a period, on
// average.
func (t *tail) returnLevel(period time.Duration) float64 {
	return t.level + t.over(float64(len(t.excess)), t.shape, t.scale, period)
}

func (t *tail) over(peaks, shape, scale float64, period time.Duration) float64 {
	times := peaks / t.length * period.Seconds()
	switch {
	case times <= 1:
		return 0
	case math.Abs(shape) < 1e-6:
		return scale * math.Log(times)
	}
	return scale / shape * (math.Pow(times, shape) - 1)
}

// upper bounds the return level from above: with the given confidence it is
// no higher. It is a bootstrap over the peaks, the same at every call.
func (t *tail) upper(period time.Duration, confidence float64) float64 {
	const times = 200
	random := rand.New(rand.NewPCG(uint64(len(t.excess)), 1987))
	levels := make([]float64, times)
	sample := make([]float64, len(t.excess))
	for i := range levels {
		for k := range sample {
			sample[k] = t.excess[random.IntN(len(t.excess))]
		}
		shape, scale := fitPareto(sample)
		levels[i] = t.over(float64(len(sample)), shape, scale, period)
	}
	slices.Sort(levels)
	return t.level + levels[int(confidence*(times-1))]
}
