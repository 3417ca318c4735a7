package http_test

import (
	"fmt"
	nethttp "net/http"
	"strings"
	"testing"

	"outrider/probes"
)

func redirects(w nethttp.ResponseWriter, r *nethttp.Request) {
	var left int
	if n, _ := fmt.Sscanf(r.URL.Path, "/%d", &left); n == 1 && left > 0 {
		nethttp.Redirect(w, r, fmt.Sprintf("/%d", left-1), nethttp.StatusFound)
		return
	}
	switch r.URL.Path {
	case "/circle":
		nethttp.Redirect(w, r, "/circle", nethttp.StatusFound)
	case "/ftp":
		w.Header().Set("Location", "ftp://127.0.0.1/file")
		w.WriteHeader(nethttp.StatusFound)
	case "/keep":
		nethttp.Redirect(w, r, "/0", nethttp.StatusTemporaryRedirect)
	case "/cookie":
		nethttp.SetCookie(w, &nethttp.Cookie{Name: "hop", Value: "1", Path: "/"})
		nethttp.Redirect(w, r, "/0", nethttp.StatusFound)
	case "/nowhere":
		w.WriteHeader(nethttp.StatusFound)
	}
	if r.URL.Path == "/0" {
		body := make([]byte, r.ContentLength+1)
		n, _ := r.Body.Read(body)
		fmt.Fprintf(w, "%s %s", r.Method, body[:n])
	}
}

func TestRedirectsAreFollowed(t *testing.T) {
	url := serve(t, redirects)
	got := pass(t, url, `
http:
  - get: ${URL}/3
    expect: {redirects: 3, url: "${URL}/0", status: 200}
`)
	if h := got.Steps[0].HTTP; h.Redirects != 3 || h.URL != url+"/0" || h.Phases.Connect == 0 {
		t.Errorf("%+v", h)
	}
	pass(t, url, "http:\n  - post: ${URL}/keep\n    body: data\n    expect: {body: POST data}")
	pass(t, url, "http:\n  - post: ${URL}/1\n    body: data\n    expect: {body: starts with GET}")
	pass(t, url, "http:\n  - get: ${URL}/cookie\n    capture: {hop: cookie hop}")
}

func TestRedirectsAreBounded(t *testing.T) {
	url := serve(t, redirects)
	pass(t, url, "http:\n  - get: ${URL}/2\n    redirects: 2")
	failure := fail(t, url, "http:\n  - get: ${URL}/3\n    redirects: 2", probes.FailProtocol)
	contains(t, failure.Message, "more than 2 redirects")
	failure = fail(t, url, "http:\n  - get: ${URL}/circle", probes.FailProtocol)
	contains(t, failure.Message, "more than 10 redirects", "circle")
	failure = fail(t, url, "http:\n  - get: ${URL}/ftp", probes.FailProtocol)
	contains(t, failure.Message, `"ftp"`)
	failure = fail(t, url, "http:\n  - get: ${URL}/1\n    redirects: forbid", probes.FailProtocol)
	contains(t, failure.Message, "forbids")
	got := pass(t, url, "http:\n  - get: ${URL}/1\n    redirects: none\n    expect: {status: 302, headers: {Location: /0}}")
	if got.Steps[0].HTTP.Redirects != 0 {
		t.Error("a redirect that was not followed was counted")
	}
	pass(t, url, "http:\n  - get: ${URL}/nowhere\n    expect: {status: 302}")
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	seen := map[string]nethttp.Header{}
	note := func(name string) nethttp.HandlerFunc {
		return func(_ nethttp.ResponseWriter, r *nethttp.Request) { seen[name] = r.Header.Clone() }
	}
	foreign := serve(t, note("foreign")) // another port is another origin
	var home string
	home = serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/out":
			nethttp.Redirect(w, r, foreign+"/", nethttp.StatusFound)
		case "/in":
			nethttp.Redirect(w, r, home+"/end", nethttp.StatusFound)
		default:
			note("home")(w, r)
		}
	})
	step := func(path string) string {
		return "http:\n  - get: ${URL}" + path + "?key=query-secret\n    bearer: ${secret:TOKEN}\n    headers: {X-Api-Key: '${secret:TOKEN}', Cookie: a=b, Accept-Language: de}"
	}
	pass(t, home, step("/in"))
	if h := seen["home"]; h.Get("Authorization") != "Bearer s3cret-token" || h.Get("X-Api-Key") == "" || h.Get("Cookie") != "a=b" {
		t.Errorf("the same origin did not get everything: %v", h)
	}
	pass(t, home, step("/out"))
	h := seen["foreign"]
	if text := fmt.Sprint(h); strings.Contains(text, "s3cret") || strings.Contains(text, "query-secret") || h.Get("Cookie") != "" {
		t.Errorf("a foreign server saw credentials: %v", h)
	}
	if h.Get("Accept-Language") != "de" || h.Get("User-Agent") != "Outrider" || h.Get("Referer") != home+"/" {
		t.Errorf("harmless headers are missing: %v", h)
	}
}
