package probes

import (
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
}

// hostMark is the state of the sleeper when a run began.
type hostMark struct {
	at   time.Time
	late time.Duration
}

// enter begins a run.
func (h *host) enter() hostMark {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.runs++; h.runs == 1 {
		h.sleeper = newSleeper(now)
	}
	return hostMark{now, h.sleeper.lateness(now)}
}

// leave ends a run and gives the share of its time, 0 to 1, by which the
// sleeper was late. With the last run the sleeper ends, too.
func (h *host) leave(mark hostMark) float64 {
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
	if elapsed <= 0 || late <= 0 {
		return 0
	}
	return min(1, float64(late)/float64(elapsed))
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
