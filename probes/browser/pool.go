package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errClosed says that the probe was closed.
var errClosed = errors.New("the browser probe is closed")

// pool keeps one Chromium of one build for all runs that want it: started on
// demand, and replaced when it has done enough or misbehaves. The next one is
// started while the worn one still works, so that no run waits for it.
type pool struct {
	options Options
	build   build
	path    string
	root    bool   // we are root, for whom the sandbox does not work
	warn    func() // warns once that there is no sandbox

	mu        sync.Mutex
	current   *shared // gets the runs
	spare     *shared // takes over from current; nil: none is needed
	alive     map[*shared]bool
	pause     pause
	noSandbox bool // it turned out not to work
	closed    bool
	open      sync.WaitGroup // processes
}

// shared is a process with those who use it. The pool's lock guards it, except
// for process and err, which are set before ready is closed.
type shared struct {
	ready   chan struct{}
	process *process
	err     error

	users, runs int
	done        int // runs that ended well
	born        time.Time
	heavy       bool // it holds too much memory
	retired     bool
	idle        *time.Timer
	over        chan struct{} // closed when nobody uses it and nobody will
}

// acquire gives a Chromium that works, starting one if need be, and how long
// its start was waited for. Whoever gets it has to release it.
func (p *pool) acquire(ctx context.Context) (_ *shared, waited time.Duration, _ error) {
	s, err := p.take()
	if err != nil {
		return nil, 0, err
	}
	if !s.started() {
		asked := time.Now()
		select {
		case <-s.ready:
		case <-ctx.Done():
		}
		waited = time.Since(asked)
	}
	switch {
	case !s.started():
		p.release(s, false)
		return nil, waited, fmt.Errorf("start the browser: %w", context.Cause(ctx))
	case s.err != nil:
		p.release(s, false)
		return nil, waited, s.err
	}
	return s, waited, nil
}

// take picks the process for a run, which may be still starting.
func (p *pool) take() (*shared, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if s := p.current; s != nil && (s.retired || s.broken()) {
		p.retire(s)
	}
	if p.current == nil {
		p.current, p.spare = p.spare, nil
	}
	switch s := p.current; {
	case s == nil:
		if err := p.pause.refuses(time.Now()); err != nil {
			return nil, err
		}
		p.current = p.begin()
	case p.worn(s):
		p.replace() // s goes on until its successor is there
	}
	s := p.current
	s.users++
	s.runs++
	if s.idle != nil {
		s.idle.Stop()
	}
	return s, nil
}

// broken tells whether a process did not start, or is dead.
func (s *shared) broken() bool { return s.started() && (s.err != nil || s.process.gone()) }

// started tells whether the start of a process has come to an end.
func (s *shared) started() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// worn tells whether a process has done enough.
func (p *pool) worn(s *shared) bool {
	return s.runs >= p.options.MaxRuns || s.heavy || time.Since(s.born) >= p.options.MaxAge
}

// replace sees to it that the current process has a successor: it takes over
// at once if it is ready. The lock is held.
func (p *pool) replace() {
	if p.spare != nil && p.spare.broken() {
		p.retire(p.spare)
	}
	if p.spare == nil && p.pause.refuses(time.Now()) == nil {
		p.spare = p.begin()
	}
	if p.spare == nil {
		return // the worn one is better than none
	}
	if p.spare.started() {
		p.takeOver()
	}
}

// takeOver puts the spare process in the place of the current one. The lock is
// held.
func (p *pool) takeOver() {
	old := p.current
	p.current, p.spare = p.spare, nil
	if old != nil {
		p.retire(old)
	}
	p.await(p.current)
}

// await ends a process that nobody uses after its time. The lock is held.
func (p *pool) await(s *shared) {
	if s.users > 0 || s.retired {
		return
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	s.idle = time.AfterFunc(p.options.Idle, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if s.users == 0 {
			p.retire(s)
		}
	})
}

// begin starts a process. The lock is held.
func (p *pool) begin() *shared {
	s := &shared{ready: make(chan struct{}), over: make(chan struct{}), born: time.Now()}
	if p.alive == nil {
		p.alive = map[*shared]bool{}
	}
	p.alive[s] = true
	p.open.Go(func() {
		defer func() {
			p.mu.Lock()
			delete(p.alive, s)
			p.mu.Unlock()
		}()
		p.bringUp(s)
		if s.err != nil {
			return
		}
		p.tend(s)
		if err := s.process.close(); err != nil {
			p.options.Logger.Warn("browser left something behind", "error", err)
		}
		sweepSharedMemory(sharedMemoryDir, sharedMemoryAge)
	})
	return s
}

