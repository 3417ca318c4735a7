package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const setupDefinitions = `
defaults: {browser_options: {signed_in_by: login}}
checks:
  - id: account
    browser_options:
      device: phone
      locale: de-DE
      timezone: Europe/Berlin
      color_scheme: dark
      reduced_motion: true
      geolocation: "52.5, -13.4"
      permissions: [clipboard, camera]
      auth: {username: ann, password: "${secret:PASSWORD}"}
      cookies: {consent: 1, session: {value: "${secret:SESSION}", domain: .Shop.example, path: /a, secure: true, http_only: true}}
      local_storage: {theme: dark}
      session_storage: {"a b": "{}"}
      signed_in_for: 2h
    browser:
      - goto: http://127.0.0.1/
      - expect: {status: 404}
  - id: orders
    browser: [{goto: http://127.0.0.1/}, {expect: Orders}]
  - id: login
    enabled: false
    browser_options: {viewport: 500x400, device: desktop}
    browser: [{goto: http://127.0.0.1/}]
`

func TestSetting(t *testing.T) {
	defs, err := LoadBytes("t.yaml", []byte(setupDefinitions), testOptions(nil, map[string]string{"PASSWORD": "hunter22", "SESSION": "abcd1234"}))
	if err != nil {
		t.Fatal(err)
	}
	account, _ := defs.Check("account")
	o := account.Journey.Browser
	if o.Device != DevicePhone || o.Width != 0 || o.Height != 0 || o.Locale != "de-DE" || o.Timezone != "Europe/Berlin" ||
		o.ColorScheme != ColorSchemeDark || !o.ReducedMotion || len(o.Permissions) != 2 || o.SignedInFor != 2*time.Hour {
		t.Errorf("options %+v", o)
	}
	if g := o.Geolocation; g == nil || g.Latitude != 52.5 || g.Longitude != -13.4 || g.Accuracy <= 0 {
		t.Errorf("geolocation %+v", g)
	}
	if o.Auth == nil || o.Auth.Username.String() != "ann" || !o.Auth.Password.HasSecret() {
		t.Errorf("auth %+v", o.Auth)
	}
	if c := o.Cookies; len(c) != 2 || c[0].Name != "consent" || c[0].Value.String() != "1" || c[1].Domain != ".shop.example" || c[1].Path != "/a" || !c[1].Secure || !c[1].HTTPOnly {
		t.Errorf("cookies %+v", c)
	}
	if len(o.LocalStorage) != 1 || len(o.SessionStorage) != 1 || o.SessionStorage[0].Name != "a b" {
		t.Errorf("storage %+v %+v", o.LocalStorage, o.SessionStorage)
	}
	if !account.Journey.Steps[0].Action.(*Goto).AnyStatus {
		t.Error("the goto judges the status that the next step expects")
	}
	orders, _ := defs.Check("orders")
	login, _ := defs.Check("login")
	if by := o.SignIn; by == nil || by != orders.Journey.Browser.SignIn || by.ID != "login" || orders.Journey.Browser.SignedInFor != DefaultSignedInFor {
		t.Errorf("signed in by %v", by)
	}
	if l := login.Journey.Browser; l.SignIn != nil || l.SignedInBy != "" || l.Width != 500 {
		t.Errorf("the check that signs in is set up with %+v", l)
	}
}

func TestPageState(t *testing.T) {
	folder := t.TempDir()
	const png = "\x89PNG\r\n\x1a\n…"
	if err := os.WriteFile(filepath.Join(folder, "cart.png"), []byte(png), 0o600); err != nil {
		t.Fatal(err)
	}
	defs, err := LoadBytes(filepath.Join(folder, "t.yaml"), []byte(`
checks:
  - id: a
    notify: []
    browser:
      - goto: http://127.0.0.1/
      - expect: {enabled: Pay, disabled: {role: button, name: Back}, checked: {label: Terms}}
      - expect: {element: {label: Pieces, value: 2, text: contains x, count: "> 0", attribute: {name: pieces}}}
      - expect: {element: {target: Total, attribute: {title: exists}}}
      - expect: {cookie: {session: exists, theme: dark}, status: 2xx}
      - expect: {request: {url: contains /api, method: post, status: 200, since: action}}
      - expect: {no_console_errors: true, no_failed_requests: {allow: [contains /beacon, ends with .map]}, accessible: {allow: [label]}}
      - expect: {script: "window.ready", looks_like: {baseline: cart.png, tolerance: 0.5 %, mask: [Clock, {css: .ad}], target: {css: main}}}
      - expect: {looks_like: new.png, accessible: true}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	steps := defs.Checks[0].Journey.Steps
	at := func(i int) *PageState { return &steps[i].Action.(*Expect).PageState }
	if e := at(1); e.Enabled.Text.String() != "Pay" || e.Disabled.Role != "button" || e.Checked.Label.IsZero() {
		t.Errorf("controls %+v", e)
	}
	if e := at(2).Element; e == nil || e.Value == nil || e.Text == nil || e.Count == nil || len(e.Attributes) != 1 || e.Target.Label.String() != "Pieces" {
		t.Errorf("element %+v", e)
	}
	if e := at(3).Element; e == nil || e.Target.Text.String() != "Total" {
		t.Errorf("element %+v", e)
	}
	if e := at(4); len(e.Cookies) != 2 || e.Status == nil {
		t.Errorf("cookies %+v", e)
	}
	if r := at(5).Request; r == nil || r.Method != "POST" || r.Status == nil || !r.SinceAction {
		t.Errorf("request %+v", r)
	}
	if e := at(6); e.NoConsoleErrors == nil || len(e.NoFailedRequests.Allow) != 2 || e.Accessible.Allow[0] != "label" {
		t.Errorf("errors %+v", e)
	}
	if l := at(7).LooksLike; l == nil || string(l.Baseline) != png || l.Tolerance != 0.005 || len(l.Mask) != 2 || l.Target.IsZero() || at(7).Script != "window.ready" {
		t.Errorf("look %+v", l)
	}
	if l := at(8).LooksLike; l == nil || l.Baseline != nil || l.Path != filepath.Join(folder, "new.png") {
		t.Errorf("look %+v", l)
	}
	if len(defs.Warnings) != 1 || !strings.Contains(defs.Warnings[0].Message, "--update") {
		t.Errorf("warnings %v", defs.Warnings)
	}
	var names []string
	for _, s := range steps {
		names = append(names, s.Name)
	}
	want := `goto /|expect enabled "Pay"|expect of label "Pieces"|expect of "Total"|expect cookie session|expect request contains /api|expect accessible|expect look cart|expect look new`
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("names %s", got)
	}
}
