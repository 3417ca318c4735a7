package notify

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"outrider/checks"
	"outrider/incidents"
)

// Store is the durable outbox.
type Store interface {
	// PendingEndpoints gives the endpoints that have pending notifications.
	PendingEndpoints(ctx context.Context) ([]string, error)
	// DueNotifications gives pending notifications of an endpoint, with their
	// payloads, whose next attempt is at or before now.
	DueNotifications(ctx context.Context, endpoint string, now time.Time, limit int) ([]incidents.Notification, error)
	// NextDue gives the earliest next attempt of an endpoint; false if nothing
	// is pending.
	NextDue(ctx context.Context, endpoint string) (time.Time, bool, error)
	// Notifications gives all notifications of an incident, with their payloads.
	Notifications(ctx context.Context, incidentID string) ([]incidents.Notification, error)
	// SettleNotification stores what became of an attempt.
	SettleNotification(ctx context.Context, n incidents.Notification) error
	// ExpediteNotifications makes everything pending of an endpoint due now.
	ExpediteNotifications(ctx context.Context, endpoint string, now time.Time) error
}

// Options is what a Notifier works with. Store, Definitions and Senders have
// to be given.
type Options struct {
	Store       Store
	Definitions incidents.DefinitionsFunc
	Senders     []Sender
	// Grace is how long notifications to an endpoint that is no longer
	// defined are kept, should it come back; zero: an hour.
	Grace  time.Duration
	Clock  Clock          // nil: the machine's
	Rand   func() float64 // from 0 to 1; nil: math/rand. Used concurrently.
	Logger *slog.Logger   // nil: slog.Default()
}

const (
	defaultGrace = time.Hour
	// pollEvery is how often the outbox is looked at without being woken: it
	// is a safety net, not a way to be told.
	pollEvery = time.Minute
	// storeRetry is the pause after the store failed.
	storeRetry = 5 * time.Second
)

// Notifier delivers what is in the outbox.
type Notifier struct {
	Options
	wake chan struct{}

	mu      sync.Mutex
	workers map[string]*worker
}

// New makes a Notifier; Run makes it work.
func New(o Options) *Notifier {
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Notifier{Options: o, wake: make(chan struct{}, 1), workers: map[string]*worker{}}
}

// Wake makes the Notifier look at the outbox and at the definitions. It is to
// be called when either has changed, and never blocks.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default: // it has yet to see the last one
	}
}

// Run delivers until the context ends and every attempt under way has ended
// with it. It may be called once.
func (n *Notifier) Run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		next := n.Clock.Now().Add(pollEvery)
		if err := n.assign(ctx, &working); err != nil && ctx.Err() == nil {
			n.Logger.Error("read the outbox of notifications", "error", err)
			next = n.Clock.Now().Add(storeRetry)
		}
		timer, stop := n.Clock.At(next)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-n.wake:
		case <-timer:
		}
		stop()
	}
}

// assign makes sure that every endpoint with something to deliver has a worker
// that knows of it. Workers stay: there are no more of them than endpoints
// that were ever defined.
func (n *Notifier) assign(ctx context.Context, working *sync.WaitGroup) error {
	endpoints, err := n.Store.PendingEndpoints(ctx)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range endpoints {
		if w, ok := n.workers[name]; ok {
			w.wakeUp()
			continue
		}
		w := &worker{Notifier: n, name: name, wake: make(chan struct{}, 1)}
		n.workers[name] = w
		working.Go(func() { w.run(ctx) })
	}
	return nil
}

// endpoint finds a defined endpoint and its sender by the name under which the
// outbox has it.
func (n *Notifier) endpoint(name string) (Endpoint, Sender, bool) {
	defs := n.Definitions()
	if defs == nil {
		return Endpoint{}, nil, false
	}
	for _, e := range endpoints(defs) {
		if e.Name() == name {
			s := senderFor(n.Senders, e.Channel)
			return e, s, s != nil
		}
	}
	return Endpoint{}, nil, false
}

// endpoints lists all that are defined.
func endpoints(defs *checks.Definitions) []Endpoint {
	var list []Endpoint
	for _, a := range defs.Audiences {
		for _, c := range a.Channels {
			list = append(list, Endpoint{Audience: a.ID, Channel: c})
		}
	}
	return list
}

// same tells whether two endpoints are defined alike.
func same(a, b Endpoint) bool { return reflect.DeepEqual(a, b) }

// Status is how an endpoint is doing.
type Status struct {
	Endpoint string `json:"endpoint"`
	Defined  bool   `json:"defined"`
	// Pending counts what is not yet delivered, up to 1,000.
	Pending     int       `json:"pending"`
	LastSuccess time.Time `json:"last_success,omitzero"` // since Outrider started
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	// Failures counts attempts in a row that failed, up to now.
	Failures int `json:"failures"`
	// Gone: the endpoint wants nothing more (410), until its definition changes.
	Gone bool `json:"gone,omitempty"`
}

// maxPending is where counting what is pending stops.
const maxPending = 1000

// Status tells of every endpoint that is defined or has something pending, by
// name.
func (n *Notifier) Status(ctx context.Context) ([]Status, error) {
	all := map[string]*Status{}
	if defs := n.Definitions(); defs != nil {
		for _, e := range endpoints(defs) {
			all[e.Name()] = &Status{Endpoint: e.Name(), Defined: true}
		}
	}
	pending, err := n.Store.PendingEndpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the outbox of notifications: %w", err)
	}
	for _, name := range pending {
		s, ok := all[name]
		if !ok {
			s = &Status{Endpoint: name}
			all[name] = s
		}
		list, err := n.Store.DueNotifications(ctx, name, n.farAway(), maxPending)
		if err != nil {
			return nil, fmt.Errorf("count notifications to %s: %w", name, err)
		}
		s.Pending = len(list)
	}
	list := make([]Status, 0, len(all))
	for name, s := range all {
		n.mu.Lock()
		w := n.workers[name]
		n.mu.Unlock()
		if w != nil {
			w.report(s)
		}
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return list, nil
}

// farAway is a time by which everything pending is due.
func (n *Notifier) farAway() time.Time { return n.Clock.Now().AddDate(10, 0, 0) }
