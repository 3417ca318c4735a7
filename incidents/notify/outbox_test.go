package notify

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"outrider/incidents"
)

// outbox is a Store in memory.
type outbox struct {
	mu      sync.Mutex
	all     []incidents.Notification
	settled int
	changed chan struct{} // closed, and made anew, at each change
	// failSettle makes the next so many settlements fail.
	failSettle int
}

func newOutbox(list ...incidents.Notification) *outbox {
	return &outbox{all: list, changed: make(chan struct{})}
}

func (o *outbox) add(list ...incidents.Notification) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, list...)
}

func (o *outbox) announce() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// get gives a notification as it is now.
func (o *outbox) get(id string) incidents.Notification {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.all, func(n incidents.Notification) bool { return n.ID == id })
	return o.all[i]
}

// await waits until the notification is as wanted.
func (o *outbox) await(t *testing.T, id string, wanted func(incidents.Notification) bool) incidents.Notification {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		o.mu.Lock()
		changed := o.changed
		o.mu.Unlock()
		n := o.get(id)
		if wanted(n) {
			return n
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("notification %s never became what was waited for: %+v", id, n)
		}
	}
}

func (o *outbox) awaitState(t *testing.T, id string, state incidents.DeliveryState) incidents.Notification {
	t.Helper()
	return o.await(t, id, func(n incidents.Notification) bool { return n.State == state })
}

func (o *outbox) awaitAttempts(t *testing.T, id string, attempts int) incidents.Notification {
	t.Helper()
	return o.await(t, id, func(n incidents.Notification) bool { return n.Attempts >= attempts })
}

func (o *outbox) PendingEndpoints(context.Context) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for _, n := range o.all {
		if n.State == incidents.Pending && !slices.Contains(names, n.Endpoint()) {
			names = append(names, n.Endpoint())
		}
	}
	return names, nil
}

func (o *outbox) pending(endpoint string) []incidents.Notification {
	var list []incidents.Notification
	for _, n := range o.all {
		if n.State == incidents.Pending && n.Endpoint() == endpoint {
			list = append(list, n)
		}
	}
	slices.SortStableFunc(list, func(a, b incidents.Notification) int {
		return cmp.Or(a.NextAttempt.Compare(b.NextAttempt), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (o *outbox) DueNotifications(_ context.Context, endpoint string, now time.Time, limit int) ([]incidents.Notification, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := slices.DeleteFunc(o.pending(endpoint), func(n incidents.Notification) bool { return n.NextAttempt.After(now) })
	return list[:min(len(list), limit)], nil
}

func (o *outbox) NextDue(_ context.Context, endpoint string) (time.Time, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.pending(endpoint)
	if len(list) == 0 {
		return time.Time{}, false, nil
	}
	return list[0].NextAttempt, true, nil
}

func (o *outbox) Notifications(_ context.Context, incidentID string) ([]incidents.Notification, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.all), func(n incidents.Notification) bool { return n.IncidentID != incidentID }), nil
}

func (o *outbox) SettleNotification(_ context.Context, n incidents.Notification) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failSettle > 0 {
		o.failSettle--
		return errors.New("disk full")
	}
	i := slices.IndexFunc(o.all, func(old incidents.Notification) bool { return old.ID == n.ID })
	o.all[i] = n
	o.settled++
	o.announce()
	return nil
}

func (o *outbox) ExpediteNotifications(_ context.Context, endpoint string, now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.all {
		n := &o.all[i]
		if n.State == incidents.Pending && n.Endpoint() == endpoint && n.NextAttempt.After(now) {
			n.NextAttempt = now
		}
	}
	o.announce()
	return nil
}

// fakeClock stands still until it is moved.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	waits map[chan time.Time]time.Time
	more  chan struct{} // has received after a wait began
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), waits: map[chan time.Time]time.Time{}, more: make(chan struct{}, 1)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.waits[ch] = t
	c.fire()
	select {
	case c.more <- struct{}{}:
	default:
	}
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waits, ch)
	}
}

// awaitWaits waits until so many are waiting for the clock.
func (c *fakeClock) awaitWaits(t *testing.T, waits int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		n := len(c.waits)
		c.mu.Unlock()
		if n >= waits {
			return
		}
		select {
		case <-c.more:
		case <-deadline:
			t.Fatalf("%d wait for the clock, want %d", n, waits)
		}
	}
}

// moveTo sets the clock, but never back.
func (c *fakeClock) moveTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	c.fire()
}

// setBack sets the clock to an earlier time.
func (c *fakeClock) setBack(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *fakeClock) fire() {
	for ch, t := range c.waits {
		if !t.After(c.now) {
			ch <- c.now
			delete(c.waits, ch)
		}
	}
}
