package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
	"outrider/storage/sqlite"

	"github.com/google/go-cmp/cmp"
)

var (
	_ Store           = (*sqlite.Store)(nil)
	_ incidents.Store = (*sqlite.Store)(nil)
)

// The whole way, on the embedded store: runs are recorded and judged, an
// incident opens and ends while the receiver is down, everything is restarted
// twice in between, and the receiver hears of both, in order, with ids that
// are stable.
func TestDurableDelivery(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	r := newReceiver(t, nil)
	r.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.defs.Checks = []checks.Check{{
		ID: "checkout", Name: "Checkout", Enabled: true, Notify: []string{"team"},
		Confirm: checks.Confirm{Failures: 2, Of: 3, Recovery: 2},
	}}
	path := filepath.Join(t.TempDir(), "outrider.db")
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))

	// life opens the store, records and judges runs, and delivers until done.
	life := func(letters string, done func(*sqlite.Store) bool) {
		t.Helper()
		store, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Logger: logger, Now: h.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		settled := make(chan struct{}, 1)
		h.store = announcing{store, settled}
		h.start()
		defer h.stop()
		keeper := incidents.NewKeeper(incidents.Options{
			Store: store, Definitions: h.definitions, Compose: (&Composer{}).Compose,
			Wake: h.notifier.Wake, Now: h.clock.Now, Logger: logger,
		})
		for _, letter := range letters {
			record(t, store, h.clock, letter)
		}
		judgeLog(t, store, keeper)
		for deadline := time.After(20 * time.Second); !done(store); h.clock.moveTo(h.clock.Now().Add(longestPause)) {
			select {
			case <-settled:
			case <-h.clock.more:
			case <-deadline:
				t.Fatal("it is never done")
			}
		}
	}
	failedAttempt := func(s *sqlite.Store) bool {
		all, err := s.Incidents(t.Context(), storage.IncidentQuery{})
		if err != nil || len(all) == 0 {
			t.Fatalf("incidents: %v, %v", all, err)
		}
		list, err := s.Notifications(t.Context(), all[0].ID)
		return err == nil && list[0].Attempts > 0
	}
	life("pff", failedAttempt)
	life("fpp", failedAttempt)
	down.Store(false)
	before := len(r.requests(t))
	life("", func(s *sqlite.Store) bool {
		endpoints, err := s.PendingEndpoints(t.Context())
		return err == nil && len(endpoints) == 0
	})

	got := r.requests(t)
	var types []string
	for _, g := range got[before:] {
		kind, _, _ := strings.Cut(strings.TrimPrefix(g.body, `{"type":"`), `"`)
		types = append(types, kind)
		validate(t, []byte(g.body))
	}
	if diff := cmp.Diff([]string{"incident.opened", "incident.resolved"}, types); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	for _, g := range got[:before] {
		if g.id() != got[before].id() || g.body != got[before].body {
			t.Errorf("an attempt before was %s %s, the one that succeeded %s %s", g.id(), g.body, got[before].id(), got[before].body)
		}
	}
}

// announcing tells when a notification was settled.
type announcing struct {
	*sqlite.Store
	settled chan<- struct{}
}

func (a announcing) SettleNotification(ctx context.Context, n incidents.Notification) error {
	defer func() {
		select {
		case a.settled <- struct{}{}:
		default: // the last one was not yet looked at
		}
	}()
	return a.Store.SettleNotification(ctx, n)
}

// record records one run as the monitor would.
func record(t *testing.T, store *sqlite.Store, clock *fakeClock, letter rune) {
	t.Helper()
	clock.moveTo(clock.Now().Add(time.Minute))
	now := clock.Now()
	run := probes.Run{
		ID: fmt.Sprintf("run-%d", now.UnixNano()), CheckID: "checkout", CheckName: "Checkout", Location: "home",
		Scheduled: now, Started: now, Finished: now, Outcome: probes.Passed,
	}
	if letter == 'f' {
		run.Outcome = probes.Failed
		run.Failure = &probes.Failure{Step: "pay", Kind: probes.FailElement, Message: "no such element"}
	}
	if err := store.Record(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

// judgeLog judges what is not yet judged.
func judgeLog(t *testing.T, store *sqlite.Store, keeper *incidents.Keeper) {
	t.Helper()
	seq, err := keeper.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := store.RunsAfter(t.Context(), seq, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := keeper.Judge(t.Context(), e.Seq, e.Run); err != nil {
			t.Fatal(err)
		}
	}
	if err := keeper.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}
