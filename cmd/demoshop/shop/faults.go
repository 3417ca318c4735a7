package shop

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// faults is the set of faults in force.
type faults struct {
	now    func() time.Time
	chance func() float64
	held   chan struct{} // a place for each request that is kept waiting

	mu     sync.RWMutex
	active []activeFault
	next   int
}

// activeFault is a fault with what ends it: gone is closed on removal, so that
// requests that wait for it go on at once.
type activeFault struct {
	Fault
	gone chan struct{}
}

func newFaults(now func() time.Time, chance func() float64) *faults {
	return &faults{now: now, chance: chance, held: make(chan struct{}, maxHeld), next: 1}
}

// set adds a valid fault, or replaces the one of the same kind and place.
func (f *faults) set(fault Fault) (Fault, error) {
	if err := fault.Validate(); err != nil {
		return Fault{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fault.Since = f.now().UTC()
	fresh := activeFault{fault, make(chan struct{})}
	if i := slices.IndexFunc(f.active, func(a activeFault) bool { return a.same(fault) }); i >= 0 {
		fresh.ID = f.active[i].ID
		close(f.active[i].gone)
		f.active[i] = fresh
		return fresh.Fault, nil
	}
	if len(f.active) >= maxFaults {
		return Fault{}, fmt.Errorf("there are %d faults already: remove one first", maxFaults)
	}
	fresh.ID = fmt.Sprintf("fault-%d", f.next)
	f.next++
	f.active = append(f.active, fresh)
	return fresh.Fault, nil
}

// list gives the faults in the order in which they were set.
func (f *faults) list() []Fault {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]Fault, len(f.active))
	for i, a := range f.active {
		all[i] = a.Fault
	}
	return all
}

// remove ends one fault; false if there is none of that id.
func (f *faults) remove(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.active, func(a activeFault) bool { return a.ID == id })
	if i < 0 {
		return false
	}
	close(f.active[i].gone)
	f.active = slices.Delete(f.active, i, i+1)
	return true
}

// clear ends all faults.
func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.active {
		close(a.gone)
	}
	f.active = nil
}

// at gives the faults of some kinds that touch a path. With several delays
// the longest comes first, since it is the one that is felt.
func (f *faults) at(path string, kinds ...FaultKind) []activeFault {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var found []activeFault
	for _, a := range f.active {
		if slices.Contains(kinds, a.Kind) && a.hits(path) {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b activeFault) int { return b.DelayMS - a.DelayMS })
	return found
}

// broken is what is wrong with one page once it is in the browser.
type broken struct {
	AddToCart, Pay, Script, Shift bool
}

// on tells what is wrong with the page at a path.
func (f *faults) on(path string) broken {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var b broken
	for _, a := range f.active {
		switch a.Kind {
		case BrokenButton:
			b.Pay = b.Pay || a.Button == buttonPay
			b.AddToCart = b.AddToCart || a.Button == buttonCart
		case ScriptException:
			b.Script = b.Script || a.hits(path)
		case LayoutShift:
			b.Shift = b.Shift || a.hits(path)
		}
	}
	return b
}
