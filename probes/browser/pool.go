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
// demand, replaced when it has done enough or misbehaves.
type pool struct {
	options Options
	build   build
	path    string
	root    bool   // we are root, for whom the sandbox does not work
	warn    func() // warns once that there is no sandbox

	mu        sync.Mutex
	current   *shared
	alive     map[*shared]bool
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
	born        time.Time
	retired     bool
	idle        *time.Timer
	over        chan struct{} // closed when nobody uses it and nobody will
}

// acquire gives a Chromium that works, starting one if need be. Whoever gets
// it has to release it.
func (p *pool) acquire(ctx context.Context) (*shared, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	if s := p.current; s != nil && (s.retired || p.worn(s)) {
		p.retire(s)
	}
	if p.current == nil {
		p.begin()
	}
	s := p.current
	s.users++
	s.runs++
	if s.idle != nil {
		s.idle.Stop()
	}
	p.mu.Unlock()

	select {
	case <-s.ready:
		if s.err != nil {
			p.release(s, false)
			return nil, s.err
		}
		return s, nil
	case <-ctx.Done():
		p.release(s, false)
		return nil, fmt.Errorf("start the browser: %w", context.Cause(ctx))
	}
}

// worn tells whether a process has done enough, or is dead.
func (p *pool) worn(s *shared) bool {
	select {
	case <-s.ready:
		if s.err != nil || s.process.gone() {
			return true
		}
	default: // still starting
	}
	return s.runs >= p.options.MaxRuns || time.Since(s.born) >= p.options.MaxAge
}

// begin starts a process. The lock is held.
func (p *pool) begin() {
	s := &shared{ready: make(chan struct{}), over: make(chan struct{}), born: time.Now()}
	p.current = s
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
		s.process, s.err = p.start(ctx)
		cancel()
		<-stop
		close(s.ready)
		if s.err != nil {
			p.mu.Lock()
			p.retire(s)
			p.mu.Unlock()
			return
		}
		p.options.Logger.Info("browser started", "browser", s.process.version, "pid", s.process.pid)
		select {
		case <-s.over:
		case <-s.process.ctx.Done():
			p.options.Logger.Warn("browser ended unexpectedly", "browser", s.process.version, "pid", s.process.pid)
			p.mu.Lock()
			p.retire(s)
			p.mu.Unlock()
		}
		if err := s.process.close(); err != nil {
			p.options.Logger.Warn("browser left something behind", "error", err)
		}
	})
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
		p.retire(s)
	case s.retired:
		p.retire(s) // perhaps its last user
	case s.users == 0:
		s.idle = time.AfterFunc(p.options.Idle, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if s.users == 0 {
				p.retire(s)
			}
		})
	}
}

// retire takes a process out of use; it ends with its last user. The lock is
// held.
func (p *pool) retire(s *shared) {
	if p.current == s {
		p.current = nil
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
