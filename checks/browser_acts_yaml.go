package checks

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// nothingForm is the value of a key that says all by itself.
var nothingForm = form{"type": "null"}

// readNothing reads an action that has nothing to say besides its name.
func readNothing(a Action) func(*decoder, *yaml.Node, *actionDraft) Action {
	return func(d *decoder, n *yaml.Node, _ *actionDraft) Action {
		if n = d.resolve(n); n == nil {
			return nil
		}
		if n.Kind != yaml.ScalarNode || n.Tag != "!!null" {
			d.wrong(n, "nothing after it, as in - "+a.Verb()+":")
			return nil
		}
		return a
	}
}

// clickDraft is a click while it is read.
type clickDraft struct {
	targetDraft
	Click
}

var clickObject = object[clickDraft]{name: "click", noun: "click", doc: "An element, and how to click it.",
	keys: append([]key[clickDraft]{
		{name: "button", doc: "The button of the mouse. Default: left.", form: form{"enum": mouseButtons},
			read: func(d *decoder, n *yaml.Node, c *clickDraft) {
				if v, ok := choice[MouseButton](d, n, mouseButtons); ok {
					c.Button = MouseButton(strings.TrimPrefix(string(v), "left"))
				}
			}},
		{name: "position", doc: "Where to click, in CSS pixels from the element's top left corner. Default: its middle.", form: form{"type": "string", "pattern": `^ *[0-9.]+ *, *[0-9.]+ *$|\$\{`},
			read: func(d *decoder, n *yaml.Node, c *clickDraft) {
				if p, ok := parsed(d, n, "a place such as 10,20", parsePoint); ok {
					c.Position = &p
				}
			}, instead: []string{"offset", "at"}},
		{name: "hold", doc: "How long to hold the button down. Default: not at all.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, c *clickDraft) {
				if v, ok := d.duration(n, 0); ok {
					if c.Hold = v; v > MaxHold {
						d.problem(n, "write at most %s", formatDuration(MaxHold))
					}
				}
			}, instead: []string{"duration", "delay"}},
		{name: "modifiers", doc: "Keys that are held meanwhile: Control, Shift, Alt, Meta.", form: orList(form{"enum": modifierKeys}),
			read: func(d *decoder, n *yaml.Node, c *clickDraft) { c.Modifiers = d.modifiers(n) }, instead: []string{"keys", "modifier"}},
	}, lift(targetKeys(), func(c *clickDraft) *targetDraft { return &c.targetDraft })...),
	rules: form{"minProperties": 1}}

var mouseButtons = []string{"left", string(RightButton), string(MiddleButton)}

