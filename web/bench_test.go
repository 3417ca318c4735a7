package web

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// many makes a monitor with n checks, forty runs each, and a day of hours.
func many(n int) *world {
	w := &world{store: &memory{}, status: &monitorStatus{}, defs: &checks.Definitions{}, now: noon}
	w.status.health.Ready = true
	for i := range n {
		c := defined(fmt.Sprintf("check-%04d", i), fmt.Sprintf("Check number %d of the shop", i), checks.KindHTTP, "component=shop tier=gold")
		c.Objectives = []checks.Objective{{Name: "availability", Good: 0.999, Over: 30 * 24 * time.Hour}}
		w.defs.Checks = append(w.defs.Checks, c)
		w.status.checks = append(w.status.checks, CheckStatus{Check: c, Next: noon.Add(time.Minute)})
	}
	for run := range stripRuns {
		for i, c := range w.defs.Checks {
			o := probes.Passed
			if (run+i)%17 == 0 {
				o = probes.Degraded
			}
			w.store.add(probes.Run{ID: fmt.Sprintf("run-%d-%d", i, run), CheckID: c.ID, Outcome: o, Duration: time.Duration(100+run*3+i%7) * time.Millisecond,
				Started: noon.Add(-24 * time.Hour).Add(time.Duration(run) * 36 * time.Minute)})
		}
	}
	return w
}

// BenchmarkIndex renders the list of 1,000 checks: by a server that has seen
// the log before, the same compressed, and by one that was just started. The
// store is in memory: its time is for the benchmarks of the stores.
func BenchmarkIndex(b *testing.B) {
	w := many(1000)
	render := func(b *testing.B, s *Server, header ...string) {
		rec := get(b, s, "/", header...)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
		b.ReportMetric(float64(rec.Body.Len()), "bytes/page")
	}
	b.Run("again", func(b *testing.B) {
		s := w.server(b)
		render(b, s)
		b.ReportAllocs()
		for b.Loop() {
			render(b, s)
		}
	})
	b.Run("compressed", func(b *testing.B) {
		s := w.server(b)
		render(b, s)
		for b.Loop() {
			render(b, s, "Accept-Encoding", "gzip")
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := w.server(b)
			b.StartTimer()
			render(b, s)
		}
	})
}

// BenchmarkMetrics scrapes 1,000 checks.
func BenchmarkMetrics(b *testing.B) {
	w := many(1000)
	s := w.server(b)
	for b.Loop() {
		if rec := get(b, s, "/metrics"); rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}
