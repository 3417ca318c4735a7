package backtest

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// faulty is a quiet week with an outage and two slow spells.
func faulty() world {
	return world{seed: 1, days: 7, every: 5 * time.Minute, daily: 0.2, noise: 0.1,
		outages: []span{lasting(2, 9, 40*time.Minute)},
		slow:    []span{lasting(4, 13, 50*time.Minute), lasting(6, 22, 3*time.Hour)}}
}

func TestReplayFindsFaults(t *testing.T) {
	check := aCheck(1100*time.Millisecond, 4*time.Second)
	r := mustReplay(t, Samples(check, faulty().samples()), Options{Check: check})
	if len(r.Alerts) != 3 {
		t.Fatalf("alerts:\n%s", shown(r.Alerts))
	}
	for i, want := range []struct {
		cause    detect.Cause
		severity detect.Severity
		from     span
		bad      int
	}{
		{detect.CauseFailure, detect.Critical, lasting(2, 9, 40*time.Minute), 9},
		{detect.CauseLatency, detect.Warning, lasting(4, 13, 50*time.Minute), 11},
		{detect.CauseLatency, detect.Warning, lasting(6, 22, 3*time.Hour), 24},
	} {
		a := r.Alerts[i]
		late := a.Opened.Sub(want.from.from)
		if a.Cause != want.cause || a.Severity != want.severity || a.BadRuns != want.bad || late < 5*time.Minute || late > 6*time.Minute ||
			a.Since.Sub(want.from.from) > time.Minute || a.Summary == "" {
			t.Errorf("alert %d: %s", i, shown([]Alert{a}))
		}
		if open := i == 2; a.Resolved.IsZero() != open {
			t.Errorf("alert %d resolved at %s", i, a.Resolved)
		}
	}
	if c := r.Runs; c.Total != 2016 || c.Failed != 9 || c.Degraded != 11+24 {
		t.Errorf("counts %+v", c)
	}
	if g := r.Totals; g.Alerts != 3 || math.Abs(g.AlertsPerWeek-3) > 0.01 || g.ByCause[detect.CauseLatency] != 2 || g.InAlert < 0.015 || g.InAlert > 0.025 {
		t.Errorf("totals %+v", g)
	}
}

func TestReplayIsTheSameAgain(t *testing.T) {
	check := aCheck(1100*time.Millisecond, 4*time.Second)
	source := Samples(check, faulty().samples())
	recorded := mustReplay(t, source, Options{Check: check, AsRecorded: true})
	again := mustReplay(t, source, Options{Check: check})
	if !reflect.DeepEqual(recorded.Alerts, again.Alerts) || !reflect.DeepEqual(recorded.Profiles, again.Profiles) {
		t.Errorf("as recorded:\n%sheld against the same thresholds:\n%s", shown(recorded.Alerts), shown(again.Alerts))
	}
	strict := aCheck(300*time.Millisecond, 1400*time.Millisecond)
	other := Samples(strict, faulty().samples()) // recorded with other thresholds
	if r := mustReplay(t, other, Options{Check: check}); !reflect.DeepEqual(r.Alerts, again.Alerts) {
		t.Errorf("thresholds of the record matter:\n%s", shown(r.Alerts))
	}
}

func TestReassessLooksAtSteps(t *testing.T) {
	check := aCheck(0, 0)
	check.Journey.Steps = []checks.Step{{Name: "home", Thresholds: checks.Thresholds{Total: checks.Limit{Failed: 100 * time.Millisecond}}}}
	slow := &probes.Failure{Kind: probes.FailThreshold}
	run := probes.Run{Outcome: probes.Failed, Failure: slow, Exceeded: []probes.Exceeded{{Measure: "total"}}, Duration: time.Second,
		Steps: []probes.Step{{Name: "home", Duration: 200 * time.Millisecond, Outcome: probes.Degraded}, {Name: "pay", Outcome: probes.Failed, Failure: slow}}}
	got := reassess(check, &run)
	if got.Outcome != probes.Failed || got.Failure.Step != "home" || len(got.Exceeded) != 1 || got.Steps[0].Outcome != probes.Failed || got.Steps[1].Outcome != probes.Passed {
		t.Errorf("%+v", got)
	}
	if run.Steps[0].Outcome != probes.Degraded || run.Steps[1].Failure == nil {
		t.Error("the recorded run was changed")
	}
	broken := probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Kind: probes.FailTimeout}, Duration: time.Minute}
	if got := reassess(check, &broken); got.Outcome != probes.Failed || got.Failure != broken.Failure {
		t.Errorf("%+v", got)
	}
}

