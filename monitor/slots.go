package monitor

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"outrider/checks"
)

// DefaultSlots is how many journeys of a kind run at once on this machine.
//
// A browser journey keeps most of a core busy: two at once on two cores make
// each other slow, and then we measure ourselves (measured: four at once on
// two cores take four times as long as one). So browsers get half the cores.
// HTTP journeys mostly wait.
func DefaultSlots(kind checks.Kind) int {
	cores := runtime.GOMAXPROCS(0)
	if kind == checks.KindBrowser {
		return max(1, cores/2)
	}
	return max(32, 16*cores)
}

// slots admits a bounded number of journeys at once, in order of arrival.
type slots struct {
	size    int
	sem     *semaphore.Weighted
	waiting atomic.Int64
	inUse   atomic.Int64
	open    context.Context // ends when no slot is given out any more
	close   context.CancelFunc
}

func newSlots(size int) *slots {
	s := &slots{size: size, sem: semaphore.NewWeighted(int64(size))}
	s.open, s.close = context.WithCancel(context.Background())
	return s
}

// acquire waits for a slot; it fails once close was called.
func (s *slots) acquire() error {
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	if err := s.sem.Acquire(s.open, 1); err != nil {
		return err
	}
	s.inUse.Add(1)
	return nil
}

func (s *slots) release() {
	s.inUse.Add(-1)
	s.sem.Release(1)
}
