package http_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"outrider/probes"
	probehttp "outrider/probes/http"
)

// raw starts a server that reads a request and then writes whatever it likes,
// until the other side hangs up.
func raw(t testing.TB, answer func(io.Writer) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer c.Close()
				if _, err := nethttp.ReadRequest(bufio.NewReader(c)); err == nil {
					_ = answer(c)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); clients.Wait() })
	return "http://" + l.Addr().String()
}

// once writes a text.
func once(text string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
}

// forever writes a text, then another again and again.
func forever(first, again string, pause time.Duration) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, first)
		for err == nil {
			time.Sleep(pause)
			_, err = io.WriteString(w, again)
		}
		return err
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

func TestHostileServers(t *testing.T) {
	const slow = 5 * time.Millisecond
	chunk := "400\r\n" + strings.Repeat("x", 0x400) + "\r\n"
	for name, c := range map[string]struct {
		answer  func(io.Writer) error
		kind    probes.FailureKind
		message string
	}{
		"endless body":              {forever(ok+"\r\n", strings.Repeat("x", 4096), 0), probes.FailProtocol, "larger than the limit of 100000 bytes"},
		"endless chunks":            {forever(ok+"Transfer-Encoding: chunked\r\n\r\n", chunk, 0), probes.FailProtocol, "larger than the limit of 100000 bytes"},
		"announces too much":        {once(ok + "Content-Length: 100001\r\n\r\nx"), probes.FailProtocol, "larger than the limit of 100000 bytes"},
		"announces nonsense":        {once(ok + "Content-Length: 99999999999999999999\r\n\r\nx"), probes.FailProtocol, "no valid HTTP"},
		"two lengths":               {once(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), probes.FailProtocol, "no valid HTTP"},
		"slow body":                 {forever(ok+"Content-Length: 9999\r\n\r\n", "x", slow), probes.FailTimeout, "the answer did not end"},
		"slow header":               {forever(ok, "X-A: b\r\n", slow), probes.FailTimeout, "the answer did not end"},
		"huge header":               {forever(ok, "X-A: "+strings.Repeat("b", 4000)+"\r\n", 0), probes.FailProtocol, "headers exceeded"},
		"header without an end":     {forever(ok+"X-A: ", strings.Repeat("b", 4000), 0), probes.FailProtocol, "headers exceeded"},
		"endless status line":       {forever("HTTP/1.1 200 ", strings.Repeat("b", 4000), 0), probes.FailProtocol, "headers exceeded"},
		"storm of 100 Continue":     {forever("", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), 0), probes.FailProtocol, "headers exceeded"},
		"storm of 103 Early Hints":  {forever("", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 100), 0), probes.FailProtocol, "headers exceeded"},
		"slow 102 Processing":       {forever("", "HTTP/1.1 102 Processing\r\n\r\n", slow), probes.FailTimeout, "the answer did not end"},
		"garbage":                   {once("\x16\x03\x01garbage\r\n\r\n"), probes.FailProtocol, "no valid HTTP: malformed HTTP"},
		"odd status":                {once("HTTP/1.1 abc\r\n\r\n"), probes.FailProtocol, "no valid HTTP: malformed HTTP status"},
		"header without a colon":    {once(ok + "no colon here\r\n\r\n"), probes.FailProtocol, "no valid HTTP: malformed MIME header"},
		"nothing":                   {once(""), probes.FailProtocol, "closed without an answer"},
		"half a header":             {once(ok + "X-A"), probes.FailProtocol, "no valid HTTP: malformed MIME header"},
		"body shorter than told":    {once(ok + "Content-Length: 10\r\n\r\nabc"), probes.FailProtocol, "closed before the answer was complete"},
		"chunks that end too early": {once(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"), probes.FailProtocol, "closed before the answer was complete"},
		"broken chunks":             {once(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"), probes.FailProtocol, "no valid HTTP: invalid byte in chunk length"},
		"unknown transfer coding":   {once(ok + "Transfer-Encoding: odd\r\n\r\nab"), probes.FailProtocol, "no valid HTTP: unsupported transfer encoding"},
		"switches protocols":        {once("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: odd\r\n\r\n"), probes.FailAssertion, "status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := load(t, raw(t, c.answer), "timeout: 500ms\nhttp:\n  - get: ${URL}/\n    max_body: 100kB\n    max_header: 20kB\n    expect: {status: 200}")
			began := time.Now()
			got, err := run(t, probehttp.New(probehttp.Options{}), check)
			if err != nil {
				t.Fatal(err)
			}
			contains(t, wantFailure(t, got, c.kind).Message, c.message)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			if got.Steps[0].Duration == 0 || got.Steps[0].HTTP == nil {
				t.Error("the step does not tell what it took")
			}
		})
	}
}

func TestStormsThatAreBearable(t *testing.T) {
	var cookies strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&cookies, "Set-Cookie: c%d=%d\r\n", i, i)
	}
	url := raw(t, once(ok+cookies.String()+"Content-Length: 0\r\n\r\n"))
	pass(t, url, "http:\n  - get: ${URL}/\n    capture: {c: cookie c1999}")
	url = raw(t, once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"+ok+"Content-Length: 2\r\n\r\nok"))
	pass(t, url, "http:\n  - get: ${URL}/\n    expect: {body: ok}")
}

func TestHostileJSON(t *testing.T) {
	for name, c := range map[string]struct{ body, message string }{
		"deep":        {strings.Repeat("[", 100_000), "no JSON"},
		"deep, whole": {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "exceeded max depth"},
		"many values": {"[" + strings.Repeat("0,", 1<<20) + "0]", "more than 1048576 values"},
		"two values":  {`{"a":1} {"a":2}`, "something follows"},
		"cut off":     {`{"a":[1,2`, "ends too early"},
		"empty":       {"", "empty"},
		"HTML":        {"<!doctype html>", "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := fail(t, serve(t, text(c.body)), "http:\n  - get: ${URL}/\n    expect: {json: {$.a: 1}}", probes.FailAssertion)
			contains(t, failure.Message, c.message)
		})
	}
}