func TestReplaySpan(t *testing.T) {
	check := aCheck(1100*time.Millisecond, 0)
	source := Samples(check, faulty().samples())
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	r := mustReplay(t, source, Options{Check: check, From: lasting(4, 13, 0).from.Add(20 * time.Minute), To: day(6)})
	if len(r.Alerts) != 1 || !r.Alerts[0].Before || r.Totals.Alerts != 0 || r.Totals.InAlert == 0 {
		t.Errorf("%+v\n%s", r.Totals, shown(r.Alerts))
	}
	if r.Runs.Before != 4*288+13*12+4 || r.Runs.Total+r.Runs.Before != 6*288 || !r.To.Before(day(6)) {
		t.Errorf("%+v to %s", r.Runs, r.To)
	}
	if none := mustReplay(t, source, Options{Check: check, From: day(30)}); none.Runs.Total != 0 || len(none.Profiles) != 0 {
		t.Errorf("%+v", none.Runs)
	}
}

func TestReplaySpeaksOfNobodyElsesRuns(t *testing.T) {
	check := aCheck(1100*time.Millisecond, 0)
	source := Samples(check, faulty().samples())
	other := func(change func(*probes.Run)) Source {
		return func(yield func(*probes.Run) error) error {
			return source(func(r *probes.Run) error { change(r); return yield(r) })
		}
	}
	unknown := mustReplay(t, other(func(r *probes.Run) { r.Outcome = probes.Unknown }), Options{Check: check})
	if unknown.Runs.Unknown != unknown.Runs.Total || len(unknown.Alerts) != 0 {
		t.Errorf("%+v", unknown.Runs)
	}
	kept := mustReplay(t, other(func(r *probes.Run) { r.Maintenance = true }), Options{Check: check})
	if kept.Runs.Maintenance != kept.Runs.Total || len(kept.Alerts) != 0 {
		t.Errorf("%+v", kept.Runs)
	}
	planned := *check
	planned.Schedule.Maintenance = []checks.Maintenance{{From: start, To: start.AddDate(0, 0, 7)}}
	if r := mustReplay(t, source, Options{Check: &planned}); len(r.Alerts) != 0 {
		t.Errorf("in planned maintenance:\n%s", shown(r.Alerts))
	}
	elsewhere := *check
	elsewhere.Locations = []string{"here"}
	if r := mustReplay(t, at("there", source), Options{Check: &elsewhere}); r.Runs.Elsewhere != 2016 || r.Runs.Total != 0 {
		t.Errorf("%+v", r.Runs)
	}
	away := errors.New("away")
	if _, err := Replay(func(func(*probes.Run) error) error { return away }, Options{Check: check}); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
}

// oracle says of every run what it is told.
type oracle func(run *probes.Run) detect.Result

func (o oracle) Judge(_ *checks.Check, run *probes.Run) detect.Result { return o(run) }

