package sqlite

import (
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage/storagetest"
)

// BenchmarkWithin counts a month of runs, one a minute, of a promised latency
// (from the roll-ups) and of another one (from the runs), and adds a bound.
func BenchmarkWithin(b *testing.B) {
	const month = 30 * 24 * 60
	end := start.Add(month * time.Minute)
	s, err := Open(b.Context(), Options{Path: b.TempDir() + "/outrider.db", Now: func() time.Time { return end }})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	do := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var batch []probes.Run
	for i := range month {
		batch = append(batch, storagetest.NewRun("a", start.Add(time.Duration(i)*time.Minute), time.Duration(i%1000)*time.Millisecond))
		if len(batch) == 1000 {
			do(s.Record(b.Context(), batch...))
			batch = batch[:0]
		}
	}
	do(s.Record(b.Context(), batch...))
	do(s.SetBounds(b.Context(), map[string][]time.Duration{"a": {time.Second}}))
	do(s.Prune(b.Context()))
	for _, c := range []struct {
		name    string
		latency time.Duration
	}{{"promised", time.Second}, {"other", 500 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.Within(b.Context(), "a", c.latency, start, end)
				do(err)
			}
		})
	}
	b.Run("new bound", func(b *testing.B) {
		latency := time.Millisecond
		for b.Loop() {
			latency++
			do(s.SetBounds(b.Context(), map[string][]time.Duration{"a": {time.Second, latency}}))
		}
	})
}
