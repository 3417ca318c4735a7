package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"outrider/checks"
	"outrider/probes"
)

// TestEveryLinkLeadsSomewhere walks all pages from the list of checks and
// looks at each: every link, image and asset answers 200, the page is well
// formed, and nothing hostile got through.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	seen := map[string]bool{"/": true}
	sampled := map[string]int{}
	pages, queue := 0, []string{"/"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		rec := get(t, s, path)
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, rec.Code, cut(rec.Body.String(), 200))
			continue
		}
		if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
			continue
		}
		pages++
		doc := parsePage(t, path, rec.Body.String())
		for _, link := range doc.links {
			u, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: link %q: %v", path, link, err)
				continue
			}
			if u.Host != "" {
				if u.Scheme != "https" {
					t.Errorf("%s: link to %q", path, link)
				}
				continue
			}
			next := u.RequestURI()
			if u.Path == "" || seen[next] {
				continue
			}
			seen[next] = true
			// A sample of the pages that differ in their figures only.
			if kind := section(u); sampled[kind] < 120 || strings.Contains(next, "hostile") {
				sampled[kind]++
				queue = append(queue, next)
			}
		}
	}
	if pages < 100 {
		t.Errorf("only %d pages were found", pages)
	}
	for _, path := range []string{"/", "/checks/checkout", "/checks/hostile", "/runs/0195ffff-hostile-run", "/incidents", "/incidents/inc-hostile", "/status"} {
		if !seen[path] {
			t.Errorf("no link leads to %s", path)
		}
	}
}

// section gives the first element of a URL's path.
func section(u *url.URL) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return first
}

// parsed is what a test looks at in a page.
type parsed struct {
	links []string
	ids   map[string]int
}

// parsePage reads a page strictly: every element is closed in order, ids are
// unique, there is no inline script, style or handler, and no element that
// our templates never write.
func parsePage(t *testing.T, path, body string) parsed {
	t.Helper()
	p := parsed{ids: map[string]int{}}
	if strings.ContainsAny(body, "\u202e\u2066") {
		t.Errorf("%s: bidirectional control characters in the page", path)
	}
	if strings.Contains(body, "ZgotmplZ") {
		t.Errorf("%s: a template put a value where it is not safe", path)
	}
	void := []string{"meta", "link", "input", "img", "br"}
	known := regexp.MustCompile(`^(html|head|body|meta|title|link|script|style|a|header|div|svg|path|rect|circle|line|text|g|nav|span|strong|pre|main|footer|time|h1|h2|h3|h4|p|ul|ol|li|dl|dt|dd|table|thead|tbody|tr|th|td|form|label|input|select|option|button|section|figure|figcaption|img|details|summary|code|b|abbr|br)$`)
	var open []string
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		tok := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			if !known.MatchString(tok.Data) {
				t.Errorf("%s: element <%s>", path, tok.Data)
			}
			p.attributes(t, path, tok)
			if kind == html.StartTagToken && !slices.Contains(void, tok.Data) {
				open = append(open, tok.Data)
			}
			if tok.Data == "script" && !strings.HasPrefix(attribute(tok, "src"), "/assets/") {
				t.Errorf("%s: script %v", path, tok)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s: </%s> closes %v", path, tok.Data, open[max(0, len(open)-3):])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: never closed: %v", path, open)
	}
	if _, err := html.Parse(strings.NewReader(body)); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return p
}

func (p *parsed) attributes(t *testing.T, path string, tok html.Token) {
	t.Helper()
	for _, a := range tok.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
			t.Errorf("%s: <%s %s=%q>", path, tok.Data, a.Key, a.Val)
		case a.Key == "href" || a.Key == "src" || a.Key == "action":
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") || strings.HasPrefix(a.Val, "data:") {
				t.Errorf("%s: <%s %s=%q>", path, tok.Data, a.Key, a.Val)
			}
			p.links = append(p.links, a.Val)
		case a.Key == "id":
			if p.ids[a.Val]++; p.ids[a.Val] > 1 {
				t.Errorf("%s: id %q twice", path, a.Val)
			}
		}
	}
	if tok.Data == "img" && attribute(tok, "alt") == "" {
		t.Errorf("%s: image without alt", path)
	}
}

