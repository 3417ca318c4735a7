package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/surge"
	"outrider/probes"
	"outrider/storage"
)

// History is the recorded runs that load is held against.
type History interface {
	Runs(ctx context.Context, q storage.RunQuery) ([]storage.Entry, error)
	Summaries(ctx context.Context, q storage.RunQuery) ([]storage.Summary, error)
}

// LoadFunc reads a load series from where a definition says.
type LoadFunc func(ctx context.Context, series checks.LoadSeries) ([]surge.Point, error)

// PlannerOptions is what a Planner needs. Definitions, History and Load have to
// be given.
type PlannerOptions struct {
	Definitions func() *checks.Definitions
	History     History
	Load        LoadFunc
	// Every is how often events are projected anew; zero: one hour.
	Every time.Duration
	// Timeout bounds the work for one check; zero: two minutes.
	Timeout time.Duration
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: slog.Default()
}

// Planner says ahead of time what the planned events of the definitions will do
// to checks that have a load series. It works in the background, one check after
// the other, since nobody waits for it.
type Planner struct {
	opts PlannerOptions
	wake chan struct{}

	mu    sync.Mutex
	plans map[string]Plan
}

// Plan is what is said of one check's planned events.
type Plan struct {
	Outlooks []surge.Outlook
	// Problem says why nothing can be said; empty if something is.
	Problem string
	Made    time.Time // UTC
}

// NewPlanner makes a Planner; Run does its work.
func NewPlanner(o PlannerOptions) *Planner {
	if o.Every <= 0 {
		o.Every = time.Hour
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Planner{opts: o, wake: make(chan struct{}, 1), plans: map[string]Plan{}}
}

// Plan gives what is said of a check's planned events.
func (p *Planner) Plan(checkID string) (Plan, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan, ok := p.plans[checkID]
	return plan, ok
}

// Wake has events projected anew at once, since the definitions changed.
func (p *Planner) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run projects events until ctx ends.
func (p *Planner) Run(ctx context.Context) {
	timer := time.NewTicker(p.opts.Every)
	defer timer.Stop()
	for {
		p.Update(ctx)
		select {
		case <-timer.C:
		case <-p.wake:
		case <-ctx.Done():
			return
		}
	}
}

// Update projects the events of every check that has some ahead.
func (p *Planner) Update(ctx context.Context) {
	defs := p.opts.Definitions()
	plans := map[string]Plan{}
	for i := 0; defs != nil && i < len(defs.Checks) && ctx.Err() == nil; i++ {
		c := &defs.Checks[i]
		events := defs.EventsOf(c, p.opts.Now())
		if c.Load == nil || !c.Enabled || len(events) == 0 {
			continue
		}
		plan := Plan{Made: p.opts.Now().UTC()}
		outlooks, err := p.project(ctx, c, events)
		if plan.Outlooks = outlooks; err != nil {
			plan.Problem = err.Error()
			p.opts.Logger.Warn("planned events of a check cannot be projected", "check", c.ID, "error", err)
		}
		plans[c.ID] = plan
	}
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plans = plans
}

// project says what events will do to one check.
func (p *Planner) project(ctx context.Context, c *checks.Check, events []checks.Event) ([]surge.Outlook, error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	load, err := p.opts.Load(ctx, *c.Load)
	if err != nil {
		return nil, fmt.Errorf("read its load: %w", err)
	}
	if len(load) == 0 {
		return nil, fmt.Errorf("its load series is empty")
	}
	from, to := Span(load)
	samples, err := Samples(ctx, p.opts.History, c.ID, from, to)
	if err != nil {
		return nil, err
	}
	pairs, _ := surge.Align(load, samples)
	fit, err := surge.New(pairs)
	if err != nil {
		return nil, err
	}
	bounds := surge.Bounds(c)
	outlooks := make([]surge.Outlook, len(events))
	for i, e := range events {
		outlooks[i] = surge.Project(fit, e, bounds, c.Load.Unit)
	}
	return outlooks, nil
}

// Span gives the time in which runs matter for a load series that is not empty:
// its own, and a margin in which latency may follow.
func Span(load []surge.Point) (from, to time.Time) {
	const margin = time.Hour
	from, to = load[0].Time, load[0].Time
	for _, p := range load {
		if p.Time.Before(from) {
			from = p.Time
		}
		if p.Time.After(to) {
			to = p.Time
		}
	}
	return from.Add(-margin), to.Add(margin)
}

// Samples reads the runs of a check that started at or after since and before
// until. Runs in maintenance and those that say nothing about the site are left
// out.
func Samples(ctx context.Context, h History, checkID string, since, until time.Time) ([]surge.Sample, error) {
	var samples []surge.Sample
	good := storage.RunQuery{CheckID: checkID, Since: since, Until: until, Limit: 10_000,
		Outcomes: []probes.Outcome{probes.Passed, probes.Degraded}}
	for {
		page, err := h.Summaries(ctx, good)
		if err != nil {
			return nil, fmt.Errorf("read runs of check %s: %w", checkID, err)
		}
		for _, r := range page {
			if !r.Maintenance {
				samples = append(samples, surge.Sample{Time: r.Started, Latency: r.Duration})
			}
		}
		if len(page) < good.Limit {
			break
		}
		good.Before = page[len(page)-1].Seq
	}
	failed := storage.RunQuery{CheckID: checkID, Since: since, Until: until, Limit: 1_000, Outcomes: []probes.Outcome{probes.Failed}}
	for {
		page, err := h.Runs(ctx, failed)
		if err != nil {
			return nil, fmt.Errorf("read runs of check %s: %w", checkID, err)
		}
		for _, e := range page {
			if !e.Run.Maintenance {
				samples = append(samples, failedSample(&e.Run))
			}
		}
		if len(page) < failed.Limit {
			return samples, nil
		}
		failed.Before = page[len(page)-1].Seq
	}
}

// failedSample tells runs that only took too long, so that they would have
// taken at least that, from those that ended early.
func failedSample(r *probes.Run) surge.Sample {
	sample := surge.Sample{Time: r.Started, Latency: r.Duration}
	switch {
	case r.Failure != nil && r.Failure.Kind == probes.FailTimeout:
		sample.TimedOut = true
	case r.Failure != nil && r.Failure.Kind == probes.FailThreshold:
		// It came to its end, only too slowly.
	default:
		sample.Failed = true
	}
	return sample
}
