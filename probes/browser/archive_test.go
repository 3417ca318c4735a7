package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/har"
	"outrider/probes/har/hartest"
)

// always keeps everything of a kind.
var always = checks.Keeping{Set: true, Failed: true, Share: 1}

// archiveOf gives the HAR of a run, after holding it against the format.
func archiveOf(t testing.TB, r probes.Run) *har.Archive {
	t.Helper()
	data := artifact(t, r, harName)
	if err := hartest.Validate(data); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	a, err := har.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// artifact gives a piece of evidence of a run.
func artifact(t testing.TB, r probes.Run, name string) []byte {
	t.Helper()
	for _, a := range r.Artifacts {
		if a.Name == name {
			return a.Data
		}
	}
	t.Fatalf("the run has no %s, but %v", name, names(r))
	return nil
}

func names(r probes.Run) []string {
	var list []string
	for _, a := range r.Artifacts {
		list = append(list, a.Name)
	}
	return list
}

// entry gives the first request of an archive whose address ends so.
func entry(t testing.TB, a *har.Archive, suffix string) har.Entry {
	t.Helper()
	for _, e := range a.Log.Entries {
		if strings.HasSuffix(e.Request.URL, suffix) {
			return e
		}
	}
	t.Fatalf("no request for %s", suffix)
	return har.Entry{}
}

func TestHAR(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/start": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/page?token=abc123&x=1", http.StatusFound)
		},
		"/page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "sid=geheim")
			w.Header().Set("X-Plain", "plain")
			html(`<h1>Hi</h1><img src="/missing.png"><script src="/slow.js"></script>
				<script>fetch('/echo?q=hunter2hunter2', {method: 'POST', body: 'card=4242'})</script><link rel=stylesheet href=/style.css>`)(w, nil)
		},
		"/slow.js": func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(30 * time.Millisecond)
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "/*", strings.Repeat("x", 5000), "*/")
		},
		"/echo": func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) },
	})
	check := journeyOf(goTo(server.URL+"/start"), &checks.Expect{Text: lit("Hi")}, goTo(server.URL+"/about.html"))
	check.Journey.Browser.Keep.HAR = always
	check.Journey.Browser.Headers = []checks.Field{{Name: "X-Bypass", Value: secretTemplate(t, "hunter2hunter2")}}
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	a := archiveOf(t, r)
	for _, secret := range []string{"hunter2hunter2", "geheim", "abc123", "4242"} {
		if strings.Contains(string(artifact(t, r, harName)), secret) {
			t.Errorf("the HAR tells %q", secret)
		}
	}
	if len(a.Log.Pages) != 2 || a.Log.Pages[0].Timings.Load == nil || a.Log.Pages[0].Timings.ContentLoad == nil || a.Log.Pages[0].Timings.FCP == nil ||
		a.Log.Pages[0].Step != "1 goto" || a.Log.Pages[1].Step != "3 goto" {
		t.Errorf("pages %+v", a.Log.Pages)
	}
	start := entry(t, a, "/start")
	if start.Response.Status != 302 || !strings.HasSuffix(start.Response.RedirectURL, "/page?token="+checks.Redacted+"&x=1") {
		t.Errorf("redirect: %+v", start.Response)
	}
	page := entry(t, a, "/page?token=[redacted]&x=1")
	if page.Response.Status != 200 || page.Address != "127.0.0.1" || page.Type != "document" || page.Response.Content.Size < 100 || page.Response.Content.MimeType != "text/html" ||
		page.Response.TransferBytes() < page.Response.Content.Size || page.Request.HTTPVersion != "HTTP/1.1" || page.Page != "page_1" {
		t.Errorf("document: %+v", page)
	}
	if !slices.Contains(page.Response.Headers, har.Pair{Name: "X-Plain", Value: "plain"}) {
		t.Errorf("headers: %v", page.Response.Headers)
	}
	if script := entry(t, a, "/slow.js"); script.Timings.Wait < 25 || script.Time < script.Timings.Wait || script.Response.Content.Size < 5000 {
		t.Errorf("script: %+v", script)
	}
	if img := entry(t, a, "/missing.png"); img.Response.Status != 404 || !img.Failed() || img.Step != "1 goto" {
		t.Errorf("image: %+v", img)
	}
	if about := entry(t, a, "/about.html"); about.Step != "3 goto" || about.Page != "page_2" {
		t.Errorf("second page: %+v", about)
	}
}

