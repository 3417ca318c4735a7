package surge

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// bin is the runs of a narrow range of load, by their median: half of them
// may be outliers without moving it far, and runs that timed out are right as
// long as they are above it.
type bin struct {
	load   float64 // in units of the highest bin's
	median float64 // of the logarithm of seconds
	// variance of median, by block bootstrap.
	variance float64
	// censored: more than half of the runs timed out, the true median is at
	// least this.
	censored bool
	runs     int
}

const (
	minPairs  = 24  // runs below which nothing is fitted
	perBin    = 12  // runs a bin should have
	fewestBin = 6   // bins, if the runs suffice
	mostBins  = 30  // bins
	resamples = 100 // of the block bootstrap
)

// observation is a pair as the fit sees it.
type observation struct {
	load, latency float64 // latency: logarithm of seconds
	censored      bool
	bin           int
}

// binned sorts observations into bins of equal numbers of runs, except that
// equal loads stay together.
func binned(all []observation) []bin {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		if c := cmp.Compare(all[i].load, all[j].load); c != 0 {
			return c
		}
		return cmp.Compare(i, j)
	})
	count := min(mostBins, max(fewestBin, len(all)/perBin))
	var bins []bin
	start := 0
	for start < len(order) {
		// The rest is shared out again each time, since equal loads may have
		// taken more than their part.
		left := max(1, count-len(bins))
		end := min(len(order), start+(len(order)-start+left-1)/left)
		for end < len(order) && all[order[end]].load == all[order[end-1]].load {
			end++
		}
		bins = append(bins, summarize(all, order[start:end], len(bins)))
		start = end
	}
	return bins
}

func summarize(all []observation, members []int, number int) bin {
	values := make([]float64, 0, len(members))
	loads := make([]float64, 0, len(members))
	cut := 0
	for _, i := range members {
		all[i].bin = number
		values = append(values, all[i].latency)
		loads = append(loads, all[i].load)
		if all[i].censored {
			cut++
		}
	}
	b := bin{runs: len(members), load: loads[len(loads)/2], censored: 2*cut >= len(members)}
	if len(loads)%2 == 0 {
		b.load = (loads[len(loads)/2-1] + loads[len(loads)/2]) / 2
	}
	b.median = median(values)
	// The median's error from the spread of its runs: 1.253σ/√n, σ by the
	// median absolute deviation. The bootstrap may only raise it.
	spread := 1.4826 * deviation(values, b.median)
	b.variance = square(1.2533*spread) / float64(len(values))
	return b
}

// bootstrap raises the bins' variances to what resampled blocks of
// neighbouring runs give (Künsch 1989): runs one after the other are alike, so
// that n of them are worth less than n. all is in the order of time.
func bootstrap(all []observation, bins []bin, block int) {
	if block <= 1 {
		return
	}
	r := rand.New(rand.NewPCG(1, uint64(len(all))))
	members := make([][]float64, len(bins))
	sums := make([]float64, len(bins))
	counts := make([]float64, len(bins))
	for range resamples {
		for b := range members {
			members[b] = members[b][:0]
		}
		for drawn := 0; drawn < len(all); drawn += block {
			start := r.IntN(len(all))
			for k := range block {
				o := &all[(start+k)%len(all)]
				members[o.bin] = append(members[o.bin], o.latency)
			}
		}
		for b, values := range members {
			if len(values) == 0 {
				continue
			}
			sums[b] += square(median(values) - bins[b].median)
			counts[b]++
		}
	}
	for b := range bins {
		if counts[b] > resamples/4 {
			bins[b].variance = max(bins[b].variance, sums[b]/counts[b])
		}
	}
}

// median reorders the values.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}

// deviation is the median absolute deviation.
func deviation(values []float64, from float64) float64 {
	d := make([]float64, len(values))
	for i, v := range values {
		d[i] = math.Abs(v - from)
	}
	return median(d)
}

func square(x float64) float64 { return x * x }