func (d *decoder) modifiers(n *yaml.Node) []string {
	var names []string
	for _, item := range d.itemsOrOne(n) {
		name, ok := choice[string](d, item, modifierKeys)
		if name == "Ctrl" {
			name = "Control"
		}
		switch {
		case !ok:
		case slices.Contains(names, name):
			d.problem(item, "%q is there twice: remove one", name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// parsePoint reads "10,20": CSS pixels to the right and down.
func parsePoint(s string) (Point, error) {
	const most = 100_000
	left, right, ok := strings.Cut(s, ",")
	x, err1 := strconv.ParseFloat(strings.TrimSpace(left), 64)
	y, err2 := strconv.ParseFloat(strings.TrimSpace(right), 64)
	if !ok || err1 != nil || err2 != nil || !(x >= 0 && x <= most && y >= 0 && y <= most) {
		return Point{}, errors.New("write two numbers of CSS pixels, such as 10,20")
	}
	return Point{x, y}, nil
}

func (d *decoder) click(n *yaml.Node) (Click, bool) {
	if d.isScalar(n) {
		t, ok := d.target(n)
		return Click{Target: t}, ok
	}
	var c clickDraft
	if _, ok := clickObject.decode(d, n, &c); !ok {
		return Click{}, false
	}
	t, ok := d.finishTarget(n, &c.targetDraft)
	c.Click.Target = t
	return c.Click, ok
}

func readClick(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if c, ok := d.click(n); ok {
		return &c
	}
	return nil
}

func readDoubleClick(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if c, ok := d.click(n); ok {
		return &DoubleClick{c}
	}
	return nil
}

func readChecked(checked bool) func(*decoder, *yaml.Node, *actionDraft) Action {
	return func(d *decoder, n *yaml.Node, _ *actionDraft) Action {
		if t, ok := d.target(n); ok {
			return &SetChecked{t, checked}
		}
		return nil
	}
}

// typeObject has the keys of a target but text, which is what is typed.
var typeObject = object[fillDraft]{name: "type", noun: "type", doc: "A text to type, and the element to type it into. Without an element: whatever has the focus.",
	sample: "an element and a text, such as {label: Search, text: mugs}",
	keys: append([]key[fillDraft]{
		{name: "text", doc: "What to type, key by key.", form: textForm,
			read: func(d *decoder, n *yaml.Node, f *fillDraft) {
				if t, ok := d.someTemplate(n); ok {
					f.value = &t
				}
			}, instead: []string{"value"}},
	}, slices.DeleteFunc(lift(targetKeys(), func(f *fillDraft) *targetDraft { return &f.targetDraft }), func(k key[fillDraft]) bool { return k.name == "text" })...),
	rules: form{"required": []string{"text"}}}

func readType(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if d.isScalar(n) {
		if t, ok := d.someTemplate(n); ok {
			return &Type{Text: t}
		}
		return nil
	}
	var f fillDraft
	entries, ok := typeObject.decode(d, n, &f)
	switch {
	case !ok:
	case !has(entries, "text"):
		d.problem(n, "needs text: what to type")
	case f.value == nil: // noted
	case len(entries) == 1:
		return &Type{Text: *f.value}
	default:
		if t, ok := d.finishTarget(n, &f.targetDraft); ok {
			return &Type{t, *f.value}
		}
	}
	return nil
}

// uploadFilesDraft is an upload while it is read.
type uploadFilesDraft struct {
	targetDraft
	files []File
}

// maxUploadFiles bounds the files of one upload.
const maxUploadFiles = 20

var uploadFilesObject = object[uploadFilesDraft]{name: "upload_files", noun: "upload", doc: "A file input, or a button that opens a file chooser, and the files to choose.",
	sample: "an element and files, such as {label: Picture, files: [mug.png]}",
	keys: append([]key[uploadFilesDraft]{
		{name: "files", doc: "The paths of the files, relative to this file.", form: orList(textForm), read: readUploadFiles, instead: []string{"file", "path", "paths"}},
	}, lift(targetKeys(), func(u *uploadFilesDraft) *targetDraft { return &u.targetDraft })...),
	rules: form{"required": []string{"files"}}}

func readUploadFiles(d *decoder, n *yaml.Node, u *uploadFilesDraft) {
	items := d.itemsOrOne(n)
	if len(items) == 0 || len(items) > maxUploadFiles {
		d.problem(n, "has %d files: write 1 to %d", len(items), maxUploadFiles)
		return
	}
	for _, item := range items {
		path, ok := d.text(item, "the path of a file")
		if !ok {
			continue
		}
		if content, ok := d.readFile(item, path, maxUpload); ok {
			name := filepath.Base(path)
			if slices.ContainsFunc(u.files, func(f File) bool { return f.Name == name }) {
				d.problem(item, "a file named %q is there already: files that are chosen together have different names", cut(name))
				continue
			}
			u.files = append(u.files, File{Name: name, Type: mediaType(path), Content: content})
		}
	}
}

func readUpload(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var u uploadFilesDraft
	entries, ok := uploadFilesObject.decode(d, n, &u)
	switch {
	case !ok:
	case !has(entries, "files"):
		d.problem(n, "needs files: the paths of the files to choose")
	default:
		if t, ok := d.finishTarget(n, &u.targetDraft); ok && len(u.files) > 0 {
			return &Upload{t, u.files}
		}
	}
	return nil
}

var dragObject = object[Drag]{name: "drag", noun: "drag", doc: "An element, and another to drag it onto.",
	sample: "two elements, such as {from: {text: Mug}, to: {testid: cart}}",
	keys: []key[Drag]{
		{name: "from", doc: "The element to drag.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, a *Drag) { set(&a.From)(d.target(n)) }, instead: []string{"source"}},
		{name: "to", doc: "The element to drop it on.", form: targetOrText,
			read: func(d *decoder, n *yaml.Node, a *Drag) { set(&a.To)(d.target(n)) }, instead: []string{"target", "onto"}},
	},
	rules: form{"required": []string{"from", "to"}}}

func readDrag(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	var a Drag
	entries, ok := dragObject.decode(d, n, &a)
	switch {
	case !ok:
	case !has(entries, "from") || !has(entries, "to"):
		d.problem(n, "needs from and to: what to drag, and where")
	case !a.From.IsZero() && !a.To.IsZero():
		return &a
	}
	return nil
}

// scrollDraft is a scroll while it is read.
type scrollDraft struct {
	targetDraft
	x, y *float64
}

func scrollKey(name, doc string, field func(*scrollDraft) **float64) key[scrollDraft] {
	return key[scrollDraft]{name: name, doc: doc, form: anyOf(form{"type": "number", "minimum": 0}, variableForm),
		read: func(d *decoder, n *yaml.Node, s *scrollDraft) {
			if v, ok := d.number(n); ok {
				v = math.Min(v, 1e7)
				*field(s) = &v
			}
		}}
}

var scrollObject = object[scrollDraft]{name: "scroll", noun: "scroll", doc: "An element to scroll into view, or to scroll to x and y what is in it; without an element the page.",
	sample: "top, bottom, an element, or {x, y}",
	keys: append([]key[scrollDraft]{
		scrollKey("x", "How far to the right what is in the element, or the page, is scrolled, in CSS pixels.", func(s *scrollDraft) **float64 { return &s.x }),
		scrollKey("y", "How far down what is in the element, or the page, is scrolled, in CSS pixels.", func(s *scrollDraft) **float64 { return &s.y }),
	}, lift(targetKeys(), func(s *scrollDraft) *targetDraft { return &s.targetDraft })...),
	rules: form{"minProperties": 1}}

func readScroll(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if t := d.peek(n); t != nil && t.Kind == yaml.ScalarNode && (t.Value == "top" || t.Value == "bottom") {
		return &Scroll{Edge: t.Value}
	}
	if d.isScalar(n) {
		if t, ok := d.target(n); ok {
			return &Scroll{Target: t}
		}
		return nil
	}
	var s scrollDraft
	entries, ok := scrollObject.decode(d, n, &s)
	if !ok {
		return nil
	}
	if len(s.ways) == 0 && s.x == nil && s.y == nil && (has(entries, "x") || has(entries, "y")) {
		return nil // noted
	}
	a := Scroll{X: s.x, Y: s.y}
	if len(s.ways) == 0 && (s.x != nil || s.y != nil) {
		if len(s.Frame) > 0 {
			d.problem(n, "frame needs an element in it, such as css: html")
			return nil
		}
		return &a
	}
	if a.Target, ok = d.finishTarget(n, &s.targetDraft); !ok {
		return nil
	}
	return &a
}

func readKeyDown(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if k, ok := d.singleKey(n); ok {
		return &KeyDown{k}
	}
	return nil
}

func readKeyUp(d *decoder, n *yaml.Node, _ *actionDraft) Action {
	if k, ok := d.singleKey(n); ok {
		return &KeyUp{k}
	}
	return nil
}

// singleKey reads a key that may be a modifier, and no chord.
func (d *decoder) singleKey(n *yaml.Node) (string, bool) {
	key, ok := d.plain(n, "a key such as Shift, Enter or a")
	if !ok {
		return "", false
	}
	all := slices.Concat(modifierKeys, namedKeys)
	if slices.Contains(all, key) || len([]rune(key)) == 1 {
		return key, true
	}
	d.problem(n, "no keyboard has %q%s", cut(key), suggestion(key, all))
	return "", false
}

// pageUse is a page that a step names.
type pageUse struct {
	name string
	node *yaml.Node
	key  string // the key that names it
}

func readSwitch(d *decoder, n *yaml.Node, a *actionDraft) Action {
	name, ok := d.plain(n, "main, or the name that popup gave a page")
	if !ok {
		return nil
	}
	a.pages = append(a.pages, pageUse{name, n, "switch"})
	return &Switch{name}
}

func readClose(d *decoder, n *yaml.Node, a *actionDraft) Action {
	if t := d.peek(n); t != nil && t.Kind == yaml.ScalarNode && t.Tag == "!!null" {
		return &Close{}
	}
	name, ok := d.plain(n, "nothing, or the name that popup gave a page")
	if !ok {
		return nil
	}
	a.pages = append(a.pages, pageUse{name, n, "close"})
	return &Close{name}
}

// checkPages checks the pages that a step names against those that earlier
// steps opened, and gives them with those that it opens.
func (d *decoder) checkPages(uses []pageUse, opened []string) []string {
	for _, u := range uses {
		d.within(u.key, func() {
			switch {
			case u.key == "popup":
				opened = append(opened, u.name)
			case !slices.Contains(opened, u.name):
				d.problem(u.node, "no earlier step opens a page named %q: give the step that does popup: %s", cut(u.name), cut(u.name))
			}
		})
	}
	return opened
}
