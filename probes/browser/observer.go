package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/cdproto/tracing"
)

// worldName names the world in which our scripts run in every page.
const worldName = "outrider"

// bindingName is the function by which js/vitals.js reports, and missedPress what
// js/page.js tells by it.
const bindingName, missedPress = "outriderVital", "missed"

// document is one document that the page showed.
type document struct {
	loader      cdp.LoaderID
	url         string
	exchange    *exchange // nil if nothing was requested for it
	loaded      time.Time // when it was loaded; zero until then
	unreachable bool      // it is the browser's error page
	contextID   runtime.ExecutionContextID
	page        pageLog   // what it told of itself
	left        time.Time // when another took its place; zero: it has not been left
}

// navigation is one that has been asked for and has not led to a document.
type navigation struct {
	asked  time.Time
	begun  bool // the browser has taken it up
	loader cdp.LoaderID
}

// askedPatience is how long a navigation that a page has asked for may take to
// begin. Some never do: those to an application, or that a policy forbids.
const askedPatience = 250 * time.Millisecond

// observer follows the events of one page: what it loads, shows, says and
// reports. Its handle is called in the order of the events of the page, and of each frame
// in a process of its own; the rest may be called by any goroutine.
type observer struct {
	attend func(task) // takes what has to be answered; must not block

	mu       sync.Mutex
	frame    cdp.FrameID   // the main frame
	changed  chan struct{} // closed and replaced at every change
	world    string        // unique id of our world in the document; empty: none yet
	worldID  runtime.ExecutionContextID
	document *document
	previous *document // for reports that come late
	pending  *navigation
	moves    int // navigations asked for, begun and made so far
	places   int // how often the document went to another place of itself
	requests map[network.RequestID]*exchange
	loading  map[network.RequestID]string       // URLs of what is under way, bounded
	kept     resources                          // to be summed up when the journey is over
	ledger   *ledger                            // nil: nothing looks back on the requests
	archive  archive                            // for a HAR
	origins  map[string]bool                    // of the documents so far; nil: nobody asks
	camera   func(*page.EventScreencastFrame)   // of the film
	missed   bool                               // a press did not land where it was meant to
	traced   chan *tracing.EventTracingComplete // by the browser itself
	dialogs  int
	popups   map[target.ID]bool // that the page, or one of them, has opened
	console  console
	frames   *frameTable // of the page's frames; nil if the journey acts in none
	flights  flights     // the same requests by the browser's own clock
	messages messages
	keep     keeper

	// What the step under way expects: what to do with its dialog, and whether
	// it opens a page, which came says.
	dialogPlan *dialogPlan
	wanted     bool
	came       target.ID
	types      map[string]string // media types of documents by URL, bounded
}

// task is something that the page needs done: a dialog to dismiss, a pop-up to
// close, a request to get our headers, its own end.
type task struct {
	dialog bool
	leave  bool // the dialog asks whether to leave the page
	plan   *dialogPlan
	// suggested is what a prompt is filled with.
	suggested string
	popup     target.ID
	paused    *fetch.EventRequestPaused
	// challenged is a request that the site wants to know more for.
	challenged *fetch.EventAuthRequired
	fatal      string // why nothing more can come of the page
	crash      bool   // since its process has ended
	// apart is a frame in a process of its own, or a worker.
	apart *target.EventAttachedToTarget
	by    cdp.Session // in which it came up; nil: the page's
}

// maxLoading bounds the list of requests under way.
const maxLoading = 2000

func newObserver(attend func(task), hide func(string) string) *observer {
	o := &observer{
		attend:   attend,
		changed:  make(chan struct{}),
		document: &document{},
		previous: &document{},
		requests: map[network.RequestID]*exchange{},
		loading:  map[network.RequestID]string{},
		popups:   map[target.ID]bool{},
		console:  console{hide: hide},
		keep:     keeper{hide},
		messages: messages{keep: keeper{hide}},
	}
	o.kept.spared = o.sparedOf
	o.flights = flights{keep: o.keep, spared: o.sparedOf, site: func() string { return o.kept.site }}
	return o
}

