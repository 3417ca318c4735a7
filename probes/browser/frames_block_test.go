package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"outrider/checks"
)

// Frames of a third party are part of the page: what is blocked or stubbed is so
// in them, too; they get no traceparent but what they ask the site for does; and
// they are in the same browser. In full Chromium they have processes of their own.
// Workers go on as ever.
func TestBlockInFrames(t *testing.T) {
	for _, chromium := range []string{"", "full"} {
		t.Run("Chromium "+chromium, func(t *testing.T) {
			var mu sync.Mutex
			asked := map[string]http.Header{}
			var own string
			note := func(r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				asked[r.URL.Path] = r.Header
			}
			script := func(source string) http.HandlerFunc {
				return func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/javascript")
					fmt.Fprint(w, source)
				}
			}
			third := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				note(r)
				if r.URL.Path == "/frame" {
					html(`<p>frame</p><img src="/ad.png"><script src="/chat.js"></script><script>fetch('`+own+`/cart').catch(() => {});
						document.body.append(navigator.language + ' ' + (window.chat ?? 'unanswered'))</script><iframe src="`+own+`/inner"></iframe>`)(w, r)
				}
			}))
			defer third.Close()
			other := strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
			server := shop(t, map[string]http.HandlerFunc{
				"/page":        html(`<h1>Hi</h1><script>new Worker("/worker.js"); navigator.serviceWorker.register("/service.js").then(() => fetch("/registered"))</script><iframe src="` + other + `/frame"></iframe><iframe src="` + other + `/gone"></iframe>`),
				"/worker.js":   script("fetch('/ad.png').catch(() => {}); fetch('/from-worker')"),
				"/service.js":  script("onfetch = () => {}"),
				"/from-worker": func(_ http.ResponseWriter, r *http.Request) { note(r) },
				"/registered":  func(_ http.ResponseWriter, r *http.Request) { note(r) },
				"/inner":       html(`<img src="/ad.png">`),
				"/ad.png":      func(_ http.ResponseWriter, r *http.Request) { note(r) },
				"/cart": func(w http.ResponseWriter, r *http.Request) {
					note(r)
					html("Cart")(w, r)
				},
			})
			own = server.URL
			check := load(t, server.URL, `
- goto: ${URL}/page
- expect: {visible: {text: de-DE stubbed, frame: 0}}
- wait: 200ms`, nil)
			check.Journey.Browser.Chromium = chromium
			check.Journey.Browser.Locale = "de-DE"
			check.Journey.Browser.UserAgent = "Probe/1"
			check.Journey.Browser.Block = []string{"*/ad.png", "*/gone"}
			check.Journey.Browser.Stubs = []checks.Stub{{Pattern: "*/chat.js", Status: 200, Type: "text/javascript", Body: []byte("var chat = 'stubbed'")}}
			check.Journey.Browser.Trace = true
			check.Journey.Browser.Keep.HAR = always
			r := run(t, newProbe(t, Options{}), check)
			mustPass(t, r)
			mu.Lock()
			defer mu.Unlock()
			if len(asked) != 4 || asked["/from-worker"] == nil || asked["/registered"] == nil || asked["/frame"].Get("Traceparent") != "" || asked["/cart"].Get("Traceparent") == "" || asked["/cart"].Get("User-Agent") != "Probe/1" {
				t.Errorf("was asked for %v", asked)
			}
			if a := archiveOf(t, r); chromium == "" {
				for _, path := range []string{"/gone", "/ad.png"} {
					if e := entry(t, a, path); !e.Blocked || e.Failed() {
						t.Errorf("%s: %+v", path, e)
					}
				}
			}
		})
	}
}
