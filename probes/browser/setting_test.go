package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"outrider/checks"
	"outrider/probes"
)

// seen is what a page tells of the browser that shows it, as JSON.
const seen = `const el = document.createElement('pre'); el.id = 'seen';
const hints = navigator.userAgentData;
el.textContent = JSON.stringify({
	width: innerWidth, height: innerHeight, scale: devicePixelRatio, touch: navigator.maxTouchPoints, coarse: matchMedia('(pointer: coarse)').matches,
	agent: navigator.userAgent, platform: navigator.platform, mobile: hints?.mobile, hinted: hints?.platform,
	languages: navigator.languages, number: (1234.5).toLocaleString(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
	dark: matchMedia('(prefers-color-scheme: dark)').matches, still: matchMedia('(prefers-reduced-motion: reduce)').matches,
	cookie: document.cookie, theme: localStorage.getItem('theme'), draft: sessionStorage.getItem('draft'), length: history.length,
}); document.body.append(el);`

// seenBy runs a journey with options on a page that tells what it sees.
func seenBy(t *testing.T, p *Probe, o checks.BrowserOptions) (told map[string]any, asked *http.Request) {
	t.Helper()
	var mu sync.Mutex
	server := shop(t, map[string]http.HandlerFunc{"/seen": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = r
		w.Header().Set("Content-Type", "text/html")
		// What the next page asks for has the hints that this one wants.
		fmt.Fprint(w, "<!doctype html><html><head><meta name=viewport content='width=device-width'><title>Seen</title></head><body><script>"+seen+"</script></body></html>")
	}})
	check := journeyOf(goTo(server.URL+"/seen"), &checks.Evaluate{Script: "document.getElementById('seen').textContent", Expect: condition("exists")})
	check.Journey.Browser = o
	var text string
	check.Journey.Steps[1].Action.(*checks.Evaluate).Variable = "seen"
	check.Journey.Steps = append(check.Journey.Steps, checks.Step{Name: "tell", Action: &checks.Goto{URL: template(t, server.URL+"/told?${seen}")}})
	told = map[string]any{}
	server.Config.Handler.(*http.ServeMux).HandleFunc("/told", func(w http.ResponseWriter, r *http.Request) {
		text, _ = url.QueryUnescape(r.URL.RawQuery)
		html("Told")(w, r)
	})
	mustPass(t, run(t, p, check))
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatalf("the page told %q: %v", text, err)
	}
	return told, asked
}

