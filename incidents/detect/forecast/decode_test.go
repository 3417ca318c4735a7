package forecast_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"outrider/incidents/detect/forecast"
)

// A state whose check sum is right but whose numbers are anything is refused or
// harmless: nothing panics or runs on for long, and probabilities are some.
func TestUnmarshalBinary_AnyNumbers(t *testing.T) {
	for name, o := range map[string]forecast.Options{
		"latency": {Limit: 900, Quantile: 0.95}, "error rate": {Kind: forecast.ErrorRate, Limit: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			m := forecast.New(o)
			feed(m, 0, 12*1440, series(1, 11.5, 0.7))
			good := encode(t, m)
			odd := []uint64{0, 1, math.MaxUint64, 1 << 63, 1<<63 - 1, math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1)),
				math.Float64bits(-1e300), math.Float64bits(1e300), 0x7f800000_7f800000, 0x00ff00ff_00ff00ff}
			r := rand.New(rand.NewPCG(2, 9))
			taken := 0
			for range 300 {
				b := append([]byte(nil), good[:len(good)-4]...)
				for range 1 + r.IntN(3) {
					at := 4 + r.IntN(len(b)-12)
					if r.IntN(2) == 0 {
						binary.LittleEndian.PutUint64(b[at:], odd[r.IntN(len(odd))])
					} else {
						b[at] ^= byte(1 << r.IntN(8))
					}
				}
				other := forecast.New(o)
				if other.UnmarshalBinary(checksummed(b)) != nil {
					continue
				}
				taken++
				feed(other, 12*1440, 12*1440+90, series(1, 11.5, 0.7))
				other.Forecast(24 * time.Hour)
				if p := other.BreachProbability(700, 24*time.Hour).Probability; p < 0 || p > 1 {
					t.Fatalf("probability %v", p)
				}
			}
			t.Logf("%d of 300 states were taken", taken)
			if taken < 50 {
				t.Error("nearly all were refused: nothing was tried")
			}
		})
	}
}
