package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// secret is for tests: "whsec_" and the Base64 of 32 bytes.
const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// received is a request as a receiver got it.
type received struct {
	header http.Header
	body   string
}

func (r received) id() string { return r.header.Get("webhook-id") }

// receiver is a real HTTP endpoint.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(w http.ResponseWriter, r *http.Request, n int) // nth request, from 1
}

// newReceiver starts a receiver; without an answer it says 204.
func newReceiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender was stopped
	}
	r.mu.Lock()
	r.got = append(r.got, received{req.Header.Clone(), string(body)})
	n, answer := len(r.got), r.answer
	r.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, req, n)
}

// requests gives what was received so far, every signature verified.
func (r *receiver) requests(t *testing.T) []received {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range r.got {
		// The clock of these tests is not today's.
		if err := wh.VerifyIgnoringTimestamp([]byte(got.body), got.header); err != nil {
			t.Errorf("signature of %s: %v", got.id(), err)
		}
	}
	return append([]received(nil), r.got...)
}

// ids gives the ids of what was received, in order.
func (r *receiver) ids(t *testing.T) []string {
	t.Helper()
	var ids []string
	for _, got := range r.requests(t) {
		ids = append(ids, got.id())
	}
	return ids
}

func always(status int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(status) }
}

// deadURL is an address at which nothing listens.
func deadURL(t *testing.T) string {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	return s.URL
}

// house is a Notifier with all that it works on.
type house struct {
	t        *testing.T
	outbox   *outbox
	store    Store // what the Notifier reads; the outbox unless it is set
	clock    *fakeClock
	notifier *Notifier
	chance   float64
	stop     func() // stops the Notifier and waits for its end

	mu   sync.Mutex
	defs *checks.Definitions
}

// newHouse has the audience "team" with a channel for each name and URL.
func newHouse(t *testing.T, urls map[string]string) *house {
	h := &house{t: t, outbox: newOutbox(), clock: newFakeClock()}
	h.define(urls)
	return h
}

func (h *house) define(urls map[string]string) {
	team := checks.Audience{ID: "team"}
	for name, url := range urls {
		team.Channels = append(team.Channels, checks.Channel{
			Name: name, Webhook: &checks.Webhook{URL: url, Secret: checks.NewSecret(secret), Timeout: 20 * time.Second},
		})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.defs = &checks.Definitions{Audiences: []checks.Audience{team}}
}

func (h *house) definitions() *checks.Definitions {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.defs
}

// setTimeout bounds attempts over a channel.
func (h *house) setTimeout(channel string, d time.Duration) {
	for _, c := range h.definitions().Audiences[0].Channels {
		if c.Name == channel {
			c.Webhook.Timeout = d
		}
	}
}

// start begins to deliver.
func (h *house) start() {
	if h.store == nil {
		h.store = h.outbox
	}
	transport := NewTransport()
	h.notifier = New(Options{
		Store:       h.store,
		Definitions: h.definitions,
		Senders:     []Sender{&Webhook{Transport: transport, Now: h.clock.Now}},
		Clock:       h.clock,
		Rand:        func() float64 { return h.chance },
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.notifier.Run(ctx) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		transport.CloseIdleConnections()
	})
	h.t.Cleanup(h.stop)
}

// notification makes one about an event of an incident, due now.
func (h *house) notification(channel, incident string, event int) incidents.Notification {
	now := h.clock.Now()
	return incidents.Notification{
		ID:         fmt.Sprintf("%s-%d-%s", incident, event, channel),
		IncidentID: incident, Event: event, Audience: "team", Channel: channel,
		Payload:   fmt.Appendf(nil, `{"incident":%q,"event":%d}`, incident, event),
		CreatedAt: now, NextAttempt: now, State: incidents.Pending,
	}
}
