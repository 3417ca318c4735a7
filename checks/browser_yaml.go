package checks

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// actionDraft is a browser step while it is read.
type actionDraft struct {
	stepDraft
	action   Action
	verb     string
	captures string // the variable that the step fills
	options  StepOptions
	pages    []pageUse // the pages that the step names
}

// actionKey is a key that names an action.
func actionKey(name, doc string, f form, read func(*decoder, *yaml.Node, *actionDraft) Action, instead ...string) key[actionDraft] {
	return key[actionDraft]{name: name, doc: doc, form: f, instead: instead,
		read: func(d *decoder, n *yaml.Node, a *actionDraft) {
			if a.verb != "" {
				d.problem(n, "a step is one action, and it has %s already: start another step with -", a.verb)
				return
			}
			a.verb = name
			a.action = read(d, n, a)
		}}
}

var actionKeys = []key[actionDraft]{
	actionKey("goto", "Opens a page and waits until it is loaded.", form{"type": "string"}, readGoto, "open", "visit", "navigate", "get", "url"),
	actionKey("click", "Clicks an element: a target, or its visible text; with button, position, hold and modifiers if need be.", anyOf(textForm, ref("click")), readClick, "tap", "press_button"),
	actionKey("fill", "Replaces the value of a form field, or chooses an option of a select element: a target and value.", ref("fill"), readFill, "input", "set"),
	actionKey("select", "Chooses an option of a select element: a target and option.", ref("select"), readSelect, "choose"),
	actionKey("press", "Presses a key, such as Enter: its name, or {key, target}.", anyOf(textForm, ref("press")), readPress, "key", "keypress"),
	actionKey("hover", "Moves the pointer over an element: a target, or its visible text.", targetOrText, readHover),
	actionKey("wait", "Waits for a time (2s), or until something is visible or hidden.", anyOf(durationForm, ref("wait")), readWait, "sleep", "pause"),
	actionKey("expect", "Waits until this is true of the page: a text on it, or {text, visible, url, element, request, …}.", anyOf(textForm, ref("page")), readPageExpect, "assert", "see"),
	actionKey("screenshot", "Keeps a picture of the page under this name.", form{"type": []string{"string", "null"}}, readScreenshot),
	actionKey("evaluate", "Runs a script in the page, as it is written: ${} in it belongs to the script.", anyOf(form{"type": "string"}, ref("evaluate")), readEvaluate, "script", "js", "eval"),
	actionKey("back", "Goes back one page in the history.", nothingForm, readNothing(&Back{})),
	actionKey("forward", "Goes forward one page in the history.", nothingForm, readNothing(&Forward{})),
	actionKey("reload", "Loads the page again.", nothingForm, readNothing(&Reload{}), "refresh"),
	actionKey("double_click", "Clicks an element twice in a row, as click does.", anyOf(textForm, ref("click")), readDoubleClick, "dblclick", "doubleclick"),
	actionKey("type", "Types a text key by key: a target and text, or a text for whatever has the focus.", anyOf(textForm, ref("type")), readType, "keys", "type_text"),
	actionKey("check", "Checks a check box, a radio button or a switch, unless it is checked.", targetOrText, readChecked(true), "tick"),
	actionKey("uncheck", "Unchecks a check box or a switch, if it is checked.", targetOrText, readChecked(false), "untick"),
	actionKey("upload", "Chooses files in a file input, or by the button that opens a file chooser: a target and files.", ref("upload_files"), readUpload, "attach", "choose_files"),
	actionKey("drag", "Drags an element onto another with the mouse.", ref("drag"), readDrag, "drag_and_drop"),
	actionKey("scroll", "Scrolls the page to its top or bottom, an element into view, or to x and y.", anyOf(textForm, ref("scroll")), readScroll),
	actionKey("switch", "Goes on in another page that the journey has open: main, or the name that popup gave it.", form{"type": "string"}, readSwitch, "tab", "page"),
	actionKey("close", "Closes the page in front, or that of a name, and goes on in the one before.", form{"type": []string{"string", "null"}}, readClose),
	actionKey("key_down", "Presses a key, such as Shift, and keeps it down.", form{"type": []string{"string", "number"}}, readKeyDown, "keydown"),
	actionKey("key_up", "Releases a key.", form{"type": []string{"string", "number"}}, readKeyUp, "keyup"),
}

var stepObject = object[actionDraft]{name: "step", noun: "a browser step", doc: "One action in the browser.",
	keys:  slices.Concat(actionKeys, optionKeys, lift(stepKeys, func(a *actionDraft) *stepDraft { return &a.stepDraft })),
	rules: form{"oneOf": requiredOne(actionNames())}}

func actionNames() []string {
	names := make([]string, len(actionKeys))
	for i, k := range actionKeys {
		names[i] = k.name
	}
	return names
}

// readBrowserSteps reads the steps of a browser journey.
func (d *decoder) readBrowserSteps(items []*yaml.Node, c *checkDraft) {
	c.Journey.Browser = c.browser.options()
	if c.browser.SkipVerify {
		d.warnSkipVerify(c.browser.skipPos)
	}
	captured := map[string]bool{}
	pages := []string{MainPage}
	for i, n := range items {
		var a actionDraft
		d.uses = nil
		before := len(d.problems)
		if _, ok := stepObject.decode(d, n, &a); !ok {
			continue
		}
		d.checkUses(d.uses, captured)
		switch {
		case a.verb == "" && len(d.problems) > before:
			continue // the action is most likely what is misspelt
		case a.verb == "":
			d.problem(n, "this step does nothing: add an action such as click: or goto:")
			continue
		case i == 0 && a.verb != "goto":
			d.problem(n, "a journey starts with goto: there is no page yet to %s", a.verb)
		}
		pages = d.checkPages(a.pages, pages)
		if a.action == nil {
			continue // noted
		}
		c.Journey.Steps = append(c.Journey.Steps, Step{Name: a.name, Timeout: a.timeout, Thresholds: a.thresholds, Action: a.action, Browser: a.options, Pos: d.at(n)})
		if a.captures != "" {
			captured[a.captures] = true
		}
	}
	judgeStatus(c.Journey.Steps)
}

