package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"outrider/checks"
)

func TestRequireAuth(t *testing.T) {
	token := Auth{Token: checks.NewSecret("token")}
	basic := Auth{User: "ops", Password: checks.NewSecret("password")}
	for _, c := range []struct {
		addr string
		auth Auth
		ok   bool
	}{
		{"127.0.0.1:8080", Auth{}, true},
		{"127.9.9.9:8080", Auth{}, true},
		{"[::1]:8080", Auth{}, true},
		{"localhost:8080", Auth{}, true},
		{":8080", Auth{}, false},
		{"0.0.0.0:8080", Auth{}, false},
		{"[::]:8080", Auth{}, false},
		{"192.0.2.1:8080", Auth{}, false},
		{"outrider.example.org:8080", Auth{}, false},
		{"0.0.0.0:8080", token, true},
		{":8080", basic, true},
		{":8080", Auth{User: "ops"}, false},
		{"127.0.0.1:8080", Auth{Password: checks.NewSecret("password")}, false},
		{"127.0.0.1", Auth{}, false},
	} {
		err := RequireAuth(c.addr, c.auth)
		if (err == nil) != c.ok {
			t.Errorf("%s %v: %v", c.addr, c.auth.IsZero(), err)
		}
		if err != nil && strings.Contains(err.Error(), "password\"") {
			t.Errorf("secret in error: %v", err)
		}
	}
}

func TestAuth(t *testing.T) {
	w := newWorld(noon)
	token := w.server(t, func(o *Options) { o.Auth = Auth{Token: checks.NewSecret("s3cret-token")} })
	basic := w.server(t, func(o *Options) { o.Auth = Auth{User: "ops", Password: checks.NewSecret("pass:word")} })
	both := w.server(t, func(o *Options) {
		o.Auth = Auth{Token: checks.NewSecret("s3cret-token"), User: "ops", Password: checks.NewSecret("pass:word")}
	})
	credentials := func(user, password string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		name   string
		server http.Handler
		header string
		status int
	}{
		{"nothing shown", token, "", 401},
		{"token", token, "Bearer s3cret-token", 200},
		{"token, other case of scheme", token, "bearer s3cret-token", 200},
		{"wrong token", token, "Bearer s3cret-tokem", 401},
		{"part of the token", token, "Bearer s3cret", 401},
		{"empty token", token, "Bearer ", 401},
		{"token as password", token, credentials("anyone", "s3cret-token"), 200},
		{"wrong token as password", token, credentials("anyone", "x"), 401},
		{"user and password", basic, credentials("ops", "pass:word"), 200},
		{"wrong password", basic, credentials("ops", "pass"), 401},
		{"wrong user", basic, credentials("dev", "pass:word"), 401},
		{"empty password", basic, credentials("ops", ""), 401},
		{"token where none is set", basic, "Bearer pass:word", 401},
		{"empty token where none is set", basic, "Bearer ", 401},
		{"both set, token", both, "Bearer s3cret-token", 200},
		{"both set, user", both, credentials("ops", "pass:word"), 200},
		{"both set, token as password", both, credentials("ops", "s3cret-token"), 401},
		{"garbage", both, "Negotiate abc", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"/", "/api/v1/checks", "/metrics", "/assets/style.css", "/nowhere"} {
				want := c.status
				if path == "/nowhere" && want == 200 {
					want = 404
				}
				rec := get(t, c.server, path, "Authorization", c.header)
				if rec.Code != want {
					t.Errorf("%s: %d, want %d", path, rec.Code, want)
				}
				if rec.Code == 401 && len(rec.Header().Values("WWW-Authenticate")) != 2 {
					t.Errorf("%s: %v", path, rec.Header())
				}
			}
			for _, path := range []string{"/healthz", "/readyz"} {
				if rec := get(t, c.server, path, "Authorization", c.header); rec.Code != 200 {
					t.Errorf("%s: %d", path, rec.Code)
				}
			}
		})
	}
}

