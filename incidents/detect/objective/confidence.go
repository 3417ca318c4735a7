package objective

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// atLeast gives the probability of so many bad runs or more in so many
// independent ones, each bad with the given probability: the upper tail of the
// binomial distribution, by way of the incomplete beta function.
func atLeast(bad, total int64, share float64) float64 {
	switch {
	case bad <= 0:
		return 1
	case bad > total:
		return 0
	}
	return mathext.RegIncBeta(float64(bad), float64(total-bad+1), share)
}

// Interval gives the two-sided confidence interval of Clopper and Pearson
// (1934) for the share of bad runs behind an observed one. It is exact: it
// holds with at least the stated confidence however few runs there are, as long
// as they fail independently of each other.
func Interval(bad, total int64, confidence float64) (low, high float64) {
	if total <= 0 || bad < 0 || bad > total || !(confidence > 0 && confidence < 1) {
		return 0, 1
	}
	tail := (1 - confidence) / 2
	k, n := float64(bad), float64(total)
	low, high = 0, 1
	if bad > 0 {
		low = mathext.InvRegIncBeta(k, n-k+1, tail)
	}
	if bad < total {
		high = mathext.InvRegIncBeta(k+1, n-k, 1-tail)
	}
	if math.IsNaN(low) || math.IsNaN(high) {
		return 0, 1
	}
	return low, high
}
