package incidents_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
)

// After any number of crashes, before, after and in the middle of storing,
// everything is as it would be without: incidents, their ids and impact,
// notifications, their ids and payloads, and memories.
func TestCrashesChangeNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	notified := 0
	for history := range 4 {
		var runs []probes.Run
		for n := range 60 {
			for _, check := range []string{"a", "b"} {
				runs = append(runs, runOf(rune("pppddccffu"[rnd.IntN(10)]), check, "home", n))
			}
		}
		want := judgeWithCrashes(t, runs, nil)
		got := judgeWithCrashes(t, runs, rnd)
		notified += len(want.notifications)
		if diff := cmp.Diff(want.all(), got.all()); diff != "" {
			t.Fatalf("history %d: incidents (-without +with crashes):\n%s", history, diff)
		}
		if diff := cmp.Diff(want.notifications, got.notifications); diff != "" {
			t.Fatalf("history %d: notifications (-without +with crashes):\n%s", history, diff)
		}
		if diff := cmp.Diff(want.memories, got.memories); diff != "" {
			t.Fatalf("history %d: memories (-without +with crashes):\n%s", history, diff)
		}
		if diff := cmp.Diff(want.judgements, got.judgements); diff != "" {
			t.Fatalf("history %d: judgements (-without +with crashes):\n%s", history, diff)
		}
	}
	if notified < 30 {
		t.Errorf("only %d notifications in all histories: they show little", notified)
	}
}

// judgeWithCrashes judges a log in the way that the monitor does. Without a
// source of chance nothing goes wrong.
func judgeWithCrashes(t *testing.T, runs []probes.Run, rnd *rand.Rand) *memoryStore {
	t.Helper()
	store := newMemoryStore()
	store.log = runs
	if rnd != nil {
		store.fail = func() (bool, error) {
			switch rnd.IntN(6) {
			case 0:
				return false, errDisk
			case 1:
				return true, errDisk // it was stored, but nobody knows
			}
			return true, nil
		}
	}
	confirm := checks.Confirm{Failures: 2, Of: 3, Recovery: 2}
	defs := &checks.Definitions{
		Checks: []checks.Check{
			{ID: "a", Name: "A", Enabled: true, Confirm: confirm, Notify: []string{"x"}},
			{ID: "b", Name: "B", Enabled: true, Confirm: confirm, Notify: []string{"x"}, Detection: checks.DefaultDetection(),
				Schedule: checks.Schedule{Every: time.Minute}, Objectives: []checks.Objective{{Name: "availability", Good: 0.99, Over: 24 * time.Hour}},
				Journey: checks.Journey{Kind: checks.KindHTTP, Steps: []checks.Step{{Name: "home"}, {Name: "pay"}}}},
		},
		Audiences: []checks.Audience{{ID: "x", Channels: []checks.Channel{{Name: "c"}}}},
	}
	for {
		keeper := incidents.NewKeeper(incidents.Options{
			Store:       store,
			Definitions: func() *checks.Definitions { return defs },
			Compose:     func(m incidents.Message) []byte { return fmt.Appendf(nil, "%+v", m.Incident) },
			Batch:       7,
			Now:         func() time.Time { return start.Add(24 * time.Hour) },
			Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if follow(t, keeper, runs, rnd) {
			return store
		}
	}
}

// follow hands the log to a keeper until its end, or until a crash.
func follow(t *testing.T, keeper *incidents.Keeper, runs []probes.Run, rnd *rand.Rand) (done bool) {
	t.Helper()
	for {
		seq, err := keeper.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for ; err == nil && seq < int64(len(runs)); seq++ {
			if rnd != nil && rnd.IntN(10) == 0 {
				return false
			}
			err = keeper.Judge(t.Context(), seq+1, runs[seq])
		}
		if err == nil {
			err = keeper.Flush(t.Context())
		}
		if err == nil {
			err = keeper.Close(t.Context())
		}
		if err == nil {
			return true
		}
	}
}

// A healthy fleet: 100 checks whose runs pass.
func BenchmarkKeeperJudge(b *testing.B) {
	defs := &checks.Definitions{}
	for i := range 100 {
		defs.Checks = append(defs.Checks, checks.Check{ID: fmt.Sprintf("check-%d", i), Enabled: true, Confirm: checks.Confirm{Failures: 2, Of: 3, Recovery: 2}})
	}
	keeper := incidents.NewKeeper(incidents.Options{Store: newMemoryStore(), Definitions: func() *checks.Definitions { return defs }})
	if _, err := keeper.Cursor(b.Context()); err != nil {
		b.Fatal(err)
	}
	run := probes.Run{Location: "home", Outcome: probes.Passed}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		run.CheckID = defs.Checks[i%100].ID
		run.Started = start.Add(time.Duration(i) * time.Second)
		if err := keeper.Judge(b.Context(), int64(i+1), run); err != nil {
			b.Fatal(err)
		}
	}
}
