package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/probes"
	"outrider/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a site, a store and a judge that a test holds in its hands.
type world struct {
	mu      sync.Mutex
	runs    []probes.Run
	pending []int64 // judged, but not flushed
	judged  []int64
	retired int
	unable  int // to retire, that many times
	cursor  int64
	wake    chan struct{}
	// refuse makes Record fail that many times, trouble Judge.
	refuse, trouble atomic.Int64
	// hold, if set, keeps journeys under way until it is closed.
	hold     chan struct{}
	inFlight atomic.Int64
	peak     atomic.Int64
	// disturbed is how journeys find their host.
	disturbed string
}

func newWorld() *world { return &world{wake: make(chan struct{}, 1)} }

func (w *world) Execute(ctx context.Context, c checks.Check, scheduled time.Time, _ *checks.Redactor) probes.Run {
	n := w.inFlight.Add(1)
	defer w.inFlight.Add(-1)
	for p := w.peak.Load(); n > p && !w.peak.CompareAndSwap(p, n); p = w.peak.Load() {
	}
	run := probes.Run{ID: fmt.Sprint(c.ID, "-", scheduled.UnixNano()), CheckID: c.ID, Scheduled: scheduled, Started: time.Now(), Outcome: probes.Passed, Disturbed: w.disturbed}
	if w.hold != nil {
		select {
		case <-w.hold:
		case <-ctx.Done():
			run.Outcome = probes.Unknown
		}
	}
	return run
}

func (w *world) Record(_ context.Context, runs ...probes.Run) error {
	if w.refuse.Add(-1) >= 0 {
		return errors.New("disk full")
	}
	w.mu.Lock()
	w.runs = append(w.runs, runs...)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

func (w *world) RunsAfter(_ context.Context, seq int64, limit int) ([]storage.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var entries []storage.Entry
	for i := int(seq); i < len(w.runs) && len(entries) < limit; i++ {
		entries = append(entries, storage.Entry{Seq: int64(i + 1), Run: w.runs[i]})
	}
	return entries, nil
}

func (w *world) Cursor(context.Context) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = nil // what was not flushed is judged again
	return w.cursor, nil
}

func (w *world) Subscribe() (<-chan struct{}, func()) { return w.wake, func() {} }

func (w *world) Judge(_ context.Context, seq int64, _ probes.Run) error {
	if w.trouble.Add(-1) >= 0 {
		return errors.New("database is locked")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, seq)
	return nil
}

func (w *world) Flush(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, seq := range w.pending {
		w.judged, w.cursor = append(w.judged, seq), seq
	}
	w.pending = nil
	return nil
}

func (w *world) Retire(context.Context) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unable > 0 {
		w.unable--
		return 0, errors.New("database is locked")
	}
	w.retired++
	return 0, nil
}

func (w *world) recorded(check string) (runs []probes.Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.runs {
		if check == "" || r.CheckID == check {
			runs = append(runs, r)
		}
	}
	return runs
}

func every(id string, period time.Duration) checks.Check {
	return checks.Check{
		ID: id, Enabled: true, Timeout: time.Second,
		Schedule: checks.Schedule{Every: period, Zone: time.UTC},
		Journey:  checks.Journey{Kind: checks.KindHTTP},
	}
}

// start runs a monitor over the checks; stop ends it and fails the test if
// that goes wrong.
func start(t *testing.T, w *world, opts Options, list ...checks.Check) (m *Monitor, stop func()) {
	t.Helper()
	opts.Executor, opts.Log, opts.Judge = w, w, w
	opts.Logger = slog.New(slog.DiscardHandler)
	m = New(opts)
	if err := m.Apply(t.Context(), &checks.Definitions{Checks: list}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error("Run:", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Run did not return")
		}
	})
	t.Cleanup(stop)
	return m, stop
}

// eventually waits until a condition holds: bounded, and never a measure of
// time.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatal("never happened: " + what)
}

