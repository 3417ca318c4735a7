package attribution

import "math"

// shift is how far a measure has moved from what is usual.
type shift struct {
	was, is float64 // in the measure's unit
	moved   float64 // difference of logarithms
	// variance is that of moved if nothing has moved.
	variance float64
	// evidence is the logarithm of the Bayes factor for "it has risen" against
	// "it is as usual" (Kass and Raftery, 1995): the likelihood of what was
	// seen if the level rose by an unknown amount, a half-normal with a
	// deviation of riseScale, over that if it did not.
	evidence float64
}

const (
	// riseScale is how much a logarithm typically rises in trouble: doubling
	// is 0.7.
	riseScale = 0.7
	// leastScatter is the least deviation of a run that is believed in; what is
	// more regular than that has no news value below a few percent.
	leastScatter = 0.06
	// priorOdds is the logarithm of the odds that any one part has moved,
	// before anything was seen: one in twenty.
	priorOdds = -2.944
	// certain is where more evidence makes no difference any more.
	certain = 14
)

// compare holds the mean of the logarithms of k values against a level.
func compare(l *level, f scale, mean float64, k int) shift {
	s := shift{was: f.value(float64(l.mean)), is: f.value(mean), moved: mean - float64(l.mean)}
	if l.n == 0 {
		// The part is new: nothing is as usual as nothing.
		s.was, s.moved = 0, mean-f.log(0)
		s.variance = priorSpread * priorSpread / float64(k)
		s.evidence = riseEvidence(s.moved, s.variance)
		return s
	}
	spread := max(float64(l.spread), leastScatter)
	s.variance = spread * spread * (1/float64(k) + 1/l.weight())
	s.evidence = riseEvidence(s.moved, s.variance)
	return s
}

// riseEvidence is the evidence of a difference with the given variance.
func riseEvidence(moved, variance float64) float64 {
	tau := riseScale * riseScale
	// Half-normal prior: twice the two-sided factor, times the probability
	// that the rise is positive given what was seen.
	shrunk := tau / (tau + variance)
	z := moved * math.Sqrt(shrunk/variance)
	positive := 0.5 * math.Erfc(-z/math.Sqrt2)
	two := 0.5*math.Log(1-shrunk) + 0.5*z*z
	if z < 0 {
		// Far below: the exponential growth and the tail cancel.
		return 0.5*math.Log(1-shrunk) + logErfcx(-z)
	}
	return two + math.Log(2*positive)
}

// logErfcx is the logarithm of 2·exp(z²/2)·P(Z > z) for z ≥ 0.
func logErfcx(z float64) float64 {
	if z < 20 {
		return 0.5*z*z + math.Log(math.Erfc(z/math.Sqrt2))
	}
	return -math.Log(z) - 0.5*math.Log(math.Pi/2)
}

// confidence turns evidence into a probability.
func confidence(evidence float64) float64 {
	return min(1/(1+math.Exp(-(evidence+priorOdds))), 0.99)
}
