package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/checks"
)

// Frames of a third party are part of the page: what is blocked is so in them,
// too, and they get no traceparent.
func TestBlockInFrames(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]string{}
	third := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path] = r.Header.Get("Traceparent")
		mu.Unlock()
		if r.URL.Path == "/frame" {
			html(`<p>frame</p><img src="/ad.png">`)(w, r)
		}
	}))
	defer third.Close()
	other := strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1>Hi</h1><iframe src="` + other + `/frame"></iframe><iframe src="` + other + `/gone"></iframe>`)})
	check := journeyOf(goTo(server.URL+"/page"), &checks.Wait{For: 300 * time.Millisecond})
	check.Journey.Browser.Block = []string{"*/ad.png", "*/gone"}
	check.Journey.Browser.Trace = true
	check.Journey.Browser.Keep.HAR = always
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	mu.Lock()
	defer mu.Unlock()
	if parent, ok := asked["/frame"]; !ok || parent != "" || len(asked) != 1 {
		t.Errorf("the third party was asked for %v", asked)
	}
	a := archiveOf(t, r)
	for _, path := range []string{"/gone", "/ad.png"} {
		if e := entry(t, a, path); !e.Blocked || e.Failed() {
			t.Errorf("%s: %+v", path, e)
		}
	}
}
