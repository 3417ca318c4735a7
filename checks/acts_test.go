package checks

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	defs := load(t, `
checks:
  - id: a
    browser:
      - goto: http://127.0.0.1/
      - click: {xpath: "//a"}
      - click: {placeholder: Search, exact: true}
      - hover: {alt: Mug}
      - hover: {title: Close}
      - click: {role: button, name: Delete, has_text: x, within: {role: row, has_text: Mug, within: {css: table}}}
      - click: {text: Pay, frame: 1, or: [Buy, {css: .pay, frame: [0, {title: Card}]}]}
`, Options{})
	target := func(i int) Target {
		switch a := defs.Checks[0].Journey.Steps[i].Action.(type) {
		case *Click:
			return a.Target
		case *Hover:
			return a.Target
		}
		return Target{}
	}
	for i, want := range map[int]string{1: "//a", 2: "Search", 3: "Mug", 4: "Close"} {
		got := target(i)
		if s := got.XPath.String() + got.Placeholder.String() + got.Alt.String() + got.Title.String(); s != want || got.IsZero() {
			t.Errorf("step %d: %q", i, s)
		}
	}
	row := target(5)
	if row.HasText.String() != "x" || row.Within.Role != "row" || row.Within.HasText.String() != "Mug" || row.Within.Within.CSS.String() != "table" {
		t.Errorf("chain: %+v", row)
	}
	pay := target(6)
	if len(pay.Or) != 2 || pay.Frame[0].Index != 1 || pay.Or[0].Text.String() != "Buy" || pay.Or[0].Frame[0].Index != 1 ||
		len(pay.Or[1].Frame) != 2 || pay.Or[1].Frame[1].Target.Title.String() != "Card" || !pay.InFrame() || row.InFrame() {
		t.Errorf("fall-backs: %+v", pay)
	}
	if name := defs.Checks[0].Journey.Steps[5].Name; name != `click button "Delete" with "x" in row with "Mug" in css table` {
		t.Errorf("name: %s", name)
	}
}

// Every text of a target can hold a secret, so every text has to be among
// those that are searched for secrets.
func TestTargetTemplates(t *testing.T) {
	secret := "${secret:A}"
	for _, target := range []string{
		"css: '" + secret + "'", "xpath: '" + secret + "'", "text: '" + secret + "'", "role: link, name: '" + secret + "'", "label: '" + secret + "'",
		"placeholder: '" + secret + "'", "testid: '" + secret + "'", "alt: '" + secret + "'", "title: '" + secret + "'", "css: a, has_text: '" + secret + "'",
		"css: a, within: {css: '" + secret + "'}", "css: a, frame: [0, {css: '" + secret + "'}]", "css: a, or: ['" + secret + "']",
	} {
		defs := load(t, "checks: [{id: a, browser: [goto: 'http://127.0.0.1/', click: {"+target+"}]}]", testOptions(nil, map[string]string{"A": "hidden value"}))
		texts := defs.Checks[0].Journey.Steps[1].Action.(*Click).Target.Templates()
		if !slices.ContainsFunc(texts, Template.HasSecret) {
			t.Errorf("%s: the secret is not found", target)
		}
		if strings.Contains(defs.Checks[0].Journey.Steps[1].Name, "hidden value") {
			t.Errorf("%s: the step's name shows it", target)
		}
	}
}

