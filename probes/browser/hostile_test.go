package browser

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// TestHostilePages checks that whatever a page does ends in a clear outcome in
// its time, and that the next run on the same browser works.
func TestHostilePages(t *testing.T) {
	const page = "- goto: ${URL}/page\n"
	const stuck = "- {goto: \"${URL}/page\", timeout: 1s}\n"
	tests := []struct {
		name, body, steps string         // kind "": whatever fails
		outcome           probes.Outcome // "": passed or failed, as chance has it
		kind              probes.FailureKind
		tells             string
	}{
		{"endless script while loading", `<script>for(;;);</script>`, stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"endless script later", `<script>onload = () => setTimeout(() => { for(;;); }, 30)</script>`, page + "- {expect: Thank you, timeout: 4s}", probes.Failed, probes.FailTimeout, "did not respond"},
		{"endless script after a while", `<script>onload = () => setTimeout(() => { for(;;); }, 500)</script>`, page + "- {expect: Thank you, timeout: 4s}", probes.Failed, probes.FailTimeout, `the text "Thank you" did not appear within 4s; for the last`},
		{"endless script on click", `<button onclick="for(;;);">Pay</button>`, page + "- {click: Pay, timeout: 4s}", probes.Failed, probes.FailTimeout, "did not respond"},
		{"dialog storm", `<script>for(;;) alert("Hello")</script>`, page, probes.Failed, probes.FailPage, "opened more than 100 dialogs"},
		{"dialog that asks to stay", `<script>onbeforeunload = (e) => { e.preventDefault(); return "Stay" }</script><button>Make it sticky</button>`,
			page + "- click: Make it sticky\n- goto: ${URL}/about.html\n- expect: About us", probes.Passed, "", ""},
		{"a thousand pop-ups", `<button onclick="for (let i = 0; i < 1000; i++) window.open('/popup?' + i, '_blank', 'width=100')">Open</button>`,
			page + "- {click: Open, timeout: 55s}\n- expect: Thank you", probes.Failed, probes.FailPage, "opened more than 100 pop-ups"},
		{"pop-ups that open pop-ups", `<button onclick="open('/breeder')">Open</button>`,
			page + "- click: Open\n- {wait: 300ms}\n- goto: ${URL}/about.html\n- expect: About us", "", "", ""},
		{"pop-ups with dialogs in full Chromium", `<button onclick="for (let i = 0; i < 3; i++) window.open('/alert')">Open</button>`,
			page + "- click: Open\n- {wait: 100ms}\n- expect: Open", probes.Passed, "", ""},
		{"pop-ups with dialogs", `<button onclick="for (let i = 0; i < 3; i++) window.open('/alert')">Open</button>`,
			page + "- click: Open\n- {wait: 100ms}\n- expect: Open", probes.Passed, "", ""},
		{"never idle", `<script>setInterval(() => fetch('/about.html?' + Math.random()), 1)</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"reloads for ever", `<meta http-equiv="refresh" content="0">Ready`, stuck + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"sends on for ever", `<script>location.href = '/page?' + Math.random()</script>`, stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"console flood", `<script>onload = () => setInterval(() => { for (let i = 0; i < 100; i++) console.error("flood " + i) }, 20)</script>Ready`, page + "- {expect: Thank you, timeout: 3s}", probes.Failed, "", ""},
		{"huge console message", `<script>console.error("x".repeat(34e6))</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"huge value", ``, page + "- {evaluate: \"'x'.repeat(34e6)\", timeout: 30s}", probes.Failed, probes.FailScript, "too large"},
		{"huge text", `<script>for (let i = 0; i < 3000; i++) document.write("<p>" + "lorem ipsum ".repeat(500))</script>`, page + "- {expect: Thank you, timeout: 1s}", probes.Failed, "", ""},
		{"deep tree", `<script>let e = document.body; for (let i = 0; i < 3000; i++) e = e.appendChild(document.createElement("b"))</script>Ready`, page + "- {click: {role: button, name: Pay}, timeout: 1500ms}", probes.Failed, "", ""},
		{"page that breaks the language", `<script>Promise = Array = JSON = null; Element.prototype.querySelectorAll = Element.prototype.getClientRects = () => { throw 1 }; document.querySelectorAll = () => []; performance.now = () => 0; setTimeout = requestAnimationFrame = () => {}</script><button onclick="document.title = 'Clicked'">Pay</button>`,
			page + "- click: {role: button, name: Pay}\n- expect: {title: Clicked}", probes.Passed, "", ""},
		{"endless document", ``, "- {goto: \"${URL}/endless\", timeout: 1s}\n", probes.Failed, probes.FailTimeout, "within 1s"},
		{"picture that never comes", `<img src="/silent">Ready`, stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"answer that never begins", ``, "- {goto: \"${URL}/silent\", timeout: 1s}\n", probes.Failed, probes.FailTimeout, "within 1s"},
		{"endless download instead of a page", ``, "- {goto: \"${URL}/download\", timeout: 3s}\n", probes.Failed, "", ""},
		{"endless download on click", `<a href="/download" download>Get it</a>`, page + "- click: Get it\n- expect: Get it", probes.Passed, "", ""},
		{"endless download that is asked for", `<a href="/download" download>Get it</a>`, page + "- {click: Get it, download: true, timeout: 1s}", probes.Failed, "", ""},
		{"thousand pop-ups where one is asked for", `<button onclick="for (let i = 0; i < 1000; i++) window.open('/popup?' + i)">Open</button>`,
			page + "- {click: Open, popup: help, timeout: 10s}\n- {expect: Thank you, timeout: 5s}", probes.Failed, "", ""},
		{"thousand downloads", `<a href="data:application/zip,x" download>Get it</a><script>onload = () => { for (let i = 0; i < 1000; i++) document.querySelector('a').click() }</script>`,
			page + "- expect: Get it", probes.Passed, "", ""},
		{"redirect loop", ``, "- goto: ${URL}/loop\n", probes.Failed, probes.FailProtocol, "ERR_TOO_MANY_REDIRECTS"},
		{"redirect loop of a resource", `<img src="/loop">Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"certificate that nobody vouches for", ``, "- goto: ${TLS}/\n", probes.Failed, probes.FailTLS, "ERR_CERT_AUTHORITY_INVALID"},
		{"asks for a password for ever", ``, "- goto: ${URL}/locked\n", probes.Failed, probes.FailAssertion, "401"},
		{"animated for ever", `<style>@keyframes a { to { transform: rotate(1turn) } } p { animation: a 1s infinite linear }</style>` + strings.Repeat("<p>spin</p>", 200) +
			`<script>(function f() { document.title = Math.random(); requestAnimationFrame(f) })()</script><button onclick="this.textContent='Thanks'">Pay</button>`,
			page + "- click: Pay\n- expect: Thanks", probes.Passed, "", ""},
		{"button that runs away", `<style>button { position: absolute; left: 0; animation: a 200ms infinite linear } @keyframes a { to { left: 500px } }</style><button>Pay</button>`,
			page + "- {click: Pay, timeout: 4s}", probes.Failed, "", "mov"},
		{"sweeps over the button again and again", `<style>button, div { position: absolute; top: 0; left: 0; width: 200px; height: 50px } div { animation: a 2s infinite step-end; background: red } @keyframes a { 0%, 50% { left: 500px } 15%, 90% { left: 0 } }</style><button onclick="this.textContent='Thanks'">Pay</button><div></div>`,
			page + "- click: {text: Pay, hold: 500ms}\n- expect: Thanks", probes.Passed, "", ""},
		{"covers the button when it is pressed", `<style>nav { position: fixed; inset: 0; background: red } @keyframes a { to { opacity: .9 } } body { animation: a 1s infinite alternate }</style><button onmousedown="document.querySelector('nav').hidden = false; n = (window.n || 0) + 1; setTimeout(() => document.title = 'Pressed ' + n, 300)">Pay</button><nav hidden>Menu</nav>`,
			page + "- {click: Pay, timeout: 5s}\n- expect: {title: Pressed 1}", probes.Passed, "", ""},
		{"button that is made anew all the time", `<div></div><script>setInterval(() => document.querySelector('div').innerHTML = '<button>Pay ' + Math.random() + '</button>', 1)</script>`,
			page + "- {click: {role: button}, timeout: 1s}", "", "", ""},
		{"service worker that reloads", `Ready<script>navigator.serviceWorker.register('/worker.js'); navigator.serviceWorker.oncontrollerchange = () => location.reload(); onload = () => setTimeout(() => location.reload(), 50)</script>`,
			page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"service worker that never ends", `Ready<script>navigator.serviceWorker.register('/busy.js')</script>`, page + "- {wait: 300ms}\n- expect: Ready", probes.Passed, "", ""},
		{"workers that never end", `Ready<script>for (let i = 0; i < 4; i++) new Worker('/busy.js')</script>`, page + "- {wait: 300ms}\n- expect: Ready", probes.Passed, "", ""},
		{"huge tree", `<script>let s = ''; for (let i = 0; i < 50000; i++) s += '<p><a href="/' + i + '">link ' + i + '</a>'; document.write(s)</script>Ready`,
			page + "- {expect: Ready, timeout: 20s}", probes.Passed, "", ""},
		{"history flood", `<script>onload = () => setInterval(() => { for (let i = 0; i < 50; i++) { history.pushState({}, '', '/page?' + i); location.hash = Math.random(); history.back() } }, 5)</script>Ready`,
			page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"history trap", `<script>onpopstate = () => history.pushState(1, ''); history.pushState(1, ''); history.pushState(1, '')</script>Ready`,
			page + "- evaluate: history.back()\n- goto: ${URL}/about.html\n- expect: About us", probes.Passed, "", ""},
		{"never lets go", `<script>onbeforeunload = () => { for (;;); }</script><button>Make it sticky</button>`,
			page + "- click: Make it sticky\n- {goto: \"${URL}/about.html\", timeout: 1500ms}", probes.Failed, probes.FailTimeout, "within 1.5s"},
		{"never lets go when hidden", `<script>onpagehide = () => { for (;;); }</script>Ready`, page + "- {goto: \"${URL}/about.html\", timeout: 1500ms}", "", "", ""},
		{"closes itself", `<script>onload = () => setTimeout(() => window.close(), 50)</script>Ready`, page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"prints for ever", `<script>onload = () => setInterval(() => print(), 1)</script>Ready`, page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"stops for a debugger", `<script>setInterval(() => { debugger }, 1)</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"frames within frames", `<script>const f = document.createElement('iframe'); f.src = '/page?' + Math.random(); document.body.append(f)</script>Ready`,
			stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"asks for everything", `<input type="file"><script>onload = () => setInterval(() => { Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => {}); navigator.mediaDevices.getUserMedia({video: true}).catch(() => {}); document.querySelector('input').click(); document.body.requestFullscreen().catch(() => {}) }, 20)</script>Ready`,
			page + "- expect: Ready", probes.Passed, "", ""},
		{"leads out of the web", `<script>onload = () => { for (const u of ['mailto:a@b.c', 'tel:1', 'file:///etc/passwd', 'chrome://crash', 'javascript:void 0', 'about:blank#x', 'view-source:about:blank']) { const a = document.createElement('a'); a.href = u; document.body.append(a); a.click() } }</script>Ready`,
			page + "- {wait: 200ms}", "", "", ""},
		{"timer storm", `<script>onload = () => { const f = () => { setTimeout(f); setTimeout(() => {}, 0); postMessage(1, '*') }; for (let i = 0; i < 100; i++) f() }</script>Ready`, page + "- {expect: Ready, timeout: 5s}", probes.Passed, "", ""},
		{"compressed bomb", `<script>fetch('/bomb').then((r) => r.text()).then((t) => { document.title = t.length })</script>Ready`, page + "- {expect: {title: \"67108864\"}, timeout: 20s}", probes.Passed, "", ""},
		{"huge address", `<script>onload = () => { location.hash = 'x'.repeat(2e6) }</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"memory hog", `<script>const hoard = []; onload = () => setInterval(() => hoard.push(new Array(1e5).fill(Math.random())), 2)</script>`, page + "- {expect: Thank you, timeout: 3s}", probes.Failed, "", ""},
	}
	secure := httptest.NewTLSServer(html("Ready"))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(secure.Close)
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	t.Cleanup(func() {
		// Whatever a page has started ends with its run.
		until(t, "the end of the pages' processes", func() bool { return len(membersOf(temp, "renderer")) <= 4 })
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pages := hostilePages()
			pages["/page"] = html(tt.body)
			server := shop(t, pages)
			check := load(t, server.URL, strings.ReplaceAll(tt.steps, "${TLS}", secure.URL), nil)
			if strings.Contains(tt.name, "full Chromium") {
				check.Journey.Browser.Chromium = "full"
			}
			began := time.Now()
			r := run(t, probe, check)
			if tt.outcome != "" && r.Outcome != tt.outcome {
				t.Errorf("the run is %s: %+v", r.Outcome, r.Failure)
			}
			if tt.outcome == probes.Failed && r.Failure != nil {
				mustFail(t, r, cmp.Or(tt.kind, r.Failure.Kind), tt.tells)
			}
			took := time.Since(began)
			mustPass(t, run(t, probe, journeyOf(goTo(server.URL+"/about.html"), &checks.Expect{Text: lit("About us")})))
			t.Logf("took %s: %+v", took.Round(time.Millisecond), r.Failure)
		})
	}
}

// bomb is 64 MB of nothing, compressed (RFC 1952). Each MB compresses to the same,
// and the race detector makes that slow: so it is done but for the first ones.
var bomb = sync.OnceValue(func() []byte {
	const size = 64
	nothing := make([]byte, 1<<20)
	out := bytes.NewBuffer([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	z, _ := flate.NewWriter(out, flate.DefaultCompression) // there is such a level
	var second []byte
	sum := crc32.NewIEEE()
	for i := range size {
		sum.Write(nothing)
		if i > 1 {
			out.Write(second)
			continue
		}
		before := out.Len()
		z.Write(nothing)
		z.Flush()
		second = bytes.Clone(out.Bytes()[before:])
	}
	z.Close()
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out.Bytes(), sum.Sum32()), size<<20)
})

// hostilePages are pages that hostile ones lead to.
func hostilePages() map[string]http.HandlerFunc {
	endless := func(contentType string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			if contentType == "application/zip" {
				w.Header().Set("Content-Disposition", "attachment")
			}
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, "<p>and so on and so forth"); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				<-tick.C
			}
		}
	}
	script := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, text)
		}
	}
	return map[string]http.HandlerFunc{
		"/alert":     html("<script>alert(1); alert(2)</script>"),
		"/popup":     html("pop"),
		"/breeder":   html("<script>open('/breeder?' + Math.random()); onload = () => open('/breeder?' + Math.random())</script>"),
		"/endless":   endless("text/html"),
		"/download":  endless("application/zip"),
		"/silent":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"/loop":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) },
		"/worker.js": script("oninstall = () => skipWaiting(); onactivate = (e) => e.waitUntil(clients.claim()); onfetch = (e) => e.respondWith(fetch(e.request))"),
		"/busy.js":   script("for (;;);"),
		"/locked": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"/bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb())
		},
	}
}

// TestTabCrash checks that a page whose process dies is told as such, and that
// the next run on the same browser works.
func TestTabCrash(t *testing.T) {
	temp := t.TempDir()
	probe := newProbe(t, Options{TempDir: temp})
	server := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<script>onload = () => setTimeout(() => fetch('/crash'), 100)</script>Ready`),
		"/crash": func(http.ResponseWriter, *http.Request) {
			killed := 0
			for _, pid := range membersOf(temp, "renderer") {
				if syscall.Kill(pid, syscall.SIGKILL) == nil {
					killed++
				}
			}
			if killed == 0 {
				t.Error("no process of a page was found")
			}
		},
	})
	check := load(t, server.URL, "- goto: ${URL}/page\n- {expect: Thank you, timeout: 5s}\n", nil)
	mustFail(t, run(t, probe, check), probes.FailPage, "crashed its tab")
	mustPass(t, run(t, probe, journeyOf(goTo(server.URL+"/about.html"), &checks.Expect{Text: lit("About us")})))
}

// TestOnlyTheWebIsOpened checks that a page cannot make a journey open files of
// this machine, or pages of the browser, by what is captured from it.
func TestOnlyTheWebIsOpened(t *testing.T) {
	for _, address := range []string{"file:///etc/passwd", " FILE:///etc/passwd", "view-source:file:///etc/passwd", "chrome://version", "about:blank", "javascript:document.title=1", "data:text/html,x", ""} {
		if isWeb(address) {
			t.Errorf("%q may be opened", address)
		}
	}
	for _, address := range []string{"http://shop/", "HTTPS://shop/%zz", " https://shop/"} {
		if !isWeb(address) {
			t.Errorf("%q may not be opened", address)
		}
	}
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<a href="file:///etc/passwd">Next</a>`)})
	check := load(t, server.URL, "- goto: ${URL}/page\n- evaluate: {script: \"document.querySelector('a').href\", capture: next}\n- goto: ${next}\n", nil)
	r := run(t, newProbe(t, Options{}), check)
	mustFail(t, r, probes.FailVariable, "file:///etc/passwd", "https://")
	for _, a := range r.Artifacts {
		if bytes.Contains(a.Data, []byte("root:")) {
			t.Errorf("%s shows a file of this machine", a.Name)
		}
	}
}