func template(t testing.TB, source string) checks.Template {
	t.Helper()
	parsed, err := checks.ParseTemplate(source)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func condition(source string) *checks.Condition {
	c, err := checks.ParseCondition(source)
	if err != nil {
		panic(err)
	}
	return &c
}

func TestSettings(t *testing.T) {
	p := newProbe(t, Options{})
	for name, tt := range map[string]struct {
		set  checks.BrowserOptions
		want map[string]any
	}{
		"nothing": {checks.BrowserOptions{}, map[string]any{"width": 1280.0, "height": 800.0, "scale": 1.0, "touch": 0.0, "cookie": "", "theme": nil, "dark": false, "still": false, "length": 2.0}},
		"phone": {checks.BrowserOptions{Setting: checks.Setting{Device: checks.DevicePhone}},
			map[string]any{"width": 412.0, "height": 915.0, "scale": 2.625, "touch": 5.0, "coarse": true, "mobile": true, "hinted": "Android", "platform": "Linux armv81"}},
		"tablet": {checks.BrowserOptions{Setting: checks.Setting{Device: checks.DeviceTablet}},
			map[string]any{"width": 800.0, "height": 1280.0, "scale": 2.0, "touch": 5.0, "mobile": false, "hinted": "Android"}},
		"desktop": {checks.BrowserOptions{Width: 1600, Height: 900, Setting: checks.Setting{Device: checks.DeviceDesktop}},
			map[string]any{"width": 1600.0, "height": 900.0, "scale": 1.0, "touch": 0.0, "mobile": false, "hinted": "Linux"}},
		"language and place": {checks.BrowserOptions{Setting: checks.Setting{Locale: "de-DE", Timezone: "Asia/Tokyo"}},
			map[string]any{"languages": []any{"de-DE", "de"}, "number": "1.234,5", "zone": "Asia/Tokyo"}},
		"taste": {checks.BrowserOptions{Setting: checks.Setting{ColorScheme: checks.ColorSchemeDark, ReducedMotion: true}},
			map[string]any{"dark": true, "still": true}},
		"user agent on a phone": {checks.BrowserOptions{UserAgent: "Probe/1", Setting: checks.Setting{Device: checks.DevicePhone, Locale: "fr"}},
			map[string]any{"agent": "Probe/1", "touch": 5.0, "languages": []any{"fr"}}},
		"belongings": {checks.BrowserOptions{Setting: checks.Setting{
			Cookies:      []checks.BrowserCookie{{Name: "consent", Value: lit("1")}, {Name: "hidden", Value: lit("2"), HTTPOnly: true}, {Name: "other", Value: lit("3"), Domain: "shop.example"}},
			LocalStorage: []checks.Field{{Name: "theme", Value: lit("sepia")}}, SessionStorage: []checks.Field{{Name: "draft", Value: lit(`{"a":"ü"}`)}},
		}}, map[string]any{"cookie": "consent=1", "theme": "sepia", "draft": `{"a":"ü"}`, "length": 2.0}},
	} {
		t.Run(name, func(t *testing.T) {
			told, asked := seenBy(t, p, tt.set)
			for key, want := range tt.want {
				if got := told[key]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("the page sees %s %v, expected %v", key, got, want)
				}
			}
			if name == "language and place" && asked.Header.Get("Accept-Language") != "de-DE,de;q=0.9" {
				t.Errorf("asked for in %s", asked.Header.Get("Accept-Language"))
			}
			if tt.set.Device != "" && tt.set.UserAgent == "" && (strings.Contains(asked.UserAgent(), "Headless") || strings.Contains(asked.Header.Get("Sec-Ch-Ua"), "Headless") || asked.Header.Get("Sec-Ch-Ua") == "") {
				t.Errorf("says it is %s, %s", asked.UserAgent(), asked.Header.Get("Sec-Ch-Ua"))
			}
			if tt.set.Device == checks.DevicePhone && asked.Header.Get("Sec-Ch-Ua-Mobile") != "?1" {
				t.Errorf("a phone says %q", asked.Header.Get("Sec-Ch-Ua-Mobile"))
			}
			if name == "belongings" && asked.Header.Get("Cookie") != "consent=1; hidden=2" {
				t.Errorf("cookies %q", asked.Header.Get("Cookie"))
			}
		})
	}
}

// What is stored is there once: what the page then does with it, stays.
func TestStorageIsSetOnce(t *testing.T) {
	p := newProbe(t, Options{})
	server := shop(t, map[string]http.HandlerFunc{"/a": html(`<script>document.body.append(localStorage.theme); localStorage.theme = 'changed'</script>`)})
	check := journeyOf(goTo(server.URL+"/a"), &checks.Expect{Text: lit("sepia")}, goTo(server.URL+"/a"), &checks.Expect{Text: lit("changed")})
	check.Journey.Browser.LocalStorage = []checks.Field{{Name: "theme", Value: lit("sepia")}}
	r := run(t, p, check)
	mustPass(t, r)
	if len(r.Steps) != 4 || r.Steps[0].HTTP == nil || r.Steps[0].HTTP.Status != 200 {
		t.Errorf("steps %+v", r.Steps)
	}
}

