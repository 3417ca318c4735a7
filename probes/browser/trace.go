package browser

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// trace gives requests to the monitored site a W3C traceparent (Trace Context
// level 1), by which the site's own tracing tells what a journey set off.
// Requests of one run share its trace id; each has a parent id of its own.
type trace struct {
	id      string   // 32 hexadecimal digits
	origins []string // scheme://host:port that goto steps name
	hosts   []string // of them, with the port
}

func newTrace(id string, origins []string) *trace {
	t := &trace{id: id, origins: origins}
	for _, o := range origins {
		if _, host, ok := strings.Cut(o, "://"); ok && !slices.Contains(t.hosts, host) {
			t.hosts = append(t.hosts, host)
		}
	}
	return t
}

// patterns are the requests that may be the site's, in the browser's way of
// writing. A host that is an address or that no domain can be registered under
// has none below it.
func (t *trace) patterns() []string {
	var list []string
	add := func(p string) {
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, o := range t.origins {
		scheme, host, _ := strings.Cut(o, "://")
		if strings.ContainsAny(host, `*?\`) {
			continue
		}
		name := hostname(host)
		site, err := publicsuffix.EffectiveTLDPlusOne(name)
		if err != nil || strings.Trim(name, "0123456789.") == "" || strings.Contains(name, ":") {
			if add(scheme + "://" + host + "/*"); !strings.Contains(name, ":") {
				add(scheme + "://" + name + ":*/*") // its other ports
			}
			continue
		}
		for _, p := range []string{"://", "://*."} {
			add(scheme + p + site + "/*")
			add(scheme + p + site + ":*/*")
		}
	}
	return list
}

// owns tells whether an address is the monitored site's: of the same
// registrable domain, and by a scheme that is as safe as the one that the
// definition names.
func (t *trace) owns(u *url.URL) bool {
	return slices.ContainsFunc(t.origins, func(o string) bool {
		scheme, host, _ := strings.Cut(o, "://")
		return (u.Scheme == scheme || u.Scheme == "https") && sameSite(u.Host, host)
	})
}
