package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// load reads one check of a definition in which URL stands for the server.
func load(t testing.TB, url, steps string, secrets map[string]string) checks.Check {
	t.Helper()
	var text strings.Builder
	text.WriteString("checks:\n  - id: test\n    every: 1m\n    timeout: 60s\n    notify: []\n    browser:\n")
	for line := range strings.Lines(steps) {
		if strings.TrimSpace(line) != "" {
			text.WriteString("      " + line)
		}
	}
	defs, err := checks.LoadBytes("test.yaml", []byte(text.String()), checks.Options{
		LookupEnv: func(name string) (string, bool) { return url, name == "URL" },
		LookupSecret: func(name string) (string, bool, error) {
			value, ok := secrets[name]
			return value, ok, nil
		},
	})
	if err != nil {
		t.Fatalf("load: %v\n%s", err, text.String())
	}
	return defs.Checks[0]
}

// TestFailures checks that each thing a site can do wrong is told as what it
// is.
func TestFailures(t *testing.T) {
	const page = "\n- {goto: \"${URL}/page\"}\n"
	tests := []struct {
		name, body, steps string
		kind              probes.FailureKind
		tells             []string
	}{
		{"missing", `<p>Nothing here`, page + `- {click: {role: button, name: Pay}, timeout: 1s}`, probes.FailElement,
			[]string{`button "Pay" was not found within 1s`}},
		{"missing after an exception", `<script>throw new TypeError("cart is broken")</script>`, page + `- {click: {css: "#pay"}, timeout: 1s}`, probes.FailElement,
			[]string{`css "#pay" was not found`, "the page threw TypeError: cart is broken"}},
		{"ambiguous", `<button id="one">Pay</button><button id="two">Pay</button>`, page + `- {click: {role: button, name: Pay}, timeout: 1s}`, probes.FailElement,
			[]string{`button "Pay" means 2 elements`, `<button id="one">Pay</button>`, `<button id="two">`, "nth"}},
		{"hidden", `<div id="box" style="display:none"><button>Pay</button></div>`, page + `- {click: {role: button, name: Pay}, timeout: 1s}`, probes.FailElement,
			[]string{"did not become visible", `display: none on <div id="box">`}},
		{"empty box", `<button style="width:0;height:0;padding:0;border:0;overflow:hidden">Pay</button>`, page + `- {click: {css: button}, timeout: 1s}`, probes.FailElement,
			[]string{"its box is empty"}},
		{"disabled", `<fieldset disabled><button>Pay</button></fieldset>`, page + `- {click: {text: Pay}, timeout: 1s}`, probes.FailElement,
			[]string{"stayed disabled within 1s", "<button>"}},
		{"covered", `<button>Pay</button><div id="consent" style="position:fixed;inset:0;background:#fff8">We value your privacy</div>`, page + `- {click: {text: Pay}, timeout: 1500ms}`, probes.FailElement,
			[]string{"stayed covered", `by <div id="consent">We value your privacy</div>`}},
		{"moving", `<style>@keyframes m{to{transform:translateX(400px)}}button{animation:m 1s linear infinite alternate}</style><button>Pay</button>`, page + `- {click: {text: Pay}, timeout: 1500ms}`, probes.FailElement,
			[]string{"did not stop moving"}},
		{"read-only", `<label>Card <input readonly></label>`, page + `- {fill: {label: Card, value: x}, timeout: 1s}`, probes.FailElement,
			[]string{"cannot be changed", "read-only"}},
		{"no field", `<input type="checkbox" aria-label="News">`, page + `- {fill: {label: News, value: x}, timeout: 1s}`, probes.FailElement,
			[]string{"it is an input of type checkbox"}},
		{"no such option", `<select aria-label="Size"><option>Small</option><option>Large</option></select>`, page + `- {select: {label: Size, option: Huge}, timeout: 1s}`, probes.FailElement,
			[]string{`option "Huge" of label "Size"`, `"Small", "Large"`}},
		{"text", `<p>Sorry, an error occurred`, page + `- {expect: Thank you, timeout: 1s}`, probes.FailAssertion,
			[]string{`the text "Thank you" did not appear within 1s`}},
		{"text that is hidden", `<p hidden>Thank you`, page + `- {expect: Thank you, timeout: 1s}`, probes.FailAssertion,
			[]string{`the text "Thank you" did not appear`}},
		{"still visible", `<div id="spin">Loading</div>`, page + `- {expect: {hidden: {css: "#spin"}}, timeout: 1s}`, probes.FailAssertion,
			[]string{`css "#spin" was still visible`}},
		{"address", ``, page + `- {expect: {url: ends with /thanks}, timeout: 1s}`, probes.FailAssertion,
			[]string{"the page's address is", "/page", "ends with /thanks"}},
		{"title", ``, page + `- {expect: {title: contains Thanks}, timeout: 1s}`, probes.FailAssertion,
			[]string{`the page's title is "Test page"`}},
		{"status", ``, `- goto: ${URL}/missing`, probes.FailAssertion, []string{"/missing answered with status 404"}},
		{"status without a page", ``, `- goto: ${URL}/bare500`, probes.FailAssertion, []string{"/bare500 answered with status 500"}},
		{"status after a click", `<a href="/bare500">Go</a>`, page + `- click: Go`, probes.FailAssertion, []string{"/bare500 answered with status 500"}},
		{"no content", ``, `- goto: ${URL}/nothing`, probes.FailPage, []string{"answered without a page"}},
		{"download", ``, `- goto: ${URL}/file`, probes.FailPage, []string{"is a download"}},
		{"broken answer", ``, `- goto: ${URL}/hangup`, probes.FailProtocol, []string{"ERR_EMPTY_RESPONSE"}},
		{"redirect loop", ``, `- goto: ${URL}/loop`, probes.FailProtocol, []string{"ERR_TOO_MANY_REDIRECTS"}},
		{"refused", ``, `- goto: http://127.0.0.1:2/`, probes.FailConnect, []string{"ERR_CONNECTION_REFUSED"}},
		{"unknown host", ``, `- goto: http://shop.invalid/`, probes.FailResolve, []string{"ERR_NAME_NOT_RESOLVED"}},
		{"refused after a click", `<a href="http://127.0.0.1:2/">Go</a>`, page + `- click: Go`, probes.FailConnect, []string{"ERR_CONNECTION_REFUSED"}},
		{"never answers", ``, "- {goto: \"${URL}/hang\", timeout: 1500ms}", probes.FailTimeout, []string{"did not answer within 1.5s"}},
		{"never loads", `<img src="/hang">`, "- {goto: \"${URL}/page\", timeout: 1500ms}", probes.FailTimeout, []string{"did not load within 1.5s", "/hang"}},
		{"script throws", ``, page + `- evaluate: nothing.at.all`, probes.FailScript, []string{"ReferenceError: nothing is not defined"}},
		{"script gives another value", ``, page + `- evaluate: {script: "1+1", expect: 3}`, probes.FailAssertion, []string{"the script gave 2, expected 3"}},
		{"script never ends", ``, page + `- {evaluate: "for(;;);", timeout: 1500ms}`, probes.FailTimeout, []string{"the script did not end"}},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := shop(t, map[string]http.HandlerFunc{
				"/page":    html(tt.body),
				"/nothing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
				"/bare500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
				"/loop":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) },
				"/hang":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
				"/file": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Disposition", "attachment; filename=report.pdf")
					fmt.Fprint(w, "data")
				},
				"/hangup": func(w http.ResponseWriter, _ *http.Request) {
					c, _, err := w.(http.Hijacker).Hijack()
					if err == nil {
						c.Close()
					}
				},
			})
			r := run(t, probe, load(t, server.URL, tt.steps, nil))
			mustFail(t, r, tt.kind, tt.tells...)
			if last := r.Steps[len(r.Steps)-1]; last.Outcome != probes.Failed || r.Failure.Step != last.Name {
				t.Errorf("the last step is %s, the failure names step %q", last.Outcome, r.Failure.Step)
			}
		})
	}
}

