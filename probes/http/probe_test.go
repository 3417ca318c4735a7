package http_test

import (
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/probes"
	probehttp "outrider/probes/http"
)

// TestMain is also the server of the benchmarks, in a process of its own.
func TestMain(m *testing.M) {
	if kind := os.Getenv(benchServer); kind != "" {
		serveBench(kind)
		return
	}
	goleak.VerifyTestMain(m)
}

// load reads the check of a definition whose journey is given. ${URL} is the
// server's.
func load(t testing.TB, url, journey string) checks.Check {
	t.Helper()
	defs, err := checks.LoadBytes("test.yaml", []byte("checks:\n- id: test\n"+indent(journey)), checks.Options{
		LookupEnv: func(name string) (string, bool) { return url, name == "URL" },
		LookupSecret: func(name string) (string, bool, error) {
			return map[string]string{"TOKEN": "s3cret-token", "PASSWORD": "pa ss/word"}[name], true, nil
		},
	})
	if err != nil {
		t.Fatalf("%v in\n%s", err, journey)
	}
	return defs.Checks[0]
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.Trim(text, "\n"), "\n", "\n  ") + "\n"
}

// run does a journey once, within ten seconds unless it says otherwise.
func run(t testing.TB, probe *probehttp.Probe, check checks.Check) (probes.Run, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), check.Timeout)
	defer cancel()
	return probe.Run(ctx, check)
}

// pass does a journey that must pass.
func pass(t testing.TB, url, journey string) probes.Run {
	t.Helper()
	got, err := run(t, probehttp.New(probehttp.Options{}), load(t, url, journey))
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != probes.Passed {
		t.Fatalf("outcome %s: %+v", got.Outcome, got.Failure)
	}
	return got
}

// fail does a journey that must fail in a way, and gives its failure.
func fail(t testing.TB, url, journey string, kind probes.FailureKind) *probes.Failure {
	t.Helper()
	got, err := run(t, probehttp.New(probehttp.Options{}), load(t, url, journey))
	if err != nil {
		t.Fatalf("our own trouble: %v", err)
	}
	return wantFailure(t, got, kind)
}

func wantFailure(t testing.TB, got probes.Run, kind probes.FailureKind) *probes.Failure {
	t.Helper()
	if got.Outcome != probes.Failed || got.Failure == nil {
		t.Fatalf("outcome %s instead of failed", got.Outcome)
	}
	if got.Failure.Kind != kind {
		t.Fatalf("failure of kind %s instead of %s: %s", got.Failure.Kind, kind, got.Failure.Message)
	}
	last := got.Steps[len(got.Steps)-1]
	if last.Outcome != probes.Failed || last.Failure == nil || last.Failure.Step != last.Name {
		t.Errorf("the last step does not tell of the failure: %+v", last)
	}
	return got.Failure
}

// contains checks a text for pieces.
func contains(t testing.TB, text string, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(text, piece) {
			t.Errorf("%q is not in %q", piece, text)
		}
	}
}

// serve starts a server for the test.
func serve(t testing.TB, handler nethttp.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func text(body string) nethttp.HandlerFunc {
	return func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, body) }
}

