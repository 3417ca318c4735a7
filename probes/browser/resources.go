package browser

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"golang.org/x/net/publicsuffix"

	"outrider/probes"
)

// maxResources is how many requests of a run are kept to sum them up; a page
// that makes more is summed up by these.
const maxResources = 1000

// maxResourceText bounds a kept host or path, in bytes.
const maxResourceText = 300

// resource is one request of the page, documents included.
type resource struct {
	id         network.RequestID
	host, path string
	kind       string
	begun      time.Time
	answered   time.Time // zero: no answer began
	ended      time.Time // zero: it has not ended
	status     int
	failed     string // network error
	spared     bool   // answered by a stub: no status of it is the site's
	bytes      int64
}

// end is when the request was over; zero if it is not. The body of an error
// answer is often left unread for good, and nobody waits for it.
func (r *resource) end() time.Time {
	if r.ended.IsZero() && r.status >= 400 {
		return r.answered
	}
	return r.ended
}

// endWithin is the same for a step, and tells whether that was within it.
func (r *resource) endWithin(till time.Time) (time.Time, bool) {
	end := r.end()
	if end.IsZero() || end.After(till) {
		return till, false
	}
	return end, true
}

// resources keeps the requests of a run in the order in which they began.
type resources struct {
	list []*resource
	open map[network.RequestID]*resource
	site string // host of the first page that was asked for
	// spared tells of a request that the definition kept from the network; nil:
	// it did so of none.
	spared func(network.RequestID) bool
}

func (k *resources) isSpared(id network.RequestID) bool { return k.spared != nil && k.spared(id) }

// handle takes an event of the network.
func (k *resources) handle(event any, frame cdp.FrameID, now time.Time) {
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		k.sent(ev, frame, now)
	case *network.EventResponseReceived:
		if r := k.open[ev.RequestID]; r != nil {
			r.answered, r.status, r.spared = now, int(ev.Response.Status), k.isSpared(ev.RequestID)
		}
	case *network.EventLoadingFinished:
		if r := k.open[ev.RequestID]; r != nil {
			r.bytes = max(int64(ev.EncodedDataLength), 0)
			k.close(r, now)
		}
	case *network.EventLoadingFailed:
		if r := k.open[ev.RequestID]; r != nil {
			// What the page itself gave up is no failure of the host.
			if !ev.Canceled && !k.isSpared(ev.RequestID) {
				r.failed = ev.ErrorText
			}
			k.close(r, now)
		}
	}
}

// sent notes a request. One that was led elsewhere stays one request, put down
// to the host that it ends at.
func (k *resources) sent(ev *network.EventRequestWillBeSent, frame cdp.FrameID, now time.Time) {
	address := ev.Request.URL
	if len(address) > 64<<10 || !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return // data: and blob: ask nobody
	}
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if k.site == "" && ev.Type == network.ResourceTypeDocument && ev.FrameID == frame {
		k.site = u.Host
	}
	r := k.open[ev.RequestID]
	if r == nil {
		if len(k.list) >= maxResources {
			return
		}
		r = &resource{id: ev.RequestID, kind: strings.ToLower(string(ev.Type)), begun: now}
		k.list = append(k.list, r)
		if k.open == nil {
			k.open = map[network.RequestID]*resource{}
		}
		k.open[ev.RequestID] = r
	}
	r.host, r.path = u.Host, u.EscapedPath()
}

func (k *resources) close(r *resource, now time.Time) {
	r.ended = now
	delete(k.open, r.id)
}

// left notes that the page shows the document of a loader: what earlier ones
// asked for is waited for no more.
func (k *resources) left(loader cdp.LoaderID, now time.Time) {
	for id, r := range k.open {
		if string(id) != string(loader) {
			k.close(r, now)
		}
	}
}

// period is a step as far as requests are concerned: from its start to its
// end, and on to the start of the next step.
type period struct {
	from, till, next time.Time
	failed           bool
	opened           cdp.LoaderID // of the document that has an HTTP of its own
}

// groups sums up what was under way in a step, by host.
func (k *resources) groups(p period, hide func(string) string) []probes.ResourceGroup {
	var touched []*resource
	before, after := span{p.from, p.till}, span{p.till, p.till}
	for _, r := range k.list {
		switch {
		case r.begun.After(p.next) || !r.end().IsZero() && r.end().Before(p.from):
		case p.opened != "" && string(r.id) == string(p.opened):
			// The moments of the document are with its own phases.
			before.till = earlier(r.begun, p.till)
			if r.ended.IsZero() {
				after.from = p.till
			} else {
				after.from = earlier(later(r.ended, p.from), p.till)
			}
		default:
			touched = append(touched, r)
		}
	}
	if len(touched) == 0 {
		return nil
	}
	credit := make(map[*resource]time.Duration, len(touched))
	p.credit(touched, before, credit)
	p.credit(touched, after, credit)
	return k.sum(touched, p, credit, hide)
}

