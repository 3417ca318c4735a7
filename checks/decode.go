package checks

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decoder reads the nodes of one definition file into types. It never stops
// at a problem: it notes it and goes on, so that all are found in one go.
type decoder struct {
	*loader
	source *source
	top    top
	// key is the key whose value is being read, for messages.
	key string
	// budget is what may still be read, in bytes of text and weights of nodes.
	// Only aliases can use it up, since they let a short file say the same
	// thing over and over.
	budget int
	broke  bool // the budget is used up, and that was said
	// uses are the captured variables that were referred to since the last
	// time it was emptied.
	uses []variableUse
}

// variableUse is a reference to a captured variable.
type variableUse struct {
	name string
	pos  Position
}

const (
	nodeWeight = 16      // what a node costs of the budget besides its text
	spareRoom  = 1 << 19 // how much aliases may add to what the file says
	maxReads   = 3       // how often a node is read at most, by a key and its value's reader
)

func newDecoder(l *loader, s *source) *decoder {
	return &decoder{loader: l, source: s, budget: maxReads*weight(s.root) + spareRoom}
}

// weight is what a node and those below it cost, aliases not followed.
func weight(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	sum := nodeWeight + len(n.Value)
	for _, c := range n.Content {
		sum += weight(c)
	}
	return sum
}

// resolve follows an alias and pays for the node. It gives nil when the budget
// is used up; every reader takes nil for "stop here".
func (d *decoder) resolve(n *yaml.Node) *yaml.Node {
	if n == nil || d.broke || d.full() {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil {
			return nil
		}
		n = n.Alias
	}
	if !d.pay(n, nodeWeight+len(n.Value)) {
		return nil
	}
	return n
}

// pay takes a cost off the budget.
func (d *decoder) pay(n *yaml.Node, cost int) bool {
	d.budget -= cost
	if d.budget >= 0 || d.broke {
		return !d.broke
	}
	d.broke = true
	d.problem(n, "this file's aliases (*name) expand to too much: write it out or split it")
	return false
}

// at is where a node stands.
func (d *decoder) at(n *yaml.Node) Position {
	return Position{d.source.path, n.Line, n.Column}
}

// problem notes what is wrong with a node. Within a key the message is led by
// its name.
func (d *decoder) problem(n *yaml.Node, format string, args ...any) {
	d.problemAt(d.at(n), format, args...)
}

func (d *decoder) problemAt(pos Position, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if d.key != "" {
		message = d.key + ": " + message
	}
	d.addProblem(pos, message)
}

func (d *decoder) warn(pos Position, format string, args ...any) {
	d.addWarning(pos, fmt.Sprintf(format, args...))
}

// wrong notes that a node is of the wrong kind, and what to write instead.
func (d *decoder) wrong(n *yaml.Node, write string) {
	d.problem(n, "found %s: write %s", describe(n), write)
}

// within names the key in the messages of what f reads.
func (d *decoder) within(key string, f func()) {
	outer := d.key
	d.key = key
	f()
	d.key = outer
}

// entry is one "key: value" of a mapping.
type entry struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// maxMerges bounds how deep "<<" may lead to mappings with further "<<".
const maxMerges = 10

// entries gives what a mapping says, merge keys ("<<") included. what tells
// the user what should stand here.
func (d *decoder) entries(n *yaml.Node, what string) ([]entry, bool) {
	n = d.resolve(n)
	if n == nil {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		d.wrong(n, what)
		return nil, false
	}
	return d.merged(n), true
}

// merged gives what a mapping node says.
func (d *decoder) merged(n *yaml.Node) []entry {
	m := merger{d: d, taken: make(map[string]bool, len(n.Content)/2)}
	m.add(n, maxMerges)
	return m.entries
}

// merger collects the entries of a mapping and of those that are merged in.
type merger struct {
	d       *decoder
	entries []entry
	taken   map[string]bool
}