func TestReplayTakesWhatJudgesSay(t *testing.T) {
	check := aCheck(0, 0)
	n := 0
	o := Options{Check: check, NewJudge: func() Judge {
		return oracle(func(run *probes.Run) (r detect.Result) {
			r.Judgement = detect.Judgement{ExpectedMS: 500, LowerMS: 400, UpperMS: 600}
			r.Notes = []detect.Note{{Kind: detect.NoteChange, At: run.Started, Text: "slower"}}
			verdict := func(before, after detect.Severity, text string) {
				r.Verdicts = []detect.Verdict{{Cause: detect.CauseForecast, Bad: after != detect.None, Before: before, Severity: after, Summary: text, BadRuns: 1, Since: run.Started}}
			}
			switch n++; n {
			case 5, 6:
				r.Notes = append(r.Notes, detect.Note{Kind: detect.NoteOutcome, At: run.Started, CameTrue: n == 6})
			case 10:
				verdict(detect.None, detect.Notice, "soon")
			case 12:
				verdict(detect.Notice, detect.Warning, "sooner")
			case 13:
				verdict(detect.Warning, detect.Notice, "later")
			case 20:
				verdict(detect.Notice, detect.None, "never")
			}
			return r
		})
	}}
	r := mustReplay(t, Samples(check, world{days: 7, every: 5 * time.Minute, noise: 0.1}.samples()), o)
	if len(r.Alerts) != 1 || r.Alerts[0].Severity != detect.Warning || r.Alerts[0].Summary != "sooner" || r.Alerts[0].BadRuns != 3 || r.Alerts[0].Resolved.IsZero() {
		t.Errorf("%s", shown(r.Alerts))
	}
	if len(r.Notes) != maxNotes || r.NotesLeftOut != 2018-maxNotes || r.Totals.Predictions != 2 || r.Totals.CameTrue != 1 {
		t.Errorf("%d notes and %d more", len(r.Notes), r.NotesLeftOut)
	}
	c := &r.Profiles[0].Columns[3]
	if mid, low, high, ok := c.Expected(); !ok || mid != 500 || low != 400 || high != 600 {
		t.Errorf("expected %v in %v to %v", mid, low, high)
	}
}

func TestProfileIsBounded(t *testing.T) {
	check := aCheck(0, 0)
	for _, days := range []int{1, 30, 120} {
		r := mustReplay(t, Samples(check, world{days: days, every: 5 * time.Minute, noise: 0.1, alone: 0.01}.samples()), Options{Check: check})
		p := r.Profiles[0]
		runs, failed := 0, 0
		for i := range p.Columns {
			c := &p.Columns[i]
			runs, failed = runs+c.Runs, failed+c.Failed
			if c.Runs > 0 && !(c.Low <= c.Typical()*1.0001 && c.Typical() <= c.High*1.0001) {
				t.Fatalf("column %d: %+v", i, c)
			}
		}
		if len(p.Columns) > maxColumns || len(p.Columns) < maxColumns/2-1 && days > 2 || runs+failed != days*288 || failed != r.Runs.Failed {
			t.Errorf("%d days: %d columns with %d and %d runs", days, len(p.Columns), runs, failed)
		}
	}
}

func TestSamplesAreJudgedInOrder(t *testing.T) {
	check := aCheck(time.Second, 0)
	samples := []Sample{{At: start.Add(time.Hour), TimedOut: true, Latency: 30 * time.Second}, {At: start, Latency: 2 * time.Second}, {At: start.Add(time.Minute), Failed: true}}
	var got []string
	if err := Samples(check, samples)(func(r *probes.Run) error {
		kind := ""
		if r.Failure != nil {
			kind = " " + string(r.Failure.Kind)
		}
		got = append(got, string(r.Outcome)+kind)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(got, ", "); text != "degraded, failed protocol, failed timeout" {
		t.Error(text)
	}
}

func TestCadence(t *testing.T) {
	times := []time.Time{start}
	if Cadence(times) != time.Minute {
		t.Error("of one run")
	}
	for _, minutes := range []int{5, 10, 10, 15, 80, 85} {
		times = append(times, start.Add(time.Duration(minutes)*time.Minute))
	}
	if got := Cadence(times); got != 5*time.Minute {
		t.Errorf("%s", got)
	}
}
