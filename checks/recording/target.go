package recording

import (
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"outrider/checks/draft"
)

// The most that a target can have; checks refuses more.
const (
	maxFallbacks = 10
	maxWithin    = 8
	maxFrames    = 8
)

// use is what a step needs its element for: it decides what a name without a
// role most likely is.
type use int

const (
	useAny   use = iota // click, hover, scroll, wait
	useField            // change
)

// way is one way to find an element: the keys of a target.
type way struct {
	pairs []draft.Pair
	// kind is the key that finds the element: css, role, text and so on.
	kind string
	// text is what a person would call the element; empty for css and xpath.
	text string
	role string
	id   string // equal ways have equal ids
}

func newWay(kind, text string, more ...draft.Pair) way {
	w := way{kind: kind, pairs: append([]draft.Pair{{Key: kind, Value: draft.Text(text)}}, more...)}
	if kind != "css" && kind != "xpath" {
		w.text = text
	}
	w.id = w.key()
	return w
}

func roleWay(role, name string) way {
	w := way{kind: "role", role: role, text: name, pairs: []draft.Pair{{Key: "role", Value: draft.Word(role)}}}
	if name != "" {
		w.pairs = append(w.pairs, draft.Pair{Key: "name", Value: draft.Text(name)}, exact())
	}
	w.id = w.key()
	return w
}

// exact wants the whole text: Recorder's names are whole ones.
func exact() draft.Pair { return draft.Pair{Key: "exact", Value: draft.Bool(true)} }

func (w *way) key() string {
	var b strings.Builder
	for _, p := range w.pairs {
		if p.Key == "exact" {
			continue // the loose one finds no other element that the strict one does not
		}
		b.WriteString(p.Key + "\x00" + p.Value.Value + "\x00")
	}
	return b.String()
}

// name says what the element is as checks names steps, or "" for css and xpath.
func (w *way) name() string {
	quoted := `"` + w.text + `"`
	switch w.kind {
	case "css", "xpath":
		return ""
	case "text":
		return quoted
	case "role":
		if w.text == "" {
			return w.role
		}
		return w.role + " " + quoted
	case "testid":
		return "testid " + w.text
	}
	return w.kind + " " + quoted
}

// target is all ways to find an element, in order of preference.
type target struct {
	ways []way
	// lost are selectors that could not be carried over, with the reason.
	lost []string
}

// translator turns selectors into targets.
type translator struct {
	vocabulary Vocabulary
	attribute  string // the recording's selectorAttribute
}

// target translates the alternatives for an element. It has no ways if none
// could be translated.
func (t *translator) target(selectors [][]string, purpose use) target {
	var out target
	h := hintsOf(selectors)
	seen := map[string]bool{}
	add := func(w way) {
		if !seen[w.id] {
			seen[w.id] = true
			out.ways = append(out.ways, w)
		}
	}
	for _, chain := range selectors {
		ways, why := t.chain(chain, purpose, h)
		if why != "" {
			out.lost = append(out.lost, "selector "+cut(strings.Join(chain, " >> "))+": "+why)
		}
		for _, w := range ways {
			add(w)
		}
	}
	if len(out.ways) > 1+maxFallbacks {
		for _, w := range out.ways[1+maxFallbacks:] {
			out.lost = append(out.lost, "selector "+cut(w.pairs[0].Value.Value)+": an element has at most 11 ways to be found")
		}
		out.ways = out.ways[:1+maxFallbacks]
	}
	return out
}

// chain translates one alternative: its last part, within those before it.
func (t *translator) chain(chain []string, purpose use, h hints) ([]way, string) {
	if chain = flat(chain); len(chain) == 0 {
		return nil, "it is empty"
	}
	if len(chain) > 1+maxWithin {
		return nil, "it leads through more elements than a target can"
	}
	var outer *yaml.Node
	for _, part := range chain[:len(chain)-1] {
		ways, why := t.part(part, useAny, hints{tag: lastTag(part)})
		if why != "" {
			return nil, why
		}
		node := draft.Flow(draft.Mapping(ways[0].pairs...))
		if outer != nil {
			draft.Set(node, "within", outer)
		}
		outer = node
	}
	ways, why := t.part(chain[len(chain)-1], purpose, h)
	if why != "" {
		return nil, why
	}
	if outer != nil {
		for i := range ways {
			ways[i].pairs = append(slices.Clip(ways[i].pairs), draft.Pair{Key: "within", Value: outer})
			ways[i].id += "\x00within " + strings.Join(chain[:len(chain)-1], "\x00")
		}
	}
	return ways, ""
}

// part translates one selector. Several ways come of a name whose role the
// recording does not tell.
func (t *translator) part(selector string, purpose use, h hints) ([]way, string) {
	if rest, ok := cutPrefix(selector, "aria/"); ok {
		return t.aria(rest, purpose, h)
	}
	if rest, ok := cutPrefix(selector, "xpath/"); ok {
		return []way{newWay("xpath", rest)}, emptyReason(rest)
	}
	if rest, ok := cutPrefix(selector, "text/"); ok {
		return []way{newWay("text", rest)}, emptyReason(rest)
	}
	css := selector
	if rest, ok := cutPrefix(selector, "pierce/"); ok {
		css = rest // every css target looks into open shadow roots
	}
	if css = strings.TrimSpace(css); css == "" {
		return nil, "it is empty"
	}
	if strings.Contains(css, "::-p-") {
		if m := ownSelector.FindStringSubmatch(css); m != nil {
			return t.part(m[1]+"/"+m[2], purpose, h)
		}
		return nil, "it is in Puppeteer's own language, of which targets know no counterpart"
	}
	if v, ok := t.testID(css); ok {
		return []way{newWay("testid", v)}, ""
	}
	return []way{newWay("css", css)}, ""
}

