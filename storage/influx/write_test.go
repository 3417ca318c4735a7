package influx

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"outrider/checks"
	"outrider/probes"
	"outrider/storage/storagetest"
)

// beyondRetention: InfluxDB keeps a day, some runs are older. They are left
// out and counted; the others arrive.
func beyondRetention(t *testing.T, to target) {
	store := openStore(t)
	var good, all []probes.Run
	for i := range 60 {
		r := storagetest.NewRun("a", at(0).Add(time.Duration(i)*time.Second), time.Second)
		if i%20 == 7 {
			r = storagetest.NewRun("a", at(0).Add(-time.Duration(100+i)*time.Hour), time.Second)
		} else {
			good = append(good, r)
		}
		all = append(all, r)
	}
	must(t, store.Record(t.Context(), all...))
	var logged strings.Builder
	e := newExporter(t, store, to, Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	must(t, e.Flush(t.Context()))
	if diff := cmp.Diff(idsOf(good), to.ids(t)); diff != "" {
		t.Errorf("runs (-good +in InfluxDB):\n%s", diff)
	}
	if s := e.Status(); s.Rejected != 3*5 || s.Exported != 57*5 || !s.Connected {
		t.Errorf("status %+v, want 15 rejected", s)
	}
	if !strings.Contains(logged.String(), "retention") || !strings.Contains(logged.String(), all[7].ID) {
		t.Errorf("logged without run or reason: %s", logged.String())
	}
	if seq, err := store.Cursor(t.Context(), "influx"); err != nil || seq != 60 {
		t.Errorf("the cursor is at %d, want 60", seq)
	}
}

// fieldConflict: in one hour somebody else has written a field of ours with
// another type, so that InfluxDB takes no steps in that hour.
func fieldConflict(t *testing.T, to target) {
	store := openStore(t)
	client := influxdb2.NewClient(to.URL, to.Token())
	defer client.Close()
	must(t, client.WriteAPIBlocking("", to.bucket).WriteRecord(t.Context(),
		fmt.Sprintf(`step,check=theirs duration_ms="long" %d`, at(-90).UnixNano())))
	var all []probes.Run
	for i := range 40 {
		r := storagetest.NewRun("a", at(0).Add(time.Duration(i)*time.Second), time.Second)
		if i == 11 {
			r = storagetest.NewRun("a", at(-80), time.Second)
		}
		all = append(all, r)
	}
	must(t, store.Record(t.Context(), all...))
	e := newExporter(t, store, to, Options{})
	must(t, e.Flush(t.Context()))
	if diff := cmp.Diff(idsOf(all), to.ids(t)); diff != "" {
		t.Errorf("runs (-recorded +in InfluxDB):\n%s", diff)
	}
	if s := e.Status(); s.Rejected != 2 || s.Exported != 40*5-2 || !s.Connected {
		t.Errorf("status %+v, want the two steps of one run rejected", s)
	}
	steps := to.flux(t, `filter(fn: (r) => r._measurement == "step" and r._field == "status")`)
	if len(steps) != 39*2 {
		t.Errorf("%d steps arrived, want %d", len(steps), 39*2)
	}
}

// front puts a server before InfluxDB that answers some writes itself.
func front(t *testing.T, to target, answers func(body string, w http.ResponseWriter) bool) (_ target, asked *atomic.Int64) {
	t.Helper()
	behind, err := url.Parse(to.URL)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(behind)
	transport := &http.Transport{}
	proxy.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if answers(string(body), w) {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	copied := *to.Server
	copied.URL = server.URL
	return target{&copied, to.bucket}, asked
}

// poisoned: the server takes no request that has certain points, and does not
// say why in any way that is known.
func poisoned(t *testing.T, to target) {
	for name, c := range map[string]struct{ status, poisoned int }{
		"one in many, 400":  {http.StatusBadRequest, 1},
		"some in many, 422": {http.StatusUnprocessableEntity, 5},
		"too large":         {http.StatusRequestEntityTooLarge, 2},
	} {
		t.Run(name, func(t *testing.T) {
			to := target{to.Server, to.NewBucket(t, 0)}
			store := openStore(t)
			var good, all []probes.Run
			for i := range 500 {
				r := storagetest.NewRun("fine", at(0).Add(time.Duration(i)*time.Second), time.Second)
				if i%100 == 50 && i/100 < c.poisoned {
					r.CheckID, r.Steps = "poison", nil
				} else {
					good = append(good, r)
				}
				all = append(all, r)
			}
			must(t, store.Record(t.Context(), all...))
			through, asked := front(t, to, func(body string, w http.ResponseWriter) bool {
				if strings.Contains(body, "check=poison") {
					http.Error(w, "no thank you", c.status)
					return true
				}
				return false
			})
			e := newExporter(t, store, through, Options{})
			must(t, e.Flush(t.Context()))
			if diff := cmp.Diff(idsOf(good), to.ids(t)); diff != "" {
				t.Errorf("runs (-good +in InfluxDB):\n%s", diff)
			}
			if s := e.Status(); s.Rejected != int64(c.poisoned) || !s.Connected {
				t.Errorf("status %+v, want %d rejected", s, c.poisoned)
			}
			if n := asked.Load(); n > int64(20+c.poisoned*20) {
				t.Errorf("it took %d requests", n)
			}
		})
	}
}

// refusesRequest: the server says 400 to everything, for a reason that has
// nothing to do with the points: none may be left out.
func refusesRequest(t *testing.T, to target) {
	for name, runs := range map[string]int{"one run without steps": 1, "many runs": 300} {
		t.Run(name, func(t *testing.T) {
			to := target{to.Server, to.NewBucket(t, 0)}
			store := openStore(t)
			var all []probes.Run
			for i := range runs {
				r := storagetest.NewRun("a", at(0).Add(time.Duration(i)*time.Second), time.Second)
				r.Steps = nil
				all = append(all, r)
			}
			must(t, store.Record(t.Context(), all...))
			var wrong atomic.Bool
			wrong.Store(true)
			through, asked := front(t, to, func(_ string, w http.ResponseWriter) bool {
				if wrong.Load() {
					http.Error(w, "the planets are not aligned", http.StatusBadRequest)
				}
				return wrong.Load()
			})
			e := newExporter(t, store, through, Options{})
			if err := e.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "planets") {
				t.Errorf("got %v", err)
			}
			if s := e.Status(); s.Rejected != 0 {
				t.Errorf("status %+v", s)
			}
			if n := asked.Load(); n > 2*maxUnclear {
				t.Errorf("it took %d requests to give up", n)
			}
			wrong.Store(false)
			must(t, e.Flush(t.Context()))
			if diff := cmp.Diff(idsOf(all), to.ids(t)); diff != "" {
				t.Errorf("runs (-recorded +in InfluxDB):\n%s", diff)
			}
		})
	}
}

// Answers of servers that are not well, or are not InfluxDB, lose nothing.
func TestAnswers(t *testing.T) {
	const token = "a-secret-token"
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		says   string
	}{
		"unavailable":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, "503"},
		"too many":        {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, "429"},
		"a portal's page": {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<h1>Please sign in</h1>") }, "is this InfluxDB"},
		"moved":           {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 301) }, "301"},
		"forbidden":       {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, "may not write"},
		"repeats secrets": {func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.Header.Get("Authorization"), 401) }, "[redacted]"},
		"an endless error": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			io.WriteString(w, strings.Repeat("sorry ", 1<<20))
		}, "sorry"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"broken JSON": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(500)
			io.WriteString(w, "{")
		}, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(c.answer))
			defer server.Close()
			store := openStore(t)
			must(t, store.Record(t.Context(), storagetest.NewRun("a", at(0), time.Second)))
			e := newExporter(t, store, target{bucket: "b"}, Options{URL: server.URL, Token: checks.NewSecret(token)})
			err := e.Flush(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want it to say %q", err, c.says)
			}
			if strings.Contains(err.Error(), token) || len(err.Error()) > 600 {
				t.Errorf("the error shows too much: %v", err)
			}
			if seq, _ := store.Cursor(t.Context(), "influx"); seq != 0 {
				t.Errorf("the cursor moved to %d", seq)
			}
		})
	}
}

