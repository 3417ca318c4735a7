package notify

import (
	"context"
	"time"

	"outrider/incidents"
)

// delivery takes one batch of due notifications to an endpoint.
type delivery struct {
	*worker
	endpoint Endpoint
	sender   Sender
	// tried holds the notifications of this delivery by id: each is tried
	// once, even if it is due and also goes before another.
	tried map[string]bool
	// held holds, by incident, when the first of its notifications that could
	// not be delivered is due again: those after it wait for it.
	held map[string]time.Time
}

// settleTimeout bounds storing what became of an attempt when the Notifier is
// being stopped.
const settleTimeout = 5 * time.Second

// all delivers the batch, unless the endpoint turns out to be unreachable,
// overloaded or gone on the way. Its error is the store's.
func (d *delivery) all(ctx context.Context, due []incidents.Notification) error {
	d.tried, d.held = map[string]bool{}, map[string]time.Time{}
	inOrder(due)
	for _, n := range due {
		if d.over(ctx) {
			return nil
		}
		before, err := d.before(ctx, &n)
		if err != nil {
			return err
		}
		for _, b := range append(before, n) {
			if err := d.one(ctx, b); err != nil {
				return err
			}
			if d.over(ctx) {
				break
			}
		}
	}
	return nil
}

// over tells whether nothing more can be delivered for now.
func (d *delivery) over(ctx context.Context) bool {
	return ctx.Err() != nil || d.gone != nil || d.paused.After(d.Clock.Now())
}

// before gives the pending notifications of earlier events of the same
// incident: they go first, due or not.
func (d *delivery) before(ctx context.Context, n *incidents.Notification) ([]incidents.Notification, error) {
	if n.Event <= 1 || d.tried[n.ID] {
		return nil, nil
	}
	all, err := d.Store.Notifications(ctx, n.IncidentID)
	if err != nil {
		return nil, err
	}
	var before []incidents.Notification
	for _, b := range all {
		if b.Event < n.Event && b.State == incidents.Pending && b.Endpoint() == d.name {
			before = append(before, b)
		}
	}
	inOrder(before)
	return before, nil
}

// one tries one notification, or has it wait for one of its incident that has
// to go before it.
func (d *delivery) one(ctx context.Context, n incidents.Notification) error {
	if d.tried[n.ID] {
		return nil
	}
	d.tried[n.ID] = true
	if until, ok := d.held[n.IncidentID]; ok {
		n.NextAttempt = until
		return d.Store.SettleNotification(ctx, n)
	}
	began := d.Clock.Now()
	n.Attempts++
	answer, err := d.sender.Send(ctx, d.endpoint, n)
	if err != nil && ctx.Err() != nil {
		return nil // we gave up, not the endpoint: the attempt does not count
	}
	// What was delivered is noted even if we are being stopped, for else it
	// would be delivered twice.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	failedBefore := d.note(err)
	if err != nil {
		return d.failed(ctx, n, began, asSendError(err))
	}
	return d.delivered(ctx, n, answer, failedBefore)
}

func (d *delivery) delivered(ctx context.Context, n incidents.Notification, answer Answer, failedBefore bool) error {
	d.busy = 0
	now := d.Clock.Now().UTC()
	n.State, n.DeliveredAt, n.NextAttempt, n.LastError = incidents.Delivered, now, time.Time{}, ""
	d.Logger.Info("notification delivered", "notification", n.ID, "incident", n.IncidentID,
		"endpoint", d.name, "attempts", n.Attempts, "status", answer.Status)
	if err := d.Store.SettleNotification(ctx, n); err != nil {
		return err
	}
	if !failedBefore {
		return nil
	}
	return d.Store.ExpediteNotifications(ctx, d.name, now) // the endpoint is back
}

func (d *delivery) failed(ctx context.Context, n incidents.Notification, began time.Time, e *SendError) error {
	if e.Gone {
		d.setGone(&d.endpoint)
		return d.settleUndeliverable(ctx, n, e.Error())
	}
	now := d.Clock.Now()
	if e.Busy {
		d.busy++
		d.paused = now.Add(pauseAfter(d.busy, e.RetryAfter, d.Rand()))
	} else {
		d.busy = 0
	}
	at, ok := nextAttempt(&n, began, d.Rand())
	if !ok {
		return d.settleUndeliverable(ctx, n, gaveUp(&n, e))
	}
	if at.Before(d.paused) {
		at = d.paused
	}
	n.NextAttempt, n.LastError = at.UTC(), e.Error()
	d.held[n.IncidentID] = n.NextAttempt
	d.Logger.Warn("notification not delivered", "notification", n.ID, "incident", n.IncidentID,
		"endpoint", d.name, "attempts", n.Attempts, "error", e, "next_attempt", n.NextAttempt)
	return d.Store.SettleNotification(ctx, n)
}
