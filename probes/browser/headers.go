package browser

import (
	"fmt"
	"net/url"
	"slices"
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
	if len(h.entries) > 0 {
		h.origins = originsOf(j, scope)
	}
	return h, nil
}

// originsOf gives the origins that the goto steps of a journey name.
func originsOf(j *checks.Journey, scope checks.Scope) []string {
	var origins []string
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
			origins = append(origins, strings.ToLower(u.Scheme+"://"+u.Host))
		}
	}
	return origins
}

// owns tells whether a request is for one of the journey's own origins.
func (h *ownHeaders) owns(u *url.URL) bool {
	origin := u.Scheme + "://" + u.Host
	return slices.ContainsFunc(h.origins, func(o string) bool {
		return strings.EqualFold(withoutDefaultPort(o), withoutDefaultPort(origin))
	})
}

// withoutDefaultPort is an origin as the browser writes it.
func withoutDefaultPort(origin string) string {
	scheme, host, _ := strings.Cut(origin, "://")
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host
}

// patterns are the requests that the browser hands to us. A wildcard in a host
// would widen one; no host has any.
func (h *ownHeaders) patterns() []*fetch.RequestPattern {
	var list []*fetch.RequestPattern
	for _, origin := range h.origins {
		if !strings.ContainsAny(origin, `*?\`) {
			list = append(list, &fetch.RequestPattern{URLPattern: withoutDefaultPort(origin) + "/*"})
		}
	}
	return list
}

// withHeaders gives a request's headers with ours in place of those of the
// same name.
func withHeaders(ours []*fetch.HeaderEntry, asked network.Headers) []*fetch.HeaderEntry {
	list := append([]*fetch.HeaderEntry(nil), ours...)
next:
	for name, value := range asked {
		for _, e := range ours {
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