func TestEvidence(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1>Oops</h1><p hidden>invisible</p>
		<script>console.error("cart:", {id: 7}); console.log("chatter"); alert("Hello"); throw new Error("no stock")</script><img src="/missing.png">`)})
	r := run(t, newProbe(t, Options{}), load(t, server.URL, "- goto: ${URL}/page\n- {expect: Thank you, timeout: 1s}", nil))
	mustFail(t, r, probes.FailAssertion, "the page threw Error: no stock")
	kept := map[string]string{}
	for _, a := range r.Artifacts {
		kept[a.Name] = string(a.Data)
		if a.Bytes != int64(len(a.Data)) || a.Step != r.Failure.Step && a.Name != harName {
			t.Errorf("artifact %s has %d bytes, says %d, of step %q", a.Name, len(a.Data), a.Bytes, a.Step)
		}
	}
	if len(kept["failure.jpg"]) < 1000 {
		t.Errorf("failure.jpg has %d bytes", len(kept["failure.jpg"]))
	}
	for _, part := range []string{"Address: " + server.URL + "/page", "Title: Test page", "Oops"} {
		if !strings.Contains(kept["page.txt"], part) {
			t.Errorf("page.txt does not have %q:\n%s", part, kept["page.txt"])
		}
	}
	for _, part := range []string{"error: cart: ", "exception: Error: no stock", "dialog: alert: Hello", "404"} {
		if !strings.Contains(kept["console.txt"], part) {
			t.Errorf("console.txt does not have %q:\n%s", part, kept["console.txt"])
		}
	}
	if strings.Contains(kept["page.txt"], "invisible") || strings.Contains(kept["console.txt"], "chatter") {
		t.Errorf("too much was kept:\n%s\n%s", kept["page.txt"], kept["console.txt"])
	}
}

// TestStepTime checks that a step's time is what the customer waits for: the
// load of the page that a click leads to is in it, waiting of our own is not.
func TestStepTime(t *testing.T) {
	const load = 300 * time.Millisecond
	server := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<a href="/slow">Go</a><button>Stay</button>`),
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(load)
			html("Arrived")(w, r)
		},
	})
	r := run(t, newProbe(t, Options{}), journeyOf(
		goTo(server.URL+"/page"),
		&checks.Click{Target: byRole("button", "Stay")},
		&checks.Click{Target: byRole("link", "Go")},
		&checks.Expect{Text: lit("Arrived")},
	))
	mustPass(t, r)
	stay, leave, arrived := r.Steps[1], r.Steps[2], r.Steps[3]
	if leave.Duration < load/2 {
		t.Errorf("the click that loads a page took %s, the page alone takes %s", leave.Duration, load)
	}
	if leave.HTTP == nil || leave.HTTP.Status != 200 || leave.HTTP.Phases.FirstByte < load/2 {
		t.Errorf("the click that loads a page has no exchange of it: %+v", leave.HTTP)
	}
	if leave.Vitals == nil || leave.Vitals.FCP == nil || leave.Vitals.TTFB == nil || *leave.Vitals.TTFB < float64(load.Milliseconds())/2 {
		t.Errorf("the click that loads a page has no vitals of it: %+v", leave.Vitals)
	}
	if stay.HTTP != nil || arrived.HTTP != nil {
		t.Errorf("steps that load nothing have exchanges: %+v, %+v", stay.HTTP, arrived.HTTP)
	}
	var sum time.Duration
	for _, s := range r.Steps {
		sum += s.Duration
	}
	if r.Duration != sum {
		t.Errorf("the journey took %s, its steps %s", r.Duration, sum)
	}
}
