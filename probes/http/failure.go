package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// classify tells what went wrong with a request: a failure of the site, or an
// error that is our own trouble.
func (e *exchange) classify(ctx context.Context, err error) (*probes.Failure, error) {
	var wrapper *url.Error // which shows the URL, with secrets
	if errors.As(err, &wrapper) {
		err = wrapper.Err
	}
	if cause := e.parent.Err(); errors.Is(cause, context.Canceled) {
		return nil, cause
	}
	var own *proberError
	var unresolved *net.DNSError
	switch {
	case errors.As(err, &own):
		return nil, own.err
	case errors.As(err, &unresolved) && unresolved.IsNotFound:
		return e.notFound(unresolved), nil
	case isTimeout(err) && ctx.Err() != nil:
		return e.timeout(ctx)
	case unresolved != nil:
		return e.unresolved(ctx, unresolved)
	}
	if trouble := e.ownTrouble(err); trouble != nil {
		return nil, trouble
	}
	return e.broken(err), nil
}

// isTimeout tells whether an error is that of a deadline.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// timeout is the failure of a step that ran out of time.
func (e *exchange) timeout(ctx context.Context) (*probes.Failure, error) {
	limit, whose := e.definition.Timeout, "the step's"
	if e.parent.Err() != nil || limit == 0 {
		limit, whose = e.journey.limit, "the check's"
	}
	stuck := e.trace.stuck()
	if stuck == checks.PhaseResolve && !e.route.resolverAnswers(ctx) {
		return nil, fmt.Errorf("look up %s: the name servers of this machine do not answer", e.first.URL.Hostname())
	}
	return &probes.Failure{
		Kind:    probes.FailTimeout,
		Message: fmt.Sprintf("%s timeout of %s has passed: %s", whose, limit, waitingFor(stuck)),
	}, nil
}

// waitingFor says what a phase is about.
func waitingFor(phase checks.Phase) string {
	switch phase {
	case checks.PhaseResolve:
		return "the host name was not resolved"
	case checks.PhaseConnect:
		return "no connection came about"
	case checks.PhaseTLS:
		return "the TLS handshake did not end"
	case checks.PhaseFirstByte:
		return "there was no answer to the request"
	case checks.PhaseDownload:
		return "the answer did not end"
	}
	return "the request could not be sent"
}

// endedIn is the phase that an error belongs to. A dialer that is not of
// package net does not tell when it connects.
func (e *exchange) endedIn(err error) checks.Phase {
	var op *net.OpError
	if phase := e.trace.stuck(); phase != "" || !errors.As(err, &op) || op.Op != "dial" {
		return phase
	}
	return checks.PhaseConnect
}

// troubles are the errors of system calls that are about this machine, and
// not about the one that it talks to.
var troubles = [...]syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, // out of file descriptors
	syscall.ENOMEM, syscall.ENOBUFS,
	syscall.ENETUNREACH, syscall.ENETDOWN, // no route
	syscall.EADDRNOTAVAIL,         // no free port, or no address of this IP version
	syscall.EAFNOSUPPORT,          // no such IP version at all
	syscall.EACCES, syscall.EPERM, // our own firewall
}

// ownTrouble gives the error if it is about this machine, else nil.
//
// A host may have several addresses, of both IP versions. If one of them was
// reached but refused, the site is to blame, however many of the others we
// could not even try.
func (e *exchange) ownTrouble(err error) error {
	connecting := e.endedIn(err) == checks.PhaseConnect
	tried := e.trace.refused()
	if !connecting || len(tried) == 0 {
		tried = []error{err}
	}
	if connecting && e.route.proxy != nil {
		if trouble := e.proxyTrouble(err); trouble != nil {
			return trouble
		}
	}
	for _, refusal := range tried {
		if !isTrouble(refusal) {
			return nil
		}
	}
	return fmt.Errorf("connect to %s: %w", e.first.URL.Host, plain(err))
}

// proxyTrouble gives the error if the proxy is to blame, and not the site
// behind it: a proxy is a part of our own network.
func (e *exchange) proxyTrouble(err error) error {
	if !e.trace.reached() {
		return fmt.Errorf("reach the proxy %s: %w", e.route.proxy.Host, plain(err))
	}
	// Neither net/http nor its SOCKS client has types for these.
	for _, refusal := range []string{
		nethttp.StatusText(nethttp.StatusProxyAuthRequired),
		"authentication failed", "no acceptable authentication methods",
	} {
		if strings.Contains(err.Error(), refusal) {
			return fmt.Errorf("the proxy %s wants other credentials: %w", e.route.proxy.Host, plain(err))
		}
	}
	return nil
}

