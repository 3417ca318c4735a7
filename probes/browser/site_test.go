package browser

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"outrider/checks"
	"outrider/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop serves testdata/site, and pages by path over it.
func shop(t testing.TB, pages map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir("testdata/site")))
	mux.HandleFunc("/api/cart", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"added": 1}`)
	})
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for path, page := range pages {
		mux.HandleFunc(path, page)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// html is a page with a body.
func html(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html><head><title>Test page</title></head><body>"+body+"</body></html>")
	}
}

// newProbe makes a probe whose profiles are in a folder of the test, which has
// to be empty when the probe is closed.
func newProbe(t testing.TB, o Options) *Probe {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	probe, err := New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		probe.Close()
		nothingLeft(t, o.TempDir)
	})
	return probe
}

// testLog writes log lines to the test's log.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// nothingLeft fails the test if a Chromium process or a profile of a folder is
// left.
func nothingLeft(t testing.TB, temp string) {
	t.Helper()
	if pids := chromiumsIn(temp); len(pids) > 0 {
		t.Errorf("Chromium processes are left: %v", pids)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Errorf("read the temporary folder: %v", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), profilePrefix) {
			t.Errorf("profile %s is left", e.Name())
		}
	}
}

// chromiumsIn gives the processes that run on profiles of a folder.
func chromiumsIn(temp string) []int {
	var pids []int
	for _, p := range processes() {
		if dir := p.profile(); dir != "" && strings.HasPrefix(dir, temp+"/") && !p.zombie {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// journeyOf makes a check of actions; their steps are named after their number.
func journeyOf(actions ...checks.Action) checks.Check {
	check := checks.Check{ID: "test", Name: "test", Timeout: time.Minute}
	check.Journey.Kind = checks.KindBrowser
	for i, a := range actions {
		check.Journey.Steps = append(check.Journey.Steps, checks.Step{Name: fmt.Sprintf("%d %s", i+1, a.Verb()), Action: a})
	}
	return check
}

func lit(text string) checks.Template { return checks.Literal(text) }

func byRole(role, name string) checks.Target { return checks.Target{Role: role, Name: lit(name)} }

func bySelector(selector string) checks.Target { return checks.Target{CSS: lit(selector)} }

func goTo(url string) *checks.Goto { return &checks.Goto{URL: lit(url)} }

// run does a check and fails the test if we could not probe.
func run(t testing.TB, p *Probe, check checks.Check) probes.Run {
	t.Helper()
	r, err := p.Run(context.Background(), check)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return r
}

// mustPass fails the test if the run did not pass.
func mustPass(t testing.TB, r probes.Run) {
	t.Helper()
	if r.Outcome != probes.Passed {
		t.Fatalf("the run is %s: %+v", r.Outcome, r.Failure)
	}
}

// mustFail fails the test if the run did not fail as described.
func mustFail(t testing.TB, r probes.Run, kind probes.FailureKind, parts ...string) {
	t.Helper()
	if r.Outcome != probes.Failed || r.Failure == nil {
		t.Fatalf("the run is %s, expected failed", r.Outcome)
	}
	if r.Failure.Kind != kind {
		t.Errorf("the failure is of kind %s (%s), expected %s", r.Failure.Kind, r.Failure.Message, kind)
	}
	for _, part := range parts {
		if !strings.Contains(r.Failure.Message, part) {
			t.Errorf("the failure %q does not tell %q", r.Failure.Message, part)
		}
	}
}
