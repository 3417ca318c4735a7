package har

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// hop is a request of the journey: the entry that starts it, and the one that
// ends it after redirects, which a journey follows by itself.
type hop struct {
	*entry
	end  *entry
	used map[string]string // values that later requests use, with their variable
	// captures are what is kept of its answer, in order.
	captures []capture
}

// choose picks the requests of a journey and notes what is left out.
func (t *translation) choose(a *Archive) []*hop {
	own := ownSites(a)
	next := followUps(a.Entries)
	followed := map[*entry]bool{}
	for _, e := range next {
		followed[e] = true
	}
	var (
		hops                                       []*hop
		foreign, static, preflights, failed, other []*entry
		repeated                                   int
		seen                                       = map[string]bool{}
	)
	for _, e := range a.Entries {
		switch {
		case followed[e]:
			continue // part of the request that was redirected
		case e.url == nil || e.url.Scheme != "http" && e.url.Scheme != "https" || e.Response.Status == 101:
			other = append(other, e)
		case strings.EqualFold(e.Request.Method, "OPTIONS") && header(e.Request.Headers, "Access-Control-Request-Method") != "":
			preflights = append(preflights, e)
		case !t.options.ThirdParties && !own[site(e.url)]:
			foreign = append(foreign, e)
		case !t.options.Static && isStatic(e):
			static = append(static, e)
		case e.Response.Status < 100 || e.Response.Status > 599:
			failed = append(failed, e)
		default:
			method := strings.ToUpper(e.Request.Method)
			if method != "GET" && method != "HEAD" {
				seen = map[string]bool{} // what is asked for now may be answered differently
			} else if key := method + " " + e.Request.URL; seen[key] {
				repeated++
				continue
			} else {
				seen[key] = true
			}
			hops = append(hops, &hop{entry: e, end: lastHop(e, next), used: map[string]string{}})
		}
	}
	t.left(foreign, "request to other sites", "requests to other sites", "--third-parties includes them", func(e *entry) string { return site(e.url) })
	t.left(static, "request for static files", "requests for static files", "--static includes them", func(e *entry) string { return kindOf(e) })
	t.left(preflights, "CORS preflight", "CORS preflights", "only browsers ask beforehand", nil)
	t.left(failed, "request without an answer", "requests without an answer", "they were blocked or broken off", func(e *entry) string { return e.url.Path })
	t.left(other, "entry that is no HTTP request", "entries that are no HTTP requests", "WebSockets, data: and the like", nil)
	if repeated > 0 {
		t.out.Remark("%d requests that ask again for what was there a moment before are left out", repeated)
	}
	return hops
}

// left notes requests that are left out, with what they are.
func (t *translation) left(entries []*entry, one, many, why string, what func(*entry) string) {
	if len(entries) == 0 {
		return
	}
	noun := many
	if len(entries) == 1 {
		noun = one
	}
	names := ""
	if what != nil {
		var list []string
		for _, e := range entries {
			if name := what(e); name != "" && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
		const most = 8
		if len(list) > most {
			list = append(list[:most], fmt.Sprintf("%d more", len(list)-most))
		}
		names = " (" + cut(strings.Join(list, ", "), 200) + ")"
	}
	t.out.Remark("%d %s left out%s: %s", len(entries), noun, names, why)
}

// ownSites are the sites whose pages were visited: those of the first request
// of each page, by registrable domain.
func ownSites(a *Archive) map[string]bool {
	own := map[string]bool{}
	pages := map[string]bool{}
	for _, e := range a.Entries {
		if e.url == nil || e.url.Scheme != "http" && e.url.Scheme != "https" || pages[e.Page] {
			continue
		}
		if e.Page != "" || len(own) == 0 {
			own[site(e.url)] = true
		}
		pages[e.Page] = true
	}
	return own
}

// site is the registrable domain of a URL, or its host where it has none.
func site(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// followUps are the entries that redirects led to, by the redirected one.
func followUps(entries []*entry) map[*entry]*entry {
	next := map[*entry]*entry{}
	taken := map[*entry]bool{}
	for i, e := range entries {
		to := redirect(e)
		if to == "" {
			continue
		}
		const near = 50 // requests that are under way at the same time
		for _, candidate := range entries[i+1 : min(len(entries), i+1+near)] {
			if candidate.url != nil && !taken[candidate] && withoutFragment(candidate.Request.URL) == to {
				next[e], taken[candidate] = candidate, true
				break
			}
		}
	}
	return next
}

// redirect is where an answer sends the browser, as a whole URL.
func redirect(e *entry) string {
	switch e.Response.Status {
	case 301, 302, 303, 307, 308:
	default:
		return ""
	}
	to := e.Response.RedirectURL
	if to == "" {
		to = header(e.Response.Headers, "Location")
	}
	if e.url == nil || to == "" {
		return ""
	}
	u, err := e.url.Parse(to)
	if err != nil {
		return ""
	}
	return withoutFragment(u.String())
}

func withoutFragment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	return address
}

// lastHop is the entry at the end of a chain of redirects.
func lastHop(e *entry, next map[*entry]*entry) *entry {
	const longest = 10 // redirects that a journey follows
	for range longest {
		if next[e] == nil {
			break
		}
		e = next[e]
	}
	return e
}

var staticFile = regexp.MustCompile(`(?i)\.(css|m?js|map|png|jpe?g|gif|webp|avif|svg|ico|bmp|woff2?|ttf|otf|eot|mp4|webm|mp3|ogg|wav|m3u8|ts|wasm|webmanifest)$`)

// isStatic tells whether an entry is a file that is the same for everybody, or
// something that a page only reports.
func isStatic(e *entry) bool { return kindOf(e) != "" }

// kindOf names what kind of static file an entry is; "" if it is none.
func kindOf(e *entry) string {
	switch e.ResourceType {
	case "document", "xhr", "fetch", "eventsource":
		return "" // a page that asks for a picture by script wants its data
	case "script", "stylesheet", "image", "font", "media", "manifest", "texttrack", "ping", "preflight":
		return e.ResourceType
	case "csp-violation-report":
		return "report"
	}
	kind, rest, _ := strings.Cut(e.media, "/")
	switch {
	case kind == "image" || kind == "font" || kind == "video" || kind == "audio":
		return kind
	case rest == "css":
		return "stylesheet"
	case strings.Contains(rest, "javascript") || strings.Contains(rest, "ecmascript"):
		return "script"
	case strings.Contains(rest, "font-") || rest == "wasm" || rest == "manifest+json":
		return rest
	case e.media == "" && e.url != nil:
		return strings.TrimPrefix(staticFile.FindString(path.Base(e.url.Path)), ".")
	}
	return ""
}