// secretTemplate is a text that is a secret.
func secretTemplate(t *testing.T, value string) checks.Template {
	t.Helper()
	opts := checks.Options{LookupSecret: func(string) (string, bool, error) { return value, true, nil }}
	defs, err := checks.LoadBytes("t.yaml", []byte("checks:\n  - id: a\n    notify: []\n    browser_options: {headers: {A: \"${secret:S}\"}}\n    browser:\n      - goto: http://127.0.0.1/\n"), opts)
	if err != nil {
		t.Fatal(err)
	}
	return defs.Checks[0].Journey.Browser.Headers[0].Value
}

func TestKeepPolicy(t *testing.T) {
	server := shop(t, nil)
	probe := newProbe(t, Options{})
	failure := checks.Keeping{Set: true, Failed: true}
	for name, c := range map[string]struct {
		keep   checks.Keeping
		failed bool
		want   bool
	}{
		"default, passed": {checks.Keeping{}, false, false},
		"default, failed": {checks.Keeping{}, true, true},
		"always":          {always, false, true},
		"never, failed":   {checks.Keeping{Set: true}, true, false},
		"failure, passed": {failure, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			check := journeyOf(goTo(server.URL + "/about.html"))
			if c.failed {
				check = journeyOf(goTo(server.URL + "/nowhere"))
			}
			check.Journey.Browser.Keep.HAR = c.keep
			r := run(t, probe, check)
			if got := slices.Contains(names(r), harName); got != c.want {
				t.Errorf("artifacts %v", names(r))
			}
		})
	}
}

func TestDraw(t *testing.T) {
	const n = 2000
	kept := 0
	for range n {
		id := probes.NewRunID()
		draw := drawOf(id)
		if draw != drawOf(id) || draw < 0 || draw >= 1 {
			t.Fatalf("%s draws %v", id, draw)
		}
		if (checks.Keeping{Share: .1}).Wanted(false, draw) {
			kept++
		}
	}
	if kept < n/20 || kept > n/5 {
		t.Errorf("%d of %d are a tenth", kept, n)
	}
	if drawOf("no id") != 1 {
		t.Error("what has no id is sampled")
	}
}

func TestBlockAndStub(t *testing.T) {
	var asked []string
	third := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer third.Close()
	other := strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1 id=h>Hi</h1><img src="` + other + `/ad.png?x=1">
		<script src="` + other + `/chat.js"></script>
		<script>Promise.all([fetch('` + other + `/api/a', {credentials: 'include'}), fetch('` + other + `/api/b')]).then(async ([a, b]) => {
			document.title = [window.chat, a.status, await b.text(), typeof b.headers.get('X-Stub')].join(' ') }, (e) => { document.title = 'no: ' + e })</script>`)})
	check := journeyOf(goTo(server.URL+"/page"), &checks.Expect{Title: condition("7 503 hello object")})
	check.Journey.Browser.Block = []string{"*/ad.png?*"}
	check.Journey.Browser.Stubs = []checks.Stub{
		{Pattern: other + "/chat.js", Status: 200, Type: "text/javascript", Body: []byte("window.chat = 7")},
		{Pattern: "*/api/a", Status: 503},
		{Pattern: "*/api/*", Status: 200, Type: "text/plain", Body: []byte("hello"), Headers: []checks.Field{{Name: "X-Stub", Value: lit("1")}}},
	}
	check.Journey.Browser.Keep.HAR = always
	check.Timeout = 10 * time.Second
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	if len(asked) > 0 {
		t.Errorf("the third party was asked for %v", asked)
	}
	a := archiveOf(t, r)
	if e := entry(t, a, "/ad.png?x=1"); !e.Blocked || e.Failed() || e.Error == "" {
		t.Errorf("blocked: %+v", e)
	}
	if e := entry(t, a, "/api/a"); !e.Stubbed || e.Failed() || e.Response.Status != 503 {
		t.Errorf("stubbed: %+v", e)
	}
	for _, s := range r.Steps {
		for _, g := range s.Resources {
			if g.Failed > 0 || g.Broken != nil {
				t.Errorf("%s: counted as failures: %+v", s.Name, g)
			}
		}
	}
}
