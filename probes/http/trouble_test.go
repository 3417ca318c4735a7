package http

import (
	"errors"
	"net"
	nethttp "net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// A host with several addresses: only if none of them could be tried is it
// our own trouble.
func TestSeveralAddresses(t *testing.T) {
	refused := func(address string, number syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.ParseIP(address), Port: 80}, Err: os.NewSyscallError("connect", number)}
	}
	noIPv6 := refused("2001:db8::1", syscall.ENETUNREACH)
	noRoute := refused("198.51.100.7", syscall.ENETUNREACH)
	down := refused("198.51.100.7", syscall.ECONNREFUSED)
	for name, c := range map[string]struct {
		tried []error
		ours  bool
	}{
		"none could be tried":      {[]error{noIPv6, noRoute}, true},
		"the second refused":       {[]error{noIPv6, down}, false},
		"the first refused":        {[]error{down, noIPv6}, false},
		"the only one has no road": {[]error{noIPv6}, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := fuzzExchange()
			e.definition, e.route, e.parent = &checks.Step{}, &route{}, t.Context()
			e.first = &nethttp.Request{URL: &url.URL{Scheme: "http", Host: "shop.example"}}
			e.trace = newTrace(false)
			for _, err := range c.tried {
				e.trace.connectStart("tcp", "")
				e.trace.connectDone("tcp", "", err)
			}
			e.trace.end(time.Now())
			failure, err := e.classify(t.Context(), &url.Error{Op: "Get", URL: "http://shop.example/", Err: c.tried[0]})
			if c.ours {
				if !errors.Is(err, syscall.ENETUNREACH) {
					t.Errorf("failure %+v, error %v", failure, err)
				}
				return
			}
			if err != nil || failure == nil || failure.Kind != probes.FailConnect || failure.Message != "shop.example refused the connection" {
				t.Errorf("failure %+v, error %v", failure, err)
			}
		})
	}
}

// The goroutine that writes a request may be late to tell that it did.
func TestAnswersThatOvertakeTheirRequest(t *testing.T) {
	tr := newTrace(false)
	tr.getConn("")
	tr.gotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
	time.Sleep(time.Millisecond)
	tr.firstByte()
	tr.wroteRequest(httptrace.WroteRequestInfo{})
	tr.end(time.Now())
	if p := tr.phases; p.FirstByte < time.Millisecond || tr.stuck() != checks.PhaseDownload {
		t.Errorf("%+v, ended in %q", p, tr.stuck())
	}
}
