package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes"
	"outrider/storage"
)

func (s suite) readBack(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	lcp := 812.5
	browser := NewRun("checkout", start, 4*time.Second)
	browser.Steps[1].Vitals = &probes.Vitals{LCP: &lcp}
	browser.Exceeded = []probes.Exceeded{{Step: "search", Measure: "lcp", Level: probes.Degraded, Limit: 800, Got: lcp}}
	browser.Outcome, browser.Maintenance, browser.Browser = probes.Degraded, true, "chromium-headless-shell 141"
	for name, run := range map[string]probes.Run{
		"passed":   NewRun("search", start.Add(123*time.Nanosecond), 90*time.Millisecond),
		"failed":   Failed(NewRun("search", start, time.Second)),
		"unknown":  Unknown(NewRun("search", start, 0)),
		"degraded": browser,
		"odd text": NewRun("quote'd \"check\" ☂ \x01", start, time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			must(t, store.Record(ctx, run))
			entry := got(store.Run(ctx, run.ID))(t)
			if diff := cmp.Diff(run, entry.Run); diff != "" {
				t.Errorf("read back (-recorded +read):\n%s", diff)
			}
			listed := got(store.Runs(ctx, storage.RunQuery{CheckID: run.CheckID, Limit: 1}))(t)
			if diff := cmp.Diff([]storage.Entry{entry}, listed); diff != "" {
				t.Errorf("listed (-Run +Runs):\n%s", diff)
			}
		})
	}
	t.Run("numbers that are none", func(t *testing.T) {
		run := NewRun("search", start, time.Second)
		nan := math.NaN()
		run.Disturbance = math.Inf(1)
		run.Steps[0].Vitals = &probes.Vitals{CLS: &nan, LCP: &lcp}
		must(t, store.Record(ctx, run))
		back := got(store.Run(ctx, run.ID))(t).Run
		if v := back.Steps[0].Vitals; v == nil || v.CLS != nil || v.LCP == nil || *v.LCP != lcp || back.Disturbance != 0 {
			t.Errorf("read back disturbance %v, vitals %+v", back.Disturbance, v)
		}
	})
}

func (s suite) recordAgain(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	first, second := NewRun("a", start, time.Second), NewRun("a", start.Add(time.Minute), time.Second)
	first.Artifacts = []probes.Artifact{{Name: "page.txt", MediaType: "text/plain", Bytes: 2, Data: []byte("hi")}}
	must(t, store.Record(ctx, first))
	changed := first
	changed.Duration = time.Hour
	must(t, store.Record(ctx, changed, second, second))
	entries := got(store.RunsAfter(ctx, 0, 10))(t)
	if len(entries) != 2 || entries[0].Run.Duration != time.Second || entries[1].Run.ID != second.ID {
		t.Fatalf("the log has %+v, want the first two as they were", entries)
	}
	if entries[0].Seq >= entries[1].Seq {
		t.Errorf("sequence numbers %d, %d do not grow", entries[0].Seq, entries[1].Seq)
	}
}

func (s suite) refuse(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	twice := NewRun("a", start, time.Second)
	twice.Artifacts = []probes.Artifact{{Name: "page.txt", MediaType: "text/plain"}, {Name: "page.txt", MediaType: "text/plain"}}
	for name, bad := range map[string]probes.Run{
		"without id":    {CheckID: "a"},
		"without check": {ID: "x"},
		"two artifacts of one name, without which the run would not be whole": twice,
	} {
		t.Run(name, func(t *testing.T) {
			if err := store.Record(ctx, NewRun("a", start, time.Second), bad); err == nil {
				t.Error("recorded")
			}
			if all := got(store.RunsAfter(ctx, 0, 10))(t); len(all) != 0 {
				t.Errorf("%d runs were recorded all the same", len(all))
			}
		})
	}
	must(t, store.Record(ctx))
}

