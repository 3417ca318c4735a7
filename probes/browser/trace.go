package browser

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// trace gives requests to the monitored site a W3C traceparent (Trace Context
// level 1, version 00), by which the site's own tracing tells what a journey
// set off. Requests of one run share its trace id; each has a parent id of its
// own. They are marked as sampled: somebody who looks at a slow run wants to
// find its trace.
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

// traceIDOf makes the trace id of a run of its id, a UUID: both have 128 bits,
// so that either leads to the other.
func traceIDOf(run string) string { return strings.ReplaceAll(run, "-", "") }

// parent makes the header of one request.
func (t *trace) parent() string {
	var span [8]byte
	for span == [8]byte{} { // all zeroes is invalid
		_, _ = rand.Read(span[:]) // never fails
	}
	return "00-" + t.id + "-" + hex.EncodeToString(span[:]) + "-01"
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
