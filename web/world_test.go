package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

// noon is the moment at which the tests look.
var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

// hostile is what a monitored page may try to bring onto ours.
const hostile = `"><script>alert(1)</script>'<img src=x onerror=alert(2)>` + "\u202egnp.exe\u2066 {{.}} javascript:alert(3)"

// cadence is the time between two runs of a check of the world, and perDay how
// many that makes.
const (
	cadence = 4 * time.Minute
	perDay  = int(24 * time.Hour / cadence)
)

// world is a monitor with a day of history.
type world struct {
	store  *memory
	status *monitorStatus
	defs   *checks.Definitions
	now    time.Time
}

// newWorld makes a shop's checks and a day of their runs up to now.
func newWorld(now time.Time) *world {
	w := &world{store: &memory{}, status: &monitorStatus{}, defs: &checks.Definitions{}, now: now}
	w.define()
	rng := rand.New(rand.NewPCG(1, 2))
	for at := now.Add(-24 * time.Hour); at.Before(now); at = at.Add(cadence) {
		for _, c := range w.defs.Checks {
			if c.ID == "new-check" || c.ID == "old-catalogue" && at.After(now.Add(-3*time.Hour)) {
				continue
			}
			w.store.add(w.run(c, at.Add(c.Schedule.Offset(c.ID)%cadence), rng))
		}
	}
	w.hostileRun()
	w.trouble()
	w.health()
	return w
}

func (w *world) define() {
	checkout := defined("checkout", "A customer buys a mug", checks.KindBrowser, "component=shop tier=gold")
	checkout.Description = "From the front page to the thank-you page, paying with the test card."
	checkout.Thresholds.Total = checks.Limit{Degraded: 2500 * time.Millisecond, Failed: 12 * time.Second}
	checkout.Objectives = []checks.Objective{{Name: "availability", Good: 0.995, Over: 30 * 24 * time.Hour}}
	checkout.Journey.Steps = []checks.Step{
		{Name: "Open the shop", Action: &checks.Goto{}},
		{Name: "Search for a mug", Action: &checks.Fill{}, Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: 800 * time.Millisecond}}},
		{Name: "Add it to the cart", Action: &checks.Click{}},
		{Name: "Pay", Action: &checks.Click{}},
		{Name: "Thank you", Action: &checks.Expect{}},
	}
	checkout.Procedure = checks.Procedure{URL: "https://wiki.example.org/runbooks/checkout", Text: "# Checkout is broken\n\n" +
		"1. Look at the **payment provider's** status page: https://status.example.org.\n2. Run `kubectl rollout status deploy/checkout`.\n" +
		"3. If the last deployment is younger than an hour, roll it back:\n\n```\nkubectl rollout undo deploy/checkout\n```\n\nThen tell [the shop team](https://chat.example.org/shop)."}

	search := defined("search-api", "Search answers", checks.KindHTTP, "component=search tier=gold")
	search.Thresholds.Total = checks.Limit{Degraded: 300 * time.Millisecond, Failed: time.Second}
	search.Objectives = []checks.Objective{
		{Name: "availability", Good: 0.999, Over: 30 * 24 * time.Hour},
		{Name: "fast", Good: 0.95, Over: 7 * 24 * time.Hour, Latency: 400 * time.Millisecond, Burn: []checks.BurnRate{{Long: time.Hour, Short: 5 * time.Minute, Rate: 10, Severity: checks.SeverityCritical}}},
	}
	search.Journey.Steps = []checks.Step{{Name: "GET /api/search", Action: &checks.Request{Method: "GET"}}, {Name: "GET /api/products", Action: &checks.Request{Method: "GET"}}}

	signin := defined("sign-in", "Sign in and see the account", checks.KindBrowser, "component=accounts tier=silver")
	signin.Objectives = []checks.Objective{{Name: "availability", Good: 0.99, Over: 7 * 24 * time.Hour}}
	home := defined("home", "Front page", checks.KindHTTP, "component=shop tier=silver")
	home.Objectives = []checks.Objective{{Name: "availability", Good: 0.95, Over: 30 * 24 * time.Hour}}
	partner := defined("partner-feed", "Partner feed is fresh", checks.KindHTTP, "component=feeds")
	old := defined("old-catalogue", "Old catalogue", checks.KindHTTP, "component=shop")
	old.Enabled = false
	fresh := defined("new-check", "Gift cards", checks.KindHTTP, "component=shop")
	nasty := defined("hostile", "Hostile "+hostile, checks.KindHTTP, "")
	nasty.Labels["from"] = hostile
	nasty.Description = hostile
	nasty.Procedure = checks.Procedure{URL: "javascript:alert(4)", Text: hostile + "\n[click](javascript:alert(5)) [data](data:text/html,x)"}
	w.defs.Checks = []checks.Check{checkout, search, signin, home, partner, old, fresh, nasty}
	w.defs.Warnings = []checks.Problem{{Pos: checks.Position{File: "shop.yaml", Line: 12, Column: 7}, Message: "skip_verify accepts any certificate"}}
	w.defs.Files = []string{"shop.yaml"}
	for i, c := range w.defs.Checks {
		st := CheckStatus{Check: c, Next: w.now.Add(time.Duration(5+i) * time.Second), Running: i == 3}
		if c.ID == "partner-feed" {
			st.Paused, st.Missed = "outside active hours", 3
		}
		w.status.checks = append(w.status.checks, st)
	}
}

