package notify

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"outrider/incidents"

	"github.com/google/go-cmp/cmp"
)

func TestDeadEndpointDelaysNoOther(t *testing.T) {
	live := newReceiver(t, nil)
	release := make(chan struct{})
	hanging := newReceiver(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	h := newHouse(t, map[string]string{"live": live.URL, "dead": deadURL(t), "hanging": hanging.URL})
	for n := range 5 {
		for _, channel := range []string{"dead", "hanging", "live"} {
			h.outbox.add(h.notification(channel, fmt.Sprintf("i%d", n), 1))
		}
	}
	h.start()
	for n := range 5 {
		h.outbox.awaitState(t, fmt.Sprintf("i%d-1-live", n), incidents.Delivered)
	}
	first := h.outbox.awaitAttempts(t, "i0-1-dead", 1)
	if first.State != incidents.Pending || first.LastError == "" {
		t.Errorf("to a dead endpoint: %+v", first)
	}
	// The hanging endpoint still hangs: its first attempt has not even ended.
	if n := h.outbox.get("i0-1-hanging"); n.Attempts != 0 || n.State != incidents.Pending {
		t.Errorf("to a hanging endpoint: %+v", n)
	}
}

func TestSlowAttemptIsBounded(t *testing.T) {
	hanging := newReceiver(t, func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() })
	dripping := newReceiver(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.WriteHeader(http.StatusInternalServerError)
		for r.Context().Err() == nil {
			fmt.Fprint(w, "drip ")
			w.(http.Flusher).Flush()
		}
	})
	h := newHouse(t, map[string]string{"hanging": hanging.URL, "dripping": dripping.URL})
	h.setTimeout("hanging", 30*time.Millisecond)
	h.outbox.add(h.notification("hanging", "i", 1), h.notification("dripping", "i", 1))
	h.start()
	if n := h.outbox.awaitAttempts(t, "i-1-hanging", 1); !strings.Contains(n.LastError, "no answer in time") {
		t.Errorf("hanging: got error %q", n.LastError)
	}
	n := h.outbox.awaitAttempts(t, "i-1-dripping", 1)
	if !strings.HasPrefix(n.LastError, "endpoint answered 500 Internal Server Error: drip drip") || len(n.LastError) > 600 {
		t.Errorf("dripping: got error %q", n.LastError)
	}
}

func TestRetriesSendTheSame(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 4 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.outbox.add(h.notification("hook", "i", 1))
	h.start()
	for attempt := 1; attempt < 4; attempt++ {
		n := h.outbox.awaitAttempts(t, "i-1-hook", attempt)
		h.clock.moveTo(n.NextAttempt)
	}
	n := h.outbox.awaitState(t, "i-1-hook", incidents.Delivered)
	if n.Attempts != 4 || !n.DeliveredAt.Equal(h.clock.Now()) || n.LastError != "" {
		t.Errorf("delivered: %+v", n)
	}
	requests := r.requests(t)
	stamps := map[string]bool{}
	for _, got := range requests {
		if got.id() != "i-1-hook" || got.body != string(n.Payload) {
			t.Errorf("got id %q, body %q", got.id(), got.body)
		}
		stamps[got.header.Get("webhook-timestamp")] = true
	}
	if len(requests) != 4 || len(stamps) != 4 {
		t.Errorf("got %d requests with %d time stamps, want 4 of each", len(requests), len(stamps))
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		status     int
		retryAfter string
		state      incidents.DeliveryState
		wait       time.Duration // until the next attempt, without jitter
		lastError  string
	}{
		{status: 200, state: incidents.Delivered},
		{status: 202, state: incidents.Delivered},
		{status: 204, state: incidents.Delivered},
		{status: 302, state: incidents.Pending, wait: 5 * time.Second, lastError: "302 Found (redirects are not followed)"},
		{status: 400, state: incidents.Pending, wait: 5 * time.Second, lastError: "400 Bad Request"},
		{status: 401, state: incidents.Pending, wait: 5 * time.Second, lastError: "401 Unauthorized"},
		{status: 404, state: incidents.Pending, wait: 5 * time.Second, lastError: "404 Not Found"},
		{status: 410, state: incidents.Undeliverable, lastError: "410 Gone"},
		{status: 500, retryAfter: "100", state: incidents.Pending, wait: 5 * time.Second, lastError: "500 Internal"},
		{status: 429, state: incidents.Pending, wait: 5 * time.Second, lastError: "429 Too Many"},
		{status: 429, retryAfter: "100", state: incidents.Pending, wait: 100 * time.Second, lastError: "429 Too Many"},
		{status: 502, retryAfter: "1", state: incidents.Pending, wait: 5 * time.Second, lastError: "502 Bad Gateway"},
		{status: 503, retryAfter: "Sun, 01 Mar 2026 12:10:00 GMT", state: incidents.Pending, wait: 10 * time.Minute, lastError: "503 Service"},
		{status: 504, retryAfter: "99999999", state: incidents.Pending, wait: time.Hour, lastError: "504 Gateway"},
		{status: 429, retryAfter: "99999999999999999999", state: incidents.Pending, wait: 5 * time.Second, lastError: "429 Too Many"},
		{status: 429, retryAfter: "soon", state: incidents.Pending, wait: 5 * time.Second, lastError: "429 Too Many"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.retryAfter), func(t *testing.T) {
			r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
			})
			h := newHouse(t, map[string]string{"hook": r.URL})
			h.outbox.add(h.notification("hook", "i", 1))
			h.start()
			n := h.outbox.awaitAttempts(t, "i-1-hook", 1)
			var wait time.Duration
			if n.State == incidents.Pending {
				wait = n.NextAttempt.Sub(h.clock.Now())
			}
			if n.State != tt.state || wait != tt.wait || !strings.Contains(n.LastError, tt.lastError) {
				t.Errorf("got %s, again in %s, error %q; want %s, %s, %q", n.State, wait, n.LastError, tt.state, tt.wait, tt.lastError)
			}
			if got := r.ids(t); len(got) != 1 {
				t.Errorf("requests: got %v, want one", got)
			}
		})
	}
}

