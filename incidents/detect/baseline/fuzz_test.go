package baseline_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"outrider/incidents/detect/baseline"
)

// FuzzState puts numbers into states, with the check sum made right so that they
// get past that: a state is refused, or works and is stored in as many bytes as
// it came. Patches are a place (two bytes) and what to put there (eight) each;
// taken for a state themselves they are refused.
func FuzzState(f *testing.F) {
	list := samples(quiet(4, 2*week))
	var states [3][]byte
	j := baseline.New(baseline.Config{})
	for i, x := range list {
		j.Observe(x)
		for k, n := range [...]int{10, 1440, len(list)} {
			if i+1 == n {
				data, err := j.MarshalBinary()
				if err != nil {
					f.Fatal(err)
				}
				states[k] = data
			}
		}
	}
	for i := range uint8(3) {
		for _, x := range []uint64{0, 1, math.MaxUint64, 1 << 63, math.Float64bits(math.NaN()), math.Float64bits(1e300)} {
			f.Add(i, binary.LittleEndian.AppendUint64([]byte{byte(8 * i), 7}, x))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, patches []byte) {
		j := baseline.New(baseline.Config{})
		if j.UnmarshalBinary(patches) == nil {
			t.Fatal("took patches for a state")
		}
		data := append([]byte(nil), states[which%3]...)
		for ; len(patches) >= 10; patches = patches[10:] {
			at := 4 + int(binary.LittleEndian.Uint16(patches))%(len(data)-16)
			copy(data[at:at+8], patches[2:])
		}
		data = baseline.Resum(data)
		if j.UnmarshalBinary(data) != nil {
			return
		}
		for i, x := range list[:150] {
			// Two hours of minutes, then a sample each hour.
			after := time.Duration(max(0, i-120)) * time.Hour
			got := j.Observe(baseline.Sample{At: x.At.Add(2*week + after), Millis: x.Millis})
			if math.IsNaN(got.Score) || got.Score < 0 || got.Score > 1 {
				t.Fatalf("score %v", got.Score)
			}
		}
		again, err := j.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != len(data) {
			t.Fatalf("%d bytes became %d", len(data), len(again))
		}
	})
}
