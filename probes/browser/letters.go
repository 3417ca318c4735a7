package browser

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// letters is a session of a page to which commands are sent without waiting for
// their answers, in order: a page that the browser holds may give none until it
// goes on, and that of the pointer's way comes later than anybody needs it.
type letters struct {
	gate    *gate
	session target.SessionID // empty: the browser's
	// holder is the session that holds the page: only what it is told is sure to
	// be done before the first script runs, in a page that gets a process of its
	// own. Empty: there is none.
	holder target.SessionID
}

// unheard is a session of a page in front whose answers nobody waits for.
func unheard(t *tab) cdp.Session {
	return &letters{gate: t.process.gate, session: t.target.SessionID}
}

// unanswered gives the ids of commands whose answers nobody waits for: up from
// where chromedp never comes. The order counts: when a page gets another process,
// the browser sends it what has not been answered in the order of the ids.
type unanswered struct{ given atomic.Int32 }

func (u *unanswered) next() int64 { return 1<<30 + int64(u.given.Add(1)) }

// Call implements cdp.Session. The result stays as it is.
func (l *letters) Call(ctx context.Context, method string, params, _ any) error {
	raw, err := jsonv2.Marshal(params, chromedp.DefaultMarshalOptions)
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	session := l.session
	if l.holder != "" && emulates(method) {
		session = l.holder
	}
	return l.gate.PipeConn.Write(ctx, &cdproto.Message{ID: l.gate.unanswered.next(), SessionID: session, Method: cdproto.MethodType(method), Params: raw})
}

// Subscribe implements cdp.Session. There are no events.
func (l *letters) Subscribe(string) (<-chan jsonv2.Value, func()) { return nil, func() {} }

// emulates tells whether a command makes a page take the browser for another.
func emulates(method string) bool { return strings.HasPrefix(method, "Emulation.") }