func TestPermissions(t *testing.T) {
	p := newProbe(t, Options{})
	server := shop(t, map[string]http.HandlerFunc{"/page": html("Page")})
	for name, tt := range map[string]struct {
		set  checks.Setting
		want string
	}{
		"none":        {checks.Setting{}, "denied|denied|prompt"},
		"geolocation": {checks.Setting{Geolocation: &checks.Geolocation{Latitude: 52.5, Longitude: 13.25, Accuracy: 10}}, "52.5 13.25|denied|prompt"},
		"clipboard":   {checks.Setting{Permissions: []checks.Permission{checks.PermissionClipboard}}, "denied|copied|prompt"},
		"all": {checks.Setting{Permissions: []checks.Permission{checks.PermissionClipboard, checks.PermissionGeolocation, checks.PermissionNotifications, checks.PermissionCamera,
			checks.PermissionMicrophone, checks.PermissionMIDI, checks.PermissionSensors, checks.PermissionWakeLock, checks.PermissionStorageAccess}}, "|copied|granted"},
	} {
		t.Run(name, func(t *testing.T) {
			check := journeyOf(goTo(server.URL+"/page"), &checks.Evaluate{Script: `
				const place = await new Promise((done) => navigator.geolocation.getCurrentPosition((p) => done(p.coords.latitude + ' ' + p.coords.longitude), (e) => done(e.code === 1 ? 'denied' : ''), {timeout: 100}));
				let copied = 'denied';
				try { await navigator.clipboard.writeText('copied'); copied = await navigator.clipboard.readText(); } catch {}
				return [place, copied, (await navigator.permissions.query({name: 'notifications'})).state].join('|');`, Expect: condition("== " + tt.want)})
			check.Journey.Browser.Setting = tt.set
			mustPass(t, run(t, p, check))
		})
	}
}

// What asks for leave to notify is told that it may; the headless shell's
// Notification.permission does not say so.
func TestNotifications(t *testing.T) {
	p := newProbe(t, Options{})
	server := shop(t, map[string]http.HandlerFunc{"/page": html("Page")})
	for chromium, script := range map[string]string{"": "Notification.requestPermission()", "full": "Notification.permission"} {
		check := journeyOf(goTo(server.URL+"/page"), &checks.Evaluate{Script: script, Expect: condition("== granted")})
		check.Journey.Browser.Permissions = []checks.Permission{checks.PermissionNotifications}
		check.Journey.Browser.Chromium = chromium
		mustPass(t, run(t, p, check))
	}
}