func TestGoneUntilTheDefinitionChanges(t *testing.T) {
	old, other := newReceiver(t, always(http.StatusGone)), newReceiver(t, nil)
	h := newHouse(t, map[string]string{"hook": old.URL})
	for n := range 30 {
		h.outbox.add(h.notification("hook", fmt.Sprintf("i%02d", n), 1))
	}
	h.start()
	for n := range 30 {
		h.outbox.awaitState(t, fmt.Sprintf("i%02d-1-hook", n), incidents.Undeliverable)
	}
	later := h.notification("hook", "later", 1)
	h.outbox.add(later)
	h.notifier.Wake()
	if n := h.outbox.awaitState(t, later.ID, incidents.Undeliverable); n.Attempts != 0 || n.LastError != "the endpoint is gone (410)" {
		t.Errorf("later notification: %+v", n)
	}
	if got := old.ids(t); len(got) != 1 {
		t.Errorf("an endpoint that is gone got %d requests, want one", len(got))
	}
	if s := h.status(); !s[0].Gone || s[0].Pending != 0 {
		t.Errorf("status: %+v", s[0])
	}

	h.define(map[string]string{"hook": other.URL})
	again := h.notification("hook", "again", 1)
	h.outbox.add(again)
	h.notifier.Wake()
	h.outbox.awaitState(t, again.ID, incidents.Delivered)
	if s := h.status(); s[0].Gone {
		t.Errorf("status after the change: %+v", s[0])
	}
}

func (h *house) status() []Status {
	h.t.Helper()
	s, err := h.notifier.Status(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func TestGivesUpAfterThreeDays(t *testing.T) {
	for name, url := range map[string]string{
		"answers badly": newReceiver(t, always(http.StatusInternalServerError)).URL,
		"dead":          deadURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, map[string]string{"hook": url})
			h.chance = 1
			h.outbox.add(h.notification("hook", "i", 1))
			h.start()
			began := h.clock.Now()
			n := h.outbox.get("i-1-hook")
			for attempt := 1; n.State == incidents.Pending; attempt++ {
				n = h.outbox.awaitAttempts(t, n.ID, attempt)
				h.clock.moveTo(n.NextAttempt)
			}
			if n.State != incidents.Undeliverable || n.Attempts != 10 || !strings.HasPrefix(n.LastError, "given up after 10 attempts: ") {
				t.Errorf("at the end: %+v", n)
			}
			if tried := h.clock.Now().Sub(began); tried < 75*time.Hour || tried > 91*time.Hour {
				t.Errorf("tried for %s, want about three days", tried)
			}
		})
	}
}

// While an endpoint is dead, a backlog makes for no more attempts than one
// notification does; once it is back, everything arrives at once.
func TestBacklogOfADeadEndpoint(t *testing.T) {
	var dead atomic.Bool
	dead.Store(true)
	r := newReceiver(t, nil)
	r.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
		if dead.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	h := newHouse(t, map[string]string{"hook": r.URL})
	const backlog = 50
	for n := range backlog {
		h.outbox.add(h.notification("hook", fmt.Sprintf("i%02d", n), 1))
	}
	h.start()
	for attempt := 1; attempt <= 6; attempt++ {
		h.awaitFailures(attempt)
		if got := len(r.ids(t)); got != attempt {
			t.Fatalf("in the same moment: got %d attempts, want %d", got, attempt)
		}
		h.clock.moveTo(h.clock.Now().Add(longestPause))
	}
	h.awaitFailures(7)
	dead.Store(false)
	h.clock.moveTo(h.clock.Now().Add(longestPause))
	for n := range backlog {
		h.outbox.awaitState(t, fmt.Sprintf("i%02d-1-hook", n), incidents.Delivered)
	}
}