// run makes one run of a check as it might go at that time.
func (w *world) run(c checks.Check, at time.Time, rng *rand.Rand) probes.Run {
	ago := w.now.Sub(at)
	factor := math.Exp(rng.NormFloat64()*0.12) * (1 + 0.25*math.Sin(float64(at.Hour())/24*2*math.Pi))
	r := probes.Run{
		ID: fmt.Sprintf("0195%08x-%s", at.Unix(), c.ID), CheckID: c.ID, CheckName: c.Name, Kind: c.Journey.Kind, Location: "fra-1",
		Labels: c.Labels, Scheduled: at.Add(-3 * time.Millisecond), Started: at, Outcome: probes.Passed,
		StartDelay: 3 * time.Millisecond, SlotWait: time.Millisecond, Disturbance: 0.004,
	}
	switch {
	case c.ID == "checkout" && ago < 22*time.Minute && ago > 5*time.Second:
		r.Outcome = probes.Failed
		r.Failure = &probes.Failure{Step: "Pay", Kind: probes.FailElement, Message: `no visible button named "Pay" within 10 s; it is covered by div.cookie-banner`,
			Expected: `button "Pay" to receive the click`, Got: `div.cookie-banner at its middle`}
		r.Attempts = []probes.Attempt{{Started: at.Add(-14 * time.Second), Duration: 11 * time.Second, Failure: r.Failure}}
	case c.ID == "search-api" && ago < 5*time.Hour && ago > 3*time.Hour:
		factor *= 2.2
	case c.ID == "partner-feed" && rng.IntN(60) == 0:
		r.Outcome = probes.Unknown
		r.Failure = &probes.Failure{Kind: probes.FailProber, Message: "no route to any host: the network of the monitor is down"}
	case c.ID == "sign-in" && rng.IntN(90) == 0:
		r.Outcome = probes.Failed
		r.Failure = &probes.Failure{Step: "Sign in", Kind: probes.FailTimeout, Message: "step took longer than its timeout of 10 s"}
	}
	if c.Journey.Kind == checks.KindBrowser {
		browserSteps(&r, factor)
	} else {
		httpSteps(&r, c, factor)
	}
	if limit := c.Thresholds.Total.Degraded; limit > 0 && r.Duration > limit && r.Outcome == probes.Passed {
		r.Outcome = probes.Degraded
		r.Exceeded = []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: float64(limit.Milliseconds()), Got: float64(r.Duration.Milliseconds())}}
	}
	r.Finished = r.Started.Add(r.Duration)
	return r
}