// bringUp starts the process and lets those who wait for it go on.
func (p *pool) bringUp(s *shared) {
	// Not the context of the run that needs it first: others wait, too.
	ctx, cancel := context.WithTimeout(context.Background(), p.options.StartTimeout)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		select {
		case <-s.over: // closed while it starts
			cancel()
		case <-ctx.Done():
		}
	}()
	began := time.Now()
	s.process, s.err = p.start(ctx)
	cancel()
	<-stop
	p.mu.Lock()
	defer p.mu.Unlock()
	close(s.ready)
	if s.err != nil {
		if !p.closed {
			p.pause.failed(time.Now(), s.err)
		}
		p.forsake(s)
		return
	}
	p.options.Logger.Info("browser started", "browser", s.process.version, "pid", s.process.pid, "took", time.Since(began).Round(time.Millisecond))
	if p.spare == s && (p.current == nil || p.current.users == 0) {
		p.takeOver()
	}
}

// tend watches over a process until nobody uses it any more, or it ends.
func (p *pool) tend(s *shared) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	weighed := 0
	for {
		select {
		case <-s.over:
			return
		case <-s.process.ctx.Done():
			p.options.Logger.Warn("browser ended unexpectedly", "browser", s.process.version, "pid", s.process.pid)
			p.mu.Lock()
			if s.done == 0 {
				p.pause.failed(time.Now(), errors.New("it ended before it had done a single run"))
			}
			p.forsake(s)
			p.mu.Unlock()
			return
		case <-tick.C:
		}
		p.mu.Lock()
		users, runs := s.users, s.runs
		p.mu.Unlock()
		switch {
		case users > 0:
			s.process.guard.look(users)
		case runs >= weighed+weighEvery:
			weighed = runs
			p.weigh(s)
		}
	}
}

// weigh notes whether a process at rest holds too much memory, and has it
// replaced then.
func (p *pool) weigh(s *shared) {
	var sum int64
	for _, pid := range s.process.guard.family.members() {
		sum += weight(pid)
	}
	if sum <= p.options.MaxMemory {
		return
	}
	p.options.Logger.Info("browser is replaced since it holds too much memory", "pid", s.process.pid, "bytes", sum)
	p.mu.Lock()
	defer p.mu.Unlock()
	s.heavy = true
	if s == p.current {
		p.replace()
	}
}

// forsake takes a process out of use that came to nothing or broke. If runs
// were given to it, so that more are to be expected, another is started at
// once. The lock is held.
func (p *pool) forsake(s *shared) {
	busy := s == p.current && s.users > 0 && s.done > 0
	p.retire(s)
	if p.spare == s {
		p.spare = nil
	}
	if busy && !p.closed && p.spare == nil && p.pause.refuses(time.Now()) == nil {
		p.spare = p.begin()
	}
}

// start launches the program, without its sandbox where that cannot work.
func (p *pool) start(ctx context.Context) (*process, error) {
	sandbox := p.options.Sandbox == SandboxRequired
	if p.options.Sandbox == SandboxAuto {
		p.mu.Lock()
		sandbox = !p.root && !p.noSandbox
		p.mu.Unlock()
	}
	if !sandbox {
		p.warn()
		return launch(ctx, p.options, p.build, p.path, false)
	}
	process, err := launch(ctx, p.options, p.build, p.path, true)
	if err == nil || p.options.Sandbox == SandboxRequired || process == nil || !process.noSandbox() {
		return process, err
	}
	p.mu.Lock()
	p.noSandbox = true
	p.mu.Unlock()
	p.warn()
	return launch(ctx, p.options, p.build, p.path, false)
}

// release gives a Chromium back. One that misbehaved is used no more.
func (p *pool) release(s *shared, misbehaved bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	switch {
	case misbehaved:
		p.forsake(s)
		return
	case s.started() && !s.broken():
		s.done++
		p.pause.over(s.born)
	}
	switch {
	case s.retired:
		p.retire(s) // perhaps its last user
	case s == p.current && s.users == 0 && p.worn(s):
		// Nobody is disturbed by a start now.
		p.replace()
	}
	p.await(s)
}

// retire takes a process out of use; it ends with its last user. The lock is
// held.
func (p *pool) retire(s *shared) {
	if p.current == s {
		p.current = nil
	}
	if p.spare == s {
		p.spare = nil
	}
	s.retired = true
	if s.users > 0 && !p.closed {
		return
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	select {
	case <-s.over:
	default:
		close(s.over)
	}
}

// processes gives those that are started.
func (p *pool) processes() []*process {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*process
	for s := range p.alive {
		if s.started() && s.err == nil {
			all = append(all, s.process)
		}
	}
	return all
}

// close ends all processes, those of runs under way included, and waits.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for s := range p.alive {
		p.retire(s)
	}
	p.mu.Unlock()
	p.open.Wait()
}