// A server that does not answer is given up after the time-out, and at once
// when the exporter is told to stop.
func TestHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	store := openStore(t)
	must(t, store.Record(t.Context(), storagetest.NewRun("a", at(0), time.Second)))
	e := newExporter(t, store, target{bucket: "b"}, Options{URL: server.URL, Timeout: 30 * time.Millisecond})
	if err := e.Flush(t.Context()); err == nil {
		t.Error("no error")
	}
	patient := newExporter(t, store, target{bucket: "b"}, Options{URL: server.URL, Timeout: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	must(t, patient.Run(ctx)) // returns when ctx ends, or the test hangs
}

func TestBackoff(t *testing.T) {
	chance := 0.0
	b := backoff{shortest: time.Second, longest: 20 * time.Second, rand: func() float64 { return chance }}
	fault := fmt.Errorf("wrapped: %w", io.EOF)
	var pauses []time.Duration
	for range 7 {
		pauses = append(pauses, b.next(fault)/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 20, 20}; !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
	chance = 0.999
	if p := b.next(fault); p < 10*time.Second || p > 11*time.Second {
		t.Errorf("at the other end of chance the pause is %v, want about 10 s", p)
	}
	b.reset()
	chance = 0
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"a setting is wrong":       {&refusal{status: 401, lasting: true}, 20 * time.Second},
		"the server says when":     {&refusal{status: 429, after: 7 * time.Second}, 7 * time.Second},
		"the server exaggerates":   {&refusal{status: 503, after: 24 * time.Hour}, longestObeyed},
		"the server is impatient":  {&refusal{status: 503, after: time.Millisecond}, time.Second},
		"the server is overloaded": {&refusal{status: 503}, time.Second},
	} {
		b.reset()
		if got := b.next(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("%s: pause %v, want %v", name, got, c.want)
		}
	}
}
