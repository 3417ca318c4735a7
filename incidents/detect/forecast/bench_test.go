package forecast_test

import (
	"testing"
	"time"

	"outrider/incidents/detect/forecast"
)

// BenchmarkObserve measures a sample with everything that it brings about
// later: closing buckets, hours and days.
func BenchmarkObserve(b *testing.B) {
	for name, o := range map[string]forecast.Options{"no limit": {}, "limit": {Limit: 1000}} {
		b.Run(name, func(b *testing.B) {
			m := forecast.New(o)
			values := make([]float64, 1440*7)
			for i := range values {
				values[i] = series(1, 0, 0)(i)
			}
			for i := range 14 * 1440 {
				m.Observe(at(i), values[i%len(values)], false)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				m.Observe(at(14*1440+i), values[i%len(values)], false)
			}
			data, err := m.MarshalBinary()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(data)), "state-bytes")
		})
	}
}

// BenchmarkObserveRamp measures the costly time: something rises.
func BenchmarkObserveRamp(b *testing.B) {
	value := series(1, 14, 1)
	values := make([]float64, 15*1440)
	for i := range values {
		values[i] = value(i)
	}
	warm := forecast.New(forecast.Options{Limit: 5000})
	for i := range 14 * 1440 {
		warm.Observe(at(i), values[i], false)
	}
	state, err := warm.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	m := forecast.New(forecast.Options{Limit: 5000})
	for i := range b.N {
		if j := i % 1440; j == 0 {
			b.StopTimer()
			if err := m.UnmarshalBinary(state); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		m.Observe(at(14*1440+i%1440), values[14*1440+i%1440], false)
	}
}

func BenchmarkForecast(b *testing.B) {
	m := forecast.New(forecast.Options{})
	feed(m, 0, 14*1440, series(1, 0, 0))
	b.ReportAllocs()
	for range b.N {
		m.Forecast(24 * time.Hour)
	}
}
