package browser

import (
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"

	"outrider/probes"
)

// exchange is the request for a document and its answer, redirects included,
// as the browser reports them bit by bit.
type exchange struct {
	http     probes.HTTP
	answered bool
	received float64 // when the headers were there, browser's clock, seconds
	failed   string  // network error
	canceled bool
}

// redirect adds a hop that led elsewhere.
func (x *exchange) redirect(r *network.Response) {
	x.http.Redirects++
	x.phases(r)
}

// answer takes the final answer.
func (x *exchange) answer(r *network.Response) {
	x.answered = true
	x.phases(r)
	x.http.URL = r.URL
	x.http.Status = int(r.Status)
	x.http.Protocol = protocolName(r.Protocol)
	x.http.HeaderBytes = int64(r.EncodedDataLength)
	if r.RemoteIPAddress != "" {
		x.http.Address = net.JoinHostPort(strings.Trim(r.RemoteIPAddress, "[]"), strconv.FormatInt(r.RemotePort, 10))
	}
	if d := r.SecurityDetails; d != nil {
		x.http.TLS = &probes.TLS{
			Version:  strings.TrimPrefix(d.Protocol, "TLS "),
			Cipher:   d.Cipher,
			Issuer:   d.Issuer,
			Subject:  d.SubjectName,
			NotAfter: time.Unix(int64(d.ValidTo), 0).UTC(),
			Verified: r.SecurityState == security.StateSecure,
		}
	}
}

// phases adds the phases of one hop. The marks are milliseconds after the
// request time, or -1 where there is none, as on a connection that was reused.
func (x *exchange) phases(r *network.Response) {
	t := r.Timing
	if t == nil {
		return
	}
	span := func(from, to float64) time.Duration {
		if from < 0 || to < from {
			return 0
		}
		return milliseconds(to - from)
	}
	p := &x.http.Phases
	p.Resolve += span(t.DNSStart, t.DNSEnd)
	p.TLS += span(t.SslStart, t.SslEnd)
	// The browser counts the TLS handshake as part of the connecting.
	if t.SslStart >= 0 {
		p.Connect += span(t.ConnectStart, t.SslStart)
	} else {
		p.Connect += span(t.ConnectStart, t.ConnectEnd)
	}
	first := t.ReceiveHeadersStart
	if first <= 0 {
		first = t.ReceiveHeadersEnd
	}
	p.FirstByte += span(t.SendEnd, first)
	x.received = t.RequestTime + first/1000
}

// finish takes the end of the body.
func (x *exchange) finish(at float64, bytes float64) {
	if x.received > 0 && at > x.received {
		x.http.Phases.Download = milliseconds((at - x.received) * 1000)
	}
	x.http.TransferBytes = int64(bytes)
}

// milliseconds makes a duration of the browser's milliseconds.
func milliseconds(ms float64) time.Duration {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// protocolName gives a protocol the name that servers use for themselves.
func protocolName(alpn string) string {
	switch alpn {
	case "h2":
		return "HTTP/2.0"
	case "h3":
		return "HTTP/3.0"
	}
	return strings.ToUpper(alpn)
}