func readGoto(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if u, ok := d.url(n); ok {
		return &Goto{URL: u}
	}
	return nil
}

func readHover(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if t, ok := d.target(n); ok {
		return &Hover{t}
	}
	return nil
}

// fillDraft is a target with what is put there.
type fillDraft struct {
	targetDraft
	value *Template
}

var fillObject = object[fillDraft]{name: "fill", noun: "fill", doc: "A form field and its new value.",
	sample: "a field and its value, such as {label: Card number, value: 4242}",
	keys: append([]key[fillDraft]{
		{name: "value", doc: "The new value; \"\" empties the field.", form: textForm,
			read: func(d *decoder, n *yaml.Node, f *fillDraft) {
				if t, ok := d.template(n); ok {
					f.value = &t
				}
			}, instead: []string{"with"}},
	}, lift(targetKeys(), func(f *fillDraft) *targetDraft { return &f.targetDraft })...),
	rules: form{"required": []string{"value"}}}

func readFill(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var f fillDraft
	entries, ok := fillObject.decode(d, n, &f)
	switch {
	case !ok:
	case !has(entries, "value"):
		d.problem(n, "needs value: what to put into the field")
	default:
		if t, ok := d.finishTarget(n, &f.targetDraft); ok && f.value != nil {
			return &Fill{t, *f.value}
		}
	}
	return nil
}

var selectObject = object[fillDraft]{name: "select", noun: "select", doc: "A select element and the option to choose.",
	sample: "a select element and an option, such as {label: Delivery, option: Standard}",
	keys: append([]key[fillDraft]{
		{name: "option", doc: "The option's value or visible text.", form: textForm,
			read: func(d *decoder, n *yaml.Node, f *fillDraft) {
				if t, ok := d.template(n); ok {
					f.value = &t
				}
			}, instead: []string{"value"}},
	}, lift(targetKeys(), func(f *fillDraft) *targetDraft { return &f.targetDraft })...),
	rules: form{"required": []string{"option"}}}

func readSelect(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var f fillDraft
	entries, ok := selectObject.decode(d, n, &f)
	switch {
	case !ok:
	case !has(entries, "option"):
		d.problem(n, "needs option: the value or text of the option to choose")
	default:
		if t, ok := d.finishTarget(n, &f.targetDraft); ok && f.value != nil {
			return &Select{t, *f.value}
		}
	}
	return nil
}

type pressDraft struct {
	targetDraft
	key string
}

var pressObject = object[pressDraft]{name: "press", noun: "press", doc: "A key, and the element to press it on. Without an element: whatever has the focus.",
	keys: append([]key[pressDraft]{
		{name: "key", doc: "The key, such as Enter, Tab, ArrowDown or a; with others held: Control+A.", form: form{"type": []string{"string", "number"}},
			read: func(d *decoder, n *yaml.Node, p *pressDraft) { set(&p.key)(d.pressKey(n)) }},
	}, lift(targetKeys(), func(p *pressDraft) *targetDraft { return &p.targetDraft })...),
	rules: form{"required": []string{"key"}}}

func readPress(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if !d.isMapping(n) {
		if k, ok := d.pressKey(n); ok {
			return &Press{Key: k}
		}
		return nil
	}
	var p pressDraft
	entries, _ := pressObject.decode(d, n, &p)
	if !has(entries, "key") {
		d.problem(n, "needs key, such as Enter")
		return nil
	}
	if len(entries) == 1 {
		return &Press{Key: p.key}
	}
	if t, ok := d.finishTarget(n, &p.targetDraft); ok && p.key != "" {
		return &Press{p.key, t}
	}
	return nil
}

// namedKeys are the keys that are no character (W3C UI Events, key values).
var namedKeys = []string{"Enter", "Tab", "Escape", "Backspace", "Delete", "Space", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight",
	"Home", "End", "PageUp", "PageDown", "Insert", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"}

// modifierKeys can be held while a key is pressed, as in Control+A.
var modifierKeys = []string{"Control", "Ctrl", "Shift", "Alt", "Meta"}

func (d *decoder) pressKey(n *yaml.Node) (string, bool) {
	chord, ok := d.plain(n, "a key such as Enter, Tab or a")
	if !ok {
		return "", false
	}
	key := chord
	for {
		held, rest, more := strings.Cut(key, "+")
		if !more || rest == "" || !slices.Contains(modifierKeys, held) {
			break
		}
		key = rest
	}
	if slices.Contains(namedKeys, key) || len([]rune(key)) == 1 {
		return chord, true
	}
	for _, k := range namedKeys {
		if strings.EqualFold(k, key) {
			d.problem(n, "no keyboard has %q, did you mean %q?", cut(key), k)
			return "", false
		}
	}
	d.problem(n, "no keyboard has %q: write one character or one of %s, with Control+, Shift+, Alt+ or Meta+ before it if need be", cut(key), strings.Join(namedKeys, ", "))
	return "", false
}
