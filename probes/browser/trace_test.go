package browser

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/checks"
)

// listener is a site that remembers the traceparent of each request.
type listener struct {
	mu     sync.Mutex
	parent map[string]string
}

func (l *listener) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		if l.parent == nil {
			l.parent = map[string]string{}
		}
		l.parent[r.Method+" "+r.URL.Path] = strings.Join(r.Header.Values("Traceparent"), ", ")
		l.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func TestTrace(t *testing.T) {
	var own, api, third listener
	// An interface of the site on another port that lets other origins read
	// it, but says nothing of headers, and a third party on another host.
	apiServer := httptest.NewServer(api.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write([]byte("data"))
	})))
	defer apiServer.Close()
	thirdServer := httptest.NewServer(third.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write([]byte("data"))
	})))
	defer thirdServer.Close()
	thirdURL := strings.Replace(thirdServer.URL, "127.0.0.1", "localhost", 1)
	server := httptest.NewServer(own.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		html(`<img src="/a.png"><script>
			Promise.all([fetch('/b'), fetch('`+apiServer.URL+`/c'), fetch('`+thirdURL+`/d')]).then(() => document.title = 'done', (e) => document.title = 'failed: ' + e)</script>`)(w, r)
	})))
	defer server.Close()
	check := journeyOf(goTo(server.URL+"/"), &checks.Expect{Title: condition("done")})
	check.Timeout = 10 * time.Second
	check.Journey.Browser.Trace = true
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	if strings.ReplaceAll(r.ID, "-", "") != r.TraceID {
		t.Errorf("run %s, trace %s", r.ID, r.TraceID)
	}
	form := regexp.MustCompile("^00-" + r.TraceID + "-([0-9a-f]{16})-01$")
	spans := map[string]bool{}
	for _, of := range []*listener{&own, &api} {
		for request, parent := range of.parent {
			m := form.FindStringSubmatch(parent)
			if m == nil || spans[m[1]] {
				t.Errorf("%s has traceparent %q", request, parent)
				continue
			}
			spans[m[1]] = true
		}
	}
	if len(spans) < 4 {
		t.Errorf("traced %v, %v", own.parent, api.parent)
	}
	for request, parent := range third.parent {
		if parent != "" {
			t.Errorf("the third party got %q with %s", parent, request)
		}
	}
	if len(third.parent) != 1 {
		t.Errorf("the third party got %v", third.parent)
	}

	check.Journey.Browser.Trace = false
	own.parent = nil
	r = run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	if r.TraceID != "" || own.parent["GET /"] != "" {
		t.Errorf("traced %q, %v", r.TraceID, own.parent)
	}
}

func TestTraceOwns(t *testing.T) {
	for _, c := range []struct {
		origin, address string
		want            bool
	}{
		{"https://www.shop.example", "https://shop.example/a", true},
		{"https://www.shop.example", "https://api.shop.example:8443/a", true},
		{"https://www.shop.example", "http://api.shop.example/a", false}, // in clear text
		{"https://www.shop.example", "https://shop.example.evil.example/a", false},
		{"https://www.shop.example", "https://evil.example/x.shop.example/", false},
		{"https://a.github.io", "https://b.github.io/", false}, // another registrable domain
		{"http://127.0.0.1:80", "http://127.0.0.1:8080/", true},
		{"http://127.0.0.1", "http://127.0.0.2/", false},
		{"http://localhost:1", "http://localhost:2/", true},
		{"http://[::1]:8080", "http://[::1]:8080/", true},
	} {
		trace := newTrace(strings.Repeat("a", 32), []string{c.origin})
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := trace.owns(u); got != c.want {
			t.Errorf("%s on %s: %v", c.address, c.origin, got)
		}
		handed := false
		for _, p := range trace.patterns() {
			handed = handed || checks.MatchesURL(p, c.address)
		}
		if c.want && !handed && u.Scheme == "http" {
			t.Errorf("the browser does not hand %s to us: %q", c.address, trace.patterns())
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("https://ann:geheim@shop.example/a?token=x&b=1#c", "geheim")
	f.Add("/a?%74oken=x;y", "x")
	f.Fuzz(func(t *testing.T, address, secret string) {
		m := masker{hide: func(s string) string {
			if len(secret) < 4 {
				return s
			}
			return strings.ReplaceAll(s, secret, checks.Redacted)
		}}
		got := m.address(address)
		if len(got) > 3*maxHARText+10 || strings.ContainsAny(got, "# \n\"<>") {
			t.Errorf("%q became %q", address, got)
		}
		for _, q := range queryOf(got) {
			if secretName(q.Name) && q.Value != "" && q.Value != checks.Redacted && len(got) < maxHARText {
				t.Errorf("%q tells %s=%s", got, q.Name, q.Value)
			}
		}
	})
}