func attribute(tok html.Token, name string) string {
	for _, a := range tok.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// TestPagesSay checks that each page tells what it is for.
func TestPagesSay(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	failed := lastRun(w, "checkout", probes.Failed)
	degraded := lastRun(w, "search-api", probes.Degraded)
	for _, c := range []struct {
		name, path string
		want       []string
		not        []string
	}{
		{"list", "/", []string{"A customer buys a mug", "critical incident", "never ran", "outside active hours", "budget overspent", "tier=gold", "open incident"}, nil},
		{"list filtered by state", "/?state=failed", []string{"A customer buys a mug"}, []string{"Gift cards"}},
		{"list filtered by label", "/?label=component%3Dsearch", []string{"Search answers"}, []string{"A customer buys a mug"}},
		{"list filtered by text", "/?q=GIFT", []string{"Gift cards"}, []string{"Search answers"}},
		{"list without match", "/?q=nothing-like-it", []string{"No check matches"}, nil},
		{"check", "/checks/checkout", []string{"every 1\u00a0min", "degraded over 2.5\u00a0s", "failed over 12\u00a0s", "Error budget", "kubectl rollout undo", "https://status.example.org", "older »", "Step &#34;Pay&#34; fails"}, nil},
		{"check with two objectives", "/checks/search-api", []string{"promised 95\u00a0% within 400\u00a0ms", "fast: 95\u00a0% of runs good over 7\u00a0d, each within 400\u00a0ms; alerts at 10× over 1\u00a0h and 5\u00a0min (critical)", "availability"}, nil},
		{"check's failed runs", "/checks/checkout?outcome=failed", []string{"cookie-banner"}, nil},
		{"check over a month", "/checks/checkout?range=30d", []string{"95th percentile"}, nil},
		{"check that never ran", "/checks/new-check", []string{"Nothing was measured", "No runs here"}, nil},
		{"failed run", "/runs/" + failed, []string{"Step “Pay” failed", "Expected", "div.cookie-banner at its middle", "needs improvement", "✕</span> poor", "failure.png", "We value your privacy", "Attempts before", "chromium-headless-shell",
			"the image cdn.example.org/hero.jpg began to load 640 ms late", "the catalogue", "cart-ready", "no price for mug 7", "price (https://shop.example.org/shop.js:3:14)",
			"blocked: csp", "845\u00a0kB", "server", "812"}, nil},
		{"degraded run", "/runs/" + degraded, []string{"Thresholds gone over", "first byte", "TLS_AES_128_GCM_SHA256", "192.0.2.10:443", "HTTP/2.0", "41 d left"}, nil},
		{"disturbed run", "/runs/0195ffff-hostile-run", []string{"distrust the times", "The times of this run are not trusted", "found by the fall-back"}, nil},
		{"incidents", "/incidents", []string{"18\u00a0min ago", "resolved", "older »"}, nil},
		{"incident", "/incidents/inc-open", []string{"opened</b> as warning", "escalated</b> as critical", "responders/pager", "503 Service Unavailable", "pending", "delivered", "22\u00a0min ago", "Open the runbook"}, []string{"secret payload"}},
		{"monitor", "/status", []string{"last change refused", "20\u00a0min", "responders/pager", "skip_verify", "shop.yaml:12:7"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := get(t, s, c.path)
			body := rec.Body.String()
			if rec.Code != http.StatusOK {
				t.Fatalf("status %d: %s", rec.Code, cut(body, 300))
			}
			main := body[strings.Index(body, "<main"):]
			for _, want := range c.want {
				if !strings.Contains(main, want) {
					t.Errorf("page does not say %q", want)
				}
			}
			for _, not := range c.not {
				if strings.Contains(main, not) {
					t.Errorf("page says %q", not)
				}
			}
		})
	}
}

// lastRun gives the id of the newest run of a check with an outcome.
func lastRun(w *world, check string, o probes.Outcome) string {
	for _, e := range slices.Backward(w.store.entries) {
		if e.Run.CheckID == check && e.Run.Outcome == o {
			return e.Run.ID
		}
	}
	return "none"
}

func TestOpenIncidentsComeFirst(t *testing.T) {
	w := newWorld(noon)
	body := get(t, w.server(t), "/").Body.String()
	var at []int
	for _, name := range []string{"A customer buys a mug", "Hostile ", "Front page", "Gift cards", "Old catalogue"} {
		at = append(at, strings.Index(body, ">"+name))
	}
	if !slices.IsSorted(at) || at[0] < 0 {
		t.Errorf("order of the checks: %v", at)
	}
}

func TestNoticesOnAllPages(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	for _, path := range []string{"/", "/checks/home", "/incidents", "/incidents/inc-open", "/status", "/no-such-page"} {
		body := get(t, s, path).Body.String()
		for _, want := range []string{"unknown step &#34;clik&#34;", "InfluxDB cannot be reached", "Notifications to responders/pager do not get through"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: does not say %q", path, want)
			}
		}
	}
	w.status.health = Health{Ready: true}
	if body := get(t, s, "/").Body.String(); strings.Contains(body, `class="notice `) {
		t.Error("a notice although nothing is wrong")
	}
}

