package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a Keeper with all that it works on.
type world struct {
	t      *testing.T
	store  *memoryStore
	defs   *checks.Definitions
	keeper *incidents.Keeper
	now    time.Time
	woken  int
	seq    int64
}

// newWorld has one check, "checkout", confirmed 2 of 3 and recovered by 2, and
// the audience "responders" with the channels "chat" and "pager".
func newWorld(t *testing.T) *world {
	w := &world{t: t, store: newMemoryStore(), now: start.Add(24 * time.Hour), defs: &checks.Definitions{
		Checks: []checks.Check{{
			ID: "checkout", Name: "Checkout", Enabled: true, Labels: map[string]string{"tier": "gold"},
			Confirm:   checks.Confirm{Failures: 2, Of: 3, Recovery: 2},
			Notify:    []string{"responders"},
			Procedure: checks.Procedure{Text: "Look at the till."},
		}},
		Audiences: []checks.Audience{
			{ID: "responders", Channels: []checks.Channel{{Name: "chat"}, {Name: "pager"}}},
			{ID: "owners", Channels: []checks.Channel{{Name: "mail"}}},
		},
	}}
	w.restart()
	return w
}

// restart begins with a Keeper that knows nothing but what is stored.
func (w *world) restart() {
	w.keeper = incidents.NewKeeper(incidents.Options{
		Store:       w.store,
		Definitions: func() *checks.Definitions { return w.defs },
		Compose: func(m incidents.Message) []byte {
			run := ""
			if m.Run != nil {
				run = m.Run.ID
			}
			return fmt.Appendf(nil, "%s %s %s bad=%d run=%s", m.Incident.CheckName, m.Event.Kind, m.Event.Severity, m.Incident.Impact.BadRuns, run)
		},
		Wake:   func() { w.woken++ },
		Now:    func() time.Time { return w.now },
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if _, err := w.keeper.Cursor(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// runOf makes run n of a series: p passed, d degraded, c failed by a
// threshold, f failed otherwise.
func runOf(letter rune, check, location string, n int) probes.Run {
	run := probes.Run{
		ID: fmt.Sprintf("%s-%s-%d", check, location, n), CheckID: check, Location: location,
		Started: start.Add(time.Duration(n) * time.Minute), Outcome: probes.Passed,
	}
	run.Finished = run.Started.Add(5 * time.Second)
	for i, name := range []string{"home", "pay"} {
		took := time.Duration(100+10*(n%7)+50*i) * time.Millisecond
		run.Steps = append(run.Steps, probes.Step{Name: name, Outcome: probes.Passed, Duration: took, HTTP: &probes.HTTP{
			URL: "https://shop.example/" + name, Status: 200, Address: "192.0.2.1:443", Phases: probes.Phases{FirstByte: took}}})
		run.Duration += took
	}
	switch letter {
	case 'd':
		run.Outcome = probes.Degraded
		run.Exceeded = []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: 4000, Got: 6100}}
	case 'c':
		run.Outcome = probes.Failed
		run.Failure = &probes.Failure{Kind: probes.FailThreshold}
		run.Exceeded = []probes.Exceeded{{Measure: "total", Level: probes.Failed, Limit: 12000, Got: 13000}}
	case 'f':
		run.Outcome = probes.Failed
		run.Failure = &probes.Failure{Step: "pay", Kind: probes.FailElement, Message: "no such element"}
		run.Steps[1].Outcome, run.Steps[1].Failure = probes.Failed, run.Failure
	case 'u':
		run.Outcome = probes.Unknown
	}
	return run
}

// judge has the keeper judge runs of checkout and store all of it.
func (w *world) judge(letters string) {
	w.t.Helper()
	for _, letter := range letters {
		w.seq++
		if err := w.keeper.Judge(context.Background(), w.seq, runOf(letter, "checkout", "home", int(w.seq))); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.keeper.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) retire() int {
	w.t.Helper()
	n, err := w.keeper.Retire(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// told gives what each endpoint was told, in order.
func (w *world) told() map[string][]string {
	told := map[string][]string{}
	for _, n := range w.store.notifications {
		told[n.Endpoint()] = append(told[n.Endpoint()], string(n.Payload))
	}
	return told
}

func TestKeeperLife(t *testing.T) {
	w := newWorld(t)
	w.judge("pddccddpp")
	want := []incidents.Incident{{
		ID: w.store.all()[0].ID, CheckID: "checkout", CheckName: "Checkout", Location: "home",
		Labels: map[string]string{"tier": "gold"}, Cause: detect.CauseLatency,
		Severity: detect.Warning, State: incidents.Resolved,
		Summary:  "Checkout kept its thresholds in 2 runs in a row, the last one took 290 ms",
		OpenedAt: start.Add(3*time.Minute + 5*time.Second), UpdatedAt: start.Add(9*time.Minute + 5*time.Second),
		ResolvedAt: start.Add(9*time.Minute + 5*time.Second),
		Impact:     incidents.Impact{BadRuns: 6, Since: start.Add(2 * time.Minute)},
		Procedure:  incidents.Procedure{Text: "Look at the till."},
		Events: []incidents.Event{
			{Number: 1, At: start.Add(3*time.Minute + 5*time.Second), Kind: incidents.EventOpened, Severity: detect.Warning, RunID: "checkout-home-3",
				Summary: "Checkout took 6.1 s, over its degraded threshold of 4 s; it was over a threshold in 2 of the last 3 runs"},
			{Number: 2, At: start.Add(5*time.Minute + 5*time.Second), Kind: incidents.EventEscalated, Severity: detect.Critical, RunID: "checkout-home-5",
				Summary: "Checkout took 13 s, over its failed threshold of 12 s; it was over a failed threshold in 2 of the last 3 runs"},
			{Number: 3, At: start.Add(7*time.Minute + 5*time.Second), Kind: incidents.EventUpdated, Severity: detect.Warning, RunID: "checkout-home-7",
				Summary: "Checkout kept its failed thresholds in 2 runs in a row, but not all of its degraded ones"},
			{Number: 4, At: start.Add(9*time.Minute + 5*time.Second), Kind: incidents.EventResolved, Severity: detect.Warning, RunID: "checkout-home-9",
				Summary: "Checkout kept its thresholds in 2 runs in a row, the last one took 290 ms"},
		},
	}}
	if diff := cmp.Diff(want, w.store.all()); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	story := []string{
		"Checkout opened warning bad=2 run=checkout-home-3",
		"Checkout escalated critical bad=4 run=checkout-home-5",
		"Checkout updated warning bad=6 run=checkout-home-7",
		"Checkout resolved warning bad=6 run=checkout-home-9",
	}
	if diff := cmp.Diff(map[string][]string{"responders/chat": story, "responders/pager": story}, w.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, n := range w.store.notifications {
		if n.State != incidents.Pending || !n.NextAttempt.Equal(w.now) || !n.CreatedAt.Equal(w.now) {
			t.Errorf("notification is not due at once: %+v", n)
		}
	}
	if w.woken != 4 {
		t.Errorf("woken: got %d times, want once for each event", w.woken)
	}
}

func TestKeeperOneIncidentPerSeriesAndCause(t *testing.T) {
	w := newWorld(t)
	for n := range 4 {
		for _, location := range []string{"home", "away"} {
			letter := 'f'
			if n < 2 {
				letter = 'd'
			}
			w.seq++
			if err := w.keeper.Judge(t.Context(), w.seq, runOf(letter, "checkout", location, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	for _, i := range w.store.all() {
		got = append(got, fmt.Sprintf("%s %s %s %d", i.Location, i.Cause, i.State, i.Impact.BadRuns))
	}
	// Incidents that open in the same millisecond are in no particular order.
	want := map[string]bool{"home latency open 2": true, "away latency open 2": true, "home failure open 2": true, "away failure open 2": true}
	for _, g := range got {
		if !want[g] {
			t.Errorf("unexpected incident %q", g)
		}
		delete(want, g)
	}
	if len(want) > 0 {
		t.Errorf("missing incidents: %v", want)
	}
}

func TestKeeperStoresInBatches(t *testing.T) {
	w := newWorld(t)
	for range 1000 {
		w.seq++
		if err := w.keeper.Judge(t.Context(), w.seq, runOf('p', "checkout", "home", int(w.seq))); err != nil {
			t.Fatal(err)
		}
	}
	if w.store.advances != 5 || w.store.cursor != 1000 {
		t.Errorf("1,000 good runs: got %d advances up to %d, want 5 up to 1000", w.store.advances, w.store.cursor)
	}
	if err := w.keeper.Flush(t.Context()); err != nil || w.store.advances != 5 {
		t.Errorf("Flush with nothing new: error %v, %d advances", err, w.store.advances)
	}
	w.judge("u")
	if w.store.cursor != 1001 {
		t.Errorf("cursor after Flush: got %d, want 1001", w.store.cursor)
	}
	w.judge("f")
	before := w.store.advances
	w.seq++
	if err := w.keeper.Judge(t.Context(), w.seq, runOf('f', "checkout", "home", int(w.seq))); err != nil {
		t.Fatal(err)
	}
	if w.store.advances != before+1 || len(w.store.all()) != 1 {
		t.Error("an incident is not stored at once")
	}
}

func TestKeeperJudgesOnce(t *testing.T) {
	w := newWorld(t)
	w.judge("ff")
	want := w.store.all()
	for seq := range int64(3) {
		if err := w.keeper.Judge(t.Context(), seq, runOf('f', "checkout", "home", 50)); err != nil {
			t.Fatal(err)
		}
	}
	w.judge("")
	if diff := cmp.Diff(want, w.store.all()); diff != "" {
		t.Errorf("runs before the cursor changed something:\n%s", diff)
	}
}

func TestKeeperWantsReplay(t *testing.T) {
	w := newWorld(t)
	w.judge("pf")
	w.store.fail = func() (bool, error) { return false, errDisk }
	if err := w.keeper.Judge(t.Context(), 3, runOf('f', "checkout", "home", 3)); !errors.Is(err, errDisk) {
		t.Fatalf("error: got %v, want the store's", err)
	}
	w.store.fail = nil
	if err := w.keeper.Judge(t.Context(), 4, runOf('p', "checkout", "home", 4)); !errors.Is(err, incidents.ErrReplay) {
		t.Fatalf("run after an error: got %v, want ErrReplay", err)
	}
	if _, err := w.keeper.Retire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.keeper.Judge(t.Context(), 4, runOf('p', "checkout", "home", 4)); !errors.Is(err, incidents.ErrReplay) {
		t.Fatalf("Retire does not make up for runs that are missing: got %v, want ErrReplay", err)
	}
	if cursor, err := w.keeper.Cursor(t.Context()); err != nil || cursor != 2 {
		t.Fatalf("cursor: got %d, %v, want 2", cursor, err)
	}
	if err := w.keeper.Judge(t.Context(), 3, runOf('f', "checkout", "home", 3)); err != nil {
		t.Fatal(err)
	}
	if len(w.store.all()) != 1 {
		t.Error("the incident that could not be stored did not open in the replay")
	}
}

func TestKeeperWithoutDefinitions(t *testing.T) {
	w := newWorld(t)
	w.judge("ff")
	w.defs = nil
	if err := w.keeper.Judge(t.Context(), 3, runOf('f', "checkout", "home", 3)); err == nil {
		t.Error("Judge: got no error")
	}
	if _, err := w.keeper.Retire(t.Context()); err == nil || w.store.all()[0].State != incidents.Open {
		t.Errorf("Retire: got error %v and state %s", err, w.store.all()[0].State)
	}
}

func TestKeeperTellsWhoWasTold(t *testing.T) {
	tests := []struct {
		name   string
		change func(*checks.Definitions)
		want   []string // endpoints that hear of the end
	}{
		{"as before", func(*checks.Definitions) {}, []string{"responders/chat", "responders/pager"}},
		{"others are told now: not of an end without a beginning", func(d *checks.Definitions) { d.Checks[0].Notify = []string{"owners"} }, []string{"responders/chat", "responders/pager"}},
		{"nobody is told now", func(d *checks.Definitions) { d.Checks[0].Notify = nil }, []string{"responders/chat", "responders/pager"}},
		{"a channel is gone", func(d *checks.Definitions) { d.Audiences[0].Channels = d.Audiences[0].Channels[:1] }, []string{"responders/chat"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.judge("ff")
			changed := *w.defs
			changed.Checks = append([]checks.Check(nil), w.defs.Checks...)
			changed.Audiences = append([]checks.Audience(nil), w.defs.Audiences...)
			tt.change(&changed)
			w.defs = &changed
			w.judge("pp")
			var got []string
			for _, n := range w.store.notifications {
				if n.Event == 2 {
					got = append(got, n.Endpoint())
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("told of the end (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("who joins hears of an escalation and then of the end", func(t *testing.T) {
		w := newWorld(t)
		w.judge("dd")
		changed := *w.defs
		changed.Checks = append([]checks.Check(nil), w.defs.Checks...)
		changed.Checks[0].Notify = []string{"owners"}
		w.defs = &changed
		w.judge("ccpp")
		want := []string{"Checkout escalated critical bad=4 run=checkout-home-4", "Checkout resolved critical bad=4 run=checkout-home-6"}
		if diff := cmp.Diff(want, w.told()["owners/mail"]); diff != "" {
			t.Errorf("owners (-want +got):\n%s", diff)
		}
	})
}

func TestKeeperDamagedMemory(t *testing.T) {
	w := newWorld(t)
	w.judge("ffp")
	for k := range w.store.memories {
		w.store.memories[k] = []byte("\x00damaged")
	}
	w.restart()
	w.judge("p")
	if s := w.store.all()[0].State; s != incidents.Open {
		t.Fatalf("after one more good run: got %s, want the incident open until recovery is confirmed", s)
	}
	w.judge("p")
	if s := w.store.all()[0].State; s != incidents.Resolved {
		t.Errorf("after two more good runs: got %s, want resolved", s)
	}
	w.judge("ff")
	if n := len(w.store.all()); n != 2 {
		t.Errorf("later trouble: got %d incidents, want 2", n)
	}
}

func TestKeeperClockSetBack(t *testing.T) {
	w := newWorld(t)
	w.now = start.Add(5 * time.Minute)
	w.judge("pppp")
	judgeAt := func(n int) {
		w.seq++
		run := runOf('f', "checkout", "home", 0)
		run.Started = start.Add(-time.Hour).Add(time.Duration(n) * time.Minute)
		run.ID = fmt.Sprintf("back-%d", n)
		run.Finished = run.Started
		if err := w.keeper.Judge(t.Context(), w.seq, run); err != nil {
			t.Fatal(err)
		}
	}
	judgeAt(0)
	judgeAt(1)
	if len(w.store.all()) != 0 {
		t.Fatal("runs that come late opened an incident")
	}
	w.now = start.Add(-50 * time.Minute)
	judgeAt(2)
	judgeAt(3)
	if len(w.store.all()) != 1 {
		t.Error("after the clock was set back by an hour, runs are not judged")
	}
}