// handle takes an event of the page. It never blocks.
func (o *observer) handle(event any) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	switch ev := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if ev.FrameID == o.frame && ev.Disposition == page.ClientNavigationDispositionCurrentTab && !strings.HasPrefix(ev.URL, "javascript:") {
			o.moves++
			if o.pending == nil || !o.pending.begun {
				o.pending = &navigation{asked: now}
			}
		}
	case *page.EventFrameStartedNavigating:
		o.begin(ev, now)
	case *page.EventFrameNavigated:
		o.commit(ev.Frame, now)
	case *page.EventNavigatedWithinDocument:
		if ev.FrameID == o.frame {
			o.places++
			if o.pending != nil && !o.pending.begun {
				o.pending = nil
			}
		}
	case *page.EventLifecycleEvent:
		if o.document.loader == "" && ev.FrameID == o.frame {
			o.document.loader = ev.LoaderID // of a page that was there before us
		}
		if ev.Name == "load" && ev.LoaderID == o.document.loader && o.document.loaded.IsZero() {
			o.document.loaded = now
		}
	case *page.EventFrameStoppedLoading:
		// A document whose loading was stopped never fires its load event.
		if ev.FrameID == o.frame && o.pending == nil && o.document.loaded.IsZero() {
			o.document.loaded = now
		}
	case *page.EventJavascriptDialogOpening:
		if o.dialogs++; o.dialogs > maxDialogs {
			o.attend(task{fatal: fmt.Sprintf("the page opened more than %d dialogs", maxDialogs)})
			break
		}
		o.console.add("dialog", string(ev.Type)+": "+ev.Message)
		k := task{dialog: true, leave: ev.Type == page.DialogTypeBeforeunload, suggested: ev.DefaultPrompt}
		if p := o.dialogPlan; p != nil && !p.came {
			p.came, p.message = true, ev.Message
			k.plan = p
		}
		o.attend(k)
	case *target.EventTargetCreated:
		o.popup(ev.TargetInfo)
	case *tracing.EventTracingComplete:
		select {
		case o.traced <- ev:
		default:
		}
	case *page.EventScreencastFrame:
		if o.camera != nil {
			o.camera(ev)
		}
		return // nothing of the page has changed by it
	case *fetch.EventRequestPaused:
		o.attend(task{paused: ev})
	case *fetch.EventAuthRequired:
		o.attend(task{challenged: ev})
	case *inspector.EventTargetCrashed:
		o.attend(task{fatal: "the page crashed its tab", crash: true})
	case *runtime.EventExecutionContextsCleared:
		o.world, o.worldID = "", 0
		o.inFrames(event)
	case *target.EventAttachedToTarget:
		o.inFrames(event)
		o.attend(task{apart: ev})
	case *runtime.EventExecutionContextDestroyed, *target.EventDetachedFromTarget:
		o.inFrames(event)
	case *runtime.EventExecutionContextCreated:
		o.entered(ev.Context)
	case *runtime.EventBindingCalled:
		o.report(ev)
	case *runtime.EventConsoleAPICalled:
		o.console.call(ev)
		o.messages.handle(event, now)
	case *runtime.EventExceptionThrown:
		o.console.exception(ev.ExceptionDetails, now)
		o.messages.handle(event, now)
	case *log.EventEntryAdded:
		if !o.sparedOf(ev.Entry.NetworkRequestID) {
			o.console.entry(ev.Entry)
			o.messages.handle(event, now)
		}
	default:
		o.ledger.handle(event, now)
		o.kept.handle(event, o.frame, now)
		o.flights.handle(event)
		o.handleNetwork(event)
	}
	o.archive.handle(event, o.frame, o.document, now)
	close(o.changed)
	o.changed = make(chan struct{})
}

