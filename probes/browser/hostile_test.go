package browser

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
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
		name, body, steps string // kind "": whatever fails
		outcome           probes.Outcome
		kind              probes.FailureKind
		tells             string
	}{
		{"endless script while loading", `<script>for(;;);</script>`, stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"endless script later", `<script>onload = () => setTimeout(() => { for(;;); }, 30)</script>`, page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, probes.FailTimeout, "did not respond"},
		{"endless script on click", `<button onclick="for(;;);">Pay</button>`, page + "- {click: Pay, timeout: 1500ms}", probes.Failed, probes.FailTimeout, "did not respond"},
		{"dialog storm", `<script>for(;;) alert("Hello")</script>`, page, probes.Failed, probes.FailPage, "opened more than 100 dialogs"},
		{"dialog that asks to stay", `<script>onbeforeunload = (e) => { e.preventDefault(); return "Stay" }</script><button>Make it sticky</button>`,
			page + "- click: Make it sticky\n- goto: ${URL}/about.html\n- expect: About us", probes.Passed, "", ""},
		{"a hundred pop-ups", `<button onclick="for (let i = 0; i < 100; i++) window.open('/popup?' + i, '_blank', 'width=100')">Open</button>`,
			page + "- click: Open\n- expect: Open", probes.Passed, "", ""},
		{"pop-ups with dialogs in full Chromium", `<button onclick="for (let i = 0; i < 3; i++) window.open('/alert')">Open</button>`,
			page + "- click: Open\n- {wait: 100ms}\n- expect: Open", probes.Passed, "", ""},
		{"pop-ups with dialogs", `<button onclick="for (let i = 0; i < 3; i++) window.open('/alert')">Open</button>`,
			page + "- click: Open\n- {wait: 100ms}\n- expect: Open", probes.Passed, "", ""},
		{"never idle", `<script>setInterval(() => fetch('/about.html?' + Math.random()), 1)</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"reloads for ever", `<meta http-equiv="refresh" content="0">Ready`, stuck + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, "", ""},
		{"sends on for ever", `<script>location.href = '/page?' + Math.random()</script>`, stuck, probes.Failed, probes.FailTimeout, "within 1s"},
		{"console flood", `<script>onload = () => setInterval(() => { for (let i = 0; i < 100; i++) console.error("flood " + i) }, 20)</script>Ready`, page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, probes.FailAssertion, "did not appear"},
		{"huge console message", `<script>console.error("x".repeat(34e6))</script>Ready`, page + "- expect: Ready", probes.Passed, "", ""},
		{"huge value", ``, page + "- {evaluate: \"'x'.repeat(34e6)\", timeout: 30s}", probes.Failed, probes.FailScript, "too large"},
		{"huge text", `<script>for (let i = 0; i < 3000; i++) document.write("<p>" + "lorem ipsum ".repeat(500))</script>`, page + "- {expect: Thank you, timeout: 1s}", probes.Failed, "", ""},
		{"deep tree", `<script>let e = document.body; for (let i = 0; i < 3000; i++) e = e.appendChild(document.createElement("b"))</script>Ready`, page + "- {click: {role: button, name: Pay}, timeout: 1500ms}", probes.Failed, "", ""},
		{"page that breaks the language", `<script>Promise = Array = JSON = null; Element.prototype.querySelectorAll = Element.prototype.getClientRects = () => { throw 1 }; document.querySelectorAll = () => []; performance.now = () => 0; setTimeout = requestAnimationFrame = () => {}</script><button onclick="document.title = 'Clicked'">Pay</button>`,
			page + "- click: {role: button, name: Pay}\n- expect: {title: Clicked}", probes.Passed, "", ""},
		{"memory hog", `<script>const hoard = []; onload = () => setInterval(() => hoard.push(new Array(1e5).fill(Math.random())), 2)</script>`, page + "- {expect: Thank you, timeout: 1500ms}", probes.Failed, probes.FailAssertion, "did not appear"},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := shop(t, map[string]http.HandlerFunc{
				"/page": html(tt.body), "/alert": html("<script>alert(1); alert(2)</script>"), "/popup": html("pop"),
			})
			check := load(t, server.URL, tt.steps, nil)
			if strings.Contains(tt.name, "full Chromium") {
				check.Journey.Browser.Chromium = "full"
			}
			began := time.Now()
			r := run(t, probe, check)
			if r.Outcome != tt.outcome {
				t.Errorf("the run is %s: %+v", r.Outcome, r.Failure)
			}
			if tt.outcome == probes.Failed && tt.kind != "" {
				mustFail(t, r, tt.kind, tt.tells)
			}
			took := time.Since(began)
			mustPass(t, run(t, probe, journeyOf(goTo(server.URL+"/about.html"), &checks.Expect{Text: lit("About us")})))
			t.Logf("took %s: %+v", took.Round(time.Millisecond), r.Failure)
		})
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
			for _, p := range processes() {
				line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
				if err == nil && slices.Contains(leaders(temp), p.session) && bytes.Contains(line, []byte("--type=renderer")) {
					if syscall.Kill(p.pid, syscall.SIGKILL) == nil {
						killed++
					}
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
