package browser

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"outrider/checks"
)

// ownHeaders are what a journey sends with requests to the monitored site, and
// to nobody else: they may hold a secret, such as one that lets a monitor past
// a bot filter, and pages ask third parties for things all the time.
type ownHeaders struct {
	entries []*fetch.HeaderEntry
	origins []string // scheme://host:port of the journey's own pages
}

// headersOf fills in the headers of a journey. Its own origins are those that
// its goto steps name; one that only a captured value names is not known yet
// and gets none.
func headersOf(j *checks.Journey, scope checks.Scope) (*ownHeaders, error) {
	h := &ownHeaders{}
	for _, f := range j.Browser.Headers {
		value, err := f.Value.Expand(scope)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", f.Name, err)
		}
		h.entries = append(h.entries, &fetch.HeaderEntry{Name: f.Name, Value: value})
	}
	if len(h.entries) == 0 {
		return h, nil
	}
	for _, step := range j.Steps {
		g, ok := step.Action.(*checks.Goto)
		if !ok {
			continue
		}
		text, err := g.URL.Expand(scope)
		if err != nil {
			continue
		}
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			h.origins = append(h.origins, strings.ToLower(u.Scheme+"://"+u.Host))
		}
	}
	return h, nil
}

// patterns are the requests that the browser hands to us. A wildcard in a host
// would widen one; no host has any.
func (h *ownHeaders) patterns() []*fetch.RequestPattern {
	var list []*fetch.RequestPattern
	for _, origin := range h.origins {
		if !strings.ContainsAny(origin, `*?\`) {
			list = append(list, &fetch.RequestPattern{URLPattern: origin + "/*"})
		}
	}
	return list
}

// with gives a request's headers with ours in place of those of the same name.
func (h *ownHeaders) with(asked network.Headers) []*fetch.HeaderEntry {
	list := append([]*fetch.HeaderEntry(nil), h.entries...)
next:
	for name, value := range asked {
		for _, e := range h.entries {
			if strings.EqualFold(e.Name, name) {
				continue next
			}
		}
		if text, ok := value.(string); ok {
			list = append(list, &fetch.HeaderEntry{Name: name, Value: text})
		}
	}
	return list
}
