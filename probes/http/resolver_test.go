package http_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"outrider/probes"
	probehttp "outrider/probes/http"
)

// zone is what a name server says. The root is known; other names are not,
// unless they have records.
type zone struct {
	records map[string]netip.Addr
	codes   map[string]dnsmessage.RCode // "*": all other names
	silent  string                      // the name that gets no answer; "*": all
}

// nameServer answers questions over UDP on loopback.
type nameServer struct {
	zone
	t    testing.TB
	conn net.PacketConn
	done chan struct{}
}

func newNameServer(t testing.TB, z zone) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{zone: z, t: t, conn: conn, done: make(chan struct{})}
	go s.serve()
	t.Cleanup(func() { conn.Close(); <-s.done })
	return s
}

// resolver asks this server, whatever the system's name servers are.
func (s *nameServer) resolver() *net.Resolver { return resolverAt(s.conn.LocalAddr().String()) }

func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", address)
	}}
}

func (s *nameServer) serve() {
	defer close(s.done)
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(buffer[:n]) != nil || len(message.Questions) != 1 {
			continue
		}
		if answer := s.answer(message); answer != nil {
			_, _ = s.conn.WriteTo(answer, from)
		}
	}
}

func (s *nameServer) answer(message dnsmessage.Message) []byte {
	question := message.Questions[0]
	name := question.Name.String()
	if s.silent == name || s.silent == "*" {
		return nil
	}
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: message.ID, Response: true, RecursionAvailable: true}, Questions: message.Questions}
	head := dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class, TTL: 1}
	a, known := s.records[name]
	code, failing := s.codes[name]
	switch {
	case failing:
		reply.RCode = code
	case name == ".":
		reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.NSResource{NS: dnsmessage.MustNewName("a.root.")}})
	case !known:
		if reply.RCode, failing = s.codes["*"]; !failing {
			reply.RCode = dnsmessage.RCodeNameError
		}
	}
	if known && question.Type == dnsmessage.TypeA {
		reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
	}
	packed, err := reply.Pack()
	if err != nil {
		s.t.Error(err)
	}
	return packed
}

func TestNamesAreResolvedAndTimed(t *testing.T) {
	url := serve(t, text("hello"))
	names := newNameServer(t, zone{records: map[string]netip.Addr{"shop.example.": netip.MustParseAddr("127.0.0.1")}})
	port := netip.MustParseAddrPort(url[len("http://"):]).Port()
	check := load(t, "http://shop.example:"+itoa(port), `http: [{get: "${URL}/"}]`)
	got, err := run(t, probehttp.New(probehttp.Options{Resolver: names.resolver()}), check)
	if err != nil || got.Outcome != probes.Passed {
		t.Fatal(err, got.Failure)
	}
	if p := got.Steps[0].HTTP.Phases; p.Resolve <= 0 || p.Connect <= 0 {
		t.Errorf("%+v", p)
	}
}

func TestNamesThatCannotBeResolved(t *testing.T) {
	servfail := map[string]dnsmessage.RCode{"*": dnsmessage.RCodeServerFailure}
	for name, c := range map[string]struct {
		codes   map[string]dnsmessage.RCode
		silent  string
		message string
	}{
		"no such name":                  {nil, "", "shop.example has no address"},
		"the site's name servers fail":  {servfail, "", "could not be resolved"},
		"the site's name servers sleep": {nil, "shop.example.", "host name was not resolved"},
	} {
		t.Run(name, func(t *testing.T) {
			names := newNameServer(t, zone{codes: c.codes, silent: c.silent})
			kind := probes.FailResolve
			if c.silent != "" {
				kind = probes.FailTimeout
			}
			got, err := run(t, probehttp.New(probehttp.Options{Resolver: names.resolver()}), load(t, "http://shop.example", "timeout: 300ms\nhttp: [{get: \"${URL}/\"}]"))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, wantFailure(t, got, kind).Message, c.message)
		})
	}
}

func TestOurOwnNameServers(t *testing.T) {
	broken := newNameServer(t, zone{codes: map[string]dnsmessage.RCode{"*": dnsmessage.RCodeServerFailure, ".": dnsmessage.RCodeServerFailure}})
	silent := newNameServer(t, zone{silent: "*"})
	for name, resolver := range map[string]*net.Resolver{
		"refuse": resolverAt(closedPort(t)),
		"fail":   broken.resolver(),
		"sleep":  silent.resolver(),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := run(t, probehttp.New(probehttp.Options{Resolver: resolver}), load(t, "http://shop.example", "timeout: 300ms\nhttp: [{get: \"${URL}/\"}]"))
			if err == nil || got.Outcome != probes.Unknown {
				t.Fatalf("outcome %s, failure %+v", got.Outcome, got.Failure)
			}
			contains(t, err.Error(), "name servers of this machine do not answer")
		})
	}
}
