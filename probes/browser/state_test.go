package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"outrider/probes"
)

// TestExpectations goes through what can be expected of a page's state: what
// holds, what comes to hold, and what is said where it does not.
func TestExpectations(t *testing.T) {
	later := func(script string) string { return "<script>setTimeout(() => {" + script + "}, 150)</script>" }
	pages := map[string]http.HandlerFunc{
		"/form": html(`
			<button id=pay disabled>Pay</button><button id=back>Back</button>
			<label>Terms <input type=checkbox id=terms></label> <span role=switch aria-checked=false tabindex=0>Dark</span>
			<label>Pieces <input id=pieces value=2 title="How many"></label>
			<p class=row>One   mug</p><p class=row>Two mugs</p><p class=row hidden>Three</p>
			<a href="/orders/17" id=order>Order</a> <select aria-label=Size><option value=s>Small<option value=l selected>Large</select>` +
			later("pay.disabled = false; back.disabled = true; terms.checked = true; pieces.value = '3'; window.app = {ready: 1}; document.cookie = 'theme=dark'")),
		"/framed": html(`<iframe src="/form" width=600 height=300></iframe>`),
		"/session": func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "abcdef0123456789", Path: "/", HttpOnly: true})
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: "light", Path: "/"})
			html("Session")(w, r)
		},
		"/loud": html(`<script>console.error('one is missing'); setTimeout(() => { throw new Error('two broke') })</script><p>Loud` +
			`<script>fetch('/gone.json'); fetch('/beacon')</script>`),
		"/api/save":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
		"/api/error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"/beacon":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"/saving":    html(`<button onclick="setTimeout(() => fetch('/api/save', {method: 'POST'}), 100)">Save</button>`),
		"/missing": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<title>Nothing</title>No such page")
		},
	}
	server := shop(t, pages)
	p := newProbe(t, Options{})
	for name, tt := range map[string]struct {
		steps string
		kind  probes.FailureKind // empty: the journey passes
		parts []string
	}{
		"controls": {"- goto: ${URL}/form\n- expect: {enabled: Pay, disabled: {role: button, name: Back}, checked: {label: Terms}}", "", nil},
		"enabled":  {"- goto: ${URL}/form\n- expect: {enabled: {label: Pieces}}", "", nil},
		"stays enabled": {"- goto: ${URL}/form\n- expect: {disabled: {label: Pieces}}\n  timeout: 300ms", probes.FailElement,
			[]string{`label "Pieces" stayed enabled: <input id="pieces"`, "waited 300ms"}},
		"is not there":  {"- goto: ${URL}/form\n- expect: {checked: {label: Newsletter}}\n  timeout: 300ms", probes.FailElement, []string{`label "Newsletter" was not found within 300ms`}},
		"is off":        {"- goto: ${URL}/form\n- expect: {checked: {role: switch, name: Dark}}\n  timeout: 300ms", probes.FailElement, []string{`switch "Dark" is not checked`}},
		"is no control": {"- goto: ${URL}/form\n- expect: {checked: {css: a}}", probes.FailElement, []string{`can be neither checked nor unchecked`}},
		"element": {`
- goto: ${URL}/form
- expect: {element: {label: Pieces, value: "3", attribute: {title: contains many, hidden: absent}}}
- expect: {element: {target: {text: One mug}, text: == One mug}}
- expect: {element: {label: Size, value: l}}
- expect: {element: {css: .row, count: 2}}
- expect: {element: {css: .none, count: 0}}
- expect: {element: {css: .row, nth: 2, text: starts with Two, count: "> 1"}}`, "", nil},
		"in a frame": {"- goto: ${URL}/framed\n- expect: {enabled: {text: Pay, frame: 0}, element: {label: Pieces, frame: {css: iframe}, value: '3'}}\n" +
			"- expect: {element: {css: .row, frame: 0, count: 2}}", "", nil},
		"fall-back": {"- goto: ${URL}/form\n- expect: {checked: {label: Conditions, or: [{label: Terms}]}}", "", nil},
		"text":      {"- goto: ${URL}/form\n- expect: {element: {css: '#order', text: contains Basket}}\n  timeout: 300ms", probes.FailAssertion, []string{`the text of css "#order" is "Order", expected contains Basket (waited 300ms)`}},
		"value":     {"- goto: ${URL}/form\n- expect: {element: {label: Pieces, value: '7'}}\n  timeout: 400ms", probes.FailAssertion, []string{`the value of label "Pieces" is "3", expected 7`}},
		"no value":  {"- goto: ${URL}/form\n- expect: {element: {css: .row, nth: 1, value: exists}}", probes.FailElement, []string{"has no value"}},
		"attribute": {"- goto: ${URL}/form\n- expect: {element: {css: '#order', attribute: {target: _blank}}}\n  timeout: 200ms", probes.FailAssertion, []string{`the attribute target of css "#order" is not there, expected _blank`}},
		"count":     {"- goto: ${URL}/form\n- expect: {element: {css: .row, count: 3}}\n  timeout: 200ms", probes.FailAssertion, []string{`the number of visible elements of css ".row" is 2, expected 3`}},
		"several":   {"- goto: ${URL}/form\n- expect: {element: {css: .row, text: exists}}\n  timeout: 200ms", probes.FailElement, []string{`means 2 elements`}},
		"cookie":    {"- goto: ${URL}/session\n- expect: {cookie: {session: exists, theme: light, other: absent}}\n- goto: ${URL}/form\n- expect: {cookie: {theme: dark}}", "", nil},
		"no cookie": {"- goto: ${URL}/session\n- expect: {cookie: {theme: dark}}\n  timeout: 200ms", probes.FailAssertion, []string{`the cookie "theme" is "light", expected dark`}},
		"secret cookie": {"- goto: ${URL}/session\n- expect: {cookie: {session: '123'}}\n  timeout: 200ms", probes.FailAssertion,
			[]string{`the cookie "session" is something else (its value is not shown), expected 123`}},
		"script":       {"- goto: ${URL}/form\n- expect: {script: window.app.ready}\n- expect: {script: 'return await Promise.resolve(document.body)'}", "", nil},
		"false script": {"- goto: ${URL}/form\n- expect: {script: '[].length'}\n  timeout: 200ms", probes.FailAssertion, []string{"the script gave 0, expected something true"}},
		"script throws": {"- goto: ${URL}/form\n- expect: {script: window.nothing.there}\n  timeout: 200ms", probes.FailScript,
			[]string{"the script threw TypeError"}},
		"status":       {"- goto: ${URL}/missing\n- expect: {status: 404, text: No such page}\n- goto: ${URL}/form\n- expect: {status: 2xx}", "", nil},
		"bare status":  {"- goto: ${URL}/api/error\n- expect: {status: 500}", "", nil},
		"wrong status": {"- goto: ${URL}/missing\n- expect: {status: 200}\n  timeout: 200ms", probes.FailAssertion, []string{"the page's status is 404, expected 200"}},
		"request":      {"- goto: ${URL}/saving\n- click: Save\n- expect: {request: {url: ends with /api/save, method: post, status: 201, since: action}}\n- expect: {request: {url: contains /saving, status: 200}}", "", nil},
		"no request": {"- goto: ${URL}/saving\n- click: Save\n- expect: {request: {url: contains /saving, since: action}}\n  timeout: 300ms", probes.FailAssertion,
			[]string{"the page did not make a request whose URL is contains /saving: found none to such a URL"}},
		"other request": {"- goto: ${URL}/saving\n- click: Save\n- expect: {request: {url: contains /api/save, method: POST, status: 200}}\n  timeout: 400ms", probes.FailAssertion,
			[]string{"a POST request whose URL is contains /api/save with status 200: found status 201"}},
		"quiet":  {"- goto: ${URL}/form\n- expect: {no_console_errors: true, no_failed_requests: true, text: Pay}", "", nil},
		"errors": {"- goto: ${URL}/loud\n- wait: 100ms\n- expect: {no_console_errors: true}", probes.FailAssertion, []string{"4 errors on the console, expected none: error: one is missing; exception: Error: two broke", "and 1 more"}},
		"allowed errors": {"- goto: ${URL}/loud\n- wait: 100ms\n- expect: {no_console_errors: {allow: [contains one is, contains two broke, contains 404]}, " +
			"no_failed_requests: {allow: [contains /beacon, ends with .json]}}", "", nil},
		"failed request": {"- goto: ${URL}/loud\n- wait: 100ms\n- expect: {no_failed_requests: {allow: contains /beacon}}", probes.FailAssertion,
			[]string{"1 failed request, expected none: GET " + server.URL + "/gone.json: status 404"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, p, load(t, server.URL, tt.steps, nil))
			if tt.kind == "" {
				mustPass(t, r)
				return
			}
			mustFail(t, r, tt.kind, tt.parts...)
			if strings.Contains(r.Failure.Message+r.Failure.Got, "abcdef0123456789") {
				t.Errorf("the session's cookie is shown: %+v", r.Failure)
			}
		})
	}
}