func (m *merger) add(n *yaml.Node, depth int) {
	d := m.d
	var merges []*yaml.Node
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := d.resolve(n.Content[i])
		if key == nil {
			return
		}
		if key.Kind != yaml.ScalarNode {
			d.problem(key, "found %s as a key: write a name", describe(key))
			continue
		}
		if key.Tag == "!!merge" {
			merges = append(merges, n.Content[i+1])
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.problem(n.Content[i], "key %q is there twice, first in line %d: remove one", key.Value, first.Line)
			continue
		}
		seen[key.Value] = key
		if !m.taken[key.Value] { // what is merged in never overrides
			m.taken[key.Value] = true
			m.entries = append(m.entries, entry{key.Value, n.Content[i], n.Content[i+1]})
		}
	}
	for _, from := range merges {
		m.merge(from, depth-1)
	}
}

// merge adds what "<<" refers to: a mapping or a list of mappings.
func (m *merger) merge(n *yaml.Node, depth int) {
	from := m.d.resolve(n)
	switch {
	case from == nil:
	case depth == 0:
		m.d.problem(n, "<< leads too deep: write it out")
	case from.Kind == yaml.MappingNode:
		m.add(from, depth)
	case from.Kind == yaml.SequenceNode:
		for _, item := range from.Content {
			m.merge(item, depth-1)
		}
	default:
		m.d.wrong(n, "a mapping to merge in, such as <<: *common")
	}
}

func has(entries []entry, name string) bool {
	for _, e := range entries {
		if e.name == name {
			return true
		}
	}
	return false
}

// valueOf gives the value of a key, or nil.
func valueOf(entries []entry, name string) *yaml.Node {
	for _, e := range entries {
		if e.name == name {
			return e.value
		}
	}
	return nil
}

// items gives the items of a list.
func (d *decoder) items(n *yaml.Node, what string) ([]*yaml.Node, bool) {
	n = d.resolve(n)
	if n == nil {
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, what)
		return nil, false
	}
	return n.Content, true
}

// itemsOrOne gives the items of a list, or the one thing that stands there
// instead.
func (d *decoder) itemsOrOne(n *yaml.Node) []*yaml.Node {
	if t := d.peek(n); t != nil && t.Kind == yaml.SequenceNode {
		items, _ := d.items(n, "a list")
		return items
	}
	return []*yaml.Node{n}
}

// peek follows an alias without paying: for deciding how to read a node.
func (d *decoder) peek(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func (d *decoder) isMapping(n *yaml.Node) bool {
	t := d.peek(n)
	return t != nil && t.Kind == yaml.MappingNode
}

func (d *decoder) isScalar(n *yaml.Node) bool {
	t := d.peek(n)
	return t != nil && t.Kind == yaml.ScalarNode
}

// isString tells whether a node is text by its YAML type: quoted, or nothing
// that looks like a number, a boolean or null.
func isString(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || n.Tag == "!!timestamp")
}

// locate finds where a piece of a scalar's text stands in the file, so that
// the cursor lands on the variable and not on the start of a script of fifty
// lines. If the text is written differently there, it is the scalar itself.
func (d *decoder) locate(n *yaml.Node, piece string) Position {
	const farRight = 10_000 // finding a column means counting from the left
	pos := d.at(n)
	if n.Column > farRight {
		return pos
	}
	start := d.source.offset(n.Line, n.Column)
	// Indentation makes the text in the file longer than the value.
	end := min(len(d.source.text), start+4*len(n.Value)+256)
	i := bytes.Index(d.source.text[start:end], []byte(piece))
	if i < 0 {
		return pos
	}
	before := d.source.text[start : start+i]
	if lines := bytes.Count(before, []byte{'\n'}); lines > 0 {
		if lines > 1+2*strings.Count(n.Value, "\n") {
			return pos // that is another value's
		}
		pos.Line += lines
		pos.Column = 1 + len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
		return pos
	}
	pos.Column += len([]rune(string(before)))
	return pos
}

// describe names what a node is, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + cut(n.Value)
	case "!!bool":
		return n.Value
	}
	return strconv.Quote(cut(n.Value))
}

// cut shortens what a message quotes.
func cut(s string) string {
	const longest = 60
	runes := 0
	for i := range s {
		if runes++; runes > longest {
			return s[:i] + "…"
		}
	}
	return s
}