func TestPageErrors(t *testing.T) {
	w := newWorld(noon)
	for _, c := range []struct {
		name, path string
		status     int
		want       string
	}{
		{"no such page", "/nowhere", 404, "Not Found"},
		{"no such check", "/checks/nothing", 404, "Not Found"},
		{"no such run", "/runs/nothing", 404, "Not Found"},
		{"no such incident", "/incidents/nothing", 404, "Not Found"},
		{"bad state", "/?state=broken", 400, "failed, degraded, unknown, passed, never, paused"},
		{"bad label", "/?label=gold", 400, "label=tier=gold"},
		{"bad range", "/checks/home?range=1y", 400, "30m, 3h, 24h, 7d, 30d"},
		{"bad page", "/checks/home?before=x", 400, "a whole number"},
		{"bad outcome", "/checks/home?outcome=x", 400, "passed, degraded, failed, unknown"},
		{"hostile parameter", "/?state=" + url.QueryEscape(hostile), 400, "&lt;script&gt;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := get(t, w.server(t), c.path)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			parsePage(t, c.path, rec.Body.String())
		})
	}
	w.store.fail = errors.New("disk full at /var/lib/secret")
	rec := get(t, w.server(t), "/")
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("store error: %d %s", rec.Code, rec.Body)
	}
}

// TestRunsArePaged follows the links of the table of runs to its end.
func TestRunsArePaged(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	link := regexp.MustCompile(`href="([^"]+)">older »`)
	run := regexp.MustCompile(`<td class="nowrap"><a href="/runs/([^"]+)"`)
	seen := map[string]bool{}
	for path := "/checks/home"; path != ""; {
		body := get(t, s, path).Body.String()
		for _, m := range run.FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Fatalf("run %s twice", m[1])
			}
			seen[m[1]] = true
		}
		path = ""
		if m := link.FindStringSubmatch(body); m != nil {
			path = html.UnescapeString(m[1])
			path, _, _ = strings.Cut(path, "#")
		}
	}
	if len(seen) != perDay {
		t.Errorf("%d runs, want %d", len(seen), perDay)
	}
}

func TestUndefinedCheckKeepsItsHistory(t *testing.T) {
	w := newWorld(noon)
	w.defs = &checks.Definitions{}
	rec := get(t, w.server(t), "/checks/home")
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "no longer defined") {
		t.Errorf("%d %s", rec.Code, cut(rec.Body.String(), 300))
	}
	if body := get(t, w.server(t), "/").Body.String(); !strings.Contains(body, "No check is") && !strings.Contains(body, "No checks are defined") {
		t.Error("the empty list does not say so")
	}
}

// TestListFollowsTheLog checks that the list shows what is recorded after it
// was first looked at.
func TestListFollowsTheLog(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	get(t, s, "/")
	for range 45 {
		w.store.add(probes.Run{ID: "late", CheckID: "new-check", Started: noon, Duration: time.Second, Outcome: probes.Degraded})
	}
	if body := get(t, s, "/?q=new-check").Body.String(); !strings.Contains(body, "last 40 runs: 40 degraded") {
		t.Error("new runs are not shown")
	}
}

func TestIncidentsArePaged(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	count := func(body string) int { return strings.Count(body, `<a href="/incidents/inc-`) }
	first := get(t, s, "/incidents").Body.String()
	m := regexp.MustCompile(`href="([^"]+)">older »`).FindStringSubmatch(first)
	if m == nil {
		t.Fatal("no link to older incidents")
	}
	second := get(t, s, html.UnescapeString(m[1])).Body.String()
	open := 1 // on both pages
	if n := count(first) + count(second) - 2*open; n != len(w.store.incidents)-open {
		t.Errorf("%d resolved incidents on two pages, want %d", n, len(w.store.incidents)-open)
	}
}

func TestHeadAndAssets(t *testing.T) {
	s := newWorld(noon).server(t)
	for path, kind := range map[string]string{
		"/": "text/html", "/healthz": "text/plain", "/api/v1/checks": "application/json",
		"/assets/style.css": "text/css", "/assets/live.js": "text/javascript", "/assets/icon.svg": "image/svg+xml",
	} {
		srv := httptest.NewServer(s)
		res, err := http.Head(srv.URL + path)
		srv.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), kind) {
			t.Errorf("HEAD %s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
	if rec := get(t, s, "/assets/..%2fviews.go"); rec.Code != 404 {
		t.Errorf("asset outside: %d", rec.Code)
	}
}

// A check that is new shows what there is of it, not an empty day.
func TestChartRangeFollowsTheHistory(t *testing.T) {
	for _, tt := range []struct {
		path, want string
		since      time.Duration // when the new check first ran
	}{
		{"/checks/checkout", "24h", 0},
		{"/checks/new-check", "30m", 0},
		{"/checks/new-check", "30m", 20 * time.Minute},
		{"/checks/new-check", "3h", 40 * time.Minute},
		{"/checks/new-check", "24h", 4 * time.Hour},
		{"/checks/new-check?range=7d", "7d", 0},
	} {
		w := newWorld(noon)
		if tt.since > 0 {
			w.store.add(probes.Run{ID: "first", CheckID: "new-check", Started: noon.Add(-tt.since), Duration: time.Second, Outcome: probes.Passed})
		}
		active := regexp.MustCompile(`aria-current="true">(\d+[mhd])<`).FindStringSubmatch(get(t, w.server(t), tt.path).Body.String())
		if active == nil || active[1] != tt.want {
			t.Errorf("%s, first run %s ago, shows %v, want %s", tt.path, tt.since, active, tt.want)
		}
	}
}