func isTrouble(err error) bool {
	if errors.As(err, new(x509.SystemRootsError)) {
		return true // no authorities on this machine
	}
	for _, trouble := range troubles {
		if errors.Is(err, trouble) {
			return true
		}
	}
	return errors.Is(err, syscall.EHOSTUNREACH) && !isNeighbour(err)
}

// isNeighbour tells whether the address that a connect failed for is in a
// network of this machine. If it is, "no route to host" says that the host is
// off; beyond, that a router on the way, and most often our own, is.
func isNeighbour(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) {
		return false
	}
	to, ok := op.Addr.(*net.TCPAddr)
	if !ok {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, address := range own {
		if network, ok := address.(*net.IPNet); ok && network.Contains(to.IP) {
			return true
		}
	}
	return false
}

// broken is the failure of a site that did answer in some way, or refused to.
func (e *exchange) broken(err error) *probes.Failure {
	host := e.lastHost()
	var limit *redirectLimitError
	var target *redirectTargetError
	var large *tooLargeError
	var coding *decodeError
	switch {
	case errors.Is(err, errRedirectForbidden), errors.As(err, &limit), errors.As(err, &target), errors.As(err, &large), errors.As(err, &coding):
		return protocol(err.Error())
	case isTimeout(err), errors.Is(err, syscall.ETIMEDOUT):
		return &probes.Failure{Kind: probes.FailTimeout, Message: fmt.Sprintf("%s did not answer in time: %s", host, waitingFor(e.trace.stuck()))}
	}
	if message := untrusted(err, host, e.journey.probe.now()); message != "" {
		return &probes.Failure{Kind: probes.FailTLS, Message: message}
	}
	var mismatch *net.AddrError
	if errors.As(err, &mismatch) {
		return &probes.Failure{Kind: probes.FailResolve, Message: fmt.Sprintf("%s has no address of IP version %s", host, e.request.IP)}
	}
	switch e.endedIn(err) {
	case checks.PhaseConnect:
		err = e.refusal(err)
		if e.route.proxy != nil {
			host += " through the proxy"
			err = errors.New(plain(err).Error()) // the proxy's words, not our kernel's
		}
		return &probes.Failure{Kind: probes.FailConnect, Message: unconnected(host, err)}
	case checks.PhaseTLS:
		return &probes.Failure{Kind: probes.FailTLS, Message: fmt.Sprintf("the TLS handshake with %s failed: %v", host, unshaken(err))}
	}
	return protocol(spoiled(err))
}

func protocol(message string) *probes.Failure {
	return &probes.Failure{Kind: probes.FailProtocol, Message: message}
}

// lastHost is the host that the exchange ended at.
func (e *exchange) lastHost() string {
	if u, err := url.Parse(e.step.HTTP.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return e.first.URL.Host
}

// refusal is the error of the first address that speaks about the site, and
// not about us.
func (e *exchange) refusal(err error) error {
	for _, refusal := range e.trace.refused() {
		if !isTrouble(refusal) {
			return refusal
		}
	}
	return err
}

func unconnected(host string, err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return host + " refused the connection"
	case errors.Is(err, syscall.ECONNRESET):
		return host + " reset the connection"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return host + " is not there: no route to host"
	}
	return fmt.Sprintf("connect to %s: %v", host, plain(err))
}

func unshaken(err error) string {
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, nethttp.ErrSchemeMismatch), errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the server closed the connection"
	}
	return plain(err).Error()
}

// spoiled says what is wrong with an answer.
func spoiled(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was reset before the answer was complete"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	}
	text := plain(err).Error()
	for _, prefix := range []string{"net/http: ", "HTTP/1.x transport connection broken: ", "http: ", "http2: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return "the answer is no valid HTTP: " + text
}

// plain takes the outer layers off a network error, which only repeat what
// the message around it says already.
func plain(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	for op := (*net.OpError)(nil); errors.As(err, &op) && op.Err != nil; {
		err = op.Err
	}
	return err
}

// days is a span of time as people count it.
func days(d time.Duration) string {
	switch n := int(d.Hours() / 24); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
