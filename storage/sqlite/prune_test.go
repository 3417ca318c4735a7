package sqlite

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

// fill records runs with evidence, 60 an hour, and gives how many bytes that
// is at least.
func fill(t *testing.T, s *Store, check string, runs int) (bytes int64) {
	t.Helper()
	const size = 8_000
	var batch []probes.Run
	for i := range runs {
		run := storagetest.NewRun(check, start.Add(time.Duration(i)*time.Minute), time.Second)
		run.Artifacts = []probes.Artifact{{Name: "page.txt", MediaType: "text/plain", Data: make([]byte, size)}}
		batch = append(batch, run)
	}
	must(t, s.Record(t.Context(), batch...))
	return int64(runs) * size
}

func TestPruneBySize(t *testing.T) {
	var log bytes.Buffer
	const bound = 4 << 20
	s := open(t, Options{
		Now:       func() time.Time { return start.Add(24 * time.Hour) },
		Retention: Retention{MaxBytes: bound},
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	filled := fill(t, s, "a", 1_000)
	must(t, s.SetCursor(t.Context(), "influx", 5)) // nearly everything is unread
	must(t, s.SetBounds(t.Context(), map[string][]time.Duration{"a": {time.Second}}))
	total := func() int {
		hours, err := s.Totals(t.Context(), time.Time{}, time.Time{})
		must(t, err)
		return hours["a"].Passed
	}
	for range 2 {
		must(t, s.Prune(t.Context()))
		u, err := s.usage(t.Context())
		must(t, err)
		if u.file > bound || filled <= bound {
			t.Errorf("the file has %d bytes, bound %d", u.file, bound)
		}
		if total() != 1_000 {
			t.Errorf("the hours sum up to %d runs, want 1000", total())
		}
		kept, err := s.Within(t.Context(), "a", time.Second, time.Time{}, time.Time{})
		if must(t, err); kept != (storage.Kept{Good: 1_000, Total: 1_000}) {
			t.Errorf("within a latency: %+v, want 1000 of 1000", kept)
		}
	}
	newest, err := s.Runs(t.Context(), storage.RunQuery{Limit: 1})
	must(t, err)
	oldest, err := s.RunsAfter(t.Context(), 0, 1)
	must(t, err)
	if len(newest) != 1 || newest[0].Seq != 1_000 || oldest[0].Seq < 400 {
		t.Errorf("runs %d to %d are left, want the newest", oldest[0].Seq, newest[0].Seq)
	}
	if !strings.Contains(log.String(), "influx") {
		t.Errorf("nobody is told that a follower misses runs: %s", log.String())
	}
	// On disk it is smaller, too, once the log has been moved into the file.
	must(t, s.Close())
	info, err := os.Stat(s.path)
	must(t, err)
	if info.Size() > bound {
		t.Errorf("on disk the file has %d bytes, bound %d", info.Size(), bound)
	}
}

// Runs of the present hour that the bound on size removed stay in its sum,
// and so do those that come after.
func TestPruneBySizeWithinTheHour(t *testing.T) {
	now := start.Add(20 * time.Minute)
	s := open(t, Options{Now: func() time.Time { return now }, Retention: Retention{MaxBytes: 1 << 20}})
	count := func(want int) {
		t.Helper()
		hours, err := s.Hours(t.Context(), "a", start.Truncate(time.Hour), time.Time{})
		must(t, err)
		sum := 0
		for _, h := range hours {
			sum += h.Passed
			if h.Max != 2*time.Second && h.Max != time.Second {
				t.Errorf("hour %+v", h)
			}
		}
		if sum != want {
			t.Errorf("hours sum up to %d, want %d", sum, want)
		}
	}
	for round := 1; round <= 3; round++ {
		var batch []probes.Run
		for i := range 200 {
			run := storagetest.NewRun("a", start.Add(time.Duration(i)*time.Second), time.Duration(i%2+1)*time.Second)
			run.Artifacts = []probes.Artifact{{Name: "page.txt", Data: make([]byte, 10_000)}}
			batch = append(batch, run)
		}
		must(t, s.Record(t.Context(), batch...))
		count(round * 200)
		must(t, s.Prune(t.Context()))
		count(round * 200)
		must(t, s.Record(t.Context(), storagetest.NewRun("b", start, time.Second)))
	}
	now = start.Add(48 * time.Hour)
	must(t, s.Prune(t.Context()))
	count(600)
}

// Recording goes on while old runs are removed.
func TestPruneAside(t *testing.T) {
	s := open(t, Options{Now: func() time.Time { return start.Add(60 * 24 * time.Hour) }})
	for i := range 20 {
		fill(t, s, fmt.Sprintf("check-%d", i), 120)
	}
	var recording sync.WaitGroup
	stop := make(chan struct{})
	recorded := 0
	recording.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := s.Record(t.Context(), storagetest.NewRun("fresh", s.now(), time.Second)); err != nil {
					t.Error(err)
					return
				}
				recorded++
			}
		}
	})
	must(t, s.Prune(t.Context()))
	close(stop)
	recording.Wait()
	left, err := s.Summaries(t.Context(), storage.RunQuery{Limit: 10_000})
	must(t, err)
	if len(left) != recorded || recorded == 0 {
		t.Errorf("%d runs are left, want the %d fresh ones", len(left), recorded)
	}
	u, err := s.usage(t.Context())
	must(t, err)
	if u.free > spare {
		t.Errorf("%d bytes of the file are free", u.free)
	}
	must(t, s.Check(t.Context()))
}
