package probes

import (
	"runtime"
	"sync"
	"time"
)

// nap is how long the host's sleeper sleeps at a time.
const nap = 20 * time.Millisecond

// host measures how disturbed the machine is: while at least one run is under
// way, a timer sleeps in short naps and sums up how late it was woken. All
// runs of an Executor share the one sleeper, so that a thousand of them
// measure the machine and not their own timers. The zero value is ready.
type host struct {
	mu      sync.Mutex
	runs    int
	sleeper *sleeper // nil: no run is under way
	gauge   pressureGauge
}

// hostMark is the state of the host when a run began.
type hostMark struct {
	at       time.Time
	late     time.Duration
	outside  bool // the run's work is done by other processes, too
	pressure pressure
}

// load is how disturbed the host was during a run, as shares of its time, 0 to
// 1; pressure and throttled are measured only for what is done outside of our
// own process.
type load struct {
	late                       time.Duration // what lateness is a share of
	lateness, waits, throttled float64
	cores                      int // that we may use
}

// enter begins a run. Much of its work may be done outside of our process.
func (h *host) enter(outside bool) hostMark {
	var p pressure
	if outside {
		p = h.gauge.read()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.runs++; h.runs == 1 {
		h.sleeper = newSleeper(now)
	}
	return hostMark{at: now, late: h.sleeper.lateness(now), outside: outside, pressure: p}
}

// leave ends a run and gives how disturbed the host was. With the last run the
// sleeper ends, too.
func (h *host) leave(mark hostMark) load {
	h.mu.Lock()
	now := time.Now()
	late := h.sleeper.lateness(now) - mark.late
	var idle *sleeper
	if h.runs--; h.runs == 0 {
		idle, h.sleeper = h.sleeper, nil
	}
	h.mu.Unlock()
	if idle != nil {
		idle.stop()
	}
	elapsed := now.Sub(mark.at)
	l := load{late: max(0, late), lateness: share(late, elapsed), cores: runtime.GOMAXPROCS(0)}
	if mark.outside {
		p := h.gauge.read()
		l.waits = share(p.waiting-mark.pressure.waiting, elapsed)
		l.throttled = share(p.throttled-mark.pressure.throttled, elapsed)
	}
	return l
}

// share gives which part of a time another is, 0 to 1.
func share(part, whole time.Duration) float64 {
	if whole <= 0 || part <= 0 {
		return 0
	}
	return min(1, float64(part)/float64(whole))
}

// sleeper is a timer that is set again and again until it is stopped.
type sleeper struct {
	mu      sync.Mutex
	timer   *time.Timer
	due     time.Time
	late    time.Duration
	stopped bool
	ended   chan struct{} // closed by the wake-up that finds it stopped
}

func newSleeper(now time.Time) *sleeper {
	s := &sleeper{due: now.Add(nap), ended: make(chan struct{})}
	s.mu.Lock() // the timer may fire before it is assigned
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(nap, s.wake)
	return s
}

func (s *sleeper) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		close(s.ended)
		return
	}
	now := time.Now()
	s.late += max(0, now.Sub(s.due))
	s.due = now.Add(nap)
	s.timer.Reset(nap)
}

// lateness is the sum so far, a wake-up that is overdue included.
func (s *sleeper) lateness(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late + max(0, now.Sub(s.due))
}

// stop ends the sleeper and waits for a wake-up that is under way.
func (s *sleeper) stop() {
	s.mu.Lock()
	s.stopped = true
	pending := s.timer.Stop()
	s.mu.Unlock()
	if !pending {
		<-s.ended
	}
}