// ownSelector is one of Puppeteer's that has a prefix, too.
var ownSelector = regexp.MustCompile(`^::-p-(aria|text|xpath)\(["']?(.*?)["']?\)$`)

// deep is Puppeteer's combinator into shadow roots, where css looks anyway.
var deep = regexp.MustCompile(`\s*>>>>?\s*`)

// flat takes selectors apart that lead into shadow roots by themselves.
func flat(chain []string) []string {
	var parts []string
	for _, part := range chain {
		if strings.Contains(part, ">>>") && !strings.HasPrefix(part, "aria/") && !strings.HasPrefix(part, "text/") {
			for _, p := range deep.Split(part, -1) {
				if p != "" {
					parts = append(parts, p)
				}
			}
			continue
		}
		parts = append(parts, part)
	}
	return parts
}

func cutPrefix(selector, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(selector, " \t\n"), prefix)
	return strings.TrimSpace(rest), ok
}

func emptyReason(text string) string {
	if text == "" {
		return "it is empty"
	}
	return ""
}

var testIDSelector = regexp.MustCompile(`^\[data-testid=(?:'([^'"\\]+)'|"([^'"\\]+)"|([A-Za-z_-][\w-]*))\]$`)

// testID reads a selector that is a test id and nothing else.
func (t *translator) testID(css string) (string, bool) {
	m := testIDSelector.FindStringSubmatch(css)
	if m == nil || t.attribute != "" && t.attribute != "data-testid" {
		return "", false
	}
	return m[1] + m[2] + m[3], true
}

var ariaAttribute = regexp.MustCompile(`\[\s*(name|role)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*\]`)

// aria translates NAME, NAME[role="ROLE"], [role="ROLE"] and the like.
func (t *translator) aria(selector string, purpose use, h hints) ([]way, string) {
	role, name := "", ""
	rest := ariaAttribute.ReplaceAllStringFunc(selector, func(attribute string) string {
		m := ariaAttribute.FindStringSubmatch(attribute)
		v := unescape(m[2] + m[3])
		if m[1] == "role" {
			role = v
		} else {
			name = v
		}
		return ""
	})
	if rest = strings.Join(strings.Fields(rest), " "); rest != "" {
		name = rest
	}
	name = strings.Join(strings.Fields(name), " ")
	if role == "image" {
		role = "img"
	}
	switch {
	case role != "" && slices.Contains(t.vocabulary.Roles, role):
		return []way{roleWay(role, name)}, ""
	case name == "" && role == "":
		return nil, "it is empty"
	case name == "":
		return nil, "no target has the role " + cut(role)
	case role == "StaticText":
		return []way{newWay("text", name, exact())}, ""
	}
	return t.named(name, purpose, h), ""
}

// named gives the ways to find something of which only the accessible name is
// known. What else was recorded of it tells what it most likely is.
func (t *translator) named(name string, purpose use, h hints) []way {
	if purpose == useField {
		// A field is named by its label, or by aria-label, which counts as one;
		// without them by its placeholder.
		ways := []way{newWay("label", name, exact()), newWay("placeholder", name, exact())}
		if h.tag == "select" || h.role == "checkbox" || h.role == "radio" {
			return ways[:1]
		}
		return ways
	}
	switch {
	case h.role != "":
		return []way{roleWay(h.role, name)}
	case h.tag == "input" || h.tag == "label":
		return []way{newWay("label", name, exact())}
	case h.tag == "img":
		return []way{newWay("alt", name, exact())}
	case slices.Contains(h.texts, name) || slices.Contains(plainTags, h.tag):
		return []way{newWay("text", name, exact())}
	}
	return []way{roleWay("button", name), roleWay("link", name), newWay("label", name, exact()), newWay("text", name, exact())}
}

// unescape takes the backslashes out of a quoted attribute.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	escaped := false
	for _, r := range text {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		b.WriteRune(r)
	}
	return b.String()
}

// node writes a target, more keys before its fall-backs. A short one is on one
// line.
func (t target) node(frame *yaml.Node, more ...draft.Pair) *yaml.Node {
	pairs := slices.Concat(t.ways[0].pairs, more)
	if frame != nil {
		pairs = append(pairs, draft.Pair{Key: "frame", Value: frame})
	}
	if len(t.ways) == 1 {
		return draft.Flow(draft.Mapping(pairs...))
	}
	others := draft.List()
	for _, w := range t.ways[1:] {
		others.Content = append(others.Content, draft.Flow(draft.Mapping(w.pairs...)))
	}
	return draft.Mapping(append(pairs, draft.Pair{Key: "or", Value: others})...)
}

// readable is the first way that a person would call the element by, if it is
// not the first of all; else nil.
func (t target) readable() *way {
	for i := range t.ways {
		if t.ways[i].name() != "" {
			if i == 0 {
				return nil
			}
			return &t.ways[i]
		}
	}
	return nil
}

// css is the first plain CSS selector among the alternatives, or "".
func css(selectors [][]string) string {
	for _, chain := range selectors {
		s := strings.TrimSpace(chain[0])
		if len(chain) == 1 && !prefixed.MatchString(s) {
			return s
		}
	}
	return ""
}

var prefixed = regexp.MustCompile(`^(aria|xpath|text|pierce)/`)
