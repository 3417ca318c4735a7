package checks

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// stateKeys are the keys of expect in a browser journey that are about a page's
// state.
var stateKeys = []key[PageState]{
	{name: "enabled", doc: "A control, or its visible text, that can be used.", form: targetOrText,
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.Enabled)(d.target(n)) }},
	{name: "disabled", doc: "A control, or its visible text, that is visible and cannot be used.", form: targetOrText,
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.Disabled)(d.target(n)) }},
	{name: "checked", doc: "A check box, radio button or switch that is on.", form: targetOrText,
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.Checked)(d.target(n)) }},
	{name: "element", doc: "Conditions on one element's text, value and attributes, or on how many there are.", form: ref("element"), read: readElementState},
	{name: "cookie", doc: "Conditions on the page's cookies, by name.", form: mapOf(conditionForm), instead: []string{"cookies"},
		read: func(d *decoder, n *yaml.Node, e *PageState) {
			e.Cookies = d.namedConditions(n, "cookies with conditions, such as {session: exists}")
		}},
	{name: "request", doc: "A request that the journey has made, or makes in time.", form: ref("page_request"), read: readRequestMade},
	{name: "status", doc: "A condition on the status that the page was answered with. A goto right before it then takes any status.", form: conditionForm,
		read: func(d *decoder, n *yaml.Node, e *PageState) { e.Status = d.conditionPointer(n, numberMeasure) }},
	{name: "no_console_errors", doc: "Nothing was logged as an error and no exception was thrown in the journey so far.", form: anyOf(form{"const": true}, ref("clean")),
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.NoConsoleErrors)(d.clean(n)) }},
	{name: "no_failed_requests", doc: "No request of the journey so far had a network error or a status of 400 and above.", form: anyOf(form{"const": true}, ref("clean")),
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.NoFailedRequests)(d.clean(n)) }},
	{name: "accessible", doc: "The page keeps the basic rules of accessibility.", form: anyOf(form{"const": true}, ref("accessible")), instead: []string{"accessibility", "a11y"},
		read: readAccessible},
	{name: "script", doc: "A script, as it is written, whose value becomes true.", form: form{"type": "string"},
		read: func(d *decoder, n *yaml.Node, e *PageState) { set(&e.Script)(d.script(n)) }},
	{name: "looks_like", doc: "The page looks like a picture: the path of a PNG file beside this one, which outrider run --update writes.",
		form: anyOf(form{"type": "string"}, ref("look")), read: readLook, instead: []string{"screenshot", "snapshot", "visual"}},
}

// namedConditions reads a mapping of names to conditions.
func (d *decoder) namedConditions(n *yaml.Node, what string) []NamedCondition {
	var list []NamedCondition
	entries, ok := d.entries(n, what)
	if ok && len(entries) == 0 {
		d.problem(n, "is empty: write %s", what)
	}
	for _, e := range entries {
		if e.name == "" || strings.ContainsAny(e.name, "\x00;= \t\r\n\"'<>/") {
			d.problem(e.key, "%q is no name", cut(e.name))
			continue
		}
		d.within(d.key+"."+cut(e.name), func() {
			if c, ok := d.condition(e.value, textMeasure); ok {
				list = append(list, NamedCondition{e.name, c})
			}
		})
	}
	return list
}

// elementDraft is what is expected of an element while it is read.
type elementDraft struct {
	targetDraft
	ElementState
	whole bool // the target was given as such
}

var elementObject = object[elementDraft]{name: "element", noun: "element", doc: "An element and what must be true of it.",
	sample: `an element and conditions, such as {label: Pieces, value: "2"}`,
	keys: append([]key[elementDraft]{
		{name: "target", doc: "The element, for one that is found by its text.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, e *elementDraft) {
				e.whole = true
				set(&e.ElementState.Target)(d.target(n))
			}},
		{name: "text", doc: "A condition on its text, white space run together.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *elementDraft) {
				e.ElementState.Text = d.conditionPointer(n, textMeasure)
			}},
		{name: "value", doc: "A condition on what a form field holds.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *elementDraft) { e.Value = d.conditionPointer(n, textMeasure) }},
		{name: "count", doc: "A condition on how many visible elements there are.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, e *elementDraft) { e.Count = d.conditionPointer(n, numberMeasure) }},
		{name: "attribute", doc: "Conditions on attributes, by name.", form: mapOf(conditionForm), instead: []string{"attributes"},
			read: func(d *decoder, n *yaml.Node, e *elementDraft) {
				e.Attributes = d.namedConditions(n, "attributes with conditions, such as {href: contains /orders/}")
			}},
	}, lift(elementTargetKeys(), func(e *elementDraft) *targetDraft { return &e.targetDraft })...),
	rules: form{"minProperties": 2}}

