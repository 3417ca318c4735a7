package browser

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

const (
	// maxMessage bounds one message of the browser, in bytes. The largest that
	// we ask for is a screenshot, about 2 MB; a page can make others of any
	// size, by logging a long text, say.
	maxMessage = 32 << 20
	// maxNoise bounds the console messages and exceptions of one page.
	maxNoise = 500
	// maxEvents bounds all events of one page. A large shop's page makes some
	// thousands.
	maxEvents = 200_000
)

// gate is chromedp's transport over the debugging pipe, made safe against
// hostile pages that share the browser with others. chromedp puts the events
// of each page into a queue of fixed length and stops reading for all pages
// while one queue is full; and it reads messages of any size. So the gate lets
// through only the events that a page (see observer) looks at, a bounded number
// of them, none of a page that is being closed, and no huge message.
//
// What a new page is told first it need not wait for, either: see early.go.
type gate struct {
	*chromedp.PipeConn
	in         *bufio.Reader
	buf        []byte
	unanswered unanswered
	early      earlyAnswers

	mu    sync.Mutex
	pages map[target.SessionID]*traffic
}

// traffic is what a page has sent.
type traffic struct {
	events, noise int
	closed        bool
	page          target.SessionID // of a frame's: that of its page
	listen        func(event any)  // takes the events that chromedp does not know whose they are
}

// newGate makes a transport that reads messages from r and writes them to w.
func newGate(r io.ReadCloser, w io.WriteCloser) *gate {
	return &gate{
		PipeConn: chromedp.NewPipeConn(r, w),
		in:       bufio.NewReaderSize(r, 64<<10),
		early:    newEarlyAnswers(),
		pages:    map[target.SessionID]*traffic{},
	}
}

// next reads the next message that passes.
func (g *gate) next(msg *cdproto.Message) error {
	for {
		text, whole, err := readMessage(g.in, g.buf[:0], maxMessage)
		if err != nil {
			return err
		}
		if g.buf = text; cap(text) > 1<<20 {
			g.buf = nil // do not hold on to the room of one large message
		}
		if !whole {
			if text = refusal(text); text == nil {
				continue
			}
		}
		method, event := eventMethod(text)
		var listen func(event any)
		if event {
			if !admitted[method] {
				continue
			}
			if session := sessionOf(text); session != "" {
				var pass bool
				if pass, listen = g.admit(session, method); !pass {
					continue
				}
			}
		}
		*msg = cdproto.Message{}
		if err := jsonv2.Unmarshal(text, msg, codec); err != nil {
			continue // nobody can be waiting for what has no readable id
		}
		if listen == nil {
			return nil
		}
		if ev, err := cdproto.UnmarshalMessage(msg, codec); err == nil {
			listen(ev)
		}
	}
}

// admit counts an event of a page and tells whether it may pass, and to whom if
// that is not chromedp.
func (g *gate) admit(id target.SessionID, method string) (pass bool, listen func(event any)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.pages[id]
	if t == nil {
		return true, nil // the first page of a connection, or one not opened by us
	}
	t.events++
	if noisy[method] {
		t.noise++
	}
	if page := g.pages[t.page]; page != nil {
		// What its frames say counts with the page.
		page.events++
		return !page.closed && page.events <= maxEvents, t.listen
	}
	return !t.closed && t.events <= maxEvents && (!noisy[method] || t.noise <= maxNoise), t.listen
}

// knows tells whether a session is one that we have taken over from chromedp.
func (g *gate) knows(id target.SessionID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pages[id] != nil
}

// open starts to count the events of a page.
func (g *gate) open(id target.SessionID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pages[id] = &traffic{}
}

// aside starts to count the events of a frame of a page, and gives them to a
// function, which must not block, instead of chromedp. It ends with the page.
func (g *gate) aside(id, page target.SessionID, listen func(event any)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.pages[page]; t != nil && !t.closed {
		g.pages[id] = &traffic{page: page, listen: listen}
	}
}

// shut lets no more events of a page through. It must come before chromedp
// stops to take them.
func (g *gate) shut(id target.SessionID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.pages[id]; t != nil {
		t.closed = true
	}
	for frame, t := range g.pages {
		if t.page == id {
			delete(g.pages, frame)
		}
	}
}

// forget ends the count of a page that is gone.
func (g *gate) forget(id target.SessionID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pages, id)
}

