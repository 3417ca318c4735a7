package monitor

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"outrider/checks"
)

// DefaultSlots is how many journeys of a kind run at once on this machine.
//
// A browser journey keeps most of a core busy: two at once on two cores make
// each other slow, and then we measure ourselves (measured: four at once on
// two cores take four times as long as one). So browsers get half the cores.
// HTTP journeys mostly wait.
//
// The cores are those that we may use: the runtime goes by the CPU quota of
// our container, too, and follows when that is changed.
func DefaultSlots(kind checks.Kind) int {
	cores := runtime.GOMAXPROCS(0)
	if kind == checks.KindBrowser {
		return max(1, cores/2)
	}
	return max(32, 16*cores)
}

// calmRuns is how many journeys in a row have to find the host calm before a
// slot that was held back is given out again.
const calmRuns = 10

// errNoSlot says that no slot is given out any more.
var errNoSlot = errors.New("no slot is given out any more")

// slots admits a bounded number of journeys at once, in order of arrival. The
// number follows the machine: while journeys find their host disturbed, fewer
// are admitted, down to a quarter.
type slots struct {
	most func() int // how many there are on a calm host

	mu     sync.Mutex
	inUse  int
	queue  []chan struct{} // of those that wait; closed for whom it is the turn
	held   int             // slots held back
	calm   int             // journeys in a row that found the host calm
	closed chan struct{}
}

func newSlots(most func() int) *slots {
	return &slots{most: most, closed: make(chan struct{})}
}

// acquire waits for a slot; it fails once close was called.
func (s *slots) acquire() error {
	turn := make(chan struct{})
	s.mu.Lock()
	s.queue = append(s.queue, turn)
	s.admit()
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-s.closed:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, turn); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	} else {
		s.inUse-- // it was its turn in the same moment
	}
	return errNoSlot
}

// release gives a slot back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse--
	s.admit()
}

// size is how many journeys may run at once at present.
func (s *slots) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allowed()
}

// allowed is size. The lock is held.
func (s *slots) allowed() int {
	most := max(1, s.most())
	return max(1, most/4, most-s.held)
}

// admit gives free slots to those that have waited longest. The lock is held.
func (s *slots) admit() {
	select {
	case <-s.closed:
		return
	default:
	}
	for len(s.queue) > 0 && s.inUse < s.allowed() {
		close(s.queue[0])
		s.queue = s.queue[1:]
		s.inUse++
	}
}

// observe takes to heart whether a journey found its host disturbed, and tells
// whether the number of slots is another now.
func (s *slots) observe(disturbed bool) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.allowed()
	switch s.calm++; {
	case disturbed:
		s.calm = 0
		if before > max(1, s.most()/4) {
			s.held++
		}
	case s.held > 0 && s.calm >= calmRuns:
		s.calm = 0
		s.held--
		s.admit()
	}
	return s.allowed() != before
}

// close gives no more slots out.
func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
}

// state tells how many slots are in use, and how many journeys wait.
func (s *slots) state() (inUse, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse, len(s.queue)
}
