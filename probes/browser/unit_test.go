package browser

import (
	"bufio"
	"bytes"
	"image"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"

	"outrider/checks"
	"outrider/probes"
)

// pipe is a browser's side of the debugging pipe that has said all it will.
type pipe struct{ io.Reader }

func (pipe) Close() error                { return nil }
func (pipe) Write(p []byte) (int, error) { return len(p), nil }

func gateOver(messages ...string) *gate {
	text := strings.Join(messages, "\x00") + "\x00"
	return newGate(pipe{strings.NewReader(text)}, pipe{})
}

func TestGate(t *testing.T) {
	const session = "S1"
	event := func(method string) string {
		return `{"method":"` + method + `","params":{"x":1},"sessionId":"` + session + `"}`
	}
	huge := strings.Repeat("x", maxMessage)
	g := gateOver(
		event("DOM.documentUpdated"),
		event("Page.loadEventFired"),
		`{"id":1,"result":{}}`,
		`not JSON`,
		`{"id":2,"result":{"data":"`+huge+`"},"sessionId":"`+session+`"}`,
		`{"method":"Runtime.consoleAPICalled","params":{"text":"`+huge+`"},"sessionId":"`+session+`"}`,
		event("Page.frameNavigated"),
	)
	g.open(session)
	var got []string
	for {
		var msg cdproto.Message
		if err := g.Read(t.Context(), &msg); err != nil {
			if err != io.EOF {
				t.Fatalf("Read: %v", err)
			}
			break
		}
		switch {
		case msg.Error != nil:
			got = append(got, string(msg.SessionID)+" "+msg.Error.Message)
		case msg.Method != "":
			got = append(got, string(msg.Method))
		default:
			got = append(got, string(msg.Result))
		}
	}
	if want := "{}|S1 the answer is too large|Page.frameNavigated"; strings.Join(got, "|") != want {
		t.Errorf("the gate let through %q, expected %q", strings.Join(got, "|"), want)
	}
}

func TestSessionOf(t *testing.T) {
	for text, want := range map[string]target.SessionID{
		`{"method":"Page.frameNavigated","params":{"x":1},"sessionId":"S1"}`:             "S1",
		`{"method":"Target.targetCreated","params":{"x":1}}`:                             "",
		`{"method":"Target.attachedToTarget","params":{"x":1,"sessionId":"S2"}}`:         "",
		`{"method":"Target.x","params":{"a":"b","sessionId":"S2"},"sessionId":"S1"}`:     "S1",
		`{"method":"Log.entryAdded","params":{"text":",\"sessionId\":\"S2\"}"},"s":"S"}`: "",
		`{"method":"Log.entryAdded","params":{"text":",\"sessionId\":\"S2\"}"}}`:         "",
		`"}`: "", ``: "", `,"sessionId":"`: "",
	} {
		if got := sessionOf([]byte(text)); got != want {
			t.Errorf("%s is of session %q, expected %q", text, got, want)
		}
	}
}

func TestGateCounts(t *testing.T) {
	g := gateOver()
	g.open("S1")
	passes := func(session target.SessionID, method string) bool {
		pass, _ := g.admit(session, method)
		return pass
	}
	admitted := 0
	for range maxNoise * 2 {
		if passes("S1", "Runtime.consoleAPICalled") {
			admitted++
		}
	}
	if admitted != maxNoise {
		t.Errorf("%d console messages passed, expected %d", admitted, maxNoise)
	}
	if !passes("S1", "Page.frameNavigated") {
		t.Error("the noise of a page keeps its other events back")
	}
	g.aside("F1", "S1", func(any) {})
	if _, listen := g.admit("F1", "Fetch.requestPaused"); listen == nil {
		t.Error("an event of a frame goes to chromedp")
	}
	g.shut("S1")
	if passes("S1", "Page.frameNavigated") {
		t.Error("an event of a page that is being closed passed")
	}
	g.forget("S1")
	if len(g.pages) != 0 {
		t.Error("the gate remembers a page that is gone")
	}
	if !passes("S2", "Page.frameNavigated") {
		t.Error("an event of another page was kept back")
	}
}

// FuzzReadMessage checks that messages come out as they went in, whatever is
// around them, and that no more than the limit is ever kept.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(`{"id":1,"result":{}}`), []byte(`{"method":"a"}`), 64)
	f.Add([]byte(``), bytes.Repeat([]byte("y"), 2000), 1024)
	f.Fuzz(func(t *testing.T, first, second []byte, limit int) {
		first, second = bytes.ReplaceAll(first, []byte{0}, nil), bytes.ReplaceAll(second, []byte{0}, nil)
		limit = max(limit%4096, 0) + 2*keptEnd
		in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(first), bytes.NewReader([]byte{0}), bytes.NewReader(second), bytes.NewReader([]byte{0})), 16)
		for _, want := range [][]byte{first, second} {
			got, whole, err := readMessage(in, nil, limit)
			if err != nil {
				t.Fatalf("readMessage: %v", err)
			}
			if whole != (len(want)+1 <= limit) {
				t.Fatalf("%d bytes with a limit of %d came whole: %v", len(want), limit, whole)
			}
			if whole && !bytes.Equal(got, want) {
				t.Fatalf("%q came out as %q", want, got)
			}
			if !whole && (len(got) > 2*keptEnd || !bytes.HasPrefix(want, got[:keptEnd/2])) {
				t.Fatalf("of %d bytes, %d were kept: %q", len(want), len(got), got)
			}
			if !whole {
				refusal(got)
			}
			eventMethod(got)
		}
	})
}

