package attribution

import (
	"math"
	"slices"
)

// shift is how far a measure has moved from what is usual.
type shift struct {
	was, is float64 // in the measure's unit
	moved   float64 // difference of logarithms
	// evidence is that it has risen: see riseEvidence.
	evidence float64
	samples  []sample
}

// sample is what one run says of a measure: by how much its logarithm is above
// the usual, and how much that scatters.
type sample struct{ above, spread float64 }

const (
	// riseScale is how much a logarithm typically rises in trouble: doubling
	// is 0.7. Now and then it rises by far more.
	riseScale = 0.7
	// wildShare is how often a single run is wild, and wildScale how much.
	wildShare = 0.02
	wildScale = 1.0
	// wildBelow is the part of the wild values that are low.
	wildBelow = 0.1
	// leastScatter is the least deviation of a run that is believed in; what is
	// more regular than that has no news value below a few percent.
	leastScatter = 0.06
	// priorOdds is the logarithm of the odds that any one part has moved,
	// before anything was seen: one in twenty.
	priorOdds = -2.944
	// certain is where more evidence makes no difference any more.
	certain = 14
)

// compare holds the logarithms of some runs' values against a level. There is
// at least one.
func compare(l *level, f scale, logs []float64) shift {
	usual, spread := float64(l.mean), max(float64(l.spread), leastScatter)
	if l.n == 0 {
		// The part is new: nothing is as usual as nothing.
		usual, spread = f.log(0), priorSpread
	} else {
		spread *= math.Sqrt(1 + 1/l.weight())
	}
	s := shift{samples: make([]sample, len(logs))}
	for i, x := range logs {
		s.samples[i] = sample{x - usual, spread}
	}
	s.moved = clippedMean(s.samples)
	s.was, s.is = f.value(usual), f.value(usual+s.moved)
	s.evidence = riseEvidence(s.samples)
	return s
}

// clippedMean is the mean of samples, each brought near to their median, so
// that a single wild run does not speak for all.
func clippedMean(samples []sample) float64 {
	m := median(samples)
	sum := 0.0
	for _, x := range samples {
		sum += min(max(x.above, m-2*x.spread), m+2*x.spread)
	}
	return sum / float64(len(samples))
}

func median(samples []sample) float64 {
	sorted := make([]float64, len(samples))
	for i, x := range samples {
		sorted[i] = x.above
	}
	slices.Sort(sorted)
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// riseEvidence is the logarithm of the Bayes factor for "it has risen" against
// "it is as usual" (Kass and Raftery, 1995): the likelihood of the samples if
// all of them are above the usual by one unknown amount, over that if they are
// not. The amount has a half-Cauchy prior (Gelman, 2006), and a run may be wild
// by itself (the contaminated normal distribution of Tukey, 1960), so that one
// run alone never proves much, whatever it took.
func riseEvidence(samples []sample) float64 {
	usual := logLikelihood(samples, 0)
	grid := riseGrid(samples)
	most := math.Inf(-1)
	logs := make([]float64, len(grid))
	for i, rise := range grid {
		logs[i] = logLikelihood(samples, rise) + math.Log(halfCauchy(rise, riseScale))
		most = max(most, logs[i])
	}
	area := 0.0
	before := math.Exp(logs[0] - most)
	for i := 1; i < len(grid); i++ {
		here := math.Exp(logs[i] - most)
		area += (grid[i] - grid[i-1]) * (before + here) / 2
		before = here
	}
	return math.Log(area) + most - usual
}

// logLikelihood is that of samples if all are above the usual by rise.
func logLikelihood(samples []sample, rise float64) float64 {
	sum, product := 0.0, 1.0
	for _, x := range samples {
		product *= density(x.above-rise, x.spread)
		if product < 1e-200 {
			sum, product = sum+math.Log(product), 1
		}
	}
	return sum + math.Log(product)
}

// riseGrid is where the likelihood of a rise is looked at: everywhere, ever
// more coarsely, and closely around what the samples say.
func riseGrid(samples []sample) []float64 {
	const (
		first, last = 0.01, 40
		coarse      = 40
	)
	grid := make([]float64, 1, coarse+40)
	for i := range coarse {
		grid = append(grid, first*math.Pow(last/first, float64(i)/(coarse-1)))
	}
	precision := 0.0
	for _, x := range samples {
		precision += 1 / (x.spread * x.spread)
	}
	center, width := median(samples), 1/math.Sqrt(precision)
	for z := -6.0; z <= 6; z += 0.4 {
		if x := center + z*width; x > 0 {
			grid = append(grid, x)
		}
	}
	slices.Sort(grid)
	return grid
}

// density is that of what a run is above the usual if nothing has moved. It is
// never so small that a product of two could not be told from zero.
func density(above, spread float64) float64 {
	z := above / spread
	wild := (1 - wildBelow) * wildShare
	if above < 0 {
		above, wild = -above, wildBelow*wildShare
	}
	return (1-wildShare)/(spread*math.Sqrt(2*math.Pi))*math.Exp(-0.5*z*z) + wild*halfCauchy(above, wildScale)
}

// halfCauchy is the half-Cauchy density at x ≥ 0.
func halfCauchy(x, scale float64) float64 {
	z := x / scale
	return 2 / (math.Pi * scale * (1 + z*z))
}

// confidence turns evidence into a probability.
func confidence(evidence float64) float64 {
	return min(1/(1+math.Exp(-(evidence+priorOdds))), 0.99)
}