func TestJourneyOfSeveralRequests(t *testing.T) {
	var connections = map[string]bool{}
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		connections[r.RemoteAddr] = true
		switch r.URL.Path {
		case "/login":
			if user, password, _ := r.BasicAuth(); user != "ann" || password != "pa ss/word" {
				w.WriteHeader(nethttp.StatusUnauthorized)
				return
			}
			nethttp.SetCookie(w, &nethttp.Cookie{Name: "session", Value: "abc", Path: "/"})
			w.Header().Set("X-Next", "/items")
			fmt.Fprint(w, `{"user":{"id":9007199254740993,"tags":["a","b"]}}`)
		case "/items":
			cookie, err := r.Cookie("session")
			if err != nil || cookie.Value != "abc" || r.URL.Query().Get("user") != "9007199254740993" || r.Header.Get("X-Tags") != `["a","b"]` {
				w.WriteHeader(nethttp.StatusForbidden)
				return
			}
			fmt.Fprint(w, `<a href="/order/42">order</a>`)
		case "/order/42":
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
		default:
			w.WriteHeader(nethttp.StatusNotFound)
		}
	})
	got := pass(t, url, `
http:
  - get: ${URL}/login
    basic: {username: ann, password: "${secret:PASSWORD}"}
    capture: {id: json $.user.id, tags: json $.user.tags, next: header X-Next, session: cookie session}
  - get: ${URL}${next}
    query: {user: "${id}"}
    headers: {X-Tags: "${tags}"}
    expect: {body: contains order}
    capture: {order: 'regex href="/order/(\d+)"'}
  - post: ${URL}/order/${order}
    json: {cookie: "${session}"}
    expect: {body: 'POST application/json {"cookie":"abc"}'}
`)
	if len(got.Steps) != 3 {
		t.Fatalf("%d steps instead of 3", len(got.Steps))
	}
	var sum time.Duration
	for i, s := range got.Steps {
		sum += s.Duration
		h := s.HTTP
		if h.Status != 200 || h.Protocol != "HTTP/1.1" || h.Address == "" || h.BodyBytes == 0 || h.TransferBytes != h.HeaderBytes+h.BodyBytes {
			t.Errorf("step %d: %+v", i, h)
		}
		if connected := h.Phases.Connect > 0; connected != (i == 0) {
			t.Errorf("step %d: connect took %s", i, h.Phases.Connect)
		}
		if p := h.Phases; p.FirstByte <= 0 || p.Download <= 0 || p.Resolve+p.Connect+p.TLS+p.FirstByte+p.Download > s.Duration {
			t.Errorf("step %d: phases %+v of %s", i, p, s.Duration)
		}
		if i > 0 && s.Started < got.Steps[i-1].Started+got.Steps[i-1].Duration {
			t.Errorf("step %d began before the one before had ended", i)
		}
	}
	if got.Duration != sum {
		t.Errorf("the run took %s, its steps %s", got.Duration, sum)
	}
	if len(connections) != 1 {
		t.Errorf("%d connections instead of one", len(connections))
	}
}

func TestEveryRunIsAColdVisit(t *testing.T) {
	seen := map[string]bool{}
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if _, err := r.Cookie("been"); err == nil {
			t.Error("a cookie of an earlier run")
		}
		nethttp.SetCookie(w, &nethttp.Cookie{Name: "been", Value: "here"})
		seen[r.RemoteAddr] = true
	})
	probe := probehttp.New(probehttp.Options{})
	check := load(t, url, `http: [{get: "${URL}/"}]`)
	for range 3 {
		if got, err := run(t, probe, check); err != nil || got.Outcome != probes.Passed {
			t.Fatal(err, got.Failure)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d connections for 3 runs", len(seen))
	}
}

func TestAFailedStepEndsTheJourney(t *testing.T) {
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/2" {
			w.WriteHeader(nethttp.StatusInternalServerError)
		}
	})
	check := load(t, url, `http: [{get: "${URL}/1"}, {get: "${URL}/2"}, {get: "${URL}/3"}]`)
	got, err := run(t, probehttp.New(probehttp.Options{}), check)
	if err != nil {
		t.Fatal(err)
	}
	failure := wantFailure(t, got, probes.FailAssertion)
	contains(t, failure.Message, "status", "500", "400")
	if len(got.Steps) != 2 || failure.Step != check.Journey.Steps[1].Name || failure.Got != "500" {
		t.Errorf("%d steps, failure %+v", len(got.Steps), failure)
	}
}

func TestBodies(t *testing.T) {
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if contentType == "multipart/form-data" {
			file, header, err := r.FormFile("upload")
			if err != nil {
				t.Error(err)
				return
			}
			content, _ := io.ReadAll(file)
			fmt.Fprintf(w, "%s %s %s %s", r.FormValue("who"), header.Filename, header.Header.Get("Content-Type"), content)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s|%s|%d", contentType, body, r.ContentLength)
	})
	for name, want := range map[string]string{
		`body: hello`:                                    "text/plain|hello|5",
		`json: {a: [1, true]}`:                           `application/json|{"a":[1,true]}|14`,
		`form: {a: "x y", b: "&"}`:                       "application/x-www-form-urlencoded|a=x+y&b=%26|11",
		"body: <x/>\n    headers: {Content-Type: a/xml}": "a/xml|<x/>|4",
	} {
		t.Run(name, func(t *testing.T) {
			pass(t, url, "http:\n  - post: ${URL}/\n    "+name+"\n    expect: {body: {equals: '"+want+"'}}")
		})
	}
	t.Run("multipart", func(t *testing.T) {
		check := load(t, url, "http:\n  - post: ${URL}/\n    expect: {body: ann a.txt text/plain content}")
		check.Journey.Steps[0].Action.(*checks.Request).Body = &checks.Body{
			Kind:   checks.BodyMultipart,
			Fields: []checks.Field{{Name: "who", Value: checks.Literal("ann")}},
			Files:  []checks.File{{Field: "upload", Name: "a.txt", Type: "text/plain", Content: []byte("content")}},
		}
		if got, err := run(t, probehttp.New(probehttp.Options{}), check); err != nil || got.Outcome != probes.Passed {
			t.Error(err, got.Failure)
		}
	})
	t.Run("file", func(t *testing.T) {
		check := load(t, url, "http:\n  - put: ${URL}/\n    expect: {body: 'image/png|bits|4'}")
		check.Journey.Steps[0].Action.(*checks.Request).Body = &checks.Body{
			Kind: checks.BodyFile, Files: []checks.File{{Type: "image/png", Content: []byte("bits")}},
		}
		if got, err := run(t, probehttp.New(probehttp.Options{}), check); err != nil || got.Outcome != probes.Passed {
			t.Error(err, got.Failure)
		}
	})
}

