package browser

import (
	"slices"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/network"

	"outrider/checks"
)

// ledger keeps every request of a journey, for the expectations that look back
// on them. Journeys without such an expectation have none.
type ledger struct {
	calls []*madeRequest
	open  map[network.RequestID]*madeRequest
	more  int // requests beyond the bound
}

// madeRequest is one request and what became of it. One that was led elsewhere is
// several.
type madeRequest struct {
	url, method string
	at          time.Time
	status      int    // zero: no answer yet, or none
	failed      string // network error
}

// maxCalls bounds a ledger, and maxCallText each URL in it, in bytes.
const (
	maxCalls    = 5000
	maxCallText = 4096
)

func newLedger() *ledger { return &ledger{open: map[network.RequestID]*madeRequest{}} }

// handle takes an event of the network.
func (l *ledger) handle(event any, now time.Time) {
	if l == nil {
		return
	}
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		if c := l.open[ev.RequestID]; c != nil && ev.RedirectResponse != nil {
			c.status = int(ev.RedirectResponse.Status)
		}
		if len(l.calls) >= maxCalls {
			l.more++
			delete(l.open, ev.RequestID)
			return
		}
		c := &madeRequest{url: shorten(ev.Request.URL+ev.Request.URLFragment, maxCallText), method: ev.Request.Method, at: now}
		l.calls = append(l.calls, c)
		l.open[ev.RequestID] = c
	case *network.EventResponseReceived:
		if c := l.open[ev.RequestID]; c != nil {
			c.status = int(ev.Response.Status)
		}
	case *network.EventLoadingFinished:
		delete(l.open, ev.RequestID)
	case *network.EventLoadingFailed:
		c := l.open[ev.RequestID]
		delete(l.open, ev.RequestID)
		// What the page gave up itself, and what we keep from it, has not failed.
		if c != nil && !ev.Canceled && ev.BlockedReason != network.BlockedReasonInspector {
			c.failed = ev.ErrorText
		}
	}
}

// broken tells whether a request failed, and how.
func (c *madeRequest) broken() (how string, broken bool) {
	switch {
	case c.failed != "":
		return c.failed, true
	case c.status >= 400:
		return "status " + strconv.Itoa(c.status), true
	}
	return "", false
}

// made gives the requests so far.
func (l *ledger) made() []madeRequest {
	if l == nil {
		return nil
	}
	calls := make([]madeRequest, 0, len(l.calls))
	for _, c := range l.calls {
		calls = append(calls, *c)
	}
	return calls
}

// watched gives the observers of all pages that are open, the main one first.
func (j *journey) watched() []*observer {
	if len(j.pages) == 0 {
		return []*observer{j.tab.observer}
	}
	var list []*observer
	for _, p := range j.pages {
		list = append(list, p.tab.observer)
	}
	return list
}

// keepCalls has the requests kept from now on.
func (o *observer) keepCalls() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ledger = newLedger()
}

// looksBack tells whether a journey expects something of its requests.
func looksBack(j *checks.Journey) bool {
	return slices.ContainsFunc(j.Steps, func(s checks.Step) bool {
		e, ok := s.Action.(*checks.Expect)
		return ok && (e.Request != nil || e.NoFailedRequests != nil)
	})
}
