package http_test

import (
	"context"
	"errors"
	"net"
	nethttp "net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"outrider/checks"
	"outrider/probes"
	probehttp "outrider/probes/http"
)

// closedPort gives an address that refuses connections.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestRefusedConnections(t *testing.T) {
	address := closedPort(t)
	failure := fail(t, "http://"+address, `http: [{get: "${URL}/"}]`, probes.FailConnect)
	contains(t, failure.Message, address+" refused the connection")
}

func TestIPVersions(t *testing.T) {
	url := serve(t, text("v4"))
	pass(t, url, "http:\n  - get: ${URL}/\n    ip: 4")
	failure := fail(t, url, "http:\n  - get: ${URL}/\n    ip: 6", probes.FailResolve)
	contains(t, failure.Message, "IP version 6")
}

// dialError makes a probe whose connections all fail in a way.
func dialError(err error) *probehttp.Probe {
	return probehttp.New(probehttp.Options{Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)), Err: err}
	}})
}

// farAway gives an address of documentation's that is in no network of this
// machine.
func farAway(t testing.TB) string {
	t.Helper()
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"192.0.2.1", "198.51.100.1", "203.0.113.1"} {
		if !slices.ContainsFunc(own, func(a net.Addr) bool { n, ok := a.(*net.IPNet); return ok && n.Contains(net.ParseIP(address)) }) {
			return address
		}
	}
	t.Fatal("this machine is in every network for documentation")
	return ""
}

func TestOwnTroubleIsNoFailureOfTheSite(t *testing.T) {
	for _, number := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.ENETUNREACH, syscall.ENETDOWN,
		syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EACCES, syscall.EPERM, syscall.EHOSTUNREACH,
	} {
		t.Run(number.Error(), func(t *testing.T) {
			got, err := run(t, dialError(os.NewSyscallError("connect", number)), load(t, "http://"+farAway(t), `http: [{get: "${URL}/"}]`))
			if !errors.Is(err, number) || got.Outcome != probes.Unknown || got.Steps[0].Outcome != probes.Unknown {
				t.Errorf("outcome %s, error %v", got.Outcome, err)
			}
		})
	}
}

func TestNoRouteToANeighbourIsItsFailure(t *testing.T) {
	got, err := run(t, dialError(syscall.EHOSTUNREACH), load(t, "http://127.0.0.9", `http: [{get: "${URL}/"}]`))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, wantFailure(t, got, probes.FailConnect).Message, "no route to host")
}

func TestRunningOutOfFileDescriptors(t *testing.T) {
	url := serve(t, text("hello"))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = min(limit.Cur, 256)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	got, probeErr := run(t, probehttp.New(probehttp.Options{}), load(t, url, `http: [{get: "${URL}/"}]`))
	for _, f := range taken {
		f.Close()
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(probeErr, syscall.EMFILE) || got.Outcome != probes.Unknown {
		t.Errorf("outcome %s, failure %+v, error %v", got.Outcome, got.Failure, probeErr)
	}
}

func TestDefinitionsThatCannotBeSent(t *testing.T) {
	probe := probehttp.New(probehttp.Options{})
	check := load(t, "http://127.0.0.1", `http: [{get: "${URL}/"}]`)
	request := check.Journey.Steps[0].Action.(*checks.Request)
	request.TLS.CA, request.URL = []byte("no certificate"), checks.Literal("https://127.0.0.1/")
	if _, err := run(t, probe, check); err == nil {
		t.Error("a CA that cannot be read is our own trouble")
	}
	request.Body = &checks.Body{Kind: "odd"}
	if _, err := run(t, probe, check); err == nil {
		t.Error("an unknown kind of body is our own trouble")
	}
	check.Journey.Steps[0].Action = &checks.Click{}
	if _, err := run(t, probe, check); err == nil {
		t.Error("a click is not for this probe")
	}
}

func TestURLsWithPasswords(t *testing.T) {
	url := serve(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "hidden" {
			t.Error("user and password were not sent")
		}
	})
	got := pass(t, strings.Replace(url, "http://", "http://ann:hidden@", 1), `http: [{get: "${URL}/"}]`)
	if strings.Contains(got.Steps[0].HTTP.URL, "hidden") {
		t.Error("the run shows the password")
	}
}