func browserSteps(r *probes.Run, factor float64) {
	r.Browser = "chromium-headless-shell 142.0.7444.59"
	for i, s := range [...]struct {
		name, verb string
		ms         float64
	}{{"Open the shop", "goto", 620}, {"Search for a mug", "fill", 310}, {"Add it to the cart", "click", 190}, {"Pay", "click", 480}, {"Thank you", "expect", 120}} {
		st := probes.Step{Name: s.name, Verb: s.verb, Started: r.Duration, Duration: time.Duration(s.ms*factor*1e3) * time.Microsecond, Outcome: probes.Passed}
		if i == 0 {
			lcp, cls, fcp, ttfb, inp := 1180*factor, 0.14, 720*factor, 2600*factor, 96*factor
			st.Vitals = &probes.Vitals{LCP: &lcp, CLS: &cls, FCP: &fcp, TTFB: &ttfb, INP: &inp, Causes: &probes.Causes{
				LCP: &probes.LCPCause{Target: "#hero", URL: "https://cdn.example.org/hero.jpg", LoadDelay: 640},
			}}
			st.Split = &probes.Split{Server: st.Duration / 2, Script: st.Duration / 4, Other: st.Duration / 4}
			st.Page = &probes.PageStats{
				Traffic: probes.Traffic{Requests: 12, Failed: 1, TransferBytes: 845_000}, ThirdParty: probes.Traffic{Requests: 3, TransferBytes: 120_000},
				Types: map[string]probes.Traffic{"image": {Requests: 9, TransferBytes: 640_000}}, Elements: 812, JSHeap: 9_400_000, LongTasks: 2, LongTaskTime: 180 * time.Millisecond,
			}
			took := 71 * time.Millisecond
			st.ServerTiming = []probes.ServerTiming{{Path: "/", Name: "db", Description: "the catalogue", Duration: &took}}
			st.Marks = []probes.Mark{{Name: "cart-ready", Start: 400 * time.Millisecond}}
			st.Console = []probes.ConsoleMessage{{Kind: "error", Text: "no price for mug 7", Stack: []string{"price (https://shop.example.org/shop.js:3:14)"}, Count: 3}}
			st.FailedRequests = []probes.FailedRequest{{Host: "ads.example.net", Path: "/pixel.gif", Type: "image", Blocked: "csp"}}
		}
		if r.Outcome == probes.Failed && i == 3 {
			st.Outcome, st.Failure, st.Duration = probes.Failed, r.Failure, 10*time.Second
			r.Steps, r.Duration = append(r.Steps, st), r.Duration+st.Duration
			r.Artifacts = []probes.Artifact{
				{Name: "failure.png", MediaType: "image/png", Step: s.name, Bytes: int64(len(screenshot)), Data: screenshot},
				{Name: "failure.txt", MediaType: "text/plain; charset=utf-8", Step: s.name, Bytes: 60, Data: []byte("Mugs & more\nYour cart: 1 mug\n\nWe value your privacy. [Accept all]")},
			}
			return
		}
		r.Steps, r.Duration = append(r.Steps, st), r.Duration+st.Duration
	}
}