// credit puts the moments of a span down to the requests under way: each to
// the one that ended last.
func (p period) credit(touched []*resource, s span, credit map[*resource]time.Duration) {
	if !s.from.Before(s.till) {
		return
	}
	ended := func(r *resource) time.Time {
		end, ok := r.endWithin(p.till)
		if !ok {
			return p.till.Add(time.Hour)
		}
		return end
	}
	waited := slices.Clone(touched)
	if !p.failed {
		waited = slices.DeleteFunc(waited, func(r *resource) bool { return ended(r).After(p.till) })
	}
	slices.SortStableFunc(waited, func(a, b *resource) int { return ended(b).Compare(ended(a)) })
	// All that were looked at end later than those that follow: what they took
	// of the time up to an end begins at the earliest of their starts.
	taken := s.till
	for _, r := range waited {
		from, till := later(r.begun, s.from), earlier(earlier(ended(r), s.till), taken)
		if d := till.Sub(from); d > 0 {
			credit[r] += d
		}
		taken = earlier(taken, from)
	}
}

// sum makes groups of the requests that were under way in a step.
func (k *resources) sum(touched []*resource, p period, credit map[*resource]time.Duration, hide func(string) string) []probes.ResourceGroup {
	byHost := map[string]int{}
	var groups []probes.ResourceGroup
	var slowest, broken []*resource
	for _, r := range touched {
		i, ok := byHost[r.host]
		if !ok {
			i = len(groups)
			byHost[r.host] = i
			groups = append(groups, probes.ResourceGroup{Host: r.host, FirstParty: sameSite(r.host, k.site)})
			slowest, broken = append(slowest, nil), append(broken, nil)
		}
		g := &groups[i]
		g.Requests++
		g.Time += credit[r]
		if _, ok := r.endWithin(p.till); !ok {
			g.Pending++
		}
		if _, ok := r.endWithin(p.next); ok {
			g.TransferBytes += r.bytes
			if r.failed != "" || r.status >= 400 && !r.spared {
				g.Failed++
				if broken[i] == nil {
					broken[i] = r
				}
			}
		}
		if s := slowest[i]; s == nil || credit[r] > credit[s] {
			slowest[i] = r
		}
	}
	for i := range groups {
		groups[i].Host = shorten(hide(groups[i].Host), maxResourceText)
		groups[i].Slowest = slowest[i].shown(p, hide)
		groups[i].Broken = broken[i].shown(p, hide)
	}
	slices.SortStableFunc(groups, func(a, b probes.ResourceGroup) int { return cmp.Compare(b.Time, a.Time) })
	return bounded(groups)
}

// bounded sums up in one group what is beyond the bound.
func bounded(groups []probes.ResourceGroup) []probes.ResourceGroup {
	const last = probes.MaxResourceGroups - 1
	if len(groups) <= last+1 {
		return groups
	}
	others := probes.ResourceGroup{Slowest: groups[last].Slowest}
	for _, g := range groups[last:] {
		others.Requests += g.Requests
		others.Failed += g.Failed
		others.Pending += g.Pending
		others.Time += g.Time
		others.TransferBytes += g.TransferBytes
		if others.Broken == nil {
			others.Broken = g.Broken
		}
	}
	return append(groups[:last:last], others)
}

// shown is the request as a run shows it.
func (r *resource) shown(p period, hide func(string) string) *probes.Resource {
	if r == nil {
		return nil
	}
	end, _ := r.endWithin(p.till)
	wait := end
	if !r.answered.IsZero() && r.answered.Before(end) {
		wait = r.answered
	}
	return &probes.Resource{
		Path: shorten(hide(r.path), maxResourceText), Type: r.kind, Status: r.status, Error: r.failed,
		Time: max(end.Sub(r.begun), 0), Wait: max(wait.Sub(r.begun), 0),
	}
}

// sameSite tells whether two hosts, with or without a port, belong to the same
// registrable domain.
func sameSite(a, b string) bool {
	a, b = hostname(a), hostname(b)
	if a == b {
		return true
	}
	if net.ParseIP(a) != nil || net.ParseIP(b) != nil {
		return false
	}
	siteA, err := publicsuffix.EffectiveTLDPlusOne(a)
	if err != nil {
		return false
	}
	siteB, err := publicsuffix.EffectiveTLDPlusOne(b)
	return err == nil && siteA == siteB
}

// hostname is a host without its port.
func hostname(host string) string {
	return strings.ToLower(strings.TrimSuffix((&url.URL{Host: host}).Hostname(), "."))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