// elementTargetKeys are the keys of a target, apart from text, which is a
// condition here.
func elementTargetKeys() []key[targetDraft] {
	return slices.DeleteFunc(targetKeys(), func(k key[targetDraft]) bool { return k.name == "text" })
}

func readElementState(d *decoder, n *yaml.Node, e *PageState) {
	var draft elementDraft
	before := len(d.problems)
	entries, ok := elementObject.decode(d, n, &draft)
	if !ok {
		return
	}
	s := draft.ElementState
	switch {
	case draft.whole && len(draft.ways) > 0:
		d.problem(n, "target and %s exclude each other: keep one", draft.ways[0])
		return
	case !draft.whole:
		if s.Target, ok = d.finishTarget(n, &draft.targetDraft); !ok {
			return
		}
	}
	if len(d.problems) > before {
		return
	}
	if !slices.ContainsFunc(entries, func(e entry) bool { return slices.Contains([]string{"text", "value", "count", "attribute"}, e.name) }) {
		d.problem(n, "does not say what to expect of the element: add text, value, count or attribute")
		return
	}
	e.Element = &s
}

var pageRequestObject = object[RequestMade]{name: "page_request", noun: "request", doc: "A request of the page.",
	sample: "a request, such as {url: contains /api/cart, status: 2xx}",
	keys: []key[RequestMade]{
		{name: "url", doc: "A condition on its URL.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, r *RequestMade) { r.URL = d.conditionPointer(n, textMeasure) }},
		{name: "method", doc: "Its method. Default: any.", form: form{"type": "string"},
			read: func(d *decoder, n *yaml.Node, r *RequestMade) {
				v, ok := d.text(n, "a method such as POST")
				if ok && !httpguts.ValidHeaderFieldName(v) {
					d.problem(n, "%q is no method: write one such as POST", cut(v))
					return
				}
				r.Method = strings.ToUpper(v)
			}},
		{name: "status", doc: "A condition on the status of its answer. Default: any answer, or none yet.", form: conditionForm,
			read: func(d *decoder, n *yaml.Node, r *RequestMade) { r.Status = d.conditionPointer(n, numberMeasure) }},
		{name: "since", doc: "start for the whole journey, action for what came after the last step that did something. Default: start.", form: form{"enum": []string{"start", "action"}},
			read: func(d *decoder, n *yaml.Node, r *RequestMade) {
				if v, ok := choice[string](d, n, []string{"start", "action"}); ok {
					r.SinceAction = v == "action"
				}
			}},
	}, rules: form{"required": []string{"url"}}}

func readRequestMade(d *decoder, n *yaml.Node, e *PageState) {
	var r RequestMade
	entries, ok := pageRequestObject.decode(d, n, &r)
	switch {
	case !ok:
	case !has(entries, "url"):
		d.problem(n, "needs url, such as url: contains /api/cart")
	default:
		e.Request = &r
	}
}

var cleanObject = object[Clean]{name: "clean", noun: "an allowance", doc: "What may go wrong all the same.",
	sample: "true, or what is allowed, such as {allow: [contains /beacon]}",
	keys: []key[Clean]{
		{name: "allow", doc: "Conditions on the message of an error or the URL of a request; what meets one of them is no matter.", form: orList(conditionForm),
			read: func(d *decoder, n *yaml.Node, c *Clean) {
				for _, item := range d.itemsOrOne(n) {
					if v, ok := d.condition(item, textMeasure); ok {
						c.Allow = append(c.Allow, v)
					}
				}
			}, instead: []string{"except", "ignore"}},
	}}

// clean reads true, or what is allowed.
func (d *decoder) clean(n *yaml.Node) (*Clean, bool) {
	var c Clean
	if d.isScalar(n) {
		return &c, d.onlyTrue(n)
	}
	_, ok := cleanObject.decode(d, n, &c)
	return &c, ok
}

// onlyTrue reads true: the opposite cannot be expected.
func (d *decoder) onlyTrue(n *yaml.Node) bool {
	v, ok := d.boolean(n)
	if ok && !v {
		d.problem(n, "found false: write true, or leave it out")
	}
	return ok && v
}

var accessibleObject = object[Accessibility]{name: "accessible", noun: "accessible", doc: "Which rules of accessibility may be broken.",
	sample: "true, or what is allowed, such as {allow: [color-contrast]}",
	keys: []key[Accessibility]{
		{name: "allow", doc: "Rules that may be broken.", form: orList(form{"enum": accessibilityRules[:]}),
			read: func(d *decoder, n *yaml.Node, a *Accessibility) {
				for _, item := range d.itemsOrOne(n) {
					if v, ok := choice[string](d, item, accessibilityRules[:]); ok {
						a.Allow = append(a.Allow, v)
					}
				}
			}, instead: []string{"except", "ignore"}},
	}}

func readAccessible(d *decoder, n *yaml.Node, e *PageState) {
	var a Accessibility
	if d.isScalar(n) {
		if d.onlyTrue(n) {
			e.Accessible = &a
		}
		return
	}
	if _, ok := accessibleObject.decode(d, n, &a); ok {
		e.Accessible = &a
	}
}

// The bounds and the default of a comparison of pictures.
const (
	maxBaseline      = 16 << 20 // bytes
	maxMasks         = 50
	defaultTolerance = 0.001
)

var lookObject = object[Look]{name: "look", noun: "looks_like", doc: "A picture that the page must look like.",
	sample: "the path of a PNG file, or {baseline: FILE.png, tolerance: 0.5 %}",
	keys: []key[Look]{
		{name: "baseline", doc: "The path of a PNG file beside this one.", form: form{"type": "string"}, read: readBaseline, instead: []string{"file", "path", "picture"}},
		{name: "tolerance", doc: "The share of pixels that may differ. Default: 0.1 %.", form: percentForm,
			read: func(d *decoder, n *yaml.Node, l *Look) {
				set(&l.Tolerance)(parsed(d, n, "a percentage such as 0.5 %", parsePercent))
			}, instead: []string{"threshold"}},
		{name: "mask", doc: "Elements that are covered before pictures are compared, since they change.", form: orList(targetOrText),
			read: func(d *decoder, n *yaml.Node, l *Look) {
				for _, item := range d.itemsOrOne(n) {
					if t, ok := d.pictured(item); ok {
						l.Mask = append(l.Mask, t)
					}
				}
				if len(l.Mask) > maxMasks {
					d.problem(n, "has %d elements: write at most %d", len(l.Mask), maxMasks)
				}
			}, instead: []string{"masks", "ignore"}},
		{name: "target", doc: "The element that is looked at. Default: all that is in view.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, l *Look) { set(&l.Target)(d.pictured(n)) }},
	}, rules: form{"required": []string{"baseline"}}}

// pictured reads a target of which a picture is taken.
func (d *decoder) pictured(n *yaml.Node) (Target, bool) {
	t, ok := d.target(n)
	if ok && t.InFrame() {
		d.problem(n, "an element in a frame cannot be pictured by itself: name the frame's element")
		return t, false
	}
	return t, ok
}

func readLook(d *decoder, n *yaml.Node, e *PageState) {
	l := Look{Tolerance: defaultTolerance}
	if d.isScalar(n) {
		readBaseline(d, n, &l)
	} else if entries, ok := lookObject.decode(d, n, &l); ok && !has(entries, "baseline") {
		d.problem(n, "needs baseline: the path of a PNG file")
	}
	if l.Path != "" {
		e.LooksLike = &l
	}
}

// readBaseline reads the picture. That there is none yet is no mistake: the
// first one has to be taken.
func readBaseline(d *decoder, n *yaml.Node, l *Look) {
	path, ok := d.text(n, "the path of a PNG file")
	if !ok {
		return
	}
	if !strings.HasSuffix(strings.ToLower(path), ".png") {
		d.problem(n, "found %q: write the path of a PNG file, such as cart.png", cut(path))
		return
	}
	full := d.source.resolvePath(path)
	d.files = append(d.files, full)
	data, err := d.read(full, maxBaseline)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.warn(d.at(n), "looks_like: there is no %s yet: outrider run --update takes it", path)
	case err != nil:
		d.problem(n, "%s", err)
		return
	case !strings.HasPrefix(string(data), "\x89PNG\r\n\x1a\n"):
		d.problem(n, "%s is no PNG file", cut(path))
		return
	}
	l.Path, l.Baseline = full, data
}

// stateName names what an expectation of a page's state is about.
func stateName(e *PageState) string {
	switch {
	case !e.Enabled.IsZero():
		return "expect enabled " + targetName(e.Enabled)
	case !e.Disabled.IsZero():
		return "expect disabled " + targetName(e.Disabled)
	case !e.Checked.IsZero():
		return "expect checked " + targetName(e.Checked)
	case e.Element != nil:
		return "expect of " + targetName(e.Element.Target)
	case e.Request != nil && e.Request.URL != nil:
		return "expect request " + withNames(e.Request.URL.String())
	case len(e.Cookies) > 0:
		return "expect cookie " + e.Cookies[0].Name
	case e.Status != nil:
		return "expect status " + withNames(e.Status.String())
	case e.LooksLike != nil:
		return fmt.Sprintf("expect look %s", strings.TrimSuffix(filepath.Base(e.LooksLike.Path), ".png"))
	case e.Accessible != nil:
		return "expect accessible"
	case e.NoConsoleErrors != nil:
		return "expect no console errors"
	case e.NoFailedRequests != nil:
		return "expect no failed requests"
	case e.Script != "":
		return "expect script"
	}
	return "expect"
}
