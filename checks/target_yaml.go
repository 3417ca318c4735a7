package checks

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// targetDraft is a target while it is read.
type targetDraft struct {
	Target
	ways []string // the keys that say how to find the element
}

// way is a key that says how to find the element; a target has one of them.
func way(name, doc string, field func(*Target) *Template, instead ...string) key[targetDraft] {
	return key[targetDraft]{name: name, doc: doc, form: textForm, instead: instead,
		read: func(d *decoder, n *yaml.Node, t *targetDraft) {
			t.ways = append(t.ways, name)
			set(field(&t.Target))(d.someTemplate(n))
		}}
}

var targetKeys = []key[targetDraft]{
	way("css", "A CSS selector.", func(t *Target) *Template { return &t.CSS }, "selector"),
	way("text", "Visible text: the smallest element that has it.", func(t *Target) *Template { return &t.Text }),
	{name: "role", doc: "The ARIA role, explicit or implied by the element; with name.", form: form{"type": "string", "enum": roles},
		read: func(d *decoder, n *yaml.Node, t *targetDraft) {
			t.ways = append(t.ways, "role")
			set(&t.Role)(choice[string](d, n, roles))
		}},
	{name: "name", doc: "The accessible name, with role.", form: textForm,
		read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Name)(d.someTemplate(n)) }},
	way("label", "The text of the form field's label.", func(t *Target) *Template { return &t.Label }),
	way("testid", "The value of data-testid.", func(t *Target) *Template { return &t.TestID }, "test_id", "data-testid", "test"),
	{name: "exact", doc: "Whether text, name or label must be the whole text. Default: a part is enough, and case does not count.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Exact)(d.boolean(n)) }},
	{name: "nth", doc: "Which of several matches, from 1. Default: there must be exactly one.", form: form{"type": "integer", "minimum": 1, "maximum": maxNth},
		read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Nth)(d.integer(n, 1, maxNth)) }, instead: []string{"index"}},
}

const maxNth = 10_000

var targetObject = object[targetDraft]{name: "target", noun: "a target", doc: "One element of a page, as a customer would find it.",
	keys: targetKeys, rules: form{"minProperties": 1}}

var targetOrText = anyOf(textForm, ref("target"))

// target reads a target; a bare text means the element with that visible text.
func (d *decoder) target(n *yaml.Node) (Target, bool) {
	if d.isScalar(n) {
		t, ok := d.someTemplate(n)
		return Target{Text: t}, ok
	}
	var t targetDraft
	if _, ok := targetObject.decode(d, n, &t); !ok {
		return Target{}, false
	}
	return d.finishTarget(n, &t)
}

// finishTarget checks that there is exactly one way to find the element.
func (d *decoder) finishTarget(n *yaml.Node, t *targetDraft) (Target, bool) {
	switch {
	case len(t.ways) == 0:
		d.problem(n, "does not say which element: add one of css, text, role, label, testid")
		return t.Target, false
	case len(t.ways) > 1:
		d.problem(n, "%s exclude each other: keep one", strings.Join(t.ways, " and "))
		return t.Target, false
	case !t.Name.IsZero() && t.ways[0] != "role":
		d.problem(n, "name goes with role: add role, such as role: button")
		return t.Target, false
	}
	return t.Target, !t.IsZero()
}

// roles are the roles of WAI-ARIA 1.2 that elements of a page can have.
var roles = slices.Sorted(slices.Values([]string{
	"alert", "alertdialog", "application", "article", "banner", "blockquote", "button", "caption", "cell", "checkbox", "code",
	"columnheader", "combobox", "complementary", "contentinfo", "definition", "deletion", "dialog", "directory", "document",
	"emphasis", "feed", "figure", "form", "generic", "grid", "gridcell", "group", "heading", "img", "insertion", "link", "list",
	"listbox", "listitem", "log", "main", "marquee", "math", "menu", "menubar", "menuitem", "menuitemcheckbox", "menuitemradio",
	"meter", "navigation", "none", "note", "option", "paragraph", "presentation", "progressbar", "radio", "radiogroup", "region",
	"row", "rowgroup", "rowheader", "scrollbar", "search", "searchbox", "separator", "slider", "spinbutton", "status", "strong",
	"subscript", "superscript", "switch", "tab", "table", "tablist", "tabpanel", "term", "textbox", "time", "timer", "toolbar",
	"tooltip", "tree", "treegrid", "treeitem",
}))
