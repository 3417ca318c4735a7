// Package monitor is the loop that ties the rooms together: gocron fires a
// check, a probe does its journey, storage records the run, incidents judges
// it. It decides when and how many at once; what a journey is, how it is
// measured and what it means are decided elsewhere.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"

	"outrider/checks"
	"outrider/probes"
	"outrider/storage"
)

// Executor does a due check once (probes.Executor).
type Executor interface {
	Execute(ctx context.Context, check checks.Check, scheduled time.Time, redactor *checks.Redactor) probes.Run
}

// Log is the durable log of runs: what Record has returned for survives any
// crash, and is judged in the order of its sequence numbers.
type Log interface {
	Record(ctx context.Context, runs ...probes.Run) error
	RunsAfter(ctx context.Context, seq int64, limit int) ([]storage.Entry, error)
	// Subscribe gives a channel that receives after every Record; the function
	// ends the subscription.
	Subscribe() (<-chan struct{}, func())
}

// Judge turns recorded runs into incidents (incidents.Keeper).
type Judge interface {
	// Cursor is the place in the log after which runs have to be judged. It is
	// asked for at the start and after every error.
	Cursor(ctx context.Context) (int64, error)
	// Judge judges the run at place seq of the log.
	Judge(ctx context.Context, seq int64, run probes.Run) error
	// Flush stores what was judged; it is called at the end of the log.
	Flush(ctx context.Context) error
	// Retire ends the incidents of checks that the definitions in force no
	// longer run, and tells how many those were.
	Retire(ctx context.Context) (int, error)
}

// Options is what a Monitor needs. Everything without a stated default must
// be set.
type Options struct {
	Executor Executor
	Log      Log
	Judge    Judge
	Location string
	// Slots bounds how many journeys of a kind run at once; a kind that is not
	// in the map gets DefaultSlots. While browser journeys find their host
	// disturbed, fewer of them run at once.
	Slots map[checks.Kind]int
	// Grace is how long running journeys may take to finish after the monitor
	// was told to stop; then they are cancelled. Zero: 10 s.
	Grace time.Duration
	// Prune, if set, is called every PruneEvery (zero: 10 min).
	Prune      func(context.Context) error
	PruneEvery time.Duration
	// Changed, if set, is called after new definitions came into force.
	Changed func()
	Logger  *slog.Logger // nil: slog.Default()
}

// lastPatience bounds how long cancelled journeys are waited for, their runs
// recorded included: a journey that does not heed its end, or a store that does
// not answer, must not keep the process from ending.
const lastPatience = 20 * time.Second

// stopTimeout bounds how long gocron waits for its jobs, which only start
// journeys and end at once; pruning ends with the monitor's context.
const stopTimeout = 10 * time.Second

// Monitor runs checks on their schedules. Make it with New, give it
// definitions with Apply (before or while it runs), and run it with Run.
type Monitor struct {
	opts  Options
	log   *slog.Logger
	slots map[checks.Kind]*slots

	mu        sync.Mutex
	defs      *checks.Definitions
	redactor  *checks.Redactor
	loaded    time.Time
	refused   error
	scheduled map[string]*scheduledCheck
	scheduler gocron.Scheduler // nil while not running
	runCtx    context.Context  // of journeys; set with scheduler
	recordCtx context.Context  // of recording their runs; set with scheduler
	journeys  sync.WaitGroup
	patience  time.Duration // lastPatience
	// unretired receives while incidents are still to be retired since the
	// store failed.
	unretired chan struct{}
}

// New makes a Monitor that has no definitions yet.
func New(opts Options) *Monitor {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Grace <= 0 {
		opts.Grace = 10 * time.Second
	}
	if opts.PruneEvery <= 0 {
		opts.PruneEvery = 10 * time.Minute
	}
	m := &Monitor{
		opts:      opts,
		log:       opts.Logger,
		slots:     map[checks.Kind]*slots{},
		defs:      &checks.Definitions{},
		scheduled: map[string]*scheduledCheck{},
		patience:  lastPatience,
		unretired: make(chan struct{}, 1),
	}
	for _, kind := range []checks.Kind{checks.KindHTTP, checks.KindBrowser} {
		most := func() int { return DefaultSlots(kind) }
		if size := opts.Slots[kind]; size > 0 {
			most = func() int { return size }
		}
		m.slots[kind] = newSlots(most)
	}
	return m
}

