package objective_test

import (
	"math"
	"testing"

	"outrider/incidents/detect/objective"
)

// The values are those of Clopper and Pearson's method in textbooks and in R's
// binom.test.
func TestInterval(t *testing.T) {
	for _, tt := range []struct {
		bad, total int64
		low, high  float64
	}{
		{0, 10, 0, 0.3084971},
		{10, 10, 0.6915029, 1},
		{5, 60, 0.0276, 0.1839},
		{1, 20, 0.0012651, 0.2487328},
		{0, 0, 0, 1},
		{5, 3, 0, 1},
	} {
		low, high := objective.Interval(tt.bad, tt.total, 0.95)
		if math.Abs(low-tt.low) > 1e-4 || math.Abs(high-tt.high) > 1e-4 {
			t.Errorf("%d of %d: got %.7f to %.7f, want %.7f to %.7f", tt.bad, tt.total, low, high, tt.low, tt.high)
		}
	}
	if low, high := objective.Interval(1, 2, math.NaN()); low != 0 || high != 1 {
		t.Errorf("NaN confidence: %v to %v", low, high)
	}
}
