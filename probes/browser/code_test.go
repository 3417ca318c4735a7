package browser

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// clockFrom is a clock that starts at a number of milliseconds, and goes on by
// 150 once it has been read.
func clockFrom(start int64) func() time.Time {
	var read atomic.Bool
	return func() time.Time {
		if read.Swap(true) {
			return time.UnixMilli(start + 150)
		}
		return time.UnixMilli(start)
	}
}

// A one-time code is typed, and seen in nothing that the run keeps.
func TestOneTimeCode(t *testing.T) {
	const key, code = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "359152" // RFC 6238, appendix B, one step on
	server := shop(t, map[string]http.HandlerFunc{"/code": html(`
		<input aria-label="Code" id="code"><output id="echo"></output>
		<script>
			document.getElementById('code').oninput = (e) => {
				document.title = 'Code ' + e.target.value;
				document.getElementById('echo').textContent = 'You typed ' + e.target.value.slice(0, 3) + ' ' + e.target.value.slice(3);
				console.error('code is ' + e.target.value);
			};
		</script>`)})
	check := load(t, server.URL, `
- goto: ${URL}/code
- fill: {label: Code, value: "${totp:SHOP}"}
- evaluate: {script: "document.title", capture: title, expect: "== Code `+code+`"}
- goto: ${URL}/about.html?${title}
- goto: ${URL}/code
- fill: {label: Code, value: "${totp:SHOP}"}
- expect: {title: Thanks}
  timeout: 200ms
`, map[string]string{"SHOP": key})
	// A tenth of a second before another code expires; whoever asks again finds
	// that it has.
	clock := clockFrom(59_900)
	r := run(t, newProbe(t, Options{Functions: &checks.Functions{Now: clock}}), check)
	mustFail(t, r, probes.FailAssertion, `the page's title is "Code [redacted]"`)
	if len(r.Secrets) != 1 || r.Secrets[0].Reveal() != code {
		t.Errorf("the run has %d secrets", len(r.Secrets))
	}
	for _, a := range r.Artifacts {
		if text := string(a.Data); strings.Contains(text, code) || strings.Contains(text, code[:3]+" "+code[3:]) {
			t.Errorf("%s shows the code", a.Name)
		}
	}
	for _, s := range r.Steps {
		if s.HTTP != nil && strings.Contains(s.HTTP.URL, code) {
			t.Errorf("the URL %s shows the code", s.HTTP.URL)
		}
	}
}

// A server that takes each code once, as it should, lets two sign-ins in.
func TestOneTimeCodeIsUsedOnce(t *testing.T) {
	var codes []string
	server := shop(t, map[string]http.HandlerFunc{
		"/code": html(`<form action="/in"><input aria-label="Code" name="code"><button>Sign in</button></form>`),
		"/in": func(w http.ResponseWriter, r *http.Request) {
			codes = append(codes, r.FormValue("code"))
			html("Welcome")(w, r)
		},
	})
	check := load(t, server.URL, "- goto: ${URL}/code\n- fill: {label: Code, value: \"${totp:SHOP}\"}\n- click: Sign in\n- expect: Welcome", map[string]string{"SHOP": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})
	const start = 87_900 // the code is good for a little more than the margin
	var second time.Time
	probe := newProbe(t, Options{Functions: &checks.Functions{Used: &checks.UsedCodes{}, Now: func() time.Time {
		if second.IsZero() {
			return time.UnixMilli(start)
		}
		return time.UnixMilli(start).Add(time.Since(second))
	}}})
	mustPass(t, run(t, probe, check))
	second = time.Now()
	mustPass(t, run(t, probe, check))
	if len(codes) != 2 || codes[0] == codes[1] {
		t.Errorf("the codes were %q", codes)
	}
}