func TestEveryRunIsRecordedAndJudgedInOrder(t *testing.T) {
	w := newWorld()
	_, stop := start(t, w, Options{}, every("a", 20*time.Millisecond), every("b", 30*time.Millisecond))
	eventually(t, "five runs of each check", func() bool { return len(w.recorded("a")) >= 5 && len(w.recorded("b")) >= 5 })
	stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.judged) != len(w.runs) {
		t.Errorf("judged %d of %d recorded runs", len(w.judged), len(w.runs))
	}
	if !slices.IsSorted(w.judged) {
		t.Errorf("judged out of order: %v", w.judged)
	}
	for _, r := range w.runs {
		if r.Scheduled.After(r.Started) {
			t.Errorf("run %s was planned for %v but started at %v", r.ID, r.Scheduled, r.Started)
		}
	}
}

func TestAJudgeInTroubleGetsEveryRunAgain(t *testing.T) {
	w := newWorld()
	w.trouble.Store(2)
	_, stop := start(t, w, Options{}, every("a", 10*time.Millisecond))
	eventually(t, "three judged runs", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.judged) >= 3
	})
	stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, seq := range w.judged {
		if seq != int64(i+1) {
			t.Fatalf("judged %v: want every run once, in order", w.judged)
		}
	}
	if len(w.judged) != len(w.runs) {
		t.Errorf("judged %d of %d runs", len(w.judged), len(w.runs))
	}
}

func TestPlannedStartsLieOnTheGrid(t *testing.T) {
	const period = 50 * time.Millisecond
	w := newWorld()
	check := every("grid", period)
	_, stop := start(t, w, Options{}, check)
	eventually(t, "four runs", func() bool { return len(w.recorded("")) >= 4 })
	stop()
	seen := map[time.Time]bool{}
	for _, r := range w.recorded("") {
		if off := (time.Duration(r.Scheduled.UnixNano()) - check.Schedule.Offset("grid")) % period; off != 0 {
			t.Errorf("planned start %v is %v off the grid", r.Scheduled, off)
		}
		if seen[r.Scheduled] {
			t.Errorf("planned start %v came twice", r.Scheduled)
		}
		seen[r.Scheduled] = true
	}
}

func TestACheckNeverOverlapsItself(t *testing.T) {
	w := newWorld()
	w.hold = make(chan struct{})
	m, _ := start(t, w, Options{Grace: time.Millisecond}, every("slow", 10*time.Millisecond))
	eventually(t, "missed starts", func() bool { return m.Status().Checks[0].Missed >= 5 })
	if n := w.peak.Load(); n != 1 {
		t.Errorf("%d journeys of one check at once", n)
	}
	if s := m.Status(); !s.Checks[0].Running || s.Slots[0].InUse != 1 {
		t.Errorf("status does not show the journey under way: %+v %+v", s.Checks[0], s.Slots[0])
	}
}