func TestBrowserActs(t *testing.T) {
	dir := write(t, map[string]string{"up/a.png": "picture", "up/b.txt": "text", "check.yaml": `
checks:
  - id: a
    browser:
      - goto: http://127.0.0.1/
      - back:
      - forward:
      - reload: ~
      - click: {text: a, button: right, position: "10, 20.5", hold: 500ms, modifiers: [Shift, Ctrl]}
      - click: {text: a, button: left, modifiers: Alt}
      - double_click: Row
      - type: mugs
      - type: {label: Search, text: mugs}
      - check: {label: Terms}
      - uncheck: {label: News}
      - upload: {label: Pictures, files: [up/a.png, up/b.txt]}
      - drag: {from: Mug, to: {testid: cart}}
      - scroll: bottom
      - scroll: {testid: end}
      - scroll: {css: .list, y: 300}
      - scroll: {x: 10}
      - key_down: Shift
      - key_up: Shift
      - click: Invoice
        popup: invoice
      - close:
      - click: Invoice
        popup: invoice
      - switch: main
      - close: invoice
      - click: Delete
        dialog: accept
      - click: Rename
        dialog: {answer: Mug, message: contains name}
      - click: Leave
        dialog: dismiss
      - click: Price list
        download: {name: ends with .pdf, size: "> 10kB", type: application/pdf, sha256: ` + strings.Repeat("aB", 32) + `}
      - click: List
        download: true
      - click: Next
        navigation: {url: contains next, title: Next}
      - click: Next
        navigation: true
`})
	defs, err := Load([]string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	steps := defs.Checks[0].Journey.Steps
	var verbs []string
	for _, s := range steps {
		verbs = append(verbs, s.Action.Verb())
	}
	if got := strings.Join(verbs[:19], " "); got != "goto back forward reload click click double_click type type check uncheck upload drag scroll scroll scroll scroll key_down key_up" {
		t.Errorf("verbs: %s", got)
	}
	c := steps[4].Action.(*Click)
	if c.Button != RightButton || *c.Position != (Point{10, 20.5}) || c.Hold != 500*time.Millisecond || !slices.Equal(c.Modifiers, []string{"Shift", "Control"}) {
		t.Errorf("click: %+v", c)
	}
	if c := steps[5].Action.(*Click); c.Button != LeftButton || c.Position != nil {
		t.Errorf("click: %+v", c)
	}
	if a := steps[7].Action.(*Type); !a.Target.IsZero() || a.Text.String() != "mugs" {
		t.Errorf("type: %+v", a)
	}
	if a := steps[8].Action.(*Type); a.Target.Label.String() != "Search" || a.Text.String() != "mugs" {
		t.Errorf("type: %+v", a)
	}
	if u := steps[11].Action.(*Upload); len(u.Files) != 2 || u.Files[0].Name != "a.png" || string(u.Files[1].Content) != "text" {
		t.Errorf("upload: %+v", u)
	}
	if s := steps[15].Action.(*Scroll); s.X != nil || *s.Y != 300 || s.Target.IsZero() {
		t.Errorf("scroll: %+v", s)
	}
	if o := steps[19].Browser; o.Popup != "invoice" || steps[23].Action.(*Close).Page != "invoice" {
		t.Errorf("popup: %+v", o)
	}
	if o := steps[25].Browser.Dialog; !o.Accept || o.Answer.String() != "Mug" || o.Message == nil {
		t.Errorf("dialog: %+v", o)
	}
	if o := steps[26].Browser.Dialog; o == nil || o.Accept {
		t.Errorf("dialog: %+v", o)
	}
	if o := steps[27].Browser.Download; o.Name == nil || o.Size == nil || o.Type == nil || o.SHA256 != strings.Repeat("ab", 32) {
		t.Errorf("download: %+v", o)
	}
	if steps[28].Browser.Download == nil || steps[29].Browser.Navigation.Title == nil || steps[30].Browser.Navigation == nil {
		t.Errorf("options: %+v", steps[28:])
	}
	text, err := os.ReadFile(dir + "/check.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(instance(t, text)); err != nil {
		t.Errorf("schema: %v", err)
	}
}

func FuzzParsePoint(f *testing.F) {
	for _, s := range []string{"", "10,20", "1e3, .5", "-1,2", "NaN,1", "Inf,Inf", "1,2,3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePoint(s)
		if err == nil && !(p.X >= 0 && p.X <= 1e5 && p.Y >= 0 && p.Y <= 1e5) {
			t.Errorf("%q gave %v", s, p)
		}
	})
}
