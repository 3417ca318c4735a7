package sqlite

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage/storagetest"
)

// One caller's mistake fails that caller alone, though they share a
// transaction.
func TestBadNeighbour(t *testing.T) {
	s := open(t, Options{})
	var busy sync.WaitGroup
	var mu sync.Mutex
	failed, recorded := 0, 0
	for i := range 60 {
		run := storagetest.NewRun("a", start, time.Second)
		if i%3 == 0 { // two artifacts of one name
			run.Artifacts = []probes.Artifact{{Name: "x"}, {Name: "x"}}
		}
		busy.Go(func() {
			err := s.Record(t.Context(), run)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
			} else {
				recorded++
			}
		})
	}
	busy.Wait()
	entries, err := s.RunsAfter(t.Context(), 0, 100)
	must(t, err)
	if failed != 20 || recorded != 40 || len(entries) != 40 {
		t.Errorf("%d failed, %d were acknowledged, %d are there; want 20, 40, 40", failed, recorded, len(entries))
	}
}

// A panic fails the write that caused it; the store goes on.
func TestPanic(t *testing.T) {
	s := open(t, Options{})
	err := s.write(t.Context(), "stumble", func(*tx) error { panic("ouch") })
	if err == nil {
		t.Error("no error")
	}
	must(t, s.Record(t.Context(), storagetest.NewRun("a", start, time.Second)))
}

// A full disk is an error to the caller, never a loss of what was
// acknowledged; when there is room again, recording goes on.
func TestDiskFull(t *testing.T) {
	s := open(t, Options{})
	limit := func(pages int) {
		must(t, s.write(t.Context(), "limit", func(x *tx) error {
			return x.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		}))
	}
	limit(80)
	var acknowledged []probes.Run
	var full error
	for i := 0; full == nil && i < 10_000; i++ {
		run := storagetest.NewRun("a", start.Add(time.Duration(i)*time.Second), time.Second)
		if full = s.Record(t.Context(), run); full == nil {
			acknowledged = append(acknowledged, run)
		}
	}
	if full == nil || len(acknowledged) < 10 {
		t.Fatalf("%d runs recorded on a full disk, %v", len(acknowledged), full)
	}
	check := func() {
		t.Helper()
		must(t, s.Check(t.Context()))
		entries, err := s.RunsAfter(t.Context(), 0, 20_000)
		must(t, err)
		if len(entries) != len(acknowledged) {
			t.Errorf("%d runs are there, %d were acknowledged", len(entries), len(acknowledged))
		}
	}
	check()
	limit(100_000)
	run := storagetest.NewRun("a", start, time.Second)
	must(t, s.Record(t.Context(), run))
	acknowledged = append(acknowledged, run)
	check()
}

func TestReadOnly(t *testing.T) {
	s := open(t, Options{})
	must(t, s.write(t.Context(), "protect", func(x *tx) error { return x.exec("PRAGMA query_only = on") }))
	if err := s.Record(t.Context(), storagetest.NewRun("a", start, time.Second)); err == nil {
		t.Error("acknowledged a run that cannot be written")
	}
	if err := s.SetCursor(t.Context(), "x", 1); err == nil || errors.Is(err, ErrClosed) {
		t.Errorf("acknowledged a cursor that cannot be written: %v", err)
	}
}

// While another process holds the database locked, writes that share a
// transaction fail together after one wait: each waiting for itself would hold
// up closing for as many waits.
func TestLockedByAnother(t *testing.T) {
	s := open(t, Options{})
	must(t, s.write(t.Context(), "hurry", func(x *tx) error { return x.exec("PRAGMA busy_timeout = 50") }))
	other, err := s.connect(writerDSN(s.path, false), 1)
	must(t, err)
	defer other.Close()
	_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	must(t, err)

	jobs := make([]*job, 5)
	for i := range jobs {
		jobs[i] = &job{t.Context(), func(*tx) error { return nil }, make(chan error, 1)}
	}
	unlocked := make(chan error, 1)
	go func() {
		first := <-jobs[0].done
		_, err := other.ExecContext(t.Context(), "ROLLBACK")
		jobs[0].done <- first
		unlocked <- err
	}()
	s.writer.commit(append([]*job(nil), jobs...)) // its goroutine has nothing to do meanwhile
	must(t, <-unlocked)
	for i, j := range jobs {
		if err := <-j.done; !errors.Is(err, errNotBegun) {
			t.Errorf("write %d: got %v, want that it could not begin", i, err)
		}
	}
	must(t, s.Record(t.Context(), storagetest.NewRun("a", start, time.Second)))
}
