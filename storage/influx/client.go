package influx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// guarded gives an HTTP client that cannot mistake another server's answer for
// success: it follows no redirects, since a redirected POST becomes a GET and
// its points are gone, and it takes a write for done only when the answer is
// the 204 that InfluxDB gives.
func guarded(given *http.Client, timeout time.Duration) *http.Client {
	var c http.Client
	if given != nil {
		c = *given
	}
	if c.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 2
		c.Transport = t
	}
	c.Transport = &guard{next: c.Transport}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Timeout = timeout
	return &c
}

type guard struct{ next http.RoundTripper }

// maxAnswer bounds how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	isWrite := strings.HasSuffix(r.URL.Path, "/api/v2/write")
	if isWrite && answer.StatusCode < 300 && answer.StatusCode != http.StatusNoContent {
		answer.Body.Close()
		return nil, fmt.Errorf("answered %q to a write where InfluxDB says 204: is this InfluxDB?", answer.Status)
	}
	return answer, nil
}

// CloseIdleConnections passes on what http.Client asks of its transport.
func (g *guard) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
