package checks

import (
	"regexp"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

var waitObject = object[Wait]{name: "wait", noun: "wait", doc: "What to wait for: one of these.",
	keys: []key[Wait]{
		{name: "for", doc: "A fixed time.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, w *Wait) { set(&w.For)(d.duration(n, time.Millisecond)) }},
		{name: "visible", doc: "An element, or a text, that becomes visible.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, w *Wait) { set(&w.Visible)(d.target(n)) }},
		{name: "hidden", doc: "An element, or a text, that is there no more or is hidden.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, w *Wait) { set(&w.Hidden)(d.target(n)) }},
	}, rules: form{"minProperties": 1, "maxProperties": 1}}

func readWait(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var w Wait
	if !d.isMapping(n) {
		var ok bool
		if w.For, ok = d.duration(n, time.Millisecond); !ok {
			return nil
		}
		return &w
	}
	if entries, _ := waitObject.decode(d, n, &w); len(entries) != 1 {
		d.problem(n, "write one of for, visible and hidden")
		return nil
	}
	return &w
}

var pageObject = object[Expect]{name: "page", noun: "expect", doc: "What must become true of the page.",
	keys: append([]key[Expect]{
		{name: "text", doc: "A text that is visible somewhere on the page.", form: textForm,
			read: func(d *decoder, n *yaml.Node, e *Expect) { set(&e.Text)(d.someTemplate(n)) }},
		{name: "visible", doc: "An element, or a text, that is visible.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, e *Expect) { set(&e.Visible)(d.target(n)) }},
		{name: "hidden", doc: "An element, or a text, that is not there or is hidden.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, e *Expect) { set(&e.Hidden)(d.target(n)) }},
		{name: "url", doc: "A condition on the page's URL.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *Expect) { e.URL = d.conditionPointer(n, textMeasure) }},
		{name: "title", doc: "A condition on the page's title.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *Expect) { e.Title = d.conditionPointer(n, textMeasure) }},
	}, lift(stateKeys, func(e *Expect) *PageState { return &e.PageState })...), rules: form{"minProperties": 1}}

func (d *decoder) conditionPointer(n *yaml.Node, m measure) *Condition {
	if c, ok := d.condition(n, m); ok {
		return &c
	}
	return nil
}

// someTemplate reads text that must not be empty.
func (d *decoder) someTemplate(n *yaml.Node) (Template, bool) {
	t, ok := d.template(n)
	if ok && t.IsZero() {
		d.problem(n, "is empty: write text")
		return t, false
	}
	return t, ok
}

func readPageExpect(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var e Expect
	if !d.isMapping(n) {
		var ok bool
		if e.Text, ok = d.someTemplate(n); !ok {
			return nil
		}
		return &e
	}
	if entries, _ := pageObject.decode(d, n, &e); len(entries) == 0 {
		d.problem(n, "write what to expect, such as text: Thank you")
		return nil
	}
	return &e
}

var screenshotName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$`)

func readScreenshot(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if t := d.peek(n); t != nil && t.Kind == yaml.ScalarNode && t.Tag == "!!null" {
		return &Screenshot{Name: "screenshot"}
	}
	name, ok := d.plain(n, "a name such as cart")
	if !ok {
		return nil
	}
	if !screenshotName.MatchString(name) {
		d.problem(n, "found %q: write a name of at most 64 letters, digits, spaces, -, _ and .", cut(name))
		return nil
	}
	return &Screenshot{name}
}

const maxScript = 64 << 10

var evaluateObject = object[Evaluate]{name: "evaluate", noun: "evaluate", doc: "A script, and what becomes of its value.",
	keys: []key[Evaluate]{
		{name: "script", doc: "The script, as it is written; a promise is waited for.", form: form{"type": "string"},
			read: func(d *decoder, n *yaml.Node, e *Evaluate) { set(&e.Script)(d.script(n)) }},
		{name: "capture", doc: "The variable that keeps its value for later steps.", form: form{"type": "string", "pattern": variableName.String()},
			read: func(d *decoder, n *yaml.Node, e *Evaluate) {
				v, ok := d.plain(n, "the name of a variable")
				if ok && !variableName.MatchString(v) {
					d.problem(n, "%q is no name of a variable: write a lower-case letter, then letters, digits and _", cut(v))
					return
				}
				e.Variable = v
			}, instead: []string{"variable", "store"}},
		{name: "expect", doc: "A condition on its value.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *Evaluate) { e.Expect = d.conditionPointer(n, anyMeasure) }},
	}, rules: form{"required": []string{"script"}}}

// script reads text in which ${} means nothing to us.
func (d *decoder) script(n *yaml.Node) (string, bool) {
	n = d.scalar(n, "a script")
	switch {
	case n == nil:
		return "", false
	case strings.TrimSpace(n.Value) == "" || len(n.Value) > maxScript:
		d.problem(n, "write a script of at most %d KiB", maxScript>>10)
		return "", false
	}
	return n.Value, true
}

func readEvaluate(d *decoder, n *yaml.Node, a *actionDraft) Action {
	var e Evaluate
	if d.isMapping(n) {
		if entries, _ := evaluateObject.decode(d, n, &e); !has(entries, "script") {
			d.problem(n, "needs script")
		}
	} else {
		set(&e.Script)(d.script(n))
	}
	if e.Script == "" {
		return nil
	}
	a.captures = e.Variable
	return &e
}
