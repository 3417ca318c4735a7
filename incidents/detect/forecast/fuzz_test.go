package forecast_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"outrider/incidents/detect/forecast"
)

// FuzzState puts numbers into states, with the check sum made right so that they
// get past that: a state is refused, or works and is stored in as many bytes as
// it came. Patches are a place (two bytes) and what to put there (eight) each;
// taken for a state themselves they are refused.
func FuzzState(f *testing.F) {
	both := [2]forecast.Options{{Limit: 900, Quantile: 0.95}, {Kind: forecast.ErrorRate, Limit: 0.1}}
	var states [4][]byte
	for i := range states {
		m := forecast.New(both[i%2])
		value := series(1, 11.5, 0.7)
		if i%2 == 1 {
			latency := value
			value = func(i int) float64 {
				if latency(i) > 700 {
					return 1
				}
				return 0
			}
		}
		feed(m, 0, []int{1, 12}[i/2]*1440, value)
		data, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		states[i] = data[:len(data)-4]
	}
	for i := range uint8(4) {
		for _, x := range []float64{0, -1, math.NaN(), math.Inf(1), 1e300} {
			f.Add(i, binary.LittleEndian.AppendUint64([]byte{byte(8 * i), 1}, math.Float64bits(x)))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, patches []byte) {
		which %= 4
		o := both[which%2]
		m := forecast.New(o)
		if m.UnmarshalBinary(patches) == nil {
			t.Fatal("took patches for a state")
		}
		data := append([]byte(nil), states[which]...)
		for ; len(patches) >= 10; patches = patches[10:] {
			at := 4 + int(binary.LittleEndian.Uint16(patches))%(len(data)-12)
			copy(data[at:at+8], patches[2:])
		}
		data = checksummed(data)
		if m.UnmarshalBinary(data) != nil {
			return
		}
		feed(m, 12*1440, 12*1440+90, series(1, 11.5, 0.7))
		m.Forecast(7 * 24 * time.Hour)
		m.TomorrowsPeak()
		if p := m.BreachProbability(o.Limit/2, 24*time.Hour).Probability; !(p >= 0 && p <= 1) {
			t.Fatalf("probability %v", p)
		}
		m.Observe(at(40*1440), 400, false)
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != len(data) {
			t.Fatalf("%d bytes became %d", len(data), len(again))
		}
	})
}
