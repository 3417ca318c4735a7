package web

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/har"
)

// loadedPage is the archive of a page that asks for n things.
func loadedPage(n int, step string) *har.Archive {
	at := func(ms float64) time.Time { return noon.Add(milliseconds(ms)) }
	fcp, lcp, dom, load := 210., 640., 400., 900.
	a := &har.Archive{Log: har.Log{Version: "1.2", Pages: []har.Page{{
		Started: noon, ID: "page_1", Title: "https://shop.example/", Step: step,
		Timings: har.PageTimings{FCP: &fcp, LCP: &lcp, ContentLoad: &dom, Load: &load},
	}}}}
	kinds := []string{"document", "stylesheet", "script", "image", "fetch", "font"}
	for i := range n {
		e := har.Entry{
			Page: "page_1", Started: at(float64(i%60) * 12), Type: kinds[i%len(kinds)], Step: step,
			Request:  har.Request{Method: "GET", URL: fmt.Sprintf("https://shop.example/assets/%s-%d.bin?v=%d", kinds[i%len(kinds)], i, i)},
			Response: har.Response{Status: 200, HeadersSize: 200, BodySize: int64(900 * (i%40 + 1))},
			Timings:  har.Timings{Blocked: 3, DNS: -1, Connect: -1, SSL: -1, Send: .2, Wait: float64(20 + 3*(i%17)), Receive: float64(4 + i%11)},
		}
		switch {
		case i == 0:
			e.Timings.DNS, e.Timings.Connect, e.Timings.SSL = 9, 31, 18
		case i%29 == 7:
			e.Request.URL, e.Blocked, e.Error, e.Response = "https://ads.example/p.gif", true, "net::ERR_BLOCKED_BY_CLIENT", har.Response{}
		case i%31 == 5:
			e.Response.Status = 404
		case i%37 == 9:
			e.Request.URL, e.Stubbed = "https://chat.example/widget.js", true
		case i == 11:
			e.Request.Method, e.Error, e.Response = "POST", "net::ERR_CONNECTION_RESET", har.Response{}
		}
		e.Time = e.Timings.Total()
		a.Log.Entries = append(a.Log.Entries, e)
	}
	return a
}

// withRequests adds a run with an archive to a world.
func withRequests(t testing.TB, w *world, a *har.Archive) probes.Run {
	t.Helper()
	data, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r := probes.Run{
		ID: "0195eeee-requests", CheckID: "checkout", CheckName: "A customer buys a mug", Kind: checks.KindBrowser, Outcome: probes.Passed,
		Started: noon, Finished: noon.Add(time.Second), Duration: time.Second, TraceID: "0af7651916cd43dd8448eb211c80319c",
		Steps:     []probes.Step{{Name: "Open the shop", Verb: "goto", Duration: time.Second, Outcome: probes.Passed}},
		Artifacts: []probes.Artifact{{Name: harName, MediaType: "application/json", Bytes: int64(len(data)), Data: data}},
	}
	w.store.add(r)
	return r
}

func TestRequestsOfRun(t *testing.T) {
	w := newWorld(noon)
	r := withRequests(t, w, loadedPage(300, "Open the shop"))
	rec := get(t, w.server(t), "/runs/"+r.ID)
	body := rec.Body.String()
	if rec.Code != http.StatusOK {
		t.Fatalf("%d: %s", rec.Code, body)
	}
	for _, part := range []string{"300 requests", "0af7651916cd43dd8448eb211c80319c", "connection reset", "200 stub", "blocked or stubbed", ">FCP<", "largest contentful paint after 640\u00a0ms"} {
		if !strings.Contains(body, part) {
			t.Errorf("the page does not tell %q", part)
		}
	}
	if len(body) > 600_000 {
		t.Errorf("the page has %d bytes", len(body))
	}
}

func TestRequestSteps(t *testing.T) {
	a := loadedPage(40, "first")
	later := loadedPage(3, "second")
	a.Log.Entries = append(a.Log.Entries, later.Log.Entries...)
	a.Log.LeftOut = 7
	steps := newRequestSteps(a, probes.Run{Failure: &probes.Failure{Step: "second"}})
	if len(steps) != 2 || steps[0].Open || !steps[1].Open || steps[1].Missing != 7 || len(steps[0].Rows) != 40 {
		t.Fatalf("%+v", steps)
	}
	if first := steps[0]; first.Failed != 2 || first.Spared != 3 || len(first.Marks) != 4 || first.Took < 900*time.Millisecond {
		t.Errorf("%d failed, %d spared, marks %+v, %s", first.Failed, first.Spared, first.Marks, first.Took)
	}
	var names []string
	for _, b := range steps[0].Rows[0].Bars {
		names = append(names, b.Phase)
	}
	if got := strings.Join(names, " "); got != "other resolve connect tls first_byte download" {
		t.Errorf("parts %s", got)
	}
	if steps := newRequestSteps(a, probes.Run{}); !steps[0].Open {
		t.Error("the longest step is not open")
	}
}

// An archive is what a page made of it: nothing in it may get the page of a
// run out of shape.
func TestHostileArchive(t *testing.T) {
	bad := math.MaxFloat64
	a := &har.Archive{Log: har.Log{
		Pages: []har.Page{{Started: noon.Add(-1e6 * time.Hour), Step: hostile, Title: hostile, Timings: har.PageTimings{FCP: &bad, Load: &bad}}},
		Entries: []har.Entry{
			{Step: hostile, Started: noon, Time: bad, Request: har.Request{Method: hostile, URL: "javascript:" + hostile}, Error: hostile, Type: hostile, Timings: har.Timings{Wait: bad, SSL: bad}},
			{Step: hostile, Started: time.Time{}, Time: -bad, Request: har.Request{URL: "https://a.example/" + hostile}, Response: har.Response{Status: -1, BodySize: math.MaxInt64, HeadersSize: math.MaxInt64}},
		},
	}}
	w := newWorld(noon)
	r := withRequests(t, w, a)
	rec := get(t, w.server(t), "/runs/"+r.ID)
	if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "<script>alert") || strings.Contains(rec.Body.String(), "NaN") {
		t.Errorf("%d: %s", rec.Code, rec.Body)
	}
	r.Artifacts[0].Data = []byte("{")
	w.store.add(r)
	if rec := get(t, w.server(t), "/runs/"+r.ID); rec.Code != http.StatusOK {
		t.Errorf("an archive that cannot be read: %d", rec.Code)
	}
}

// What a site says of itself is folded where it is long.
func TestLongTablesAreFolded(t *testing.T) {
	for n, want := range map[int]string{5: `<details class="requests" open><summary><b>Marks and measures of the page</b> <span class="num">5</span>`,
		6: `<details class="requests"><summary><b>Marks and measures of the page</b> <span class="num">6</span>`} {
		w := newWorld(noon)
		r := withRequests(t, w, loadedPage(1, "Open the shop"))
		r.ID += "-told"
		for i := range n {
			r.Steps[0].Marks = append(r.Steps[0].Marks, probes.Mark{Name: fmt.Sprintf("mark-%d", i)})
		}
		w.store.add(r)
		if body := get(t, w.server(t), "/runs/"+r.ID).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%d marks: no %s", n, want)
		}
	}
}
