package checks

import (
	"errors"
	"slices"
	"strconv"
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

// targetKeys is a function, since targets have targets in them.
func targetKeys() []key[targetDraft] {
	return []key[targetDraft]{
		way("css", "A CSS selector.", func(t *Target) *Template { return &t.CSS }, "selector"),
		way("xpath", "An XPath expression.", func(t *Target) *Template { return &t.XPath }),
		way("text", "Visible text: the smallest element that has it.", func(t *Target) *Template { return &t.Text }),
		{name: "role", doc: "The ARIA role, explicit or implied by the element; with name.", form: form{"type": "string", "enum": roles},
			read: func(d *decoder, n *yaml.Node, t *targetDraft) {
				t.ways = append(t.ways, "role")
				set(&t.Role)(choice[string](d, n, roles))
			}},
		{name: "name", doc: "The accessible name, with role.", form: textForm,
			read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Name)(d.someTemplate(n)) }},
		way("label", "The text of the form field's label.", func(t *Target) *Template { return &t.Label }),
		way("placeholder", "The hint that the form field shows while it is empty.", func(t *Target) *Template { return &t.Placeholder }),
		way("testid", "The value of data-testid.", func(t *Target) *Template { return &t.TestID }, "test_id", "data-testid", "test"),
		way("alt", "The text that stands for a picture.", func(t *Target) *Template { return &t.Alt }, "alt_text"),
		way("title", "The value of the title attribute.", func(t *Target) *Template { return &t.Title }),
		{name: "exact", doc: "Whether text, name, label, placeholder, alt or title must be the whole text. Default: a part is enough, and case does not count.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Exact)(d.boolean(n)) }},
		{name: "nth", doc: "Which of several matches, from 1. Default: there must be exactly one.", form: form{"type": "integer", "minimum": 1, "maximum": maxNth},
			read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.Nth)(d.integer(n, 1, maxNth)) }, instead: []string{"index"}},
		{name: "has_text", doc: "A text that the element has in it.", form: textForm,
			read: func(d *decoder, n *yaml.Node, t *targetDraft) { set(&t.HasText)(d.someTemplate(n)) }, instead: []string{"hastext", "containing"}},
		{name: "within", doc: "An element that this one is in; there may be several of that kind.", form: form(ref("target")), read: readWithin, instead: []string{"in", "inside"}},
		{name: "frame", doc: "The frame that the element is in: the iframe element, or its number from 0; or a list of them, the outermost first.",
			form: orList(anyOf(form{"type": "integer", "minimum": 0, "maximum": maxFrameIndex}, ref("target"))), read: readFrame, instead: []string{"iframe", "frames"}},
		{name: "or", doc: "Other ways to find it, which are tried in this order when nothing visible matches.",
			form: form{"type": "array", "minItems": 1, "maxItems": maxFallbacks, "items": targetOrText}, read: readFallbacks, instead: []string{"fallback", "fallbacks", "else"}},
	}
}

const (
	maxNth        = 10_000
	maxFrameIndex = 1_000
	maxFrames     = 8 // frames within each other
	maxFallbacks  = 10
	maxWithin     = 8 // elements within each other
)

var targetObject = object[targetDraft]{name: "target", noun: "a target", doc: "One element of a page, as a customer would find it.",
	rules: form{"minProperties": 1}}

func init() { targetObject.keys = targetKeys() }

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
		d.problem(n, "does not say which element: add one of css, xpath, text, role, label, placeholder, testid, alt, title")
		return t.Target, false
	case len(t.ways) > 1:
		d.problem(n, "%s exclude each other: keep one, or put the others under or: as fall-backs", strings.Join(t.ways, " and "))
		return t.Target, false
	case !t.Name.IsZero() && t.ways[0] != "role":
		d.problem(n, "name goes with role: add role, such as role: button")
		return t.Target, false
	}
	for i := range t.Or {
		if len(t.Or[i].Frame) == 0 {
			t.Or[i].Frame = t.Frame
		}
	}
	return t.Target, !t.IsZero()
}

func readWithin(d *decoder, n *yaml.Node, t *targetDraft) {
	outer, ok := d.target(n)
	if !ok {
		return
	}
	depth := 1
	for w := &outer; w.Within != nil; w = w.Within {
		depth++
	}
	switch {
	case len(outer.Frame) > 0:
		d.problem(n, "frame goes beside within, not into it: both elements are in the same frame")
	case depth > maxWithin:
		d.problem(n, "leads through more than %d elements: leave some out", maxWithin)
	default:
		t.Within = &outer
	}
}

func readFallbacks(d *decoder, n *yaml.Node, t *targetDraft) {
	items, ok := d.items(n, "a list of targets, such as [{text: Pay}, {css: .pay}]")
	if ok && (len(items) == 0 || len(items) > maxFallbacks) {
		d.problem(n, "has %d targets: write 1 to %d", len(items), maxFallbacks)
		return
	}
	for _, item := range items {
		other, ok := d.target(item)
		switch {
		case !ok:
		case len(other.Or) > 0:
			d.problem(item, "a fall-back has no fall-backs of its own: write them all into one list")
		default:
			t.Or = append(t.Or, other)
		}
	}
}

func readFrame(d *decoder, n *yaml.Node, t *targetDraft) {
	items := d.itemsOrOne(n)
	if len(items) == 0 || len(items) > maxFrames {
		d.problem(n, "leads through %d frames: write 1 to %d", len(items), maxFrames)
		return
	}
	var frames []FrameRef
	for _, item := range items {
		if d.isMapping(item) {
			frame, ok := d.target(item)
			switch {
			case !ok:
			case len(frame.Frame) > 0:
				d.problem(item, "a frame within a frame is written as a list, the outermost first: frame: [0, {title: Card}]")
			default:
				frames = append(frames, FrameRef{Target: &frame})
			}
			continue
		}
		index, ok := parsed(d, item, "the iframe element, such as {title: Card}, or its number from 0", func(s string) (int, error) {
			i, err := strconv.Atoi(s)
			if err != nil || i < 0 || i > maxFrameIndex {
				return 0, errors.New("write the iframe element, such as {title: Card}, or its number from 0")
			}
			return i, nil
		})
		if ok {
			frames = append(frames, FrameRef{Index: index})
		}
	}
	if len(frames) == len(items) {
		t.Frame = frames
	}
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