func TestAuth(t *testing.T) {
	p := newProbe(t, Options{})
	var mu sync.Mutex
	strangers := map[string]bool{}
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		strangers[r.Header.Get("Authorization")] = true
		mu.Unlock()
		w.Header().Set("WWW-Authenticate", `Basic realm="stranger"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(stranger.Close)
	asked := 0
	guarded := func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		mu.Lock()
		asked++
		mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer t0ken-value" && (user != "ann" || password != "hunter22") {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "Who are you?")
			return
		}
		html(`Welcome <script src="`+stranger.URL+`/s.js"></script>`)(w, r)
	}
	server := shop(t, map[string]http.HandlerFunc{"/account": guarded, "/orders": guarded})
	visit := func(a *checks.Auth) probes.Run {
		check := journeyOf(goTo(server.URL+"/account"), &checks.Expect{Text: lit("Welcome")}, goTo(server.URL+"/orders"), &checks.Expect{Text: lit("Welcome")})
		check.Journey.Browser.Auth = a
		return run(t, p, check)
	}
	mustPass(t, visit(&checks.Auth{Username: lit("ann"), Password: lit("hunter22")}))
	if asked > 3 { // 401, and what followed
		t.Errorf("asked %d times", asked)
	}
	mustPass(t, visit(&checks.Auth{Bearer: lit("t0ken-value")}))
	mustFail(t, visit(&checks.Auth{Username: lit("ann"), Password: lit("wrong")}), probes.FailAssertion, "answered with status 401")
	mustFail(t, visit(nil), probes.FailAssertion, "answered with status 401")
	if len(strangers) != 1 || !strangers[""] {
		t.Errorf("a third party was sent %v", strangers)
	}
}

// A page that the journey opens is of the same browser from its first request
// and its first script on.
func TestSettingsOfOpenedPage(t *testing.T) {
	for _, tt := range []struct{ name, opener, chromium string }{
		{"script", `<button onclick="window.open('/opened')">Open</button>`, ""},
		{"script in full Chromium", `<button onclick="window.open('/opened')">Open</button>`, "full"},
		{"window", `<button onclick="window.open('/opened', 'w', 'width=300,height=200')">Open</button>`, ""},
		{"link", `<a href="/opened" target="_blank">Open</a>`, ""},
		{"later", `<button onclick="setTimeout(() => window.open('/opened'), 100)">Open</button>`, ""},
		{"of several", `<button onclick="window.open('/opened'); window.open('/other'); document.title = 'went on'">Open</button>`, ""},
		{"with the mouse down", `<button onmousedown="window.open('/opened')">Open</button>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			asked := map[string]http.Header{}
			note := func(r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				asked[r.URL.Path] = r.Header
			}
			server := shop(t, map[string]http.HandlerFunc{
				"/opener": html(`<meta name=viewport content="width=device-width">` + tt.opener),
				"/opened": func(w http.ResponseWriter, r *http.Request) {
					note(r)
					html(`<meta name=viewport content="width=device-width">Opened<script>var atOnce = [innerWidth, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, matchMedia('(prefers-color-scheme: dark)').matches,
						navigator.maxTouchPoints, navigator.userAgent.includes('Android')].join(' ')</script><script src="/ad.js"></script><script src="/chat.js"></script>`)(w, r)
				},
				"/ad.js":   func(_ http.ResponseWriter, r *http.Request) { note(r) },
				"/chat.js": func(_ http.ResponseWriter, r *http.Request) { note(r) },
			})
			check := onPhone(t, server.URL, `
- goto: ${URL}/opener
- click: Open
  popup: opened
- evaluate: {script: atOnce, expect: "== 412 de-DE Asia/Tokyo true 5 true"}
- evaluate: {script: chat, expect: stub}
- expect: {request: {url: ends with /opened, status: 200}}
- close:
- expect: {visible: Open}
`)
			check.Journey.Browser.Chromium = tt.chromium
			check.Journey.Browser.Setting = checks.Setting{Device: checks.DevicePhone, Locale: "de-DE", Timezone: "Asia/Tokyo", ColorScheme: checks.ColorSchemeDark}
			check.Journey.Browser.Headers = []checks.Field{{Name: "X-Monitor", Value: lit("yes")}}
			check.Journey.Browser.Block = []string{"*/ad.js"}
			check.Journey.Browser.Stubs = []checks.Stub{{Pattern: "*/chat.js", Status: 200, Type: "text/javascript", Body: []byte("var chat = 'stub'")}}
			mustPass(t, run(t, newProbe(t, Options{}), check))
			mu.Lock()
			defer mu.Unlock()
			h := asked["/opened"]
			if !strings.Contains(h.Get("User-Agent"), "Android") || h.Get("Accept-Language") != "de-DE,de;q=0.9" || h.Get("X-Monitor") != "yes" || len(asked) != 1 {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// What one run opens has no bearing on the pages of the others in the browser.
func TestOpenedPagesOfOthers(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/opener": html(`<button onclick="setTimeout(() => window.open('/about.html'), 300)">Open</button>`),
		"/closes": html(`<button onclick="window.open('/about.html'); document.title = 'went on'">Open</button>`),
	})
	probe := newProbe(t, Options{})
	var all sync.WaitGroup
	for range 3 {
		for _, steps := range []string{"- goto: ${URL}/opener\n- {click: Open, popup: p}\n- expect: {url: ends with /about.html}", "- goto: ${URL}/closes\n- click: Open\n- expect: {title: went on}"} {
			check := load(t, server.URL, steps, nil)
			all.Go(func() {
				if r, err := probe.Run(t.Context(), check); err != nil || r.Outcome != probes.Passed {
					t.Errorf("%s: %+v, %v", steps, r.Failure, err)
				}
			})
		}
	}
	all.Wait()
}