// codec is how protocol messages are read: text of pages may be invalid UTF-8.
var codec = jsonv2.JoinOptions(jsonv2.DefaultOptionsV2(), jsonv2.AllowInvalidUTF8(true))

// admitted are the events that pass the gate: those that observer looks at,
// and those that chromedp needs to keep its list of pages.
var admitted = map[string]bool{
	"Fetch.authRequired":                true,
	"Browser.downloadProgress":          true,
	"Browser.downloadWillBegin":         true,
	"Fetch.requestPaused":               true,
	"Input.dragIntercepted":             true,
	"Inspector.targetCrashed":           true,
	"Log.entryAdded":                    true,
	"Network.dataReceived":              true,
	"Network.loadingFailed":             true,
	"Network.loadingFinished":           true,
	"Network.requestWillBeSent":         true,
	"Network.responseReceived":          true,
	"Page.fileChooserOpened":            true,
	"Page.frameNavigated":               true,
	"Page.frameRequestedNavigation":     true,
	"Page.frameStartedNavigating":       true,
	"Page.frameStartedLoading":          true,
	"Page.frameStoppedLoading":          true,
	"Page.javascriptDialogOpening":      true,
	"Page.lifecycleEvent":               true,
	"Page.navigatedWithinDocument":      true,
	"Page.screencastFrame":              true,
	"Runtime.bindingCalled":             true,
	"Runtime.consoleAPICalled":          true,
	"Runtime.exceptionThrown":           true,
	"Runtime.executionContextCreated":   true,
	"Runtime.executionContextDestroyed": true,
	"Runtime.executionContextsCleared":  true,
	"Target.attachedToTarget":           true,
	"Target.detachedFromTarget":         true,
	"Target.targetCreated":              true,
	"Target.targetDestroyed":            true,
	"Tracing.tracingComplete":           true,
}

// noisy are the events that a page makes as it likes.
var noisy = map[string]bool{
	"Log.entryAdded":           true,
	"Runtime.consoleAPICalled": true,
	"Runtime.exceptionThrown":  true,
}

// eventMethod gives the method of an event without decoding it, which saves
// most of the work for those that do not pass. Chromium writes it first.
func eventMethod(text []byte) (string, bool) {
	rest, found := bytes.CutPrefix(text, []byte(`{"method":"`))
	if !found {
		return "", false
	}
	method, _, found := bytes.Cut(rest, []byte(`"`))
	return string(method), found
}

// sessionOf gives the session of an event, likewise without decoding it: a page
// that floods us would have us do little else. Chromium writes it last.
func sessionOf(text []byte) target.SessionID {
	rest, found := bytes.CutSuffix(text, []byte(`"}`))
	i := bytes.LastIndexByte(rest, '"')
	if !found || i < 0 || !bytes.HasSuffix(rest[:i+1], []byte(`,"sessionId":"`)) {
		return ""
	}
	return target.SessionID(rest[i+1:])
}

// refusal makes an error answer out of the start and end of a message that was
// too large, if it was an answer; else nothing.
func refusal(ends []byte) []byte {
	rest, found := bytes.CutPrefix(ends, []byte(`{"id":`))
	if !found {
		return nil
	}
	digits := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits <= 0 {
		return nil
	}
	answer := fmt.Sprintf(`{"id":%s,"error":{"code":-32000,"message":"the answer is too large"}`, rest[:digits])
	if i := bytes.LastIndex(ends, []byte(`,"sessionId":"`)); i >= 0 {
		answer += string(ends[i:])
	} else {
		answer += "}"
	}
	return []byte(answer)
}

// keptEnd is how much of each end of a message that is too large is kept.
const keptEnd = 256

// readMessage appends the next message to buf, without the zero byte that ends
// it. A message longer than limit is read to its end, but only its first and
// last bytes are kept; whole is then false.
func readMessage(in *bufio.Reader, buf []byte, limit int) (text []byte, whole bool, err error) {
	whole = true
	for {
		part, err := in.ReadSlice(0)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, false, err
		}
		if whole && len(buf)+len(part) > limit {
			whole = false
			buf = append(append([]byte(nil), buf[:min(len(buf), keptEnd)]...), buf[max(0, len(buf)-keptEnd):]...)
		}
		buf = append(buf, part...)
		if !whole && len(buf) > 2*keptEnd {
			buf = append(buf[:keptEnd], buf[len(buf)-keptEnd:]...)
		}
		if err == nil {
			return bytes.TrimSuffix(buf, []byte{0}), whole, nil
		}
	}
}