// handleNetwork takes an event of the network.
func (o *observer) handleNetwork(event any) {
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		if len(o.loading) < maxLoading {
			o.loading[ev.RequestID] = ev.Request.URL
		}
		if ev.Type != network.ResourceTypeDocument || ev.FrameID != o.frame {
			return
		}
		x := o.requests[ev.RequestID]
		if x == nil {
			x = &exchange{}
			o.requests[ev.RequestID] = x
		}
		if ev.RedirectResponse != nil {
			x.redirect(ev.RedirectResponse)
		}
		x.http.Method, x.http.URL = ev.Request.Method, ev.Request.URL
	case *network.EventResponseReceived:
		if x := o.requests[ev.RequestID]; x != nil && ev.Type == network.ResourceTypeDocument {
			x.answer(ev.Response)
			o.noteType(ev.Response)
		}
	case *network.EventDataReceived:
		if x := o.requests[ev.RequestID]; x != nil {
			x.http.BodyBytes += ev.DataLength
		}
	case *network.EventLoadingFinished:
		delete(o.loading, ev.RequestID)
		if x := o.requests[ev.RequestID]; x != nil && x.failed == "" {
			x.finish(float64(ev.Timestamp), ev.EncodedDataLength)
		}
	case *network.EventLoadingFailed:
		delete(o.loading, ev.RequestID)
		x := o.requests[ev.RequestID]
		if x == nil || ev.Type != network.ResourceTypeDocument {
			return
		}
		x.failed, x.canceled = ev.ErrorText, ev.Canceled
		// Without an error page to come, this is the end of it: the answer
		// was a download, or empty (204), or another navigation took over.
		if ev.Canceled && o.pending != nil && string(o.pending.loader) == string(ev.RequestID) {
			o.pending = nil
		}
	}
}

// begin notes that the browser has taken up a navigation.
func (o *observer) begin(ev *page.EventFrameStartedNavigating, now time.Time) {
	if ev.FrameID != o.frame {
		return
	}
	switch ev.NavigationType {
	case page.FrameStartedNavigatingNavigationTypeSameDocument, page.FrameStartedNavigatingNavigationTypeHistorySameDocument:
		return
	}
	o.moves++
	o.pending = &navigation{asked: now, begun: true, loader: ev.LoaderID}
}

// commit notes that the page shows a new document.
func (o *observer) commit(f *cdp.Frame, now time.Time) {
	if f.ID != o.frame {
		return
	}
	o.moves++
	if o.origins != nil && len(o.origins) < maxOrigins {
		o.origins[f.SecurityOrigin] = true
	}
	if o.pending != nil && (o.pending.loader == f.LoaderID || !o.pending.begun) {
		o.pending = nil
	}
	o.previous = o.document
	o.previous.left = now
	o.document = &document{
		loader:      f.LoaderID,
		url:         f.URL + f.URLFragment,
		exchange:    o.requests[network.RequestID(f.LoaderID)],
		unreachable: f.UnreachableURL != "",
		contextID:   o.worldID, // of a page in a new process, that may be told first
	}
	// What the last document asked for is of no interest any more.
	o.kept.left(f.LoaderID, now)
	o.flights.left(f.LoaderID, now)
	clear(o.loading)
	for id := range o.requests {
		if id != network.RequestID(f.LoaderID) && (o.pending == nil || id != network.RequestID(o.pending.loader)) {
			delete(o.requests, id)
		}
	}
}

// entered notes that scripts can be run in our world of a new document.
func (o *observer) entered(c *runtime.ExecutionContextDescription) {
	frame, ours := worldOf(c)
	switch {
	case !ours:
	case frame == o.frame:
		o.world, o.worldID = c.UniqueID, c.ID
		o.document.contextID = c.ID
	case o.frames != nil:
		o.frames.entered(frame, c.UniqueID)
	}
}

// worldOf gives the frame of a script context, and whether it is our world of
// it.
func worldOf(c *runtime.ExecutionContextDescription) (cdp.FrameID, bool) {
	var aux struct {
		FrameID cdp.FrameID `json:"frameId"`
	}
	if c.Name != worldName || json.Unmarshal(c.AuxData, &aux) != nil {
		return "", false
	}
	return aux.FrameID, true
}

// inFrames notes what an event says of the page's frames.
func (o *observer) inFrames(event any) {
	if o.frames != nil {
		o.frames.handle(event)
	}
}

// report takes what a page tells of itself.
func (o *observer) report(ev *runtime.EventBindingCalled) {
	if ev.Name != bindingName {
		return
	}
	if ev.Payload == missedPress {
		o.missed = true
		return
	}
	for _, d := range []*document{o.document, o.previous} {
		if d.contextID == ev.ExecutionContextID {
			if r, ok := parseReport(ev.Payload); ok {
				d.page.take(&r, o.keep)
			}
			return
		}
	}
}

