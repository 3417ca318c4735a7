package browser

import (
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"outrider/probes/har"
)

// maxArchiveText bounds what an archive keeps of addresses and headers, in
// bytes; requests beyond it are kept without their headers.
const maxArchiveText = 2 << 20

// archive keeps what is told of every request of a run, to make a HAR of it if
// one is wanted in the end. The events are there anyway: nothing is asked of
// the browser for it, and nothing is worked out before it is wanted.
type archive struct {
	on      bool // set when the journey begins
	entries []*fetched
	open    map[network.RequestID]*fetched
	pages   []*shownPage
	text    int // bytes of addresses and headers
	leftOut int
	spared  map[network.RequestID]fate
}

// fetched is one request; each hop of one that was led elsewhere is one.
type fetched struct {
	id       network.RequestID
	page     *shownPage // nil: it came before any page
	kind     network.ResourceType
	begun    time.Time // our clock
	wall     float64   // seconds since 1970
	issued   float64   // browser's clock, seconds
	ended    float64   // the same; 0: it has not ended
	request  *network.Request
	response *network.Response // nil: there was none
	body     int64             // bytes after decompression
	encoded  int64             // bytes over the wire; -1: not known
	failed   string
	fate     fate
}

// fate is what the journey's definition did to a request.
type fate int

// The fates.
const (
	fateNetwork fate = iota // it went to the network
	fateBlocked
	fateStubbed
)

// shownPage is a page as far as a HAR is concerned.
type shownPage struct {
	loader            cdp.LoaderID
	url               string
	begun             time.Time // our clock
	wall              float64   // seconds since 1970
	issued            float64   // browser's clock, seconds
	contentLoad, load float64   // the same; 0: not yet
	document          *document // nil: it was never shown
}

// handle takes an event, after the observer has; the document is the one that
// the page shows.
func (a *archive) handle(event any, frame cdp.FrameID, d *document, now time.Time) {
	if !a.on {
		return
	}
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		a.sent(ev, frame, now)
	case *network.EventResponseReceived:
		if f := a.open[ev.RequestID]; f != nil {
			a.answered(f, ev.Response)
		}
	case *network.EventDataReceived:
		if f := a.open[ev.RequestID]; f != nil {
			f.body += ev.DataLength
		}
	case *network.EventLoadingFinished:
		if f := a.open[ev.RequestID]; f != nil {
			f.encoded = max(int64(ev.EncodedDataLength), 0)
			a.end(f, float64(ev.Timestamp))
		}
	case *network.EventLoadingFailed:
		if f := a.open[ev.RequestID]; f != nil {
			f.failed = ev.ErrorText
			a.end(f, float64(ev.Timestamp))
		}
	case *page.EventFrameNavigated:
		if p := a.pageOf(d.loader); p != nil {
			p.document = d
		}
	case *page.EventLifecycleEvent:
		p := a.pageOf(ev.LoaderID)
		switch {
		case p == nil:
		case ev.Name == "DOMContentLoaded" && p.contentLoad == 0:
			p.contentLoad = float64(ev.Timestamp)
		case ev.Name == "load" && p.load == 0:
			p.load = float64(ev.Timestamp)
		}
	}
}

// sent notes a request.
func (a *archive) sent(ev *network.EventRequestWillBeSent, frame cdp.FrameID, now time.Time) {
	if !strings.HasPrefix(ev.Request.URL, "http://") && !strings.HasPrefix(ev.Request.URL, "https://") {
		return
	}
	if f := a.open[ev.RequestID]; f != nil { // led elsewhere
		if ev.RedirectResponse != nil {
			a.answered(f, ev.RedirectResponse)
			f.encoded = max(int64(ev.RedirectResponse.EncodedDataLength), 0)
		}
		a.end(f, float64(ev.Timestamp))
	}
	size := len(ev.Request.URL)
	if len(a.entries) >= har.MaxEntries || a.text+size > maxArchiveText {
		a.leftOut++
		return
	}
	request := *ev.Request
	f := &fetched{
		id: ev.RequestID, kind: ev.Type, begun: now, wall: float64(ev.WallTime), issued: float64(ev.Timestamp),
		request: &request, encoded: -1, fate: a.spared[ev.RequestID],
	}
	f.request.PostDataEntries = nil // what customers type
	if size += headerSize(ev.Request.Headers); a.text+size > maxArchiveText {
		f.request.Headers, size = nil, len(ev.Request.URL)
	}
	a.text += size
	if ev.Type == network.ResourceTypeDocument && ev.FrameID == frame && string(ev.RequestID) == string(ev.LoaderID) &&
		a.pageOf(ev.LoaderID) == nil && len(a.pages) < har.MaxPages {
		a.pages = append(a.pages, &shownPage{loader: ev.LoaderID, url: ev.Request.URL, begun: now, wall: f.wall, issued: f.issued})
	}
	if f.page = a.pageOf(ev.LoaderID); f.page == nil && len(a.pages) > 0 {
		f.page = a.pages[len(a.pages)-1]
	}
	a.entries = append(a.entries, f)
	if a.open == nil {
		a.open = map[network.RequestID]*fetched{}
	}
	a.open[ev.RequestID] = f
}

// pageOf gives the page of a loader, or nil. It is nearly always the last one.
func (a *archive) pageOf(loader cdp.LoaderID) *shownPage {
	for i := len(a.pages) - 1; i >= 0; i-- {
		if a.pages[i].loader == loader {
			return a.pages[i]
		}
	}
	return nil
}

// end notes that a request is over.
func (a *archive) end(f *fetched, at float64) {
	f.ended = at
	delete(a.open, f.id)
}

// answered notes the answer.
func (a *archive) answered(f *fetched, r *network.Response) {
	answer := *r
	if size := headerSize(r.Headers); a.text+size <= maxArchiveText {
		a.text += size
	} else {
		answer.Headers = nil
	}
	f.response = &answer
}

// spare notes what the journey's definition does to a request. It may be told
// before or after the request itself.
func (a *archive) spare(id network.RequestID, what fate) {
	if id == "" {
		return
	}
	if a.spared == nil {
		a.spared = map[network.RequestID]fate{}
	}
	if len(a.spared) < maxLoading {
		a.spared[id] = what
	}
	if f := a.open[id]; f != nil {
		f.fate = what
	}
}

// headerSize is what headers take, in bytes.
func headerSize(h network.Headers) int {
	n := 0
	for name, value := range h {
		n += len(name)
		if text, ok := value.(string); ok {
			n += len(text)
		}
	}
	return n
}

// spare notes that a request does not go to the network, by the definition of
// the journey: it is no failure of the site.
func (o *observer) spare(id network.RequestID, what fate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.archive.spare(id, what)
}

// keepRequests has the observer keep what a HAR needs, from now on.
func (o *observer) keepRequests() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.archive.on = true
}

// sparedOf tells whether the definition kept a request from the network. The
// caller holds the lock.
func (o *observer) sparedOf(id network.RequestID) bool {
	return id != "" && o.archive.spared[id] != fateNetwork
}
