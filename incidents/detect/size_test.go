package detect_test

import (
	"encoding"
	"testing"
	"time"
	"unsafe"

	"outrider/incidents/detect/anomaly"
	"outrider/incidents/detect/baseline"
	"outrider/incidents/detect/forecast"
)

// mostState is what one series may take through all judges.
const mostState = 16 << 10

// judges are those that a series of latencies goes through.
type judges struct {
	usual *baseline.Judge
	ahead *forecast.Model
	odd   *anomaly.Detector
}

func newJudges() judges {
	return judges{baseline.New(baseline.Config{}), forecast.New(forecast.Options{Limit: 900, Quantile: 0.95}), anomaly.New()}
}

func (j *judges) observe(at time.Time, millis float64) {
	j.usual.Observe(baseline.Sample{At: at, Millis: millis})
	j.ahead.Observe(at, millis, false)
	j.odd.Observe(at, millis)
}

// stored is how many bytes are written of all.
func (j *judges) stored(t testing.TB) (sum int) {
	for _, judge := range []encoding.BinaryMarshaler{j.usual, j.ahead, j.odd} {
		data, err := judge.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		sum += len(data)
	}
	return sum
}

// What one series takes through all judges is bounded, in memory and in storage,
// however long it lasts: it is what bounds how many there can be.
func TestStateOfOneSeries(t *testing.T) {
	memory := unsafe.Sizeof(baseline.Judge{}) + unsafe.Sizeof(forecast.Model{}) + unsafe.Sizeof(anomaly.Detector{})
	t.Logf("%d bytes in memory: baseline %d, forecast %d, anomaly %d", memory,
		unsafe.Sizeof(baseline.Judge{}), unsafe.Sizeof(forecast.Model{}), unsafe.Sizeof(anomaly.Detector{}))
	if memory > mostState {
		t.Errorf("%d bytes in memory, more than %d", memory, mostState)
	}
	j, shop := newJudges(), newJourney(3)
	for i := range 15 * 1440 {
		j.observe(shop.began.Add(time.Duration(i)*time.Minute), float64(shop.next().Duration)/float64(time.Millisecond))
		if i%1440 == 0 || i == 15*1440-1 {
			if n := j.stored(t); n > mostState {
				t.Fatalf("%d bytes stored after %d samples, more than %d", n, i+1, mostState)
			}
		}
	}
	t.Logf("%d bytes stored after 15 days", j.stored(t))
}

// BenchmarkOneSeries measures a sample through all judges, with all that it
// brings about later.
func BenchmarkOneSeries(b *testing.B) {
	j, shop := newJudges(), newJourney(3)
	values := make([]float64, 7*1440)
	for i := range values {
		values[i] = float64(shop.next().Duration) / float64(time.Millisecond)
	}
	n := 0
	next := func() {
		j.observe(shop.began.Add(time.Duration(n)*time.Minute), values[n%len(values)])
		n++
	}
	for range 14 * 1440 {
		next()
	}
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
	b.ReportMetric(float64(j.stored(b)), "state-bytes")
}
