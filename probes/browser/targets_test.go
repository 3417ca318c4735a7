package browser

import (
	"net/http"
	"strings"
	"testing"

	"outrider/probes"
)

// drive does a journey of steps over a page with the body, at ${URL}/page.
func drive(t *testing.T, p *Probe, body, steps string) probes.Run {
	t.Helper()
	server := shop(t, map[string]http.HandlerFunc{"/page": html(body)})
	return run(t, p, load(t, server.URL, "- goto: ${URL}/page\n"+steps, nil))
}

// shadow is a script that puts HTML into an open shadow root of an element.
func shadow(id, content string) string {
	return `<script>document.getElementById("` + id + `").attachShadow({mode: "open"}).innerHTML = ` + "`" + content + "`" + `</script>`
}

func TestTargets(t *testing.T) {
	const table = `<table><tr class="r"><td>Blue mug</td><td><button onclick="document.title='blue'">Delete</button></td></tr>
		<tr class="r"><td>Red mug</td><td><button onclick="document.title='red'">Delete</button></td></tr></table>`
	tests := []struct{ name, body, steps, matched string }{
		{name: "further kinds", body: `<input placeholder="Search mugs"><img src="/mug.svg" alt="A blue mug" width="9" height="9" onclick="document.title='mug'"><i title="Close it">x</i>`, steps: `
- fill: {placeholder: search, value: blue}
- click: {alt: blue mug}
- hover: {title: Close it, exact: true}
- expect: {title: mug}`},
		{name: "xpath", body: table, steps: `
- click: {xpath: "//tr[td[contains(., 'Red')]]//button"}
- expect: {title: red}
- click: {xpath: "(//button)[1]"}
- expect: {title: blue}
- click: {xpath: .//button, within: {css: tr, has_text: red}}
- expect: {title: red}`},
		{name: "within and has_text", body: table + `<p>Delete</p>`, steps: `
- click: {role: button, name: Delete, within: {role: row, has_text: Blue mug}}
- expect: {title: blue}
- click: {text: Delete, within: {css: .r, nth: 2, within: {css: table}}}
- expect: {title: red}
- click: {css: "> td > button", within: {css: .r, has_text: blue}}
- expect: {title: blue}
- expect: {visible: {css: tr, has_text: red}, hidden: {css: tr, has_text: green}}`},
		{name: "shadow roots", body: `<div id="a"></div><div id="b"></div>` +
			shadow("a", `<input placeholder="Card"><img alt="Visa" width=9 height=9 src=/mug.svg><b title="Hint">?</b><span><button data-testid=pay onclick="document.title='a'">Pay</button></span>`) +
			shadow("b", `<section><button onclick="document.title='b'">Pay</button></section>`), steps: `
- fill: {placeholder: Card, value: "42"}
- click: {alt: Visa}
- hover: {title: Hint}
- click: {xpath: "//button[@data-testid='pay']"}
- expect: {title: a}
- click: {xpath: //section/button}
- expect: {title: b}
- click: {role: button, name: Pay, within: {css: "#a"}}
- expect: {title: a}
- click: {text: Pay, within: {css: section}}
- expect: {title: b}`},
		{name: "first way works", body: `<button>Pay</button><a class="pay">x</a>`, steps: `
- click: {role: button, name: Pay, or: [{css: .pay}]}`},
		{name: "fall-back", body: `<button hidden>Pay</button><a class="pay" onclick="document.title='paid'">Buy</a>`, matched: `css ".pay"`, steps: `
- click: {role: button, name: Pay, or: [{testid: pay}, {css: .pay}, {text: Buy}]}
- expect: {title: paid}`},
		{name: "no fall-back while the page takes its time", body: `<a class="pay">Buy</a><script>setTimeout(() => document.body.innerHTML += '<button onclick="document.title=\'paid\'">Pay</button>', 300)</script>`, steps: `
- click: {role: button, name: Pay, or: [{css: .pay}]}
- expect: {title: paid}`},
		{name: "expected by a fall-back", body: `<p id="done">Thanks`, matched: `css "#done"`, steps: `
- expect: {visible: {testid: done, or: [{css: "#done"}]}}`},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := drive(t, probe, tt.body, tt.steps)
			mustPass(t, r)
			if got := r.Steps[1].Matched; got != tt.matched {
				t.Errorf("step 1 matched %q, expected %q", got, tt.matched)
			}
		})
	}
}

// A target that cannot be used is told with what is there instead.
func TestTargetFailures(t *testing.T) {
	tests := []struct {
		name, body, steps string
		tells             []string
	}{
		{"other names", `<button>Buy</button><button>Cancel</button>`, `- {click: {role: button, name: Pay}, timeout: 1s}`,
			[]string{`button "Pay" was not found within 1s: buttons there: "Buy", "Cancel"`}},
		{"other labels", `<label>Town <input></label>`, `- {fill: {label: City, value: x}, timeout: 1s}`, []string{`labels there: "Town"`}},
		{"nothing to be within", `<button>Pay</button>`, `- {click: {text: Pay, within: {css: form}}, timeout: 1s}`,
			[]string{`text "Pay" in css "form" was not found`, "what it is to be within is not there"}},
		{"several hidden", `<button hidden>Pay</button><div style="display:none"><button id="b">Pay</button></div>`, `- {click: {role: button, name: Pay}, timeout: 1s}`,
			[]string{"did not become visible", "<button>Pay</button>: display: none", `<button id="b">Pay</button>: display: none on <div>`}},
		{"fall-backs", `<p>x`, `- {click: {role: button, name: Pay, or: [{css: .pay}, {css: .buy}]}, timeout: 1s}`,
			[]string{`button "Pay" (or css ".pay", or 1 more) was not found`}},
		{"ambiguous fall-back", `<i class="pay">a</i><i class="pay">b</i>`, `- {click: {role: button, name: Pay, or: [{css: .pay}]}, timeout: 1s}`,
			[]string{"means 2 elements", `<i class="pay">a</i>`}},
	}
	probe := newProbe(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mustFail(t, drive(t, probe, tt.body, tt.steps), probes.FailElement, tt.tells...)
		})
	}
	if _, err := probe.Run(t.Context(), load(t, shop(t, nil).URL, `
- goto: ${URL}/about.html
- click: {xpath: "//a["}`, nil)); err == nil || !strings.Contains(err.Error(), "cannot be looked for") {
		t.Errorf("an invalid XPath gave %v", err)
	}
}