func TestParseChord(t *testing.T) {
	for text, want := range map[string]string{
		"Enter": "Enter", "a": "a", "A": "A", "Control+Shift+K": "K", "+": "+", "Control++": "+", "Space": " ", "ArrowDown": "ArrowDown",
		"F5": "F5", "é": "é", "Shift": "Shift", "Control": "Control", "Delete": "Delete", "Tab": "Tab",
	} {
		c, err := parseChord(text)
		if err != nil || c.key.Key != want {
			t.Errorf("%q is %+v, %v, expected %q", text, c.key, err, want)
		}
	}
	for _, text := range []string{"", "Entre", "Control+", "Control+Entre", "ab", "\x00"} {
		if c, err := parseChord(text); err == nil {
			t.Errorf("%q is %+v, expected an error", text, c.key)
		}
	}
}

func FuzzParseChord(f *testing.F) {
	f.Add("Control+Shift+A")
	f.Add("++")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseChord(text)
		if err != nil {
			return
		}
		held := 0
		for _, e := range c.events(0) {
			switch e.Type {
			case "keyUp":
				held--
			default:
				held++
			}
			if held < 0 {
				t.Fatalf("%q lets a key go that is not held", text)
			}
		}
		if held != 0 {
			t.Fatalf("%q leaves %d keys held", text, held)
		}
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add(`{"origin":1.7e12,"vitals":[{"name":"LCP","value":12.5,"at":1,"cause":{"target":"#a","url":"http://a/b?c","load_delay_ms":-1}}]}`)
	f.Add(`{"origin":1,"vitals":[{"name":"CLS","value":-1},{"name":"INP","value":1e9,"view":2,"start":3,"url":"%"}]}`)
	f.Add(`{"origin":1e14,"tasks":[[1,60]],"frames":[{"start":1,"duration":70,"render":60,"scripts":[[2,50,90]],"longest":{"url":"x"}}],"marks":[{"name":"a","kind":"measure","start":1e9,"duration":1e9}]}`)
	f.Fuzz(func(t *testing.T, payload string) {
		r, ok := parseReport(payload)
		if !ok {
			return
		}
		var l pageLog
		l.take(&r, keeper{func(s string) string { return s }})
		v := l.first()
		l.blocked(&v, time.Now())
		if s := l.soft(time.Time{}, time.Now().AddDate(100, 0, 0)); s != nil {
			v = *s
		}
		for _, vital := range checks.Vitals() {
			if got := v.Of(vital); got != nil && !sane(*got, 1e9) {
				t.Fatalf("%q is %s %v", payload, vital, *got)
			}
		}
		step := probes.Step{Page: &probes.PageStats{}}
		in := splitting{step: span{l.origin, l.origin.Add(time.Second)}, duration: time.Second}
		l.addTo(&step, &in, in.step.from, in.step.till)
		s := in.split()
		if sum := s.Network + s.Server + s.Script + s.Rendering + s.Other; sum != time.Second {
			t.Fatalf("%q sums up to %s", payload, sum)
		}
	})
}

// FuzzProfileName checks that only names that we make are taken for ours.
func FuzzProfileName(f *testing.F) {
	f.Add(profilePrefix + "12-34-56")
	f.Fuzz(func(t *testing.T, name string) {
		if pid, _, ok := owner(name); ok && (pid < 0 || strings.ContainsAny(name, "/\x00 ")) {
			t.Fatalf("%q is taken for the profile of %d", name, pid)
		}
	})
}

func TestNetErrorKind(t *testing.T) {
	tests := []struct {
		text string
		kind probes.FailureKind
		own  bool
	}{
		{"net::ERR_NAME_NOT_RESOLVED", probes.FailResolve, false},
		{"net::ERR_CONNECTION_REFUSED", probes.FailConnect, false},
		{"net::ERR_CONNECTION_TIMED_OUT", probes.FailTimeout, false},
		{"net::ERR_ADDRESS_UNREACHABLE", probes.FailConnect, false},
		{"net::ERR_CERT_DATE_INVALID", probes.FailTLS, false},
		{"net::ERR_SSL_PROTOCOL_ERROR", probes.FailTLS, false},
		{"net::ERR_TOO_MANY_REDIRECTS", probes.FailProtocol, false},
		{"net::ERR_HTTP2_PROTOCOL_ERROR", probes.FailProtocol, false},
		{"net::ERR_BLOCKED_BY_CLIENT", probes.FailPage, false},
		{"net::ERR_INTERNET_DISCONNECTED", probes.FailProber, true},
		{"net::ERR_NETWORK_CHANGED", probes.FailProber, true},
		{"net::ERR_INSUFFICIENT_RESOURCES", probes.FailProber, true},
	}
	for _, tt := range tests {
		if kind, own := netErrorKind(tt.text); kind != tt.kind || own != tt.own {
			t.Errorf("%s is %s, our own: %v; expected %s, %v", tt.text, kind, own, tt.kind, tt.own)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, text := range []string{"", "short", "exactly ten", "ümläut ümläut ümläut", strings.Repeat("日本", 20)} {
		got := shorten(text, 11)
		if len(got) > 11 || !utf8.ValidString(got) || len(text) <= 11 && got != text {
			t.Errorf("%q was cut to %q", text, got)
		}
	}
}

func TestBlacken(t *testing.T) {
	white := image.NewGray(image.Rect(0, 0, 100, 50))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	var data bytes.Buffer
	if err := png.Encode(&data, white); err != nil {
		t.Fatal(err)
	}
	out, err := blacken(data.Bytes(), []rect{{10, 10, 20, 10}, {-1e300, 0, 1e300, 1e300}, {math.Inf(1), 0, 1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := got.At(20, 15).RGBA(); r > 0x2000 {
		t.Error("the box is not black")
	}
	if r, _, _, _ := got.At(80, 40).RGBA(); r < 0xE000 {
		t.Error("what is outside of the box is not as it was")
	}
}
