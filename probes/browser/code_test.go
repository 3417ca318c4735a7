package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// A one-time code is typed, and seen in nothing that the run keeps.
func TestOneTimeCode(t *testing.T) {
	const key, code = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082" // RFC 6238, appendix B
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
	// A tenth of a second before the code expires.
	clock := time.UnixMilli(59_900)
	r := run(t, newProbe(t, Options{Functions: &checks.Functions{Now: func() time.Time { return clock }}}), check)
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
