package recording

import (
	"fmt"
	"strings"
	"testing"

	"outrider/checks/draft"
)

// vocabulary is that of definitions, as far as the tests need it.
var vocabulary = Vocabulary{
	Roles: []string{"button", "checkbox", "combobox", "heading", "img", "link", "main", "menuitem", "searchbox", "slider", "textbox"},
	Keys:  []string{"Enter", "Tab", "Escape", "Backspace", "Space", "ArrowDown", "ArrowLeft"},
}

const opened = `{"type":"navigate","url":"https://shop.example/"},`

// translate gives the steps of a recording, a line each, remarks after #.
func translate(t *testing.T, steps string, options Options) (*draft.Definition, string) {
	t.Helper()
	r, err := Parse([]byte(`{"title":"test","steps":[` + steps + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	options.Vocabulary = vocabulary
	d, err := Translate(r, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.YAML("s.json")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(text), "\n    browser:\n")
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n") {
		lines = append(lines, strings.TrimPrefix(line, "      "))
	}
	return d, strings.Join(lines, "\n")
}

const mug = `"selectors":[["aria/Mug[role=\"link\"]"]]`

func TestSteps(t *testing.T) {
	field := func(value string) string {
		return `{"type":"change","value":"` + value + `","selectors":[["#q"]]}`
	}
	press := func(key string) string {
		return fmt.Sprintf(`{"type":"keyDown","key":%q},{"type":"keyUp","key":%[1]q}`, key)
	}
	const clickField = `{"type":"click","selectors":[["#q"]],"offsetX":1,"offsetY":1}`
	tests := []struct{ name, steps, want string }{
		{"click", `{"type":"click",` + mug + `,"offsetX":4,"offsetY":5}`, `- click: {role: link, name: Mug, exact: true}`},
		{"double click with the right button", `{"type":"doubleClick",` + mug + `,"button":"secondary"}`, `- double_click: {role: link, name: Mug, exact: true, button: right}`},
		{"click held, with a modifier", `{"type":"keyDown","key":"ControlLeft"},{"type":"click",` + mug + `,"duration":700},{"type":"keyUp","key":"ControlLeft"}`, `- click: {role: link, name: Mug, exact: true, hold: 700ms, modifiers: [Control]}`},
		{"click into a picture", `{"type":"click","selectors":[["main > canvas"]],"offsetX":10.25,"offsetY":20}`, `- click: {css: main > canvas, position: '10.3,20'}`},
		{"forward button of the mouse", `{"type":"click",` + mug + `,"button":"forward"}`, `- forward:`},
		{"hover", `{"type":"hover",` + mug + `}`, `- hover: {role: link, name: Mug, exact: true}`},
		{"click and change", clickField + "," + field("m") + "," + field("mug"), `- fill: {css: '#q', value: mug}`},
		{"change, Enter and the change that it reports", field("mug") + `,{"type":"keyDown","key":"Enter"},` + field("mug") + `,{"type":"keyUp","key":"Enter"}`, "- fill: {css: '#q', value: mug}\n- press: Enter"},
		{"change that only Enter reports", clickField + `,{"type":"keyDown","key":"Enter"},` + field("mug") + `,{"type":"keyUp","key":"Enter"}`, "- fill: {css: '#q', value: mug}\n- press: Enter"},
		{"letters typed into a field", clickField + "," + press("m") + "," + press("Backspace") + "," + field("n"), `- fill: {css: '#q', value: n}`},
		{"short cut of the page", press("/") + "," + field("n"), "- press: /\n- fill: {css: '#q', value: n}"},
		{"Tab from field to field", field("a") + "," + press("Tab") + `,{"type":"change","value":"b","selectors":[["#r"]]}`, "- fill: {css: '#q', value: a}\n- fill: {css: '#r', value: b}"},
		{"Tab to a button", field("a") + "," + press("Tab") + "," + press("Enter"), "- fill: {css: '#q', value: a}\n- press: Tab\n- press: Enter"},
		{"capitals typed", clickField + `,{"type":"keyDown","key":"Shift"},` + field("M") + `,{"type":"keyUp","key":"Shift"},` + field("Mug"), `- fill: {css: '#q', value: Mug}`},
		{"chord", `{"type":"keyDown","key":"Control"},{"type":"keyDown","key":"Shift"},` + press("KeyP") + `,{"type":"keyUp","key":"Shift"},{"type":"keyUp","key":"Control"}`, `- press: Control+Shift+p`},
		{"key that repeats", `{"type":"keyDown","key":"ArrowDown"},{"type":"keyDown","key":"ArrowDown"},{"type":"keyUp","key":"ArrowDown"}`, "- press: ArrowDown\n- press: ArrowDown"},
		{"key whose release the next page took", `{"type":"keyDown","key":"Enter"},{"type":"click",` + mug + `}`, "- press: Enter\n- click: {role: link, name: Mug, exact: true}"},
		{"key held while something is done", `{"type":"keyDown","key":"Space"},{"type":"hover",` + mug + `},{"type":"keyUp","key":"Space"}`, "- key_down: Space\n- hover: {role: link, name: Mug, exact: true}\n- key_up: Space"},
		{"option of a select element", `{"type":"change","value":"DE","selectors":[["form > select"]]}`, `- select: {css: form > select, option: DE}`},
		{"check box", `{"type":"click","selectors":[["#a"]]},{"type":"change","value":"on","selectors":[["#a"]]}`, `- click: {css: '#a'}`},
		{"scroll", `{"type":"scroll","x":0,"y":0},{"type":"scroll","x":0,"y":120.4},{"type":"scroll","x":5,"y":6,"selectors":[["#list"]]}`, "- scroll: top\n- scroll: {y: 120}\n- scroll: {css: '#list', x: 5, y: 6}"},
		{"wait for an element", `{"type":"waitForElement","selectors":["#a"]},{"type":"waitForElement","selectors":["#b"],"visible":false}`, "- expect:\n    visible: {css: '#a'}\n- expect:\n    hidden: {css: '#b'}"},
		{"wait for several", `{"type":"waitForElement","selectors":["#a"],"operator":"==","count":3}`, "- expect:\n    element:\n      target: {css: '#a'}\n      count: == 3"},
		{"wait until there are no longer so many", `{"type":"waitForElement","selectors":["#a"],"operator":">=","count":3,"visible":false}`, "- expect:\n    element:\n      target: {css: '#a'}\n      count: < 3"},
		{"wait for an expression", `{"type":"waitForExpression","expression":"window.ready === ` + "`${1}`" + `"}`, "- expect:\n    script: window.ready === `${1}`"},
		{"frame", `{"type":"click","frame":[1],` + mug + `},{"type":"click","frame":[1,0],` + mug + `}`, "- click: {role: link, name: Mug, exact: true, frame: 1}\n- click: {role: link, name: Mug, exact: true, frame: [1, 0]}"},
		{"page that a click opened", `{"type":"click",` + mug + `},{"type":"click","target":"https://shop.example/terms",` + mug + `},{"type":"click",` + mug + `},{"type":"close","target":"https://shop.example/terms"}`,
			"- click: {role: link, name: Mug, exact: true}\n  popup: terms\n- click: {role: link, name: Mug, exact: true}\n- switch: main\n- click: {role: link, name: Mug, exact: true}\n- close: terms"},
		{"frame of another site", `{"type":"click",` + mug + `},{"type":"change","target":"https://pay.example.net/card?x=1","value":"4","selectors":[["#n"]]},{"type":"click",` + mug + `}`,
			"- click: {role: link, name: Mug, exact: true}\n# step 3 of the recording (change): the recording does not tell what https://pay.example.net/card is: it is taken for a frame of the page. If it is a window of its own: give the step that opens it popup: NAME, and leave out frame:\n- fill: {css: '#n', value: '4', frame: {css: 'iframe[src^=\"https://pay.example.net/card\"]'}}\n- click: {role: link, name: Mug, exact: true}"},
		{"navigation", `{"type":"click",` + mug + `,"assertedEvents":[{"type":"navigation","url":"https://shop.example/mugs","title":"Mugs"}]}`, "- click: {role: link, name: Mug, exact: true}\n  navigation: {url: 'https://shop.example/mugs', title: Mugs}"},
		{"navigation to anywhere", `{"type":"click",` + mug + `,"assertedEvents":[{"type":"navigation"}]}`, "- click: {role: link, name: Mug, exact: true}\n  navigation: true"},
		{"title that reads like a condition", `{"type":"click",` + mug + `,"assertedEvents":[{"type":"navigation","title":"> Mugs"}]}`, "- click: {role: link, name: Mug, exact: true}\n  navigation: {title: {equals: '> Mugs'}}"},
		{"timeout", `{"type":"click",` + mug + `,"timeout":2500}`, "- click: {role: link, name: Mug, exact: true}\n  timeout: 2500ms"},
		{"custom step", `{"type":"customStep","name":"pause","parameters":{"ms":5}}`, `# step 2 of the recording (customStep): the custom step "pause" with {ms: 5} is not carried over: what it does is known only to what recorded it`},
		{"close at the end", `{"type":"click",` + mug + `},{"type":"close"}`, `- click: {role: link, name: Mug, exact: true}`},
		{"upload", `{"type":"change","value":"C:\\fakepath\\a.pdf","selectors":[["#f"]]}`, `# step 2 of the recording (change): chooses a file, of which the recording has only the name "a.pdf": write upload: with the element and files:`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got := translate(t, opened+test.steps, Options{})
			want := "- goto: https://shop.example/\n" + test.want
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	tests := []struct{ name, selectors, want string }{
		{"role and name", `["aria/Buy \"it\" now[role=\"button\"]"]`, `{role: button, name: Buy "it" now, exact: true}`},
		{"role alone", `["aria/[role=\"main\"]"]`, `{role: main}`},
		{"name, told by the CSS of a link", `["aria/Mugs"],["nav > a:nth-of-type(2)"]`, "role: link\nname: Mugs\nexact: true\nor:\n  - {css: 'nav > a:nth-of-type(2)'}"},
		{"name, told by the XPath of a button", `["aria/Pay"],["xpath//html/body/form/button[1]"]`, "role: button\nname: Pay\nexact: true\nor:\n  - {xpath: '/html/body/form/button[1]'}"},
		{"name that is the text", `["aria/Open"],["#x"],["text/Open"]`, "text: Open\nexact: true\nor:\n  - {css: '#x'}"},
		{"name of nothing that is known", `["aria/Open"]`, "role: button\nname: Open\nexact: true\nor:\n  - {role: link, name: Open, exact: true}\n  - {label: Open, exact: true}\n  - {text: Open, exact: true}"},
		{"picture", `["aria/Blue mug"],["li > img"]`, "alt: Blue mug\nexact: true\nor:\n  - {css: li > img}"},
		{"shadow roots", `["my-app","my-cart","#pay"]`, `{css: '#pay', within: {css: my-cart, within: {css: my-app}}}`},
		{"Puppeteer's combinator", `["my-app >>> my-cart >>>> #pay"]`, `{css: '#pay', within: {css: my-cart, within: {css: my-app}}}`},
		{"pierce is css", `["#pay"],["pierce/#pay"]`, `{css: '#pay'}`},
		{"test id", `["[data-testid='pay']"]`, `{testid: pay}`},
		{"another attribute", `["[data-test=pay]"]`, `{css: '[data-test=pay]'}`},
		{"a plain text for a list", `"#pay"`, `{css: '#pay'}`},
		{"static text", `["aria/Thank you[role=\"StaticText\"]"]`, `{text: Thank you, exact: true}`},
		{"variable in a text", `["text/${NAME}"]`, `{text: '$${NAME}'}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got := translate(t, opened+`{"type":"click","selectors":[`+test.selectors+`]}`, Options{})
			_, got, _ = strings.Cut(got, "- click:")
			got = strings.ReplaceAll(strings.TrimLeft(got, " \n"), "\n    ", "\n")
			got, _, _ = strings.Cut(got, "\n  name: click")
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	step := `{"type":"click","selectors":[["li:nth-of-type(3) > a"],["text/Indigo Mug"]]}`
	_, got := translate(t, opened+step+","+step, Options{})
	for _, want := range []string{`name: click "Indigo Mug"` + "\n", `name: click "Indigo Mug" (2)`} {
		if !strings.Contains(got+"\n", want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// What was typed into a field for a password stands nowhere, wherever else it
// was recorded.
func TestSecrets(t *testing.T) {
	const password = "correct horse"
	for _, selectors := range []string{`["aria/Password"]`, `["#user_password"]`, `["input[type='password']"]`, `["aria/Kennwort"],["#k"]`, `["#pwd"]`} {
		d, got := translate(t, opened+`{"type":"change","value":"`+password+`","selectors":[`+selectors+`]},
			{"type":"click","selectors":[["aria/`+password+`[role=\"link\"]"],["text/`+password+`"]]},
			{"type":"click","selectors":[["#a"]],"assertedEvents":[{"type":"navigation","title":"Hello `+password+`"}]},
			{"type":"customStep","name":"x","parameters":["`+password+`"]}`, Options{})
		if strings.Contains(got, password) || !strings.Contains(strings.ReplaceAll(got, "'", ""), "value: ${secret:SHOP_PASSWORD}") {
			t.Errorf("%s:\n%s", selectors, got)
		}
		for _, n := range d.Notes {
			if strings.Contains(n.Message, password) {
				t.Errorf("%s: note %s", selectors, n.Message)
			}
		}
		if names := d.Secrets.Names(); len(names) != 1 || names[0] != "SHOP_PASSWORD" {
			t.Errorf("%s: secrets %v", selectors, names)
		}
	}
	_, got := translate(t, opened+`{"type":"change","value":"4242 4242 4242 4242","selectors":[["#card"]]},{"type":"change","value":"123","selectors":[["#cvc"]]}`, Options{})
	if strings.Contains(got, "secret") {
		t.Errorf("a number for trying is no secret:\n%s", got)
	}
}

func TestPositions(t *testing.T) {
	_, got := translate(t, opened+`{"type":"click",`+mug+`,"offsetX":4,"offsetY":5.55}`, Options{Positions: true})
	if !strings.Contains(got, "position: '4,5.6'") {
		t.Error(got)
	}
}

func TestParseProblems(t *testing.T) {
	for _, test := range []struct {
		name, text, says string
		line, column     int
	}{
		{"empty", ``, "ends in the middle", 1, 1},
		{"no JSON", "{\n  title: 1}", "is no JSON", 2, 3},
		{"cut off", `{"title":"x","steps":[`, "ends in the middle", 1, 23},
		{"a list", `[]`, "is no recording", 1, 1},
		{"a HAR", `{"log":{}}`, "is a HAR", 1, 1},
		{"two", `{"steps":[{"type":"close"}]} {}`, "something follows", 1, 30},
		{"no steps", `{"title":"x"}`, "has no steps", 1, 1},
		{"empty steps", `{"steps":[]}`, "has no steps", 1, 10},
		{"step is text", "{\"steps\":[\n  \"x\"]}", "step 1: is text and not an object", 2, 3},
		{"no type", "{\"steps\":[\n  {\"url\":1}]}", "step 1: has no type", 2, 3},
		{"no selectors", "{\"steps\":[\n  {\"type\":\"hover\"}]}", "step 1 (hover): has no selectors", 2, 3},
		{"empty selectors", `{"steps":[{"type":"hover","selectors":[[""]]}]}`, "only empty selectors", 1, 39},
		{"url is a number", "{\"steps\":[\n  {\"type\":\"navigate\",\n   \"url\": 5}]}", "step 1 (navigate): url is a number: it has to be text", 3, 11},
		{"operator", `{"steps":[{"type":"waitForElement","selectors":["a"],"operator":">"}]}`, `operator is ">"`, 1, 65},
		{"count", `{"steps":[{"type":"waitForElement","selectors":["a"],"count":1.5}]}`, "whole number", 1, 62},
		{"frame", `{"steps":[{"type":"click","selectors":["a"],"frame":["a"]}]}`, "frame has to be", 1, 54},
		{"timeout", `{"timeout":-1,"steps":[]}`, "between 0 and an hour", 1, 12},
		{"deep", `{"steps":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested more than 40 deep", 1, 50},
		{"number", `{"steps":[{"type":"scroll","y":1e999}]}`, "too large a number", 1, 32},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			p, ok := err.(*Problem)
			if !ok || !strings.Contains(p.Message, test.says) {
				t.Fatalf("got %v, want %q", err, test.says)
			}
			if p.Line != test.line || p.Column != test.column {
				t.Errorf("at %d:%d, want %d:%d", p.Line, p.Column, test.line, test.column)
			}
		})
	}
}

func TestTranslateProblems(t *testing.T) {
	for _, test := range []struct{ name, steps, says string }{
		{"no page opened", `{"type":"click",` + mug + `}`, "before it opens a page"},
		{"nothing left", `{"type":"close"}`, "no step of the recording"},
		{"no website", `{"type":"navigate","url":"file:///etc/passwd"}`, "no step of the recording"},
		{"too many steps", opened + strings.Repeat(`{"type":"hover",`+mug+`},`, 200) + `{"type":"close"}`, "at most 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Parse([]byte(`{"title":"test","steps":[` + test.steps + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Translate(r, Options{Vocabulary: vocabulary}); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
