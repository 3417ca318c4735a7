package web

import (
	"net"
	"net/http"
	"runtime/debug"
	"strings"
)

// policy allows nothing but our own style sheet, script and images, and no
// framing. Templates therefore hold neither style attributes nor handlers.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// evidencePolicy is for artifacts, which are hostile: nothing loads, nothing
// runs, and the document has an origin of its own.
const evidencePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// secured sets the headers that every answer carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
		// Links lead to monitored sites: they are not to learn who watches.
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// readOnly refuses every method that is not for reading, but for the one path
// that takes something.
func (s *Server) readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.URL.Path != marksPath {
			w.Header().Set("Allow", "GET, HEAD")
			s.refuse(w, r, http.StatusMethodNotAllowed, "method not allowed: use GET")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostChecked refuses requests that reached a loopback address under a foreign
// name: a page on the Internet whose name was made to point to 127.0.0.1 (DNS
// rebinding) would otherwise read everything through the user's browser. With
// authentication the foreign page has no credentials, and the check is off.
func (s *Server) hostChecked(base string, next http.Handler) http.Handler {
	if !s.auth.IsZero() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if overLoopback(r) && !isLoopback(host) && !(base != "" && strings.EqualFold(host, base)) {
			s.refuse(w, r, http.StatusMisdirectedRequest,
				"unknown host name in the request: open the monitor as localhost, or set its base URL to the address you use")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// overLoopback tells whether the request arrived on a loopback address. A
// request that does not say is taken for one.
func overLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// recovered turns a panic into an answer and a log entry.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				s.log.Error("handle request", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
				s.refuse(w, r, http.StatusInternalServerError, "internal error; the log says more")
			}
		}()
		next.ServeHTTP(w, r)
	})
}