// Nor does it when its rhythm changes in the middle of a journey.
func TestACheckNeverOverlapsItselfByReload(t *testing.T) {
	w := newWorld()
	w.hold = make(chan struct{})
	m, _ := start(t, w, Options{Grace: time.Millisecond}, every("slow", 10*time.Millisecond))
	for i := range 3 {
		eventually(t, "missed starts", func() bool { return m.Status().Checks[0].Missed >= 2 })
		period := time.Duration(11+i) * time.Millisecond
		if err := m.Apply(t.Context(), &checks.Definitions{Checks: []checks.Check{every("slow", period)}}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "missed starts", func() bool { return m.Status().Checks[0].Missed >= 2 })
	if n := w.peak.Load(); n != 1 {
		t.Errorf("%d journeys of one check at once", n)
	}
	close(w.hold)
	eventually(t, "runs at the new rhythm", func() bool { return len(w.recorded("slow")) >= 3 })
}

// A job that fires while it is being removed starts nothing any more.
func TestFiringWhileRemoved(t *testing.T) {
	w := newWorld()
	m, stop := start(t, w, Options{}, every("goes", time.Hour), every("stays", time.Hour))
	removed := m.job(t, "goes")
	if err := m.Apply(t.Context(), &checks.Definitions{Checks: []checks.Check{every("stays", time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	m.fire(removed)
	m.fire(m.job(t, "stays"))
	stop()
	if runs := w.recorded(""); len(runs) != 1 || runs[0].CheckID != "stays" {
		t.Errorf("got runs %+v, want one of the check that stays", runs)
	}
}

// job waits until a check is scheduled.
func (m *Monitor) job(t *testing.T, id string) (s *scheduledCheck) {
	t.Helper()
	eventually(t, id+" is scheduled", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		s = m.scheduled[id]
		return s != nil
	})
	return s
}

// stubborn does not heed that its journeys are cancelled.
type stubborn struct{ until chan struct{} }

func (s stubborn) Execute(context.Context, checks.Check, time.Time, *checks.Redactor) probes.Run {
	<-s.until
	return probes.Run{}
}

func TestStopDoesNotWaitForeverForAJourney(t *testing.T) {
	w := newWorld()
	until := make(chan struct{})
	m := New(Options{Executor: stubborn{until}, Log: w, Judge: w, Grace: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	m.patience = 10 * time.Millisecond
	if err := m.Apply(t.Context(), &checks.Definitions{Checks: []checks.Check{every("hangs", 10*time.Millisecond)}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	eventually(t, "a journey under way", func() bool { return m.Status().Checks[0].Running })
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error("Run:", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run did not return")
	}
	close(until)
	m.journeys.Wait()
}

// A store in trouble while definitions are changed does not make the new ones
// refused, and the incidents of removed checks are ended later.
func TestIncidentsAreRetiredLater(t *testing.T) {
	w := newWorld()
	m, _ := start(t, w, Options{}, every("goes", time.Hour))
	w.mu.Lock()
	w.retired, w.unable = 0, 2
	w.mu.Unlock()
	if err := m.Apply(t.Context(), &checks.Definitions{}); err != nil {
		t.Errorf("definitions that are in force: %v", err)
	}
	eventually(t, "incidents are retired", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.retired == 1
	})
}

func TestSlotsBoundWhatRunsAtOnce(t *testing.T) {
	w := newWorld()
	w.hold = make(chan struct{})
	var list []checks.Check
	for i := range 12 {
		list = append(list, every(fmt.Sprint("c", i), 20*time.Millisecond))
	}
	m, stop := start(t, w, Options{Slots: map[checks.Kind]int{checks.KindHTTP: 3}}, list...)
	eventually(t, "nine checks waiting", func() bool { return m.Status().Slots[0].Waiting == 9 })
	close(w.hold)
	eventually(t, "a run of each check", func() bool {
		for _, c := range list {
			if len(w.recorded(c.ID)) == 0 {
				return false
			}
		}
		return true
	})
	stop()
	if n := w.peak.Load(); n > 3 {
		t.Errorf("%d journeys at once with three slots", n)
	}
	var waited bool
	for _, r := range w.recorded("") {
		waited = waited || r.SlotWait > 0
	}
	if !waited {
		t.Error("no run says that it waited for a slot")
	}
}

func TestStopCancelsAfterTheGraceAndLosesNothing(t *testing.T) {
	w := newWorld()
	w.hold = make(chan struct{}) // never closed: only cancelling ends it
	_, stop := start(t, w, Options{Grace: 20 * time.Millisecond}, every("hangs", 10*time.Millisecond))
	eventually(t, "a journey under way", func() bool { return w.inFlight.Load() == 1 })
	stop()
	runs := w.recorded("hangs")
	if len(runs) != 1 || runs[0].Outcome != probes.Unknown {
		t.Fatalf("want the cancelled journey recorded as unknown, got %+v", runs)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.judged) != 1 {
		t.Errorf("the last run was not judged before the end")
	}
}

func TestAStoreInTroubleGetsTheRunLater(t *testing.T) {
	w := newWorld()
	w.refuse.Store(3)
	_, stop := start(t, w, Options{}, every("a", 20*time.Millisecond))
	eventually(t, "the run is stored after all", func() bool { return len(w.recorded("a")) >= 1 })
	stop()
}

func TestApply(t *testing.T) {
	w := newWorld()
	m, stop := start(t, w, Options{Location: "here"}, every("stays", 20*time.Millisecond), every("goes", 20*time.Millisecond))
	eventually(t, "runs of both", func() bool { return len(w.recorded("stays")) > 0 && len(w.recorded("goes")) > 0 })

	off, elsewhere := every("off", 20*time.Millisecond), every("elsewhere", 20*time.Millisecond)
	off.Enabled = false
	elsewhere.Locations = []string{"there"}
	stays := every("stays", 20*time.Millisecond)
	stays.Name = "renamed"
	if err := m.Apply(t.Context(), &checks.Definitions{Checks: []checks.Check{stays, every("comes", 15*time.Millisecond), off, elsewhere}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a run of the new check", func() bool { return len(w.recorded("comes")) > 0 })
	gone := len(w.recorded("goes"))
	before := len(w.recorded("stays"))
	eventually(t, "more runs of the old check", func() bool { return len(w.recorded("stays")) > before+3 })
	if n := len(w.recorded("goes")); n > gone {
		t.Errorf("the removed check ran %d more times", n-gone)
	}
	stop()
	if n := len(w.recorded("off")) + len(w.recorded("elsewhere")); n != 0 {
		t.Errorf("%d runs of checks that are disabled or belong elsewhere", n)
	}
	var paused []string
	for _, c := range m.Status().Checks {
		paused = append(paused, c.Paused)
	}
	if want := []string{"", "", "disabled", "not at this location"}; !slices.Equal(paused, want) {
		t.Errorf("paused: got %q, want %q", paused, want)
	}
	if w.retired != 2 {
		t.Errorf("the judge was told of new definitions %d times, want 2", w.retired)
	}
}

// What is shown follows the clock on the wall when that is set; the rhythm and
// what counts as missed do not.
func TestClockIsSet(t *testing.T) {
	check := every("x", time.Minute)
	now := time.Now()
	for _, by := range []time.Duration{time.Hour, -time.Hour, 90 * time.Second} {
		t.Run(by.String(), func(t *testing.T) {
			// Planned by a clock that was off, for just now.
			s := &scheduledCheck{check: check, due: wallMoved(now.Add(-time.Millisecond), by)}
			_, scheduled, ok := s.begin(now)
			if !ok || s.missed != 0 {
				t.Errorf("got ok %v, %d missed", ok, s.missed)
			}
			if want := now.Round(0).Add(-time.Millisecond); !scheduled.Round(0).Equal(want) {
				t.Errorf("planned for %v, want %v", scheduled, want)
			}
			if want := now.Round(0).Add(time.Minute - time.Millisecond); !s.due.Round(0).Equal(want) {
				t.Errorf("next %v, want %v", s.due, want)
			}
		})
	}
}

// wallMoved is a moment as a clock shows it that is off by so many seconds:
// the monotonic reading stays. Package time has no other way to make one; see
// the description of time.Time's fields.
func wallMoved(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(int64(by/time.Second) << 30)
	return t
}

func TestBegin(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	check := every("x", time.Minute)
	due := check.Schedule.FirstStart("x", t0)
	tests := []struct {
		name      string
		now       time.Time
		running   bool
		ok        bool
		scheduled time.Time
		missed    int64
	}{
		{name: "on time", now: due.Add(time.Millisecond), ok: true, scheduled: due},
		{name: "fired a little early", now: due.Add(-time.Millisecond), ok: true, scheduled: due},
		{name: "still running", now: due, running: true, missed: 1},
		{name: "host slept over two starts", now: due.Add(2*time.Minute + time.Second), ok: true, scheduled: due.Add(2 * time.Minute), missed: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &scheduledCheck{check: check, due: due, running: test.running}
			_, scheduled, ok := s.begin(test.now)
			if ok != test.ok || s.missed != test.missed || (ok && !scheduled.Equal(test.scheduled)) {
				t.Errorf("got ok %v, planned %v, missed %d; want %v, %v, %d", ok, scheduled, s.missed, test.ok, test.scheduled, test.missed)
			}
			if !s.due.After(test.now) {
				t.Errorf("next start %v is not after now %v", s.due, test.now)
			}
		})
	}
}