// Definitions gives the definitions in force; it never returns nil.
func (m *Monitor) Definitions() *checks.Definitions {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.defs
}

// Redactor gives the redactor for the secrets of the definitions in force.
func (m *Monitor) Redactor() *checks.Redactor {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.redactor
}

// Apply puts definitions into force. Checks whose schedule is as before keep
// their rhythm; a journey that is under way ends by its old definition.
func (m *Monitor) Apply(ctx context.Context, defs *checks.Definitions) error {
	m.mu.Lock()
	m.defs = defs
	m.redactor = checks.NewRedactor(defs.Secrets...)
	m.loaded = time.Now().UTC()
	m.refused = nil
	err := m.reschedule()
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if m.opts.Changed != nil {
		m.opts.Changed()
	}
	if err := m.retire(ctx); err != nil {
		// The definitions are in force all the same.
		m.log.Error("trying again", "error", err)
	}
	return nil
}

// retire ends the incidents of checks that are not run any more. If that fails
// it is due again, see follow.
func (m *Monitor) retire(ctx context.Context) error {
	if _, err := m.opts.Judge.Retire(ctx); err != nil {
		select {
		case m.unretired <- struct{}{}:
		default: // it is due already
		}
		return fmt.Errorf("end incidents of checks that are not run any more: %w", err)
	}
	return nil
}

// Refuse notes that a newer version of the definitions could not be taken;
// the old one stays in force.
func (m *Monitor) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = err
}

// Run runs the checks until ctx ends. Then it starts no more journeys, lets
// those under way finish for the grace period, records and judges them, and
// returns.
func (m *Monitor) Run(ctx context.Context) error {
	scheduler, err := gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithStopTimeout(stopTimeout))
	if err != nil {
		return fmt.Errorf("make the scheduler: %w", err)
	}
	// Journeys outlive ctx by the grace period; recording and judging outlive
	// the journeys.
	runCtx, cancelRuns := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelRuns()
	recordCtx, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	if m.opts.Prune != nil {
		_, err := scheduler.NewJob(gocron.DurationJob(m.opts.PruneEvery),
			gocron.NewTask(func() { m.prune(ctx) }),
			gocron.WithSingletonMode(gocron.LimitModeReschedule))
		if err != nil {
			return errors.Join(fmt.Errorf("schedule pruning: %w", err), scheduler.Shutdown())
		}
	}

	scheduler.Start() // first, so that no job's first start passes while others are still registered
	m.mu.Lock()
	m.scheduler, m.runCtx, m.recordCtx = scheduler, runCtx, recordCtx
	err = m.reschedule()
	m.mu.Unlock()
	if err != nil {
		return errors.Join(err, scheduler.Shutdown())
	}
	judgeCtx, stopJudging := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJudging()
	judged := make(chan error, 1)
	go func() { judged <- m.judge(judgeCtx) }()

	<-ctx.Done()
	m.mu.Lock()
	m.scheduler = nil // from now on nothing new starts
	clear(m.scheduled)
	m.mu.Unlock()
	err = scheduler.Shutdown()
	m.drain(cancelRuns)
	stopJudging()
	if jerr := <-judged; jerr != nil {
		// Not lost: the next start judges from the cursor on.
		m.log.Warn("could not judge the last runs before stopping; the next start will", "error", jerr)
	}
	if err != nil {
		return fmt.Errorf("stop the scheduler: %w", err)
	}
	return nil
}

// drain waits for journeys under way; after the grace period it cancels them
// and waits, with a bound, for their (unknown) runs to be recorded.
func (m *Monitor) drain(cancel context.CancelFunc) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.journeys.Wait()
	}()
	grace := time.NewTimer(m.opts.Grace)
	defer grace.Stop()
	// Those that still wait for a slot have nothing to finish.
	for _, s := range m.slots {
		s.close()
	}
	select {
	case <-done:
	case <-grace.C:
		m.log.Info("cancel the journeys still under way", "grace", m.opts.Grace)
		cancel()
		last := time.NewTimer(m.patience)
		defer last.Stop()
		select {
		case <-done:
		case <-last.C:
			m.log.Error("journeys did not end, or could not be recorded; they are given up", "after", m.patience)
		}
	}
}

func (m *Monitor) prune(ctx context.Context) {
	if err := m.opts.Prune(ctx); err != nil && ctx.Err() == nil {
		m.log.Error("remove old runs", "error", err)
	}
}