func TestHostCheck(t *testing.T) {
	w := newWorld(noon)
	plain := w.server(t, func(o *Options) { o.BaseURL = "https://status.example.org/" })
	authed := w.server(t, func(o *Options) { o.Auth = Auth{Token: checks.NewSecret("s3cret-token")} })
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	outside := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080}
	for _, c := range []struct {
		name   string
		server http.Handler
		host   string
		local  net.Addr
		status int
	}{
		{"localhost", plain, "localhost:8080", loopback, 200},
		{"address", plain, "127.0.0.1:8080", loopback, 200},
		{"IPv6 address", plain, "[::1]:8080", loopback, 200},
		{"IPv6 address without port", plain, "[::1]", loopback, 200},
		{"base URL", plain, "Status.example.org", loopback, 200},
		{"rebound name", plain, "evil.example.com:8080", loopback, 421},
		{"name that begins like localhost", plain, "localhost.example.com", loopback, 421},
		{"private address", plain, "192.168.0.1", loopback, 421},
		{"no name", plain, "", loopback, 421},
		{"unknown where it arrived", plain, "evil.example.com", nil, 421},
		{"arrived from outside", plain, "monitor.example.org", outside, 200},
		{"with authentication", authed, "monitor.example.org", loopback, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/api/v1/checks", nil)
			r.Host = c.host
			r.Header.Set("Authorization", "Bearer s3cret-token")
			if c.local != nil {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, c.local))
			}
			rec := httptest.NewRecorder()
			c.server.ServeHTTP(rec, r)
			if rec.Code != c.status {
				t.Errorf("%d, want %d: %s", rec.Code, c.status, cut(rec.Body.String(), 200))
			}
		})
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	authed := w.server(t, func(o *Options) { o.Auth = Auth{Token: checks.NewSecret("s3cret-token")} })
	for _, c := range []struct {
		h    http.Handler
		path string
	}{
		{s, "/"}, {s, "/checks/hostile"}, {s, "/runs/0195ffff-hostile-run"}, {s, "/incidents"}, {s, "/nowhere"}, {s, "/?state=x"},
		{s, "/api/v1/checks"}, {s, "/api/v1/nothing"}, {s, "/metrics"}, {s, "/healthz"}, {s, "/assets/style.css"}, {authed, "/"},
	} {
		h := get(t, c.h, c.path).Header()
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", c.path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", c.path, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: shared with other origins", c.path)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	s := newWorld(noon).server(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "BREW"} {
		for _, path := range []string{"/", "/api/v1/checks", "/metrics"} {
			r := httptest.NewRequest(method, path, nil)
			r.Host = "localhost"
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			if rec.Code != 405 || rec.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, path, rec.Code, rec.Header())
			}
		}
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t, func(o *Options) { o.Definitions = func() *checks.Definitions { panic("boom") } })
	if rec := get(t, s, "/api/v1/checks"); rec.Code != 500 || strings.Contains(rec.Body.String(), "boom") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestNewRefuses(t *testing.T) {
	w := newWorld(noon)
	ok := Options{Runs: w.store, Incidents: w.store, Status: w.status, Definitions: func() *checks.Definitions { return w.defs }}
	for name, change := range map[string]func(*Options){
		"no runs":            func(o *Options) { o.Runs = nil },
		"no incidents":       func(o *Options) { o.Incidents = nil },
		"no status":          func(o *Options) { o.Status = nil },
		"no definitions":     func(o *Options) { o.Definitions = nil },
		"base URL as a host": func(o *Options) { o.BaseURL = "example.org" },
		"base URL of a file": func(o *Options) { o.BaseURL = "file:///x" },
		"user but no secret": func(o *Options) { o.Auth.User = "ops" },
		"password, no user":  func(o *Options) { o.Auth.Password = checks.NewSecret("password") },
	} {
		o := ok
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(ok); err != nil {
		t.Error(err)
	}
}
