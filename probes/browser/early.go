package browser

import (
	"context"
	"os"
	"sync"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

// earlyAnswers hands chromedp answers that did not come from the browser. chromedp
// sets each new page up with a dozen commands and waits for the answer of each,
// of which it makes no use: together they take as long as a third of the start
// of the page's process. So the gate answers them, and the browser gets them all
// at once. It carries out a session's commands in order, so that whoever sends
// another and waits for its answer has waited for all of them.
type earlyAnswers struct {
	reading  sync.Once
	incoming chan *cdproto.Message // what the browser says; closed when it says nothing more
	err      error                 // why; set before incoming is closed
	closed   chan struct{}
	closing  sync.Once

	mu      sync.Mutex
	answers []*cdproto.Message
	some    chan struct{} // there are answers
}

// maxAhead is how many messages are read before chromedp takes them.
const maxAhead = 16

func newEarlyAnswers() earlyAnswers {
	return earlyAnswers{incoming: make(chan *cdproto.Message, maxAhead), closed: make(chan struct{}), some: make(chan struct{}, 1)}
}

// setUp are the commands with which chromedp sets a page up that the browser
// has to get, too.
var setUp = map[string]bool{
	inspector.Enable.Method:               true,
	log.Enable.Method:                     true,
	network.Enable.Method:                 true,
	page.Enable.Method:                    true,
	page.SetLifecycleEventsEnabled.Method: true,
	runtime.Enable.Method:                 true,
	target.SetAutoAttach.Method:           true,
	target.SetDiscoverTargets.Method:      true,
}

// needless gives the answer to the others of chromedp's commands: it switches on
// what serves queries that we do not make, and asks whether the page is a worker,
// which none of ours is. Nobody else sends them.
func needless(msg *cdproto.Message) (answer string, is bool) {
	switch string(msg.Method) {
	case css.Enable.Method, dom.Enable.Method:
		return `{}`, true
	case runtime.Evaluate.Method:
		return `{"result":{"type":"object","className":"Window"}}`, string(msg.Params) == `{"expression":"self"}`
	}
	return "", false
}

// Write implements chromedp.Transport.
func (g *gate) Write(ctx context.Context, msg *cdproto.Message) error {
	if msg.SessionID == "" {
		return g.PipeConn.Write(ctx, msg)
	}
	answer, done := needless(msg)
	if !done {
		if !setUp[string(msg.Method)] || g.knows(msg.SessionID) {
			return g.PipeConn.Write(ctx, msg)
		}
		unheard := *msg
		unheard.ID = g.unanswered.next()
		if err := g.PipeConn.Write(ctx, &unheard); err != nil {
			return err
		}
		answer = `{}`
	}
	g.early.add(&cdproto.Message{ID: msg.ID, SessionID: msg.SessionID, Result: jsonv2.Value(answer)})
	return nil
}

// add hands chromedp an answer.
func (e *earlyAnswers) add(answer *cdproto.Message) {
	e.mu.Lock()
	e.answers = append(e.answers, answer)
	e.mu.Unlock()
	select {
	case e.some <- struct{}{}:
	default: // is told already
	}
}

// answer gives the next answer that there is, or nil.
func (e *earlyAnswers) answer() *cdproto.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.answers) == 0 {
		return nil
	}
	a := e.answers[0]
	e.answers = e.answers[1:]
	return a
}

// Read implements chromedp.Transport.
func (g *gate) Read(_ context.Context, msg *cdproto.Message) error {
	e := &g.early
	e.reading.Do(func() { go g.readOn() })
	for {
		if a := e.answer(); a != nil {
			*msg = *a
			return nil
		}
		select {
		case <-e.some:
		case m, open := <-e.incoming:
			if !open {
				return e.err
			}
			*msg = *m
			return nil
		}
	}
}

// readOn reads what the browser says until it says nothing more or the gate is
// closed.
func (g *gate) readOn() {
	e := &g.early
	defer close(e.incoming)
	for {
		m := new(cdproto.Message)
		if e.err = g.next(m); e.err != nil {
			return
		}
		select {
		case e.incoming <- m:
		case <-e.closed:
			e.err = os.ErrClosed
			return
		}
	}
}

// Close implements chromedp.Transport.
func (g *gate) Close() error {
	g.early.closing.Do(func() { close(g.early.closed) })
	return g.PipeConn.Close()
}