func httpSteps(r *probes.Run, c checks.Check, factor float64) {
	names := []string{"GET /"}
	if len(c.Journey.Steps) > 0 {
		names = []string{c.Journey.Steps[0].Name, c.Journey.Steps[1].Name}
	}
	for _, name := range names {
		ms := func(f float64) time.Duration { return time.Duration(f * factor * float64(time.Millisecond)) }
		p := probes.Phases{Resolve: ms(4), Connect: ms(12), TLS: ms(19), FirstByte: ms(61), Download: ms(8)}
		st := probes.Step{Name: name, Verb: "get", Started: r.Duration, Outcome: probes.Passed,
			Duration: p.Resolve + p.Connect + p.TLS + p.FirstByte + p.Download + ms(2),
			HTTP: &probes.HTTP{Method: "GET", URL: "https://shop.example.org/api/search?q=mug", Status: 200, Phases: p, Address: "192.0.2.10:443",
				Protocol: "HTTP/2.0", HeaderBytes: 412, BodyBytes: 18342, TransferBytes: 4210,
				TLS: &probes.TLS{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256", Issuer: "CN=R11, O=Let's Encrypt", Subject: "CN=shop.example.org", NotAfter: r.Started.Add(41*24*time.Hour + time.Minute), Verified: true}}}
		r.Steps, r.Duration = append(r.Steps, st), r.Duration+st.Duration
	}
}

// hostileRun adds a run in which everything that a site can influence is
// hostile.
func (w *world) hostileRun() {
	f := &probes.Failure{Step: hostile, Kind: probes.FailAssertion, Message: hostile, Expected: hostile, Got: hostile}
	w.store.add(probes.Run{
		ID: "0195ffff-hostile-run", CheckID: "hostile", CheckName: "Hostile " + hostile, Kind: checks.KindHTTP, Location: "fra-1",
		Started: w.now.Add(-10 * time.Second), Finished: w.now.Add(-8 * time.Second), Scheduled: w.now.Add(-10 * time.Second),
		Duration: 2 * time.Second, Outcome: probes.Failed, Failure: f, Browser: hostile, Disturbance: 0.2, Disturbed: "it was busy: " + hostile,
		Exceeded: []probes.Exceeded{{Step: hostile, Measure: "lcp", Level: probes.Failed, Limit: 1, Got: 2}, {Step: hostile, Measure: hostile, Level: probes.Degraded, Limit: 1, Got: 1e300}},
		Attempts: []probes.Attempt{{Started: w.now.Add(-20 * time.Second), Failure: f}},
		Steps: []probes.Step{{Name: hostile, Verb: "get", Duration: 2 * time.Second, Outcome: probes.Failed, Failure: f, Matched: hostile,
			HTTP: &probes.HTTP{Method: "GET", URL: "javascript:alert(6)//" + hostile, Address: hostile, Protocol: hostile, Phases: probes.Phases{FirstByte: 5 * time.Hour},
				TLS: &probes.TLS{Version: hostile, Cipher: hostile, Issuer: hostile, Subject: hostile}}}, hostilePage()},
		Artifacts: []probes.Artifact{
			{Name: "page.html", MediaType: "text/html", Bytes: 4, Data: []byte("<script>alert(7)</script>")},
			{Name: "vector.svg", MediaType: "image/svg+xml", Bytes: 4, Data: []byte("<svg onload=alert(8)>")},
			{Name: "page.txt", MediaType: "text/plain", Bytes: 4, Data: []byte(hostile + "\x00\xff")},
			{Name: `na"me?x=/..\.png`, MediaType: "image/png", Bytes: int64(len(screenshot)), Data: screenshot},
		},
	})
}

// hostilePage is a step whose page chose all that it could.
func hostilePage() probes.Step {
	x := 1e300
	script := &probes.ScriptCause{URL: hostile, Function: hostile, Invoker: hostile, Duration: 1e9, Part: hostile}
	return probes.Step{
		Name: hostile, Verb: "click", Started: 2 * time.Second,
		Vitals: &probes.Vitals{LCP: &x, CLS: &x, INP: &x, TBT: &x, SoftNavigation: "javascript:" + hostile, Causes: &probes.Causes{
			LCP: &probes.LCPCause{Target: hostile, URL: hostile, LoadDelay: 1e9}, CLS: &probes.CLSCause{Target: hostile, Shift: 1, State: hostile},
			INP: &probes.INPCause{Target: hostile, Event: hostile, Processing: 1e9, Script: script}, TBT: &probes.TBTCause{Tasks: 1, Longest: 1e9, Script: script},
		}},
		Page:           &probes.PageStats{Traffic: probes.Traffic{Requests: 1}, Types: map[string]probes.Traffic{hostile: {Requests: 1}}, LongTasks: 1, Script: script},
		Split:          &probes.Split{Network: 5 * time.Hour},
		Marks:          []probes.Mark{{Name: hostile}},
		ServerTiming:   []probes.ServerTiming{{Path: hostile, Name: hostile, Description: hostile}},
		Console:        []probes.ConsoleMessage{{Kind: hostile, Text: hostile, Stack: []string{hostile}}},
		FailedRequests: []probes.FailedRequest{{Host: hostile, Path: hostile, Type: hostile, Error: hostile, Blocked: hostile}},
	}
}

// trouble adds an open incident and resolved ones.
func (w *world) trouble() {
	opened := w.now.Add(-18 * time.Minute)
	w.store.incidents = []incidents.Incident{{
		ID: "inc-open", CheckID: "checkout", CheckName: "A customer buys a mug", Location: "fra-1", Cause: detect.CauseFailure, Severity: detect.Critical,
		State: incidents.Open, Summary: `Step "Pay" fails: no visible button named "Pay"`, OpenedAt: opened, UpdatedAt: w.now.Add(-15 * time.Minute),
		Impact:    incidents.Impact{BadRuns: 11, Since: w.now.Add(-22 * time.Minute)},
		Procedure: incidents.Procedure{URL: "https://wiki.example.org/runbooks/checkout", Text: w.defs.Checks[0].Procedure.Text},
		Events: []incidents.Event{
			{Number: 1, At: opened, Kind: incidents.EventOpened, Severity: detect.Warning, Summary: "Journey takes 4.1 s, over 2.5 s, in 2 of 3 runs", RunID: w.store.entries[0].Run.ID},
			{Number: 2, At: opened.Add(3 * time.Minute), Kind: incidents.EventEscalated, Severity: detect.Critical, Summary: `Step "Pay" fails: no visible button named "Pay"`},
		},
	}, {
		ID: "inc-hostile", CheckID: "hostile", CheckName: "Hostile " + hostile, Location: hostile, Cause: detect.CauseLatency, Severity: detect.Warning,
		State: incidents.Resolved, Summary: hostile, OpenedAt: w.now.Add(-2 * time.Hour), ResolvedAt: w.now.Add(-time.Hour),
		Impact: incidents.Impact{BadRuns: 2, Since: w.now.Add(-2 * time.Hour)}, Procedure: incidents.Procedure{Text: hostile, URL: "javascript:alert(9)"},
		Events: []incidents.Event{{Number: 1, At: w.now.Add(-2 * time.Hour), Kind: incidents.EventOpened, Severity: detect.Warning, Summary: hostile},
			{Number: 2, At: w.now.Add(-time.Hour), Kind: incidents.EventResolved, Severity: detect.Warning, Summary: hostile}},
	}}
	for i := range 60 {
		at := w.now.Add(-time.Duration(i+5) * time.Hour)
		w.store.incidents = append(w.store.incidents, incidents.Incident{
			ID: fmt.Sprintf("inc-%02d", i), CheckID: "search-api", CheckName: "Search answers", Cause: detect.CauseLatency, Severity: detect.Warning,
			State: incidents.Resolved, Summary: "Journey takes 420 ms, over 300 ms, in 2 of 3 runs", OpenedAt: at, ResolvedAt: at.Add(17 * time.Minute),
			Impact: incidents.Impact{BadRuns: 8, Since: at},
			Events: []incidents.Event{{Number: 1, At: at, Kind: incidents.EventOpened, Severity: detect.Warning, Summary: "Journey takes 420 ms"}},
		})
	}
	w.store.notifications = []incidents.Notification{
		{ID: "n1", IncidentID: "inc-open", Event: 1, Audience: "responders", Channel: "chat", CreatedAt: opened, State: incidents.Delivered, Attempts: 1, DeliveredAt: opened.Add(time.Second), Payload: []byte("secret payload")},
		{ID: "n2", IncidentID: "inc-open", Event: 2, Audience: "responders", Channel: "pager", CreatedAt: opened.Add(3 * time.Minute), State: incidents.Pending, Attempts: 4, NextAttempt: w.now.Add(90 * time.Second), LastError: "POST: 503 Service Unavailable"},
		{ID: "n3", IncidentID: "inc-hostile", Event: 1, Audience: hostile, Channel: hostile, State: incidents.Undeliverable, LastError: hostile},
	}
}

func (w *world) health() {
	w.status.health = Health{
		DefinitionsError: `shop.yaml:12:5: unknown step "clik", did you mean "click"?`, DefinitionsLoaded: w.now.Add(-3 * time.Hour), Started: w.now.Add(-26 * time.Hour),
		Influx:    &ExportStatus{Target: "influx.example.org, bucket outrider", Connected: false, LastError: "connection refused", Lag: 20 * time.Minute, Exported: 88211, Rejected: 2},
		Endpoints: []EndpointStatus{{Endpoint: "responders/chat", LastSuccess: w.now.Add(-18 * time.Minute)}, {Endpoint: "responders/pager", Pending: 1, LastError: "POST: 503 Service Unavailable " + hostile}},
		Slots:     []SlotStatus{{checks.KindHTTP, 3, 32, 0}, {checks.KindBrowser, 1, 1, 2}},
		Ready:     true,
	}
}

// server makes the server of a world.
func (w *world) server(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{
		Runs: w.store, Incidents: w.store, Status: w.status, Definitions: func() *checks.Definitions { return w.defs },
		Version: "1.0.0", Location: "fra-1", Now: func() time.Time { return w.now }, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Browsers: func() BrowserUsage {
			return BrowserUsage{Browsers: 1, Processes: 7, Memory: 300e6, Disk: 4e6, Journeys: 41}
		},
	}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks for a path as a browser on the same machine would.
func get(t testing.TB, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost:8080"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// screenshot is a small picture.
var screenshot = func() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for y := range 360 {
		for x := range 640 {
			img.Set(x, y, color.RGBA{uint8(200 + x/16), uint8(210 + y/12), 240, 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory it cannot fail
	return b.Bytes()
}()
