package http

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// trace divides the time of an exchange into phases. At any moment at most
// one phase is open. The hooks are called from several goroutines, some of
// them after the exchange has ended.
type trace struct {
	hooks   httptrace.ClientTrace
	proxied bool

	mu      sync.Mutex
	open    checks.Phase // empty: none
	since   time.Time
	phases  probes.Phases
	answer  bool // the first byte of this hop's answer is there
	ended   bool
	there   bool // this hop's connection came about, to the proxy if there is one
	address net.Addr
	// last is the phase that was open when the exchange ended.
	last checks.Phase
	// refusals are the errors of all addresses that were tried: a host may
	// have several, and the last one alone does not tell why none answered.
	refusals []error
}

func newTrace(proxied bool) *trace {
	t := &trace{proxied: proxied}
	t.hooks = httptrace.ClientTrace{
		GetConn:              t.getConn,
		DNSStart:             t.dnsStart,
		DNSDone:              t.dnsDone,
		ConnectStart:         t.connectStart,
		ConnectDone:          t.connectDone,
		TLSHandshakeStart:    t.tlsStart,
		TLSHandshakeDone:     t.tlsDone,
		GotConn:              t.gotConn,
		WroteRequest:         t.wroteRequest,
		GotFirstResponseByte: t.firstByte,
	}
	return t
}

// enter closes the open phase and opens another, or none. The caller holds
// the lock.
func (t *trace) enter(phase checks.Phase, now time.Time) {
	if t.ended {
		return
	}
	passed := now.Sub(t.since)
	switch t.open {
	case checks.PhaseResolve:
		t.phases.Resolve += passed
	case checks.PhaseConnect:
		t.phases.Connect += passed
	case checks.PhaseTLS:
		t.phases.TLS += passed
	case checks.PhaseFirstByte:
		t.phases.FirstByte += passed
	case checks.PhaseDownload:
		t.phases.Download += passed
	}
	t.open, t.since = phase, now
}

// end closes the exchange; nothing that happens later counts.
func (t *trace) end(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = t.open
	t.enter("", now)
	t.ended = true
}

// result gives the phases and the address that answered.
func (t *trace) result() (probes.Phases, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.address == nil {
		return t.phases, ""
	}
	return t.phases, t.address.String()
}

// stuck is the phase in which the exchange ended.
func (t *trace) stuck() checks.Phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// refused gives the errors of all connects that failed.
func (t *trace) refused() []error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refusals
}

// reached tells whether the last hop's connection came about.
func (t *trace) reached() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.there
}

// move is enter for hooks.
func (t *trace) move(phase checks.Phase) {
	now := time.Now()
	t.mu.Lock()
	t.enter(phase, now)
	t.mu.Unlock()
}

// getConn begins a hop; what was left of a redirect's body is skipped.
func (t *trace) getConn(string) {
	now := time.Now()
	t.mu.Lock()
	t.enter("", now)
	t.answer, t.there = false, false
	t.mu.Unlock()
}

func (t *trace) dnsStart(httptrace.DNSStartInfo) { t.move(checks.PhaseResolve) }

// dnsDone leaves the phase open if there is no address, so that it is the one
// in which the exchange ended.
func (t *trace) dnsDone(info httptrace.DNSDoneInfo) {
	if info.Err == nil {
		t.move("")
	}
}

// connectStart may be called again for a second address, or at the same time
// for one of the other IP version.
func (t *trace) connectStart(_, _ string) {
	now := time.Now()
	t.mu.Lock()
	if t.open != checks.PhaseConnect {
		t.enter(checks.PhaseConnect, now)
	}
	t.mu.Unlock()
}

// connectDone ends the phase. With a proxy it goes on until the proxy has
// connected, too.
func (t *trace) connectDone(_, _ string, err error) {
	now := time.Now()
	t.mu.Lock()
	switch {
	case t.ended:
	case err != nil:
		t.refusals = append(t.refusals, err)
	default:
		if t.there = true; !t.proxied {
			t.enter("", now)
		}
	}
	t.mu.Unlock()
}

func (t *trace) tlsStart() { t.move(checks.PhaseTLS) }

func (t *trace) tlsDone(_ tls.ConnectionState, err error) {
	if err == nil {
		t.move("")
	}
}

func (t *trace) gotConn(info httptrace.GotConnInfo) {
	now := time.Now()
	t.mu.Lock()
	t.enter("", now)
	if !t.ended {
		t.address = info.Conn.RemoteAddr()
	}
	t.mu.Unlock()
}

// wroteRequest opens the wait for the answer, unless the server answered
// before it had read everything.
func (t *trace) wroteRequest(httptrace.WroteRequestInfo) {
	now := time.Now()
	t.mu.Lock()
	if !t.answer {
		t.enter(checks.PhaseFirstByte, now)
	}
	t.mu.Unlock()
}

// firstByte opens the download. The goroutine that wrote the request may come
// to tell so only after the answer is there: then the wait is counted from
// when the connection was ready.
func (t *trace) firstByte() {
	now := time.Now()
	t.mu.Lock()
	t.answer = true
	if t.open == "" {
		t.open = checks.PhaseFirstByte
	}
	t.enter(checks.PhaseDownload, now)
	t.mu.Unlock()
}
