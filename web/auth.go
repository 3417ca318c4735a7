package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"outrider/checks"
)

// Auth is who may look: whoever shows the token (RFC 6750), or the user name
// and password (RFC 7617). Both may be set; the zero value asks for nothing.
// So that browsers can ask for it, the token is also accepted as the password
// of any user name when no user is set.
type Auth struct {
	Token    checks.Secret
	User     string
	Password checks.Secret
}

// IsZero tells whether nothing is asked for.
func (a Auth) IsZero() bool { return a.Token.IsZero() && a.User == "" && a.Password.IsZero() }

// check refuses half a pair of user and password.
func (a Auth) check() error {
	if (a.User == "") != a.Password.IsZero() {
		return errors.New("basic authentication needs both a user and a password")
	}
	return nil
}

// RequireAuth refuses to serve on an address beyond loopback without
// authentication: what Outrider shows tells an attacker where a site hurts.
func RequireAuth(addr string, a Auth) error {
	if err := a.check(); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: write host:port, such as 127.0.0.1:8080", addr)
	}
	if a.IsZero() && !isLoopback(host) {
		return fmt.Errorf("listen address %q can be reached from other machines: set a token, or a user and a password, or listen on 127.0.0.1", addr)
	}
	return nil
}

// isLoopback tells whether a host without port is this machine only. Names
// but localhost are not looked up: what they stand for may change.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// allows tells whether the request shows what is asked for.
func (a Auth) allows(r *http.Request) bool {
	if token, ok := bearer(r); ok {
		return !a.Token.IsZero() && same(token, a.Token.Reveal())
	}
	user, password, ok := r.BasicAuth()
	if !ok {
		return false
	}
	if a.User != "" {
		// Both are compared in any case, so that time tells nothing of either.
		u, p := same(user, a.User), same(password, a.Password.Reveal())
		return u && p
	}
	return !a.Token.IsZero() && same(password, a.Token.Reveal())
}

// bearer gives the token of an Authorization header.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// same compares in a time that does not depend on where, or whether, the two
// differ in content or length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// authenticated lets only those through who may look; health is open.
func (s *Server) authenticated(next http.Handler) http.Handler {
	if s.auth.IsZero() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || s.auth.allows(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("WWW-Authenticate", `Basic realm="Outrider", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="Outrider"`)
		s.refuse(w, r, http.StatusUnauthorized, "sign in: send a bearer token or a user name and password")
	})
}
