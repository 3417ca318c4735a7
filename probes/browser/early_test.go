package browser

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"
)

// wire keeps what is sent to the browser.
type wire struct{ bytes.Buffer }

func (*wire) Close() error { return nil }

// sent gives the commands that were sent.
func (w *wire) sent(t *testing.T) (methods []string, ids []int64) {
	t.Helper()
	for part := range bytes.SplitSeq(bytes.TrimRight(w.Bytes(), "\x00"), []byte{0}) {
		if len(part) == 0 {
			continue
		}
		var m struct {
			ID     int64
			Method string
		}
		if err := json.Unmarshal(part, &m); err != nil {
			t.Fatalf("%q: %v", part, err)
		}
		methods, ids = append(methods, m.Method), append(ids, m.ID)
	}
	return methods, ids
}

func TestEarlyAnswers(t *testing.T) {
	tests := []struct {
		name           string
		session        target.SessionID
		method, params string
		sent, answered bool
		result         string
		underItsOwnID  bool
		knownToTheGate bool
	}{
		{name: "the browser's own", method: "Target.createTarget", params: `{}`, sent: true, underItsOwnID: true},
		{name: "set-up of a new page", session: "S1", method: "Network.enable", params: `{}`, sent: true, answered: true, result: `{}`},
		{name: "what nobody needs", session: "S1", method: "DOM.enable", params: `{}`, answered: true, result: `{}`},
		{name: "is it a worker", session: "S1", method: "Runtime.evaluate", params: `{"expression":"self"}`, answered: true, result: `{"result":{"type":"object","className":"Window"}}`},
		{name: "another question", session: "S1", method: "Runtime.evaluate", params: `{"expression":"1"}`, sent: true, underItsOwnID: true},
		{name: "what is not set-up", session: "S1", method: "Page.navigate", params: `{"url":"/"}`, sent: true, underItsOwnID: true},
		{name: "the same of a page that is set up", session: "S1", method: "Network.enable", params: `{}`, knownToTheGate: true, sent: true, underItsOwnID: true},
		{name: "what nobody needs, later", session: "S1", method: "CSS.enable", params: `{}`, knownToTheGate: true, answered: true, result: `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			silence, end := io.Pipe() // of the browser
			w := &wire{}
			g := newGate(silence, w)
			if tt.knownToTheGate {
				g.open(tt.session)
			}
			if err := g.Write(t.Context(), &cdproto.Message{ID: 7, SessionID: tt.session, Method: cdproto.MethodType(tt.method), Params: []byte(tt.params)}); err != nil {
				t.Fatal(err)
			}
			methods, ids := w.sent(t)
			if got := slices.Equal(methods, []string{tt.method}); got != tt.sent {
				t.Errorf("the browser got %q", methods)
			}
			if tt.sent && (ids[0] == 7) != tt.underItsOwnID {
				t.Errorf("the command went under the id %d", ids[0])
			}
			if !tt.answered {
				end.Close()
			}
			var msg cdproto.Message
			switch err := g.Read(t.Context(), &msg); {
			case !tt.answered && err != io.EOF:
				t.Errorf("chromedp got %+v, %v", msg, err)
			case tt.answered && (err != nil || msg.ID != 7 || msg.SessionID != tt.session || string(msg.Result) != tt.result):
				t.Errorf("chromedp got %+v with %s, %v", msg, msg.Result, err)
			}
			end.Close()
			g.Close()
		})
	}
}

// TestUnanswered checks that ids of commands whose answers nobody waits for grow:
// Chromium sends what is unanswered to a new process in their order.
func TestUnanswered(t *testing.T) {
	var u unanswered
	last := int64(1_000_000_000) // more than chromedp will ever count
	for range 100 {
		id := u.next()
		if id <= last || id > 1<<31-1 {
			t.Fatalf("after %d came %d", last, id)
		}
		last = id
	}
}