func TestRequestHeaders(t *testing.T) {
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		fmt.Fprintf(w, "%s|%s|%s|%s|%s", r.Host, r.UserAgent(), r.Header.Get("Accept-Encoding"), r.Header.Get("Authorization"), r.Header.Values("X-Many"))
	})
	pass(t, url, `
http:
  - get: ${URL}/
    headers: {Host: shop.example, User-Agent: me, X-Many: [a, b]}
    bearer: ${secret:TOKEN}
    expect: {body: "shop.example|me|gzip, deflate, br, zstd|Bearer s3cret-token|[a b]"}
  - head: ${URL}/
    expect: {size: "< 1"}
`)
}

func TestWhatWasNotCapturedCannotBeSent(t *testing.T) {
	url := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("X-Empty", "")
		fmt.Fprint(w, `{"null": null, "lines": "a\r\nX-Evil: 1", "deep": {"a": 1}}`)
	})
	for name, c := range map[string]struct{ journey, message string }{
		"no such JSON":        {`capture: {x: json $.missing}`, "$.missing is not in the JSON"},
		"null":                {`capture: {x: json $.null}`, "$.null is null"},
		"no such header":      {`capture: {x: header X-None}`, "no header X-None"},
		"no such cookie":      {`capture: {x: cookie none}`, "no cookie none"},
		"pattern not matched": {`capture: {x: regex nothing}`, "does not match nothing"},
		"group not matched":   {`capture: {x: 'regex (zzz)?deep'}`, "first group"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := fail(t, url, "http:\n  - get: ${URL}/\n    "+c.journey, probes.FailVariable)
			contains(t, failure.Message, "${x}", c.message)
		})
	}
	t.Run("control characters in a header", func(t *testing.T) {
		failure := fail(t, url, `
http:
  - get: ${URL}/
    capture: {lines: json $.lines}
  - get: ${URL}/
    headers: {X-Lines: "${lines}"}
`, probes.FailVariable)
		contains(t, failure.Message, "X-Lines", "control character")
	})
	t.Run("no URL", func(t *testing.T) {
		failure := fail(t, url, `
http:
  - get: ${URL}/
    capture: {deep: json $.deep}
  - get: ${deep}
`, probes.FailVariable)
		contains(t, failure.Message, "no URL")
	})
}

func TestCancelledRunsAreNotTheSitesFault(t *testing.T) {
	arrived := make(chan struct{})
	url := serve(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-arrived; cancel() }()
	got, err := probehttp.New(probehttp.Options{}).Run(ctx, load(t, url, `http: [{get: "${URL}/"}]`))
	if err != context.Canceled || got.Outcome != probes.Unknown {
		t.Errorf("outcome %s, error %v", got.Outcome, err)
	}
}

func TestTimeouts(t *testing.T) {
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "begin")
			w.(nethttp.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	t.Run("of the step", func(t *testing.T) {
		failure := fail(t, url, "http: [{get: \"${URL}/\", timeout: 100ms}]", probes.FailTimeout)
		contains(t, failure.Message, "the step's timeout of 100ms", "no answer")
	})
	t.Run("of the check", func(t *testing.T) {
		failure := fail(t, url, "timeout: 100ms\nhttp: [{get: \"${URL}/body\"}]", probes.FailTimeout)
		contains(t, failure.Message, "the check's timeout of 100ms", "did not end")
	})
}

func itoa[T ~int | ~uint16](n T) string { return fmt.Sprint(n) }
