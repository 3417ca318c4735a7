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

	credentials *credentials // nil: none
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
	if a := j.Browser.Auth; a != nil {
		if err := h.authenticate(a, scope); err != nil {
			return nil, err
		}
	}
	if len(h.entries) > 0 || h.credentials != nil || len(j.Browser.Cookies)+len(j.Browser.LocalStorage)+len(j.Browser.SessionStorage) > 0 {
		h.origins = ownOrigins(j, scope)
	}
	return h, nil
}

// ownOrigins gives the origins that the goto steps of a journey name, each
// once, in the form in which browsers write them.
func ownOrigins(j *checks.Journey, scope checks.Scope) []string {
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
			if origin := originOf(u); !slices.Contains(origins, origin) {
				origins = append(origins, origin)
			}
		}
	}
	return origins
}

// originOf writes a URL's origin as browsers do: without the port that its
// scheme implies.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case strings.EqualFold(u.Scheme, "http"):
		host = strings.TrimSuffix(host, ":80")
	case strings.EqualFold(u.Scheme, "https"):
		host = strings.TrimSuffix(host, ":443")
	}
	return strings.ToLower(u.Scheme) + "://" + host
}

// owns tells whether a request is for one of the journey's own origins.
func (h *ownHeaders) owns(u *url.URL) bool {
	return slices.Contains(h.origins, originOf(u))
}

// patterns are the requests that the browser hands to us. A wildcard in a host
// would widen one; no host has any.
func (h *ownHeaders) patterns() []*fetch.RequestPattern {
	var list []*fetch.RequestPattern
	if len(h.entries) == 0 && h.credentials == nil {
		return nil
	}
	for _, origin := range h.origins {
		if !strings.ContainsAny(origin, `*?\`) {
			list = append(list, &fetch.RequestPattern{URLPattern: origin + "/*"})
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
