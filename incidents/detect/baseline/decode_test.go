package baseline_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"outrider/incidents/detect/baseline"
)

// A state whose check sum is right but whose numbers are anything is refused or
// harmless, and what it says are numbers.
func TestUnmarshalBinary_AnyNumbers(t *testing.T) {
	j := baseline.New(baseline.Config{})
	list := samples(quiet(4, 2*week))
	for _, x := range list {
		j.Observe(x)
	}
	good, err := j.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	odd := []uint64{0, 1, math.MaxUint64, 1 << 63, 1<<63 - 1, math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1)),
		math.Float64bits(-1e300), math.Float64bits(1e300), math.Float64bits(5e-324), 0x7f800000_7f800000, 0x00ff00ff_00ff00ff}
	r := rand.New(rand.NewPCG(1, 9))
	taken := 0
	for range 1500 {
		b := append([]byte(nil), good...)
		for range 1 + r.IntN(3) {
			at := 4 + r.IntN(len(b)-16)
			if r.IntN(2) == 0 {
				binary.LittleEndian.PutUint64(b[at:], odd[r.IntN(len(odd))])
			} else {
				b[at] ^= byte(1 << r.IntN(8))
			}
		}
		other := baseline.New(baseline.Config{})
		if other.UnmarshalBinary(baseline.Resum(b)) != nil {
			continue
		}
		taken++
		for _, x := range list[:60] {
			got := other.Observe(baseline.Sample{At: x.At.Add(2 * week), Millis: x.Millis})
			if math.IsNaN(got.Score) || got.Score < 0 || got.Score > 1 {
				t.Fatalf("score %v", got.Score)
			}
		}
	}
	t.Logf("%d of 1500 states were taken", taken)
	if taken < 200 {
		t.Error("nearly all were refused: nothing was tried")
	}
}