// awaitFailures waits until so many attempts have been settled as failed.
func (h *house) awaitFailures(attempts int) {
	h.t.Helper()
	h.outbox.await(h.t, "i00-1-hook", func(incidents.Notification) bool {
		h.outbox.mu.Lock()
		defer h.outbox.mu.Unlock()
		sum := 0
		for _, n := range h.outbox.all {
			sum += n.Attempts
		}
		return sum >= attempts
	})
}

func TestOrderWithinAnIncident(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	r := newReceiver(t, nil)
	r.answer = func(w http.ResponseWriter, _ *http.Request, _ int) {
		if down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.outbox.add(h.notification("hook", "i", 1))
	h.start()
	var opened incidents.Notification
	for attempt := 1; attempt <= 5; attempt++ { // until the next one is hours away
		opened = h.outbox.awaitAttempts(t, "i-1-hook", attempt)
		if attempt < 5 {
			h.clock.moveTo(opened.NextAttempt)
		}
	}

	// The end of the incident is due at once; the opening goes first, fails,
	// and the end waits for it.
	h.clock.moveTo(h.clock.Now().Add(time.Minute))
	h.outbox.add(h.notification("hook", "i", 2))
	h.notifier.Wake()
	opened = h.outbox.awaitAttempts(t, "i-1-hook", 6)
	resolved := h.outbox.await(t, "i-2-hook", func(n incidents.Notification) bool { return n.NextAttempt.Equal(opened.NextAttempt) })
	if resolved.Attempts != 0 || !opened.NextAttempt.After(h.clock.Now().Add(time.Hour)) {
		t.Errorf("opened %+v, resolved %+v", opened, resolved)
	}

	// Another incident is not held up, and shows that the endpoint works again.
	down.Store(false)
	h.outbox.add(h.notification("hook", "other", 1))
	h.notifier.Wake()
	h.outbox.awaitState(t, "i-2-hook", incidents.Delivered)
	want := append(slices.Repeat([]string{"i-1-hook"}, 6), "other-1-hook", "i-1-hook", "i-2-hook")
	if diff := cmp.Diff(want, r.ids(t)); diff != "" {
		t.Errorf("order of requests (-want +got):\n%s", diff)
	}
}

func TestBadNotificationHoldsUpNoOtherIncident(t *testing.T) {
	r := newReceiver(t, nil)
	r.answer = func(w http.ResponseWriter, req *http.Request, _ int) {
		if strings.HasPrefix(req.Header.Get("webhook-id"), "bad-") {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.outbox.add(h.notification("hook", "bad", 1), h.notification("hook", "bad", 2), h.notification("hook", "good", 1), h.notification("hook", "good", 2))
	h.start()
	h.outbox.awaitState(t, "good-2-hook", incidents.Delivered)
	if n := h.outbox.awaitAttempts(t, "bad-1-hook", 1); n.State != incidents.Pending {
		t.Errorf("bad: %+v", n)
	}
	if slices.Contains(r.ids(t), "bad-2-hook") {
		t.Error("the second event of the bad incident came before the first was delivered")
	}
}

func TestRestartInTheMiddle(t *testing.T) {
	began := make(chan struct{}, 10)
	hang := true
	r := newReceiver(t, nil)
	r.answer = func(_ http.ResponseWriter, req *http.Request, _ int) {
		began <- struct{}{}
		r.mu.Lock()
		wait := hang
		r.mu.Unlock()
		if wait {
			<-req.Context().Done()
		}
	}
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.outbox.add(h.notification("hook", "i", 1))
	h.start()
	<-began
	h.stop()
	if n := h.outbox.get("i-1-hook"); n.State != incidents.Pending || n.Attempts != 0 {
		t.Fatalf("after a stop in the middle of an attempt: %+v", n)
	}
	r.mu.Lock()
	hang = false
	r.mu.Unlock()
	h.start()
	h.outbox.awaitState(t, "i-1-hook", incidents.Delivered)
	if diff := cmp.Diff([]string{"i-1-hook", "i-1-hook"}, r.ids(t)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// What an earlier process was to try again in many hours is tried at the start:
// the endpoint may have come back meanwhile, and nobody would have noticed.
func TestRestartTriesAtOnce(t *testing.T) {
	r := newReceiver(t, nil)
	h := newHouse(t, map[string]string{"hook": r.URL})
	later, due := h.notification("hook", "later", 1), h.notification("hook", "due", 1)
	later.Attempts, later.NextAttempt = 6, h.clock.Now().Add(10*time.Hour)
	h.outbox.add(later, due)
	h.start()
	h.outbox.awaitState(t, "due-1-hook", incidents.Delivered)
	h.outbox.awaitState(t, "later-1-hook", incidents.Delivered)
}

// A clock that was years ahead and is set right must not leave notifications
// waiting for years, nor have a failing endpoint called without a pause.
func TestClockSetBack(t *testing.T) {
	var up atomic.Bool
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		if !up.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h := newHouse(t, map[string]string{"hook": r.URL})
	right := h.clock.Now()
	h.clock.moveTo(right.AddDate(3, 0, 0))
	h.outbox.add(h.notification("hook", "i", 1))
	h.start()
	h.outbox.awaitAttempts(t, "i-1-hook", 1)
	h.clock.setBack(right)
	h.notifier.Wake()
	n := h.outbox.awaitAttempts(t, "i-1-hook", 2)
	if wait := n.NextAttempt.Sub(right); wait <= 0 || wait > time.Hour {
		t.Errorf("next attempt in %s", wait)
	}
	up.Store(true)
	h.clock.moveTo(n.NextAttempt)
	h.outbox.awaitState(t, "i-1-hook", incidents.Delivered)
}

// What was delivered, but could not be noted, is delivered again: at least once.
func TestStoreFails(t *testing.T) {
	r := newReceiver(t, nil)
	h := newHouse(t, map[string]string{"hook": r.URL})
	h.outbox.failSettle = 1
	h.outbox.add(h.notification("hook", "i", 1))
	got := make(chan struct{}, 10)
	r.answer = func(http.ResponseWriter, *http.Request, int) { got <- struct{}{} }
	h.start()
	<-got
	h.clock.awaitWaits(t, 2) // the Notifier's and the worker's
	h.clock.moveTo(h.clock.Now().Add(storeRetry))
	h.outbox.awaitState(t, "i-1-hook", incidents.Delivered)
	if diff := cmp.Diff([]string{"i-1-hook", "i-1-hook"}, r.ids(t)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestUndefinedEndpoint(t *testing.T) {
	t.Run("comes back", func(t *testing.T) {
		r := newReceiver(t, nil)
		h := newHouse(t, nil)
		h.outbox.add(h.notification("hook", "i", 1))
		h.start()
		if s := h.status(); len(s) != 1 || s[0].Defined || s[0].Pending != 1 {
			t.Errorf("status: %+v", s)
		}
		h.clock.moveTo(h.clock.Now().Add(defaultGrace - time.Minute))
		h.define(map[string]string{"hook": r.URL})
		h.notifier.Wake()
		h.outbox.awaitState(t, "i-1-hook", incidents.Delivered)
	})
	t.Run("stays away", func(t *testing.T) {
		h := newHouse(t, nil)
		for n := range 50 {
			h.outbox.add(h.notification("hook", fmt.Sprintf("i%02d", n), 1))
		}
		later := h.notification("hook", "later", 1)
		later.NextAttempt = h.clock.Now().Add(24 * time.Hour)
		h.outbox.add(later)
		h.start()
		h.clock.awaitWaits(t, 2) // the Notifier's and the worker's
		h.clock.moveTo(h.clock.Now().Add(defaultGrace))
		n := h.outbox.awaitState(t, "later-1-hook", incidents.Undeliverable)
		if n.LastError != "the endpoint is no longer defined" {
			t.Errorf("reason: %q", n.LastError)
		}
		h.outbox.awaitState(t, "i49-1-hook", incidents.Undeliverable)
	})
}

func TestStatus(t *testing.T) {
	good, bad := newReceiver(t, nil), newReceiver(t, always(http.StatusForbidden))
	h := newHouse(t, map[string]string{"good": good.URL, "bad": bad.URL, "quiet": good.URL})
	h.outbox.add(h.notification("good", "i", 1), h.notification("bad", "i", 1), h.notification("bad", "j", 1))
	h.start()
	h.outbox.awaitState(t, "i-1-good", incidents.Delivered)
	h.outbox.awaitAttempts(t, "i-1-bad", 1)
	h.outbox.awaitAttempts(t, "j-1-bad", 1)
	now := h.clock.Now()
	want := []Status{
		{Endpoint: "team/bad", Defined: true, Pending: 2, Failures: 2, LastError: "endpoint answered 403 Forbidden", LastErrorAt: now},
		{Endpoint: "team/good", Defined: true, LastSuccess: now},
		{Endpoint: "team/quiet", Defined: true},
	}
	if diff := cmp.Diff(want, h.status()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}
