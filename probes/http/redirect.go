package http

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strings"
)

// The ways in which a redirect fails a step.
var errRedirectForbidden = errors.New("the answer is a redirect, which the definition forbids")

// redirectLimitError says that the chain of redirects is too long.
type redirectLimitError struct {
	limit int
	again bool // the next URL was there before
}

func (e *redirectLimitError) Error() string {
	if e.again {
		return fmt.Sprintf("more than %d redirects, in a circle", e.limit)
	}
	return fmt.Sprintf("more than %d redirects", e.limit)
}

// redirectTargetError says that a redirect leads to where no request can.
type redirectTargetError struct{ scheme string }

func (e *redirectTargetError) Error() string {
	return fmt.Sprintf("a redirect leads to a URL of scheme %q", e.scheme)
}

// redirect is the http.Client's CheckRedirect: it decides whether to follow,
// and what the next server gets to see.
func (e *exchange) redirect(req *nethttp.Request, via []*nethttp.Request) error {
	switch {
	case e.request.ForbidRedirects:
		return errRedirectForbidden
	case e.request.MaxRedirects <= 0:
		return nethttp.ErrUseLastResponse
	case len(via) > e.request.MaxRedirects:
		again := false
		for _, before := range via {
			again = again || before.URL.String() == req.URL.String()
		}
		return &redirectLimitError{e.request.MaxRedirects, again}
	}
	if s := req.URL.Scheme; s != "http" && s != "https" {
		return &redirectTargetError{s}
	}
	e.hops = len(via)
	if e.away = e.away || !sameOrigin(e.first.URL, req.URL); e.away {
		keepHarmless(req.Header)
		if before := via[len(via)-1].URL; req.Header.Get("Referer") != "" {
			// As browsers do: the host, but not the path and query.
			req.Header.Set("Referer", before.Scheme+"://"+before.Host+"/")
		}
	}
	return nil
}

// harmless are the headers that a foreign server may see. Everything else
// that a definition sets may be a credential under any name; net/http itself
// would take out Authorization and Cookie only, and not for another port or
// for the same host without TLS. Cookies are added later, by the jar.
var harmless = [...]string{"Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Referer", "User-Agent"}

func keepHarmless(h nethttp.Header) {
	for name := range h {
		keep := false
		for _, other := range harmless {
			keep = keep || name == other
		}
		if !keep {
			delete(h, name)
		}
	}
}

// sameOrigin tells whether two URLs are of one origin (RFC 6454). The step
// from plain HTTP to HTTPS on the usual ports of a host is not a way out.
func sameOrigin(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if a.Scheme == b.Scheme {
		return port(a) == port(b)
	}
	return a.Scheme == "http" && b.Scheme == "https" && port(a) == "80" && port(b) == "443"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
