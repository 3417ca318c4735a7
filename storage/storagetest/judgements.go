package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/storage"
)

func (s suite) judgements(t *testing.T) {
	ctx := context.Background()
	store := s.open(t, (&clock{start}).Now)
	run := NewRun("checkout", start, time.Second)
	other := NewRun("search", start.Add(time.Second), time.Second)
	later := NewRun("checkout", start.Add(time.Minute), 2*time.Second)
	must(t, store.Record(ctx, run, other, later))
	entries := got(store.RunsAfter(ctx, 0, 10))(t)

	chance := 0.25
	full := detect.Judgement{
		Score: 0.9, ExpectedMS: 800, LowerMS: 600, UpperMS: 1100, Learned: 0.5, BreachProbability: &chance,
		Objectives: []detect.ObjectiveState{{Name: "availability", Good: 99, Total: 100, BudgetLeft: -1}},
	}
	change := incidents.Change{Seq: entries[2].Seq, Judgements: []incidents.Judgement{
		{Seq: entries[0].Seq, Judgement: full},
		{Seq: entries[1].Seq, Judgement: detect.Judgement{Score: 0.1}},
		{Seq: entries[2].Seq, Judgement: detect.Judgement{Score: 0.2}},
		{Seq: entries[2].Seq + 100, Judgement: detect.Judgement{Score: 1}}, // of a run that is gone
	}}
	must(t, store.Advance(ctx, change))
	change.Judgements = []incidents.Judgement{{Seq: entries[0].Seq, Judgement: detect.Judgement{Score: 0.5}}}
	must(t, store.Advance(ctx, change)) // again, and otherwise: the first stays

	if diff := cmp.Diff(full, got(store.Judgement(ctx, run.ID))(t)); diff != "" {
		t.Errorf("judgement (-want +got):\n%s", diff)
	}
	if _, err := store.Judgement(ctx, "none"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("judgement of no run: %v", err)
	}
	if list := got(store.Judgements(ctx, "checkout", start, start.Add(time.Hour), 0))(t); len(list) != 2 || list[0].ID != run.ID || list[1].ID != later.ID {
		t.Errorf("judgements of a check: %+v", list)
	}
	if list := got(store.Judgements(ctx, "checkout", start.Add(time.Second), start.Add(time.Minute), 0))(t); len(list) != 0 {
		t.Errorf("judgements of another time: %+v", list)
	}
	if list := got(store.Judgements(ctx, "checkout", start, start.Add(time.Hour), 5*time.Minute))(t); len(list) != 1 || list[0].ID != later.ID {
		t.Errorf("one judgement of five minutes: %+v", list)
	}
	all := got(store.JudgementsAfter(ctx, 0, 10))(t)
	if len(all) != 3 || all[1].CheckID != "search" {
		t.Fatalf("judgements: %+v", all)
	}
	want := storage.JudgementEntry{
		Summary: storage.Summary{Seq: entries[0].Seq, ID: run.ID, CheckID: "checkout", Started: run.Started,
			Duration: run.Duration, Outcome: run.Outcome},
		Kind: "http", Location: "local", Labels: run.Labels, Judgement: full,
	}
	if diff := cmp.Diff(want, all[0]); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if rest := got(store.JudgementsAfter(ctx, all[0].Seq, 1))(t); len(rest) != 1 || rest[0].Seq != all[1].Seq {
		t.Errorf("judgements after the first: %+v", rest)
	}
}

func (s suite) notes(t *testing.T) {
	ctx := context.Background()
	now := &clock{start}
	store := s.open(t, now.Now)
	note := func(id, check string, kind detect.NoteKind, minutes int) incidents.Note {
		return incidents.Note{ID: id, CheckID: check, Note: detect.Note{Kind: kind, At: start.Add(time.Duration(minutes) * time.Minute), Text: id}}
	}
	deploy := note("deploy", "", detect.NoteDeploy, 1)
	change := note("change", "checkout", detect.NoteChange, 2)
	change.FromMS, change.ToMS, change.Step = 100, 200, "search"
	other := note("other", "search", detect.NoteChange, 3)
	must(t, store.Mark(ctx, deploy))
	must(t, store.Mark(ctx, deploy))
	must(t, store.Advance(ctx, incidents.Change{Notes: []incidents.Note{change, other}}))
	must(t, store.Advance(ctx, incidents.Change{Notes: []incidents.Note{change}}))
	if err := store.Mark(ctx, incidents.Note{}); err == nil {
		t.Error("an empty note was stored")
	}
	for name, tt := range map[string]struct {
		q    storage.NoteQuery
		want []incidents.Note
	}{
		"all":           {storage.NoteQuery{}, []incidents.Note{other, change, deploy}},
		"of a check":    {storage.NoteQuery{CheckID: "checkout"}, []incidents.Note{change, deploy}},
		"of a kind":     {storage.NoteQuery{Kinds: []detect.NoteKind{detect.NoteDeploy}}, []incidents.Note{deploy}},
		"since":         {storage.NoteQuery{Since: change.At}, []incidents.Note{other, change}},
		"until":         {storage.NoteQuery{Until: change.At}, []incidents.Note{deploy}},
		"with a limit":  {storage.NoteQuery{Limit: 1}, []incidents.Note{other}},
		"none of these": {storage.NoteQuery{CheckID: "checkout", Since: other.At}, nil},
	} {
		if diff := cmp.Diff(tt.want, got(store.Notes(ctx, tt.q))(t)); diff != "" {
			t.Errorf("notes %s (-want +got):\n%s", name, diff)
		}
	}
	now.now = start.Add(500 * 24 * time.Hour)
	must(t, store.Prune(ctx))
	if left := got(store.Notes(ctx, storage.NoteQuery{}))(t); len(left) != 0 {
		t.Errorf("old notes are left: %v", left)
	}
}

func (s suite) seriesRuns(t *testing.T) {
	ctx := context.Background()
	store := s.open(t, (&clock{start}).Now)
	for i := range 6 {
		run := NewRun([]string{"a", "b"}[i%2], start.Add(time.Duration(i)*time.Minute), time.Second)
		if i == 4 {
			run.Location = "elsewhere"
		}
		must(t, store.Record(ctx, run))
	}
	entries := got(store.RunsAfter(ctx, 0, 10))(t)
	var found []int64
	for _, r := range got(store.SeriesRuns(ctx, "a", "local", 0, entries[5].Seq))(t) {
		found = append(found, r.Seq)
		if r.Run.CheckID != "a" || r.Run.Location != "local" || len(r.Run.Steps) == 0 {
			t.Errorf("run %+v", r.Run)
		}
	}
	if diff := cmp.Diff([]int64{entries[0].Seq, entries[2].Seq}, found); diff != "" {
		t.Errorf("places in the log (-want +got):\n%s", diff)
	}
	if runs := got(store.SeriesRuns(ctx, "a", "local", entries[0].Seq, entries[1].Seq))(t); len(runs) != 0 {
		t.Errorf("runs of another part of the log: %v", runs)
	}
}
