package storagetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
)

func (s suite) follow(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	var want, read []string
	for i := range 25 {
		run := NewRun("a", start.Add(-time.Duration(i)*time.Minute), time.Second) // not in the order of time
		want = append(want, run.ID)
		must(t, store.Record(ctx, run))
	}
	for seq, more := int64(0), true; more; {
		entries := got(store.RunsAfter(ctx, seq, 10))(t)
		for _, e := range entries {
			if e.Seq <= seq {
				t.Fatalf("%d comes after %d", e.Seq, seq)
			}
			seq = e.Seq
			read = append(read, e.Run.ID)
		}
		more = len(entries) > 0
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("log (-recorded +read):\n%s", diff)
	}
}

func (s suite) wake(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	first, unsubscribe := store.Subscribe()
	second, unsubscribeSecond := store.Subscribe()
	defer unsubscribeSecond()
	for range 3 { // come as one
		must(t, store.Record(ctx, NewRun("a", start, time.Second)))
	}
	for i, c := range []<-chan struct{}{first, second} {
		select {
		case <-c:
		case <-time.After(10 * time.Second):
			t.Fatalf("follower %d was not woken", i)
		}
		select {
		case <-c:
			t.Errorf("follower %d was woken twice", i)
		default:
		}
	}
	unsubscribe()
	must(t, store.Record(ctx, NewRun("a", start, time.Second)))
	select {
	case <-first:
		t.Error("woken after the subscription ended")
	default:
	}
	<-second
	incident := NewIncident("a", start)
	must(t, store.Advance(ctx, incidents.Change{Seq: 1, Incidents: []incidents.Incident{incident}}))
	select {
	case <-second:
	case <-time.After(10 * time.Second):
		t.Fatal("not woken by an incident")
	}
}

func (s suite) cursors(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	if seq := got(store.Cursor(ctx, "influx"))(t); seq != 0 {
		t.Errorf("a new cursor is at %d", seq)
	}
	must(t, store.SetCursor(ctx, "influx", 7))
	must(t, store.SetCursor(ctx, storage.EventCursor("influx"), 3))
	must(t, store.SetCursor(ctx, "influx", 9))
	if a, b := got(store.Cursor(ctx, "influx"))(t), got(store.Cursor(ctx, storage.EventCursor("influx")))(t); a != 9 || b != 3 {
		t.Errorf("cursors are at %d and %d, want 9 and 3", a, b)
	}
	must(t, store.DropCursor(ctx, "influx"))
	if seq := got(store.Cursor(ctx, "influx"))(t); seq != 0 {
		t.Errorf("a dropped cursor is at %d", seq)
	}
}

func (s suite) pruneByAge(t *testing.T) {
	ctx := t.Context()
	from := start.Truncate(time.Hour)
	clock := &clock{from.Add(25 * time.Hour)}
	store := s.open(t, clock.Now)
	runs, want := shift("a", from)
	must(t, store.Record(ctx, runs...))
	count := func() (n int) {
		return len(got(store.Summaries(ctx, storage.RunQuery{Limit: 10_000}))(t))
	}
	must(t, store.Prune(ctx))
	if n := count(); n != len(runs) {
		t.Fatalf("%d runs after a day, want all %d", n, len(runs))
	}
	const month = 30 * 24 * time.Hour
	clock.now = from.Add(month + hoursMade/2*time.Hour + time.Minute)
	must(t, store.Prune(ctx))
	must(t, store.Prune(ctx))
	if n := count(); n != len(runs)/2 {
		t.Errorf("%d runs after a month and half the hours, want %d", n, len(runs)/2)
	}
	if diff := cmp.Diff(want, got(store.Hours(ctx, "a", from, from.Add(hoursMade*time.Hour)))(t)); diff != "" {
		t.Errorf("hours with half of their runs gone (-want +got):\n%s", diff)
	}
	clock.now = from.Add(2 * month)
	must(t, store.Prune(ctx))
	if n := count(); n != 0 {
		t.Errorf("%d runs after two months, want none", n)
	}
	if diff := cmp.Diff(want, got(store.Hours(ctx, "a", from, from.Add(hoursMade*time.Hour)))(t)); diff != "" {
		t.Errorf("hours without runs (-want +got):\n%s", diff)
	}
	// A run that comes after its hour was pruned still counts, once.
	straggler := Failed(NewRun("a", from.Add(time.Minute), time.Hour))
	must(t, store.Record(ctx, straggler))
	for range 2 {
		h := got(store.Hours(ctx, "a", from, from.Add(time.Hour)))(t)[0]
		if h.Failed != want[0].Failed+1 || h.Passed != want[0].Passed || h.Max != time.Hour {
			t.Errorf("the hour of a straggler is %+v", h)
		}
		must(t, store.Prune(ctx))
	}
	clock.now = from.Add(401 * 24 * time.Hour)
	must(t, store.Prune(ctx))
	if hours := got(store.Hours(ctx, "a", from, from.Add(hoursMade*time.Hour)))(t); len(hours) != 0 {
		t.Errorf("%d hours after 401 days, want none", len(hours))
	}
}

func (s suite) pruneWaits(t *testing.T) {
	ctx := t.Context()
	clock := &clock{start.Add(31 * 24 * time.Hour)}
	store := s.open(t, clock.Now)
	for i := range 3 {
		must(t, store.Record(ctx, NewRun("a", start.Add(time.Duration(i)*time.Hour), time.Second)))
	}
	entries := got(store.RunsAfter(ctx, 0, 10))(t)
	must(t, store.SetCursor(ctx, "influx", entries[0].Seq))
	must(t, store.SetCursor(ctx, storage.EventCursor("influx"), 0)) // counts in the other log
	left := func(want int) {
		t.Helper()
		must(t, store.Prune(ctx))
		if n := len(got(store.RunsAfter(ctx, 0, 10))(t)); n != want {
			t.Errorf("%d runs are left, want %d", n, want)
		}
	}
	left(2)
	must(t, store.SetCursor(ctx, "influx", entries[1].Seq))
	left(1)
	must(t, store.DropCursor(ctx, "influx"))
	left(0)
}

func (s suite) concurrent(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	const writers, each = 8, 25
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	appended, unsubscribe := store.Subscribe()
	defer unsubscribe()
	reading.Add(2)
	go func() { // follows, as a judge does
		defer reading.Done()
		seen, last := 0, int64(0)
		for seen < writers*each {
			entries, err := store.RunsAfter(ctx, last, 50)
			if err != nil {
				t.Error(err)
				return
			}
			for _, e := range entries {
				last = e.Seq
				seen++
			}
			if len(entries) == 0 {
				select {
				case <-appended:
				case <-time.After(20 * time.Second):
					t.Errorf("saw %d of %d runs", seen, writers*each)
					return
				}
			}
		}
	}()
	go func() { // looks, as a page does
		defer reading.Done()
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := store.Recent(ctx, 0, 5); err != nil {
				t.Error(err)
			}
			if _, err := store.AllHours(ctx, start, time.Time{}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				if err := store.Record(ctx, NewRun(fmt.Sprintf("check-%d", w), start.Add(time.Duration(i)*time.Minute), time.Second)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	if n := len(got(store.Runs(ctx, storage.RunQuery{Outcomes: []probes.Outcome{probes.Passed}, Limit: 1_000}))(t)); n != writers*each {
		t.Errorf("%d runs are recorded, want %d", n, writers*each)
	}
}
