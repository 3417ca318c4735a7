package http_test

import (
	nethttp "net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
)

func TestTraceparent(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	note := func(r *nethttp.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path] = r.Header.Get("Traceparent")
	}
	other := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) { note(r) }))
	defer other.Close()
	url := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		note(r)
		if r.URL.Path == "/away" {
			nethttp.Redirect(w, r, other.URL+"/other", nethttp.StatusFound)
		}
	})
	run := pass(t, url, "http_options: {trace: true}\nhttp:\n  - get: ${URL}/first\n  - get: ${URL}/away\n  - {get: \"${URL}/untraced\", trace: false}\n")
	form := regexp.MustCompile("^00-" + run.TraceID + "-[0-9a-f]{16}-01$")
	if len(run.TraceID) != 32 || !form.MatchString(got["/first"]) || !form.MatchString(got["/away"]) || got["/first"] == got["/away"] {
		t.Errorf("trace %q, sent %v", run.TraceID, got)
	}
	if got["/untraced"] != "" || got["/other"] != "" {
		t.Errorf("sent where it should not be: %v", got)
	}
}
