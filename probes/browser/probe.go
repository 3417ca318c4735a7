package browser

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Probe does browser journeys. It may be used by many goroutines at once; how
// many runs a machine can bear is for its user to say.
type Probe struct {
	options Options

	mu     sync.Mutex
	pools  map[build]*pool
	closed bool
	warned sync.Once
	runs   sync.WaitGroup

	journeys atomic.Int64 // attempts so far

	signIns signIns
}

var _ probes.Probe = (*Probe)(nil)

// New makes a Probe and clears up what dead ones have left in the temporary
// folder. No browser is started before it is needed. The error is
// ErrNoChromium, or that of a path in the options.
func New(o Options) (*Probe, error) {
	o = o.withDefaults()
	if _, _, err := FindChromium(o); err != nil {
		return nil, err
	}
	killed, removed := sweep(o.TempDir)
	if files := sweepSharedMemory(sharedMemoryDir, sharedMemoryAge); killed+removed+files > 0 {
		o.Logger.Info("cleared up after a dead browser probe", "processes", killed, "profiles", removed, "shared memory files", files)
	}
	return &Probe{options: o, pools: map[build]*pool{}}, nil
}

// Run implements probes.Probe: one attempt at the check's journey, in a fresh
// browser context. The context bounds it; where it has no deadline, the check's
// timeout does. The error means that we could not probe: no browser, a browser
// that crashed, a definition that makes no sense to a browser.
func (p *Probe) Run(ctx context.Context, check checks.Check) (probes.Run, error) {
	if !p.enter() {
		return probes.Run{}, errClosed
	}
	defer p.runs.Done()
	if _, bounded := ctx.Deadline(); !bounded {
		timeout := check.Timeout
		if timeout <= 0 {
			timeout = checks.DefaultTimeout
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if check.Journey.Browser.SignIn != nil {
		return p.runSignedIn(ctx, check)
	}
	return p.attempt(ctx, check, nil, nil)
}

// attempt does the journey in a fresh browser context that is given what it
// brings along, and when it has passed calls after, if that is set, before the
// context is closed.
func (p *Probe) attempt(ctx context.Context, check checks.Check, along *belongings, after func(context.Context, *journey) error) (probes.Run, error) {
	p.journeys.Add(1)
	id := probes.NewRunID() // what is kept of the run and its trace hang on it
	keeping := keepingOf(check.Journey.Browser, id)
	pool, leave, err := p.browserFor(check.Journey.Browser.Chromium, keeping, id)
	if err != nil {
		return probes.Run{}, err
	}
	defer leave()
	s, waited, err := pool.acquire(ctx)
	if err != nil {
		return probes.Run{BrowserWait: waited}, err
	}
	clean := true
	defer func() { pool.release(s, !clean) }()

	scope := checks.NewVariables(p.options.Functions)
	secrets := secretsOf(&check)
	requests, err := newInterception(&check.Journey, scope, probes.TraceIDOf(id))
	if err != nil {
		return probes.Run{}, err
	}
	brought, err := belongingsOf(&check.Journey.Browser, requests.headers.origins, scope)
	if err != nil {
		return probes.Run{}, err
	}
	if along != nil {
		brought = along.with(brought)
		secrets.add(along.secrets()...)
	}
	tab, tabCtx, err := openTab(ctx, s.process, &check.Journey, requests, secrets)
	if err != nil {
		clean = false // whatever it is, a fresh browser will not have it
		return probes.Run{}, err
	}
	defer func() { clean = tab.close() }()
	if looksBack(&check.Journey) {
		tab.observer.keepCalls()
	}
	if after != nil {
		tab.observer.keepOrigins()
	}
	if err := tab.bring(tabCtx, brought); err != nil {
		return probes.Run{}, err
	}

	run := probes.Run{ID: id, TraceID: requests.traceID(), Outcome: probes.Passed, Browser: s.process.version, BrowserWait: waited}
	j := &journey{check: &check, tab: tab, scope: scope, secrets: secrets, result: &run, keeping: keeping, baselines: p.options.Baselines}
	if keeping.HAR.Possible(keeping.draw) {
		tab.observer.keepRequests()
	}
	if err := j.travel(tabCtx); err != nil {
		return probes.Run{BrowserWait: waited}, err
	}
	// A start that took a twentieth of the time cut the journey short.
	if f := run.Failure; f != nil && f.Kind == probes.FailTimeout && ctx.Err() != nil && waited > check.Timeout/20 {
		return run, fmt.Errorf("the browser took %s to start, which left too little of the check's timeout: %s", waited.Round(time.Millisecond), f.Message)
	}
	run.Secrets = scope.Codes()
	if along != nil {
		run.Secrets = append(run.Secrets, along.secrets()...)
	}
	if after != nil && run.Outcome != probes.Failed {
		if err := after(tabCtx, j); err != nil {
			return run, err
		}
	}
	return run, nil
}

// enter counts a run, unless the probe is closed.
func (p *Probe) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.runs.Add(1)
	return true
}

// pool gives the pool for a check's wish.
func (p *Probe) pool(wanted string) (*pool, error) {
	b, path, err := p.options.choose(wanted)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if p.pools[b] == nil {
		p.pools[b] = &pool{options: p.options, build: b, path: path, root: p.root(), warn: p.warnOfSandbox}
	}
	return p.pools[b], nil
}

// root tells whether we are root, for whom the sandbox does not work.
func (p *Probe) root() bool { return os.Geteuid() == 0 }

// warnOfSandbox warns, once, that Chromium runs without its sandbox.
func (p *Probe) warnOfSandbox() {
	p.warned.Do(func() {
		p.options.Logger.Warn("CHROMIUM RUNS WITHOUT ITS SANDBOX: a monitored page that exploits the browser reaches this host; " +
			"run as a user other than root, where user namespaces are allowed (see Running browsers in README.md)")
	})
}

// Close ends every browser, and with it the runs under way, and waits until
// nothing of them is left.
func (p *Probe) Close() {
	p.mu.Lock()
	p.closed = true
	pools := p.pools
	p.pools = nil
	p.mu.Unlock()
	for _, pool := range pools {
		pool.close()
	}
	p.runs.Wait()
}