// missedOne tells whether a press has missed since it was asked last.
func (o *observer) missedOne() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	missed := o.missed
	o.missed = false
	return missed
}

// popup notes a page that this page has opened, and has it closed: no step can
// act in it, while a dialog in it can block both, since they may share a
// process.
func (o *observer) popup(info *target.Info) {
	if info.Type != "page" || info.OpenerID == "" || info.OpenerID != target.ID(o.frame) && !o.popups[info.OpenerID] {
		return
	}
	if o.wanted && info.OpenerID == target.ID(o.frame) {
		o.wanted, o.came = false, info.TargetID // it is followed
		return
	}
	if o.popups[info.TargetID] = true; len(o.popups) > maxPopups {
		o.attend(task{fatal: fmt.Sprintf("the page opened more than %d pop-ups", maxPopups)})
		return
	}
	o.console.add("pop-up", info.URL)
	o.attend(task{popup: info.TargetID})
}

// maxTypes bounds the media types that are kept.
const maxTypes = 100

// noteType keeps the media type of a document, which may turn out to be a
// download.
func (o *observer) noteType(r *network.Response) {
	if o.types == nil {
		o.types = map[string]string{}
	}
	if len(o.types) < maxTypes {
		o.types[r.URL] = r.MimeType
	}
}

// typeOf gives the media type that the site gave a document, or nothing.
func (o *observer) typeOf(url string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.types[url]
}

// await waits until the condition holds, which is called with the lock held.
// Its error is the context's.
func (o *observer) await(ctx context.Context, holds func() bool) error {
	for {
		o.mu.Lock()
		ok, changed := holds(), o.changed
		o.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// setFrame sets the main frame, whose events count.
func (o *observer) setFrame(id cdp.FrameID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.frame = id
}

// mark gives the number of navigations so far, to compare with later.
func (o *observer) mark() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.moves
}

// placesSeen gives how often the document went to another place of itself.
func (o *observer) placesSeen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.places
}

// moving tells whether a navigation was asked for since the mark.
func (o *observer) moving(mark int) bool { return o.mark() != mark }

// current gives the document that the page shows.
func (o *observer) current() *document {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.document
}

// currentWorld gives the id of our world in the document, or nothing.
func (o *observer) currentWorld() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.world
}

// underway tells whether a navigation has not come to its end.
func (o *observer) underway() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pending != nil
}

// request gives what is known of the request for a document, or nil.
func (o *observer) request(loader cdp.LoaderID) *exchange {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.requests[network.RequestID(loader)]
}

// lastException gives the last uncaught exception of the page, or nothing.
func (o *observer) lastException() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.console.exceptions); n > 0 {
		return o.console.exceptions[n-1].text
	}
	return ""
}

// settled waits until every navigation that was asked for has led to a loaded
// document, or to nothing, and gives the document.
func (o *observer) settled(ctx context.Context) (*document, error) {
	for {
		var d *document
		var wait time.Duration
		err := o.await(ctx, func() bool {
			d, wait = o.document, 0
			if p := o.pending; p != nil && !p.begun {
				wait = time.Until(p.asked.Add(askedPatience))
				if wait <= 0 {
					o.pending = nil // it never will begin
				} else {
					return true
				}
			}
			return o.pending == nil && !d.loaded.IsZero()
		})
		if err != nil || wait <= 0 {
			return d, err
		}
		// Look again when the patience is over, or something happens.
		short, cancel := context.WithTimeout(ctx, wait)
		_ = o.await(short, func() bool { return o.pending == nil || o.pending.begun })
		cancel()
	}
}

// maxPopups is how many pop-ups are closed before the page is given up.
const maxPopups = 100

// maxDialogs is how many dialogs are dismissed before the page is given up.
const maxDialogs = 100

// unfinished gives the number of requests under way and one of them.
func (o *observer) unfinished() (n int, one string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, url := range o.loading {
		if one == "" || url < one {
			one = url
		}
	}
	return len(o.loading), one
}