func (s suite) queries(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	var runs []probes.Run
	for i := range 20 {
		run := NewRun([]string{"a", "b"}[i%2], start.Add(time.Duration(i)*time.Minute), time.Second)
		if i%5 == 0 {
			run = Failed(run)
		}
		runs = append(runs, run)
	}
	must(t, store.Record(ctx, runs...))
	seq := func(i int) int64 { return got(store.Run(ctx, runs[i].ID))(t).Seq }
	for name, c := range map[string]struct {
		query storage.RunQuery
		want  []int // of runs
	}{
		"of a check":        {storage.RunQuery{CheckID: "a", Limit: 3}, []int{18, 16, 14}},
		"since, inclusive":  {storage.RunQuery{Since: start.Add(18 * time.Minute)}, []int{19, 18}},
		"until, exclusive":  {storage.RunQuery{Until: start.Add(2 * time.Minute)}, []int{1, 0}},
		"by outcome":        {storage.RunQuery{Outcomes: []probes.Outcome{probes.Failed}}, []int{15, 10, 5, 0}},
		"by two outcomes":   {storage.RunQuery{Outcomes: []probes.Outcome{probes.Failed, probes.Passed}, Limit: 2}, []int{19, 18}},
		"the page before":   {storage.RunQuery{CheckID: "a", Before: seq(4)}, []int{2, 0}},
		"all of it at once": {storage.RunQuery{CheckID: "b", Since: start.Add(5 * time.Minute), Until: start.Add(15 * time.Minute), Outcomes: []probes.Outcome{probes.Failed}}, []int{5}},
		"nothing":           {storage.RunQuery{CheckID: "c"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var want, entries, summaries []string
			for _, i := range c.want {
				want = append(want, runs[i].ID)
			}
			for _, e := range got(store.Runs(ctx, c.query))(t) {
				entries = append(entries, e.Run.ID)
			}
			for _, m := range got(store.Summaries(ctx, c.query))(t) {
				summaries = append(summaries, m.ID)
			}
			if diff := cmp.Diff(want, entries); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, summaries); diff != "" {
				t.Errorf("summaries (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("limits", func(t *testing.T) {
		var many []probes.Run
		for i := range 1_100 {
			many = append(many, NewRun("many", start.Add(time.Duration(i)*time.Second), time.Second))
		}
		must(t, store.Record(ctx, many...))
		for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5_000: 1_000} {
			if n := len(got(store.Runs(ctx, storage.RunQuery{CheckID: "many", Limit: limit}))(t)); n != want {
				t.Errorf("limit %d gave %d runs, want %d", limit, n, want)
			}
		}
		if n := len(got(store.Summaries(ctx, storage.RunQuery{CheckID: "many", Limit: 50_000}))(t)); n != 1_100 {
			t.Errorf("%d summaries, want 1100", n)
		}
	})
}

func (s suite) artifacts(t *testing.T) {
	ctx := t.Context()
	clock := &clock{start}
	store := s.open(t, clock.Now)
	run := Failed(NewRun("a", start, time.Second))
	picture := bytes.Repeat([]byte{0x89, 'P', 'N', 'G', 0}, 20_000)
	run.Artifacts = []probes.Artifact{
		{Name: "failure.png", MediaType: "image/png", Step: "search", Bytes: int64(len(picture)), Data: picture},
		{Name: "empty.txt", MediaType: "text/plain"},
	}
	must(t, store.Record(ctx, run))
	for _, a := range got(store.Run(ctx, run.ID))(t).Run.Artifacts {
		if a.Data != nil {
			t.Errorf("the run came with the data of %s", a.Name)
		}
		full := got(store.Artifact(ctx, run.ID, a.Name))(t)
		if a.Name == "failure.png" && !bytes.Equal(full.Data, picture) {
			t.Errorf("%s came back with %d other bytes", a.Name, len(full.Data))
		}
		full.Data = nil
		if diff := cmp.Diff(a, full); diff != "" {
			t.Errorf("artifact (-in run +alone):\n%s", diff)
		}
	}
	clock.now = start.Add(8 * 24 * time.Hour)
	must(t, store.Prune(ctx))
	if _, err := store.Artifact(ctx, run.ID, "failure.png"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after 8 days the artifact gives %v, want not found", err)
	}
	if n := len(got(store.Run(ctx, run.ID))(t).Run.Artifacts); n != 2 {
		t.Errorf("after 8 days the run names %d artifacts, want 2", n)
	}
}

func (s suite) recent(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	var runs []probes.Run
	for i := range 2_400 { // more than are read in one go
		runs = append(runs, NewRun(fmt.Sprintf("check-%d", i%3), start.Add(time.Duration(i)*time.Second), time.Second))
	}
	runs = append(runs, NewRun("rare", start, time.Second))
	must(t, store.Record(ctx, runs...))
	all := got(store.Recent(ctx, 0, 40))(t)
	if len(all) != 4 || len(all["check-1"]) != 40 || len(all["rare"]) != 1 {
		t.Fatalf("%d checks, %d runs of check-1, %d of rare; want 4, 40, 1", len(all), len(all["check-1"]), len(all["rare"]))
	}
	for i, m := range all["check-2"] {
		if want := runs[2_399-3*i]; m.ID != want.ID || !m.Started.Equal(want.Started) || m.Duration != want.Duration || m.Outcome != want.Outcome {
			t.Fatalf("run %d of check-2 is %+v, want %s", i, m, want.ID)
		}
	}
	newest := all["rare"][0].Seq
	if n := len(got(store.Recent(ctx, newest, 40))(t)); n != 0 {
		t.Errorf("%d checks have news after the newest run", n)
	}
	news := NewRun("check-0", start, time.Minute)
	must(t, store.Record(ctx, news))
	if recent := got(store.Recent(ctx, newest, 40))(t); len(recent) != 1 || recent["check-0"][0].ID != news.ID {
		t.Errorf("news are %+v, want run %s", recent, news.ID)
	}
}

func (s suite) notFound(t *testing.T) {
	ctx := t.Context()
	store := s.open(t, time.Now)
	run := NewRun("a", start, time.Second)
	must(t, store.Record(ctx, run))
	_, err := store.Run(ctx, "nobody'; DROP TABLE runs")
	notFound(t, err)
	_, err = store.Artifact(ctx, run.ID, "../page.txt")
	notFound(t, err)
	_, err = store.Artifact(ctx, strings.Repeat("x", 10_000), "page.txt")
	notFound(t, err)
	if len(fmt.Sprint(err)) > 500 {
		t.Errorf("the error repeats all of what was asked for")
	}
	_, err = store.Incident(ctx, "nobody")
	notFound(t, err)
	if hours := got(store.Hours(ctx, "nobody", start, start.Add(time.Hour)))(t); len(hours) != 0 {
		t.Errorf("hours of an unknown check: %+v", hours)
	}
}

func notFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
}

func (s suite) cancelled(t *testing.T) {
	store := s.open(t, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Record(ctx, NewRun("a", start, time.Second)); !errors.Is(err, context.Canceled) {
		t.Errorf("recorded under a cancelled context: %v", err)
	}
	if _, err := store.Runs(ctx, storage.RunQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("read under a cancelled context: %v", err)
	}
	must(t, store.Record(t.Context(), NewRun("a", start, time.Second)))
}
