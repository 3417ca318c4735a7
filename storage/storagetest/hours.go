package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes"
	"outrider/storage"
)

// hoursMade is how many hours of runs shift makes.
const hoursMade = 8

// shift makes some hours of runs of a check, one a minute, with every kind of
// outcome, and what their hours sum up to.
func shift(check string, from time.Time) (runs []probes.Run, want []storage.Hour) {
	for h := range hoursMade {
		hour := from.Truncate(time.Hour).Add(time.Duration(h) * time.Hour)
		for m := range 60 {
			run := NewRun(check, hour.Add(time.Duration(m)*time.Minute), time.Duration((m*7)%60+1)*time.Millisecond)
			switch m {
			case 3, 4: // would be the slowest of the hour
				run.Duration = time.Minute
				run = Unknown(run)
			case 5:
				run.Maintenance, run.Duration = true, time.Minute
				run = Failed(run)
			case 6:
				run = Failed(run)
			case 7, 8, 9:
				run.Outcome = probes.Degraded
			}
			runs = append(runs, run)
		}
		// The durations are 1 to 60 ms, each once, without those of minutes 3,
		// 4 and 5: 22, 29 and 36 ms. Of the 57 left the 29th is the median and
		// the 55th (95 % of 57 is 54.15) is the 95th percentile.
		want = append(want, storage.Hour{
			Start: hour, Passed: 53, Degraded: 3, Failed: 1, Unknown: 2, Maintenance: 1,
			P50: 31 * time.Millisecond, P95: 58 * time.Millisecond, Max: 60 * time.Millisecond,
		})
	}
	return runs, want
}

func (s suite) hours(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	from := start.Truncate(time.Hour)
	runs, want := shift("a", from)
	others, _ := shift("b", from)
	must(t, store.Record(ctx, runs...))
	must(t, store.Record(ctx, others[:60]...))
	check := func(name string, since, until time.Time, want []storage.Hour) {
		t.Helper()
		hours := got(store.Hours(ctx, "a", since, until))(t)
		if diff := cmp.Diff(want, hours); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check("all of it", from, from.Add(hoursMade*time.Hour), want)
	check("without end", from, time.Time{}, want)
	check("hours that start within", from.Add(time.Minute), from.Add(3*time.Hour+time.Minute), want[1:4])
	check("the end is exclusive", from, from.Add(2*time.Hour), want[:2])
	check("nothing", from.Add(-time.Hour), from, nil)

	all := got(store.AllHours(ctx, from, from.Add(hoursMade*time.Hour)))(t)
	if diff := cmp.Diff(map[string][]storage.Hour{"a": want, "b": want[:1]}, all); diff != "" {
		t.Errorf("hours of all checks (-want +got):\n%s", diff)
	}
	wantTotals := map[string]storage.Counts{
		"a": {Passed: hoursMade * 53, Degraded: hoursMade * 3, Failed: hoursMade, Unknown: hoursMade * 2, Maintenance: hoursMade},
		"b": {Passed: 53, Degraded: 3, Failed: 1, Unknown: 2, Maintenance: 1},
	}
	if diff := cmp.Diff(wantTotals, got(store.Totals(ctx, from, from.Add(hoursMade*time.Hour)))(t)); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func (s suite) rollUp(t *testing.T) {
	ctx := t.Context()
	from := start.Truncate(time.Hour)
	clock := &clock{}
	store := s.open(t, clock.Now)
	runs, want := shift("a", from)
	must(t, store.Record(ctx, runs...))
	before := got(store.Totals(ctx, from, time.Time{}))(t)
	for _, passed := range []time.Duration{0, time.Hour, 5*time.Hour + 30*time.Minute, 5*time.Hour + 40*time.Minute, 48 * time.Hour} {
		clock.now = from.Add(passed)
		for range 2 {
			must(t, store.Prune(ctx))
			if diff := cmp.Diff(want, got(store.Hours(ctx, "a", from, from.Add(hoursMade*time.Hour)))(t)); diff != "" {
				t.Fatalf("%v into it (-want +got):\n%s", passed, diff)
			}
			if diff := cmp.Diff(before, got(store.Totals(ctx, from, time.Time{}))(t)); diff != "" {
				t.Fatalf("%v into it, totals (-want +got):\n%s", passed, diff)
			}
		}
	}
}

func (s suite) lateRuns(t *testing.T) {
	ctx := t.Context()
	from := start.Truncate(time.Hour)
	clock := &clock{from.Add(48 * time.Hour)}
	store := s.open(t, clock.Now)
	runs, want := shift("a", from)
	for i := range runs { // every third run comes after its hour was rolled up
		if i%3 != 0 {
			must(t, store.Record(ctx, runs[i]))
		}
	}
	must(t, store.Prune(ctx))
	var late []probes.Run
	for i := range runs {
		if i%3 == 0 {
			late = append(late, runs[i])
		}
	}
	must(t, store.Record(ctx, late...))
	must(t, store.Record(ctx, late[0])) // again
	if diff := cmp.Diff(want, got(store.Hours(ctx, "a", from, from.Add(hoursMade*time.Hour)))(t)); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
}

func (s suite) stepTimes(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, func() time.Time { return start.Add(time.Hour) })
	for i := range 20 {
		must(t, store.Record(ctx, NewRun("a", start.Add(time.Duration(i)*time.Minute), time.Duration(i+1)*2*time.Millisecond)))
	}
	must(t, store.Record(ctx,
		Failed(NewRun("a", start.Add(30*time.Minute), time.Second)),
		NewRun("a", start.Add(-time.Minute), time.Hour), NewRun("b", start, time.Hour)))
	ms := time.Millisecond
	want := []storage.StepTimes{
		{Name: "home", Count: 21, P50: 11 * ms, P95: 20 * ms, Max: 500 * ms},
		{Name: "search", Count: 21, Failed: 1, P50: 11 * ms, P95: 20 * ms, Max: 500 * ms},
	}
	if diff := cmp.Diff(want, got(store.StepTimes(ctx, "a", start, time.Time{}))(t)); diff != "" {
		t.Errorf("step times (-want +got):\n%s", diff)
	}
}
