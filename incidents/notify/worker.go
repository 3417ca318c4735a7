package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"outrider/incidents"
)

// batch is how many notifications are read at once; payloads may be large.
const batch = 20

// worker delivers to one endpoint, one notification at a time.
type worker struct {
	*Notifier
	name string
	wake chan struct{}

	// What follows is used by the worker's own goroutine only.
	begun   bool      // what an earlier process left was made due
	paused  time.Time // no attempt before this time
	missing time.Time // since when the endpoint is not defined; zero: it is
	busy    int       // attempts in a row that found the endpoint unreachable or overloaded
	gone    *Endpoint // the endpoint as it was when it answered that it is gone

	statusMu sync.Mutex
	status   Status
}

func (w *worker) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default: // it has yet to see the last one
	}
}

// run delivers until the context ends.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := w.round(ctx)
		if err != nil && ctx.Err() == nil {
			w.Logger.Error("deliver notifications", "endpoint", w.name, "error", err)
			next = w.Clock.Now().Add(storeRetry)
			w.paused = next // being woken must not make it a busy loop
		}
		w.sleep(ctx, next)
	}
}

// sleep waits until a time, if it is not zero, or until something is new.
func (w *worker) sleep(ctx context.Context, until time.Time) {
	var timer <-chan time.Time
	if !until.IsZero() {
		var stop func()
		timer, stop = w.Clock.At(until)
		defer stop()
	}
	select {
	case <-ctx.Done():
	case <-w.wake:
	case <-timer:
	}
}

// round delivers everything that is due and gives when there will be more;
// zero: not before something is new. Its error is the store's.
func (w *worker) round(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		e, sender, ok := w.endpoint(w.name)
		switch {
		case !ok:
			return w.undefined(ctx)
		case w.gone != nil && same(*w.gone, e):
			return time.Time{}, w.giveUp(ctx, "the endpoint is gone (410)")
		}
		w.missing = time.Time{}
		w.setGone(nil)
		now := w.Clock.Now()
		if w.paused.After(now) {
			return w.paused, nil
		}
		if !w.begun {
			// Who knows how long ago an earlier process left these: the
			// endpoint may be back.
			if err := w.Store.ExpediteNotifications(ctx, w.name, now); err != nil {
				return time.Time{}, err
			}
			w.begun = true
		}
		due, err := w.Store.DueNotifications(ctx, w.name, now, batch)
		if err != nil {
			return time.Time{}, err
		}
		if len(due) == 0 {
			at, _, err := w.Store.NextDue(ctx, w.name)
			if err != nil || !at.After(now.Add(longestWait)) {
				return at, err
			}
			// Further away than any pause: a clock that was ahead has set it.
			if err := w.Store.ExpediteNotifications(ctx, w.name, now); err != nil {
				return time.Time{}, err
			}
			continue
		}
		if err := (&delivery{worker: w, endpoint: e, sender: sender}).all(ctx, due); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// undefined waits for an endpoint that is not defined, and at last gives up
// what was to go there.
func (w *worker) undefined(ctx context.Context) (next time.Time, err error) {
	now := w.Clock.Now()
	if w.missing.IsZero() {
		w.missing = now
		w.Logger.Warn("notifications wait for an endpoint that is not defined", "endpoint", w.name, "for", w.Grace)
	}
	if end := w.missing.Add(w.Grace); now.Before(end) {
		return end, nil
	}
	return time.Time{}, w.giveUp(ctx, "the endpoint is no longer defined")
}

// giveUp makes everything pending undeliverable.
func (w *worker) giveUp(ctx context.Context, reason string) error {
	for {
		pending, err := w.Store.DueNotifications(ctx, w.name, w.farAway(), batch)
		if err != nil || len(pending) == 0 {
			return err
		}
		for _, n := range pending {
			if err := w.settleUndeliverable(ctx, n, reason); err != nil {
				return err
			}
		}
	}
}

func (w *worker) settleUndeliverable(ctx context.Context, n incidents.Notification, reason string) error {
	n.State, n.LastError, n.NextAttempt = incidents.Undeliverable, reason, time.Time{}
	w.Logger.Error("notification is undeliverable", "notification", n.ID, "incident", n.IncidentID,
		"endpoint", w.name, "attempts", n.Attempts, "reason", reason)
	return w.Store.SettleNotification(ctx, n)
}

// setGone notes that the endpoint is gone, or that it no longer is.
func (w *worker) setGone(e *Endpoint) {
	w.gone = e
	w.statusMu.Lock()
	w.status.Gone = e != nil
	w.statusMu.Unlock()
}

// note keeps what became of an attempt for Status. It tells whether the
// attempt before had failed.
func (w *worker) note(err error) (failedBefore bool) {
	w.statusMu.Lock()
	defer w.statusMu.Unlock()
	failedBefore = w.status.Failures > 0
	if err == nil {
		w.status.Failures, w.status.LastSuccess = 0, w.Clock.Now()
		return failedBefore
	}
	w.status.Failures++
	w.status.LastError, w.status.LastErrorAt = err.Error(), w.Clock.Now()
	return failedBefore
}

// report fills in what the worker knows of its endpoint.
func (w *worker) report(s *Status) {
	w.statusMu.Lock()
	defer w.statusMu.Unlock()
	endpoint, defined, pending := s.Endpoint, s.Defined, s.Pending
	*s = w.status
	s.Endpoint, s.Defined, s.Pending = endpoint, defined, pending
}

// inOrder sorts notifications so that those of one incident are in the order
// of its events.
func inOrder(list []incidents.Notification) {
	slices.SortFunc(list, func(a, b incidents.Notification) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.IncidentID, b.IncidentID), cmp.Compare(a.Event, b.Event))
	})
}

// gaveUp is the reason of a notification that was tried often enough.
func gaveUp(n *incidents.Notification, err error) string {
	return fmt.Sprintf("given up after %d attempts: %v", n.Attempts, err)
}
