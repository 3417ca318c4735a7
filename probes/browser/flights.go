package browser

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"outrider/probes"
)

// flight is one request with the moments that the browser's network service
// noted. (resources has the moments at which we heard of them, which a busy
// page delays.)
type flight struct {
	id         network.RequestID
	host, path string
	kind       string
	begun      time.Time
	ended      time.Time // zero: it has not ended
	answered   time.Time // of the last answer: when its headers began to come
	waits      []span    // for the server: a hop each
	status     int
	failed     string // network error
	blocked    string // why the browser did not let it through
	bytes      int64
	timings    []probes.ServerTiming
	clock      float64 // seconds from the browser's clock to 1970
	canceled   bool
	spared     bool // the definition kept it from the network
}

// end is when the request was over; zero if it is not. See resource.end.
func (f *flight) end() time.Time {
	if f.ended.IsZero() && f.status >= 400 {
		return f.answered
	}
	return f.ended
}

// broken tells whether the request failed.
func (f *flight) broken() bool {
	return !f.spared && (f.status >= 400 || f.blocked != "" || f.failed != "" && !f.canceled)
}

// flights keeps the requests of a run in the order in which they began.
type flights struct {
	list []*flight
	open map[network.RequestID]*flight
	site func() string // host of the journey's first page
	// spared tells of a request that the definition kept from the network.
	spared func(network.RequestID) bool
	keep   keeper
}

// handle takes an event of the network.
func (k *flights) handle(event any) {
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		k.sent(ev)
	case *network.EventResponseReceived:
		if f := k.open[ev.RequestID]; f != nil {
			f.status, f.spared = int(ev.Response.Status), k.spared(ev.RequestID)
			f.answer(ev.Response, float64(ev.Timestamp))
			if f.kind == "document" || sameSite(f.host, k.site()) {
				f.timings = k.serverTimings(f, ev.Response.Headers)
			}
		}
	case *network.EventLoadingFinished:
		if f := k.open[ev.RequestID]; f != nil {
			f.bytes = max(int64(ev.EncodedDataLength), 0)
			k.close(f, f.moment(float64(ev.Timestamp)))
		}
	case *network.EventLoadingFailed:
		if f := k.open[ev.RequestID]; f != nil {
			f.spared = k.spared(ev.RequestID)
			f.failed, f.canceled, f.blocked = ev.ErrorText, ev.Canceled, string(ev.BlockedReason)
			if ev.CorsErrorStatus != nil {
				f.blocked = "cors"
			}
			k.close(f, f.moment(float64(ev.Timestamp)))
		}
	}
}

// sent notes a request, or the next hop of one that was led elsewhere.
func (k *flights) sent(ev *network.EventRequestWillBeSent) {
	host, path, ok := webAddress(ev.Request.URL)
	if !ok {
		return
	}
	f := k.open[ev.RequestID]
	if f == nil {
		if len(k.list) >= maxResources {
			return
		}
		f = &flight{id: ev.RequestID, kind: kindOf(ev.Type), clock: float64(ev.WallTime) - float64(ev.Timestamp)}
		f.begun = f.moment(float64(ev.Timestamp))
		k.list = append(k.list, f)
		if k.open == nil {
			k.open = map[network.RequestID]*flight{}
		}
		k.open[ev.RequestID] = f
	}
	if ev.RedirectResponse != nil {
		f.answer(ev.RedirectResponse, float64(ev.Timestamp))
	}
	f.host, f.path = host, strings.Clone(path[:min(len(path), maxPath)])
}

// maxPath bounds a path that is kept, in bytes: well above what is shown of it.
const maxPath = 2 * maxTold

// left notes that the page shows the document of a loader: what earlier ones
// asked for is waited for no more.
func (k *flights) left(loader cdp.LoaderID, now time.Time) {
	for id, f := range k.open {
		if string(id) != string(loader) {
			k.close(f, now.Round(0))
		}
	}
}

func (k *flights) close(f *flight, at time.Time) {
	f.ended = later(at, f.begun)
	delete(k.open, f.id)
}

// moment gives the time of day of the browser's clock, seconds.
func (f *flight) moment(clock float64) time.Time { return instant(f.clock*1000, clock*1000) }

// maxHops bounds the answers that one request leads to; the browser gives up
// after 20.
const maxHops = 25

// answer notes the wait for an answer: from when the request was sent until the
// headers began to come. The browser's marks are milliseconds after the request
// time; without them the wait is part of the network's time.
func (f *flight) answer(r *network.Response, at float64) {
	f.answered = f.moment(at)
	t := r.Timing
	if t == nil || t.SendEnd < 0 || len(f.waits) >= maxHops {
		return
	}
	first := t.ReceiveHeadersStart
	if first <= 0 {
		first = t.ReceiveHeadersEnd
	}
	if first < t.SendEnd {
		return
	}
	f.answered = f.moment(t.RequestTime + first/1000)
	f.waits = append(f.waits, span{f.moment(t.RequestTime + t.SendEnd/1000), f.answered})
}

// kindOf sorts a request under one of probes.RequestTypes.
func kindOf(t network.ResourceType) string {
	switch t {
	case network.ResourceTypeDocument, network.ResourceTypeScript, network.ResourceTypeStylesheet, network.ResourceTypeImage,
		network.ResourceTypeFont, network.ResourceTypeMedia:
		return strings.ToLower(string(t))
	case network.ResourceTypeFetch, network.ResourceTypeXHR, network.ResourceTypeEventSource:
		return "fetch"
	}
	return "other"
}

// owned is moments that are put down to a request.
type owned struct {
	span
	by *flight
}

// owners puts the moments of a step, apart from those of the document that it
// opened, down to the requests under way: each to the one that ended last. What
// had not ended counts in a failed step only. See period.credit.
func (k *flights) owners(step spans, till time.Time, failed bool, document *flight) []owned {
	var waited []*flight
	for _, f := range k.list {
		end := f.end()
		over := !end.IsZero() && !end.After(till)
		if f != document && len(step) > 0 && f.begun.Before(till) && (over || failed) && (end.IsZero() || end.After(step[0].from)) {
			waited = append(waited, f)
		}
	}
	ended := func(f *flight) time.Time {
		if end := f.end(); !end.IsZero() && !end.After(till) {
			return end
		}
		return till
	}
	slices.SortStableFunc(waited, func(a, b *flight) int { return cmp.Or(ended(b).Compare(ended(a)), a.begun.Compare(b.begun)) })
	var list []owned
	// All that were looked at end later than those that follow: what they took
	// of the time up to an end begins at the earliest of their starts.
	taken := till
	for _, f := range waited {
		for _, s := range union(span{f.begun, earlier(ended(f), taken)}).and(step) {
			list = append(list, owned{s, f})
		}
		taken = earlier(taken, f.begun)
	}
	return list
}

// webAddress takes the host and the path of a URL that asks somebody: data: and
// blob: do not.
func webAddress(address string) (host, path string, ok bool) {
	if len(address) > 64<<10 || !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return "", "", false
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", "", false
	}
	return u.Host, u.EscapedPath(), true
}
