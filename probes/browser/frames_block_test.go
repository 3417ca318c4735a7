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
			a := archiveOf(t, r)
			for _, path := range []string{"/gone", "/ad.png"} {
				if e := entry(t, a, path); !e.Blocked || e.Failed() {
					t.Errorf("%s: %+v", path, e)
				}
			}
		})
	}
}

// TestFramesAskedFor checks that what frames of a third party ask for is noted as
// what the page itself asks for, also in full Chromium, where they have processes
// of their own.
func TestFramesAskedFor(t *testing.T) {
	for _, chromium := range []string{"", "full"} {
		t.Run("Chromium "+chromium, func(t *testing.T) {
			third := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/frame":
					html(`<script>(new Image).src = '/widget.svg'</script>Frame<iframe src="/inner"></iframe>`)(w, r)
				case "/inner":
					html(`<script>fetch('/data')</script>Inner`)(w, r)
				case "/data":
					fmt.Fprint(w, strings.Repeat("x", 1000))
				default:
					w.Header().Set("Content-Type", "image/svg+xml")
					fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`)
				}
			}))
			defer third.Close()
			other := strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
			server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1>Hi</h1><iframe src="` + other + `/frame"></iframe>`)})
			check := load(t, server.URL, "- goto: ${URL}/page\n- wait: 600ms\n", nil)
			check.Journey.Browser.Chromium = chromium
			check.Journey.Browser.Keep.HAR = always
			r := run(t, newProbe(t, Options{}), check)
			mustPass(t, r)
			a := archiveOf(t, r)
			for _, path := range []string{"/page", "/frame", "/inner", "/widget.svg", "/data"} {
				n := 0
				for _, e := range a.Log.Entries {
					if strings.HasSuffix(e.Request.URL, path) {
						n++
					}
				}
				e := entry(t, a, path)
				if n != 1 || e.Response.Status != 200 || e.Failed() || e.Response.Content.Size == 0 {
					t.Errorf("%s was asked for %d times: %+v", path, n, e)
				}
			}
			var transferred int64
			for _, s := range r.Steps {
				for _, g := range s.Resources {
					if !g.FirstParty {
						transferred += g.TransferBytes
					}
				}
			}
			if transferred < 1000 {
				t.Errorf("the third party sent %d bytes", transferred)
			}
		})
	}
}
