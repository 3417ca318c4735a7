package monitor

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"outrider/checks"
)

func sized(n int) *slots { return newSlots(func() int { return n }) }

// TestSlotsFollowTheHost checks that disturbed journeys take slots away, down
// to a quarter, and calm ones give them back, slowly.
func TestSlotsFollowTheHost(t *testing.T) {
	s := sized(8)
	for i, want := range []int{7, 6, 5, 4, 3, 2, 2, 2} {
		if changed := s.observe(true); s.size() != want || changed != (i < 6) {
			t.Errorf("after %d disturbed journeys: %d slots, changed %t, expected %d", i+1, s.size(), changed, want)
		}
	}
	for range calmRuns - 1 {
		s.observe(false)
	}
	if s.size() != 2 {
		t.Errorf("%d slots before the host was calm for long", s.size())
	}
	if !s.observe(false) || s.size() != 3 {
		t.Errorf("%d slots after %d calm journeys, expected 3", s.size(), calmRuns)
	}
	if s.observe(true); s.size() != 2 {
		t.Errorf("%d slots after another disturbed one, expected 2", s.size())
	}
	for range 20 * calmRuns {
		s.observe(false)
	}
	if s.size() != 8 {
		t.Errorf("%d slots on a calm host, expected 8", s.size())
	}
	single := sized(1)
	if single.observe(true); single.size() != 1 {
		t.Errorf("%d slots of one", single.size())
	}
}

// TestSlotsFollowTheQuota checks that slots come and go with the cores.
func TestSlotsFollowTheQuota(t *testing.T) {
	cores := 4
	s := newSlots(func() int { return cores })
	s.observe(true)
	if cores = 2; s.size() != 1 {
		t.Errorf("%d slots, expected 1", s.size())
	}
	if cores = 0; s.size() != 1 {
		t.Errorf("%d slots without a core, expected 1", s.size())
	}
	if cores = 4; s.size() != 3 {
		t.Errorf("%d slots, expected 3", s.size())
	}
}

// TestSlotsInOrder checks that those who wait get slots in order, and that one
// that is given back to a smaller number is given to nobody.
func TestSlotsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sized(2)
		var mu sync.Mutex
		var order []int
		for i := range 5 {
			go func() {
				if s.acquire() == nil {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, i)
				}
			}()
			synctest.Wait()
		}
		expect := func(what string, n, inUse, waiting int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if gotUse, gotWaiting := s.state(); len(order) != n || gotUse != inUse || gotWaiting != waiting {
				t.Errorf("%s: %d began, %d in use, %d wait; expected %d, %d, %d", what, len(order), gotUse, gotWaiting, n, inUse, waiting)
			}
			for i := range order {
				if order[i] != i {
					t.Errorf("%s: order %v", what, order)
				}
			}
		}
		expect("at first", 2, 2, 3)
		s.release()
		expect("one ended", 3, 2, 2)
		s.observe(true)
		s.release()
		expect("fewer slots", 3, 1, 2)
		s.release()
		expect("another ended", 4, 1, 1)
		for range calmRuns {
			s.observe(false)
		}
		expect("calm again", 5, 2, 0)
		s.release()
		s.release()
		expect("all ended", 5, 0, 0)
	})
}

func TestSlotsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sized(1)
		if err := s.acquire(); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		go func() { failed <- s.acquire() }()
		synctest.Wait()
		s.close()
		s.close()
		if err := <-failed; !errors.Is(err, errNoSlot) {
			t.Errorf("who waited got %v", err)
		}
		s.release()
		if err := s.acquire(); !errors.Is(err, errNoSlot) {
			t.Errorf("a closed one gave %v", err)
		}
		if inUse, waiting := s.state(); inUse != 0 || waiting != 0 {
			t.Errorf("%d in use, %d wait", inUse, waiting)
		}
	})
}

// TestDisturbedJourneysTakeSlotsAway checks that a monitor lets fewer browser
// journeys run at once while they find their host disturbed, and as many others
// as ever.
func TestDisturbedJourneysTakeSlotsAway(t *testing.T) {
	w := newWorld()
	w.disturbed = "it was busy"
	var list []checks.Check
	for i := range 4 {
		c := every(fmt.Sprint("b", i), 20*time.Millisecond)
		c.Journey.Kind = checks.KindBrowser
		list = append(list, c, every(fmt.Sprint("h", i), 20*time.Millisecond))
	}
	m, stop := start(t, w, Options{Slots: map[checks.Kind]int{checks.KindHTTP: 4, checks.KindBrowser: 4}}, list...)
	eventually(t, "one slot for browsers", func() bool { return m.Status().Slots[1].Size == 1 })
	if n := m.Status().Slots[0].Size; n != 4 {
		t.Errorf("%d slots for HTTP, expected 4", n)
	}
	stop()
}
