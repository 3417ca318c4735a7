package storagetest

import (
	"testing"
	"time"

	"outrider/storage"
)

// keptWithin is how many runs of an hour that shift makes are within some
// milliseconds: those that last 22, 29 and 36 ms do not count, the one of 43 ms
// failed.
func keptWithin(ms int) storage.Kept {
	k := storage.Kept{Total: 57}
	for d := 1; d <= min(ms, 60); d++ {
		if d != 22 && d != 29 && d != 36 && d != 43 {
			k.Good++
		}
	}
	return k
}

func times(k storage.Kept, n int) storage.Kept {
	return storage.Kept{Good: k.Good * n, Total: k.Total * n}
}

func (s suite) within(t *testing.T) {
	ctx := t.Context()
	from := start.Truncate(time.Hour)
	clock := &clock{from}
	store := s.open(t, clock.Now)
	runs, _ := shift("a", from)
	others, _ := shift("b", from)
	const bound = 30 * time.Millisecond
	must(t, store.SetBounds(ctx, map[string][]time.Duration{"a": {bound}}))
	for i := range runs {
		if i%3 != 0 {
			must(t, store.Record(ctx, runs[i], others[i]))
		}
	}
	check := func(name, id string, latency time.Duration, since, until time.Time, want storage.Kept) {
		t.Helper()
		if kept := got(store.Within(ctx, id, latency, since, until))(t); kept != want {
			t.Errorf("%s: got %+v, want %+v", name, kept, want)
		}
	}
	clock.now = from.Add(5*time.Hour + 30*time.Minute)
	must(t, store.Prune(ctx)) // rolls up what is there, so that the rest is late
	for i := range runs {
		if i%3 == 0 {
			must(t, store.Record(ctx, runs[i]))
		}
	}
	must(t, store.Record(ctx, runs[0])) // again
	for range 2 {
		check("promised", "a", bound, from, time.Time{}, times(keptWithin(30), hoursMade))
		check("not promised", "a", 50*time.Millisecond, from, time.Time{}, times(keptWithin(50), hoursMade))
		check("some hours", "a", bound, from.Add(time.Minute), from.Add(3*time.Hour+time.Minute), times(keptWithin(30), 3))
		check("just at the bound", "a", time.Millisecond, from, from.Add(time.Hour), keptWithin(1))
		check("no such hours", "a", bound, from.Add(-time.Hour), from, storage.Kept{})
		check("no such check", "c", bound, from, time.Time{}, storage.Kept{})
		must(t, store.Prune(ctx))
	}
	// Another promise: the new bound is counted back, the old one no longer kept
	// apart but still counted from the runs.
	must(t, store.SetBounds(ctx, map[string][]time.Duration{"a": {40 * time.Millisecond, 10 * time.Millisecond}, "c": {bound}}))
	clock.now = from.Add(48 * time.Hour)
	for range 2 {
		check("new bound", "a", 40*time.Millisecond, from, time.Time{}, times(keptWithin(40), hoursMade))
		check("second new bound", "a", 10*time.Millisecond, from, time.Time{}, times(keptWithin(10), hoursMade))
		check("old bound", "a", bound, from, time.Time{}, times(keptWithin(30), hoursMade))
		must(t, store.Prune(ctx))
	}
}

func (s suite) withinOutlives(t *testing.T) {
	ctx := t.Context()
	from := start.Truncate(time.Hour)
	clock := &clock{from}
	store := s.open(t, clock.Now)
	runs, _ := shift("a", from)
	late, runs := runs[10], append(runs[:10:10], runs[11:]...) // minute 10 took 11 ms
	must(t, store.Record(ctx, runs...))
	const bound = 30 * time.Millisecond
	must(t, store.SetBounds(ctx, map[string][]time.Duration{"a": {bound}}))
	clock.now = from.Add(31*24*time.Hour + hoursMade*time.Hour)
	must(t, store.Prune(ctx))
	if left := got(store.Runs(ctx, storage.RunQuery{}))(t); len(left) != 0 {
		t.Fatalf("%d runs are left", len(left))
	}
	want := times(keptWithin(30), hoursMade)
	want.Good, want.Total = want.Good-1, want.Total-1
	if kept := got(store.Within(ctx, "a", bound, from, time.Time{}))(t); kept != want {
		t.Errorf("after the runs are gone: got %+v, want %+v", kept, want)
	}
	must(t, store.Record(ctx, late))
	want.Good, want.Total = want.Good+1, want.Total+1
	for range 2 {
		if kept := got(store.Within(ctx, "a", bound, from, time.Time{}))(t); kept != want {
			t.Errorf("after one more came late: got %+v, want %+v", kept, want)
		}
		must(t, store.Prune(ctx))
	}
	clock.now = from.Add(402 * 24 * time.Hour)
	must(t, store.Prune(ctx))
	if kept := got(store.Within(ctx, "a", bound, from, time.Time{}))(t); kept != (storage.Kept{}) {
		t.Errorf("after the hours are gone, too: %+v", kept)
	}
}
