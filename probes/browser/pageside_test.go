package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"outrider/probes"
)

// slowly answers after a time.
func slowly(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		h(w, r)
	}
}

// picture is an SVG of a size.
func picture(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"><rect width="100%%" height="100%%" fill="teal"/><circle cx="60" cy="60" r="50"/><!-- %s --></svg>`, size, size,
			strings.Repeat("LCP passes over pictures of a few bytes. ", 100))
	}
}

// TestPageSide goes through a page that does everything a page can be blamed
// for, and looks at what the run says of it.
func TestPageSide(t *testing.T) {
	third := shop(t, map[string]http.HandlerFunc{"/ad.svg": picture(20)})
	thirdURL := strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
	server := shop(t, map[string]http.HandlerFunc{
		"/hero.svg": slowly(30*time.Millisecond, picture(500)),
		"/data": slowly(300*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server-Timing", `db;dur=71.5;desc="the \"slow\" table", cache`)
			fmt.Fprint(w, "{}")
		}),
		"/page": slowly(50*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server-Timing", "app;dur=47")
			html(`<h1>Mugs</h1><p id="late"></p><div id="list">Text below</div>
			<button id="work">Work</button><button id="soft">Mugs</button>
			<a id="away" href="`+thirdURL+`/about.html">Away</a>
			<script>
			performance.mark('app-start'); performance.measure('boot', {start: 0, end: 5});
			const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
			const hero = () => { const i = new Image(); i.id = 'hero'; i.src = '/hero.svg?v=private'; list.append(i) };
			onload = () => setTimeout(() => { late.style.height = '200px'; hero(); busy(110) }, 50);
			work.onclick = function pressed() { busy(120); document.querySelector('h1').append(' worked') };
			soft.onclick = async () => {
				await (await fetch('/data?id=1')).text();
				history.pushState({}, '', '/mugs?page=2');
				list.innerHTML = '<h2 style="font-size:60px">A long list of mugs in many colours</h2>';
			};
			(function broken() { console.error('it is broken', 42) })();
			setTimeout(function later() { nothingOfTheKind() });
			fetch('/missing').catch(() => {});
			</script><img src="`+thirdURL+`/ad.svg">`)(w, r)
		}),
	})
	r := run(t, newProbe(t, Options{}), load(t, server.URL, `- goto: ${URL}/page
- wait: {visible: {css: "#hero"}}
- wait: 100ms
- click: {css: "#work"}
- click: {role: button, name: Mugs}
- expect: A long list
- wait: 100ms
- click: {css: "#work"}
- goto: ${URL}/about.html
- goto: ${URL}/page
- wait: {visible: {css: "#hero"}}
- wait: 100ms
- click: {css: "#work"}
- click: {css: "#away"}
- expect: About us`, nil))
	mustPass(t, r)
	for _, s := range r.Steps {
		sumsUp(t, s)
	}
	first := r.Steps[0]
	v := first.Vitals
	if v == nil || v.LCP == nil || v.CLS == nil || v.INP == nil || v.FCP == nil || v.TTFB == nil || v.TBT == nil || v.Causes == nil {
		t.Fatalf("the vitals of the first page are %+v", v)
	}
	if c := v.Causes.LCP; c.Target != "#hero" || c.URL != server.URL+"/hero.svg" || c.LoadDelay < 40 || c.LoadDuration < 25 {
		t.Errorf("LCP is caused by %+v", c)
	}
	if c := v.Causes.CLS; c == nil || c.Shift <= 0 || c.Target == "" || c.State != "complete" {
		t.Errorf("CLS is caused by %+v", c)
	}
	if *v.TBT < 50 {
		t.Errorf("TBT is %v", *v.TBT)
	}
	if c := v.Causes.TTFB; c.Request < 45 {
		t.Errorf("TTFB is caused by %+v", c)
	}
	if s := first.Split; s.Server < 45*time.Millisecond {
		t.Errorf("the first step is split into %+v", s)
	}

	// Every press tells what it took, however the page is left after it.
	for _, i := range []int{3, 7, 12} {
		s := r.Steps[i]
		if s.Vitals == nil || s.Vitals.INP == nil || *s.Vitals.INP < 100 {
			t.Errorf("the vitals of step %d are %s", i, asJSON(t, s.Vitals))
			continue
		}
		c := s.Vitals.Causes.INP
		if c.Target != "#work" || c.Event != "pointer" || c.Processing < 100 || c.Script == nil || c.Script.Function != "pressed" || c.Script.URL == "" {
			t.Errorf("INP of step %d is caused by %+v", i, c)
		}
		if s.Split.Script < 100*time.Millisecond || s.Page.LongTasks == 0 || s.Page.Script == nil {
			t.Errorf("step %d is split into %+v, its page took %+v", i, s.Split, s.Page)
		}
	}

	soft := r.Steps[4].Vitals
	if soft == nil || soft.SoftNavigation != server.URL+"/mugs" || soft.LCP == nil || *soft.LCP < 75 || soft.CLS == nil || soft.TTFB != nil || soft.Causes.LCP.Target != "#list>h2" {
		t.Errorf("the vitals of the soft navigation are %+v", soft)
	}
	if s := r.Steps[5].Split; s.Server < 40*time.Millisecond {
		t.Errorf("the wait for the answer is split into %+v", s)
	}
	duration := 71500 * time.Microsecond
	if diff := cmp.Diff([]probes.ServerTiming{{Path: "/data", Name: "db", Description: `the "slow" table`, Duration: &duration}, {Path: "/data", Name: "cache"}},
		r.Steps[4].ServerTiming); diff != "" {
		t.Errorf("Server-Timing (-want +got):\n%s", diff)
	}

	// The hero is asked for about when the first step ends.
	p, hero := first.Page, r.Steps[1].Page.Types["image"].Requests
	if p.Traffic.Requests != 4-hero || p.Traffic.Failed != 1 || p.FirstParty.Requests != 3-hero || p.ThirdParty.Requests != 1 || p.ThirdParty.TransferBytes == 0 ||
		p.Types["document"].Requests != 1 || p.Types["image"].Requests != 2-hero || p.Types["fetch"].Failed != 1 || p.Elements < 10 || p.JSHeap < 1e5 || p.Busy <= 0 {
		t.Errorf("the page took %+v", p)
	}
	if diff := cmp.Diff([]probes.Mark{{Name: "boot", Measure: true, Duration: 5 * time.Millisecond}, {Name: "app-start"}}, first.Marks,
		cmpopts.IgnoreFields(probes.Mark{}, "Start")); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	if c := first.Console; len(c) != 2 || c[1].Kind != "exception" || c[1].Text != "ReferenceError: nothingOfTheKind is not defined" || !strings.HasPrefix(c[1].Stack[0], "later (") || c[0].Kind != "error" || c[0].Text != "it is broken 42" || len(c[0].Stack) == 0 || !strings.HasPrefix(c[0].Stack[0], "broken ("+server.URL+"/page:") {
		t.Errorf("the console says %+v", c)
	}
	if f := first.FailedRequests; len(f) != 1 || f[0].Path != "/missing" || f[0].Status != 404 || f[0].Type != "fetch" {
		t.Errorf("failed requests are %+v", f)
	}
}

// sumsUp fails the test if the parts of a step are not its duration.
func sumsUp(t *testing.T, s probes.Step) {
	t.Helper()
	p := s.Split
	if p == nil {
		t.Errorf("step %q is not split", s.Name)
		return
	}
	if sum := p.Network + p.Server + p.Script + p.Rendering + p.Other; sum != s.Duration || min(p.Network, p.Server, p.Script, p.Rendering, p.Other) < 0 {
		t.Errorf("step %q of %s is split into %+v", s.Name, s.Duration, *p)
	}
}

// What a page is made of may be anything: it is bounded, and secrets are hidden.
func TestPageSideIsBounded(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": func(w http.ResponseWriter, r *http.Request) {
		for i := range 50 {
			w.Header().Add("Server-Timing", fmt.Sprintf("t%d;desc=hunter2-%s", i, strings.Repeat("x", 500)))
		}
		html(`<h1 id="hunter2">Big</h1><script>
			for (let i = 0; i < 5000; i++) performance.mark(('hunter2' + i).repeat(500));
			for (let i = 0; i < 300; i++) console.error('no ' + i, 'hunter2', 'x'.repeat(5000));
			for (let i = 0; i < 100; i++) fetch('/none' + i + '/hunter2/' + 'y'.repeat(1000) + '?hunter2').catch(() => {});
			for (let i = 0; i < 100; i++) console.warn('always the same');
		</script>`)(w, r)
	}})
	check := load(t, server.URL, "- goto: ${URL}/page\n- wait: 50ms\n- fill: {css: none, value: \"${secret:PW}\"}", map[string]string{"PW": "hunter2"})
	check.Journey.Steps[2].Timeout = 100 * time.Millisecond
	r := run(t, newProbe(t, Options{}), check)
	s := r.Steps[0]
	if len(s.Marks) != probes.MaxMarks || len(s.Console) != probes.MaxConsole || len(s.FailedRequests) != probes.MaxFailedRequests || len(s.ServerTiming) == 0 || len(s.ServerTiming) > probes.MaxServerTimings {
		t.Errorf("there are %d marks, %d messages, %d failed requests, %d server timings", len(s.Marks), len(s.Console), len(s.FailedRequests), len(s.ServerTiming))
	}
	text := asJSON(t, r.Steps)
	if strings.Contains(text, "hunter2") {
		t.Error("the run shows a secret")
	}
	if len(text) > 60<<10 {
		t.Errorf("the run has %d bytes", len(text))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// However fast a page is, and however soon the journey goes on, it is painted
// before, and tells so; the last page too.
func TestEveryPageTellsItsPaint(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/mugs":  html(`<h1>Mugs</h1><a href="/bowls">Bowls</a>`),
		"/bowls": html(`<h1>Bowls</h1><a href="/mugs">Mugs</a>`),
	})
	check := load(t, server.URL, `- goto: ${URL}/mugs
- click: {role: link, name: Bowls}
- click: {role: link, name: Mugs}
- reload:
- goto: ${URL}/bowls
- click: {role: link, name: Mugs}`, nil)
	probe := newProbe(t, Options{})
	for range 5 {
		r := run(t, probe, check)
		mustPass(t, r)
		for _, step := range r.Steps {
			if v := step.Vitals; v == nil || v.LCP == nil || v.FCP == nil || v.CLS == nil || v.TTFB == nil {
				t.Errorf("step %q tells of no paint: %+v", step.Name, v)
			}
		}
	}
}
