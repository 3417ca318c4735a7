package browser

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"outrider/checks"
	"outrider/probes"
)

// interception is what a journey does to requests before they go to the
// network: answer them itself, block them, or add to their headers. The
// browser hands only those to us that one of it may concern, so that all
// others cost nothing.
type interception struct {
	headers *ownHeaders
	trace   *trace // nil: nothing is traced
	block   []string
	stubs   []checks.Stub
}

// newInterception collects what a journey wants done. The trace id is that of
// the run; it is used only if the journey is to be traced.
func newInterception(j *checks.Journey, scope checks.Scope, traceID string) (*interception, error) {
	headers, err := headersOf(j, scope)
	if err != nil {
		return nil, err
	}
	i := &interception{headers: headers, block: j.Browser.Block, stubs: j.Browser.Stubs}
	if j.Browser.Trace {
		i.trace = newTrace(traceID, ownOrigins(j, scope))
	}
	return i, nil
}

// traceID is that of the run, empty if nothing is traced.
func (i *interception) traceID() string {
	if i.trace == nil {
		return ""
	}
	return i.trace.id
}

// patterns are the requests that the browser hands to us.
func (i *interception) patterns() []*fetch.RequestPattern {
	list := i.headers.patterns()
	add := func(pattern string) { list = append(list, &fetch.RequestPattern{URLPattern: pattern}) }
	for _, s := range i.stubs {
		add(wildcard(s.Pattern))
	}
	for _, b := range i.block {
		add(wildcard(b))
	}
	if i.trace != nil {
		for _, p := range i.trace.patterns() {
			add(p)
		}
	}
	return list
}

// room is how many tasks of a page may wait for us: one may ask for hundreds of
// things at once that are handed to us.
func (i *interception) room() int {
	if len(i.patterns()) > 0 {
		return maxLoading
	}
	return 256
}

// wildcard writes a pattern in the browser's way, in which ? and \ mean
// something, too. The browser matches whole addresses without their fragment,
// as checks.MatchesURL does.
func wildcard(pattern string) string {
	return strings.NewReplacer(`\`, `\\`, `?`, `\?`).Replace(pattern)
}

// stubFor gives the first stub for an address, or nil.
func (i *interception) stubFor(address string) *checks.Stub {
	for n := range i.stubs {
		if checks.MatchesURL(i.stubs[n].Pattern, address) {
			return &i.stubs[n]
		}
	}
	return nil
}

// blocks tells whether an address is not to be asked for.
func (i *interception) blocks(address string) bool {
	for _, pattern := range i.block {
		if checks.MatchesURL(pattern, address) {
			return true
		}
	}
	return false
}

// added are the headers that a request gets from us.
func (i *interception) added(address string) []*fetch.HeaderEntry {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var list []*fetch.HeaderEntry
	if i.headers.owns(u) {
		list = append(list, i.headers.entries...)
	}
	if i.trace != nil && i.trace.owns(u) {
		list = append(list, &fetch.HeaderEntry{Name: "traceparent", Value: probes.Traceparent(i.trace.id)})
	}
	return list
}

// answerPaused decides on a request that the browser has handed to us. The
// page may have given it up by now: then there is nobody to tell.
func (t *tab) answerPaused(by cdp.Session, paused *fetch.EventRequestPaused) {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	address := paused.Request.URL
	if s := t.requests.stubFor(address); s != nil {
		t.observer.spare(paused.NetworkID, fateStubbed)
		_, _ = cdp.Call(ctx, by, fetch.FulfillRequest, fetch.FulfillRequestParams{
			RequestID: paused.RequestID, ResponseCode: int64(s.Status), ResponseHeaders: stubHeaders(s, paused.Request.Headers), Body: s.Body,
		})
		return
	}
	if t.requests.blocks(address) {
		t.observer.spare(paused.NetworkID, fateBlocked)
		_, _ = cdp.Call(ctx, by, fetch.FailRequest, fetch.FailRequestParams{
			RequestID: paused.RequestID, ErrorReason: network.ErrorReasonBlockedByClient,
		})
		return
	}
	params := fetch.ContinueRequestParams{RequestID: paused.RequestID}
	if added := t.requests.added(address); len(added) > 0 {
		params.Headers = withHeaders(added, paused.Request.Headers)
	}
	_, _ = cdp.Call(ctx, by, fetch.ContinueRequest, params)
}

// stubHeaders are those of a stub's answer. Pages of any origin may read it,
// as they may the third party's whose place it takes.
func stubHeaders(s *checks.Stub, asked network.Headers) []*fetch.HeaderEntry {
	var list []*fetch.HeaderEntry
	own := map[string]bool{}
	for _, f := range s.Headers {
		if value, ok := f.Value.Constant(); ok {
			own[strings.ToLower(f.Name)] = true
			list = append(list, &fetch.HeaderEntry{Name: f.Name, Value: value})
		}
	}
	add := func(name, value string) {
		if value != "" && !own[strings.ToLower(name)] {
			list = append(list, &fetch.HeaderEntry{Name: name, Value: value})
		}
	}
	add("Content-Type", s.Type)
	for name, value := range asked {
		if origin, ok := value.(string); ok && strings.EqualFold(name, "Origin") {
			add("Access-Control-Allow-Origin", origin)
			add("Access-Control-Allow-Credentials", "true")
		}
	}
	return list
}
