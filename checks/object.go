package checks

import (
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// object is the one description of a kind of mapping in definitions: from it
// come the decoder, its messages and the JSON Schema.
type object[T any] struct {
	name string // of the schema's definition, such as "check"
	noun string // for messages, with its article: "a check"
	doc  string
	keys []key[T]
	// sample is what to write, for messages; else the first keys are named.
	sample string
	// rules are further schema keywords, such as which keys must be there.
	rules form
}

// key is one key of an object.
type key[T any] struct {
	name string
	doc  string
	form form // JSON Schema of the value
	read func(d *decoder, n *yaml.Node, into *T)
	// instead lists names by which users may call the key wrongly.
	instead []string
}

// decode reads a mapping. It gives the keys that were there, and false if
// there was no mapping.
func (o *object[T]) decode(d *decoder, n *yaml.Node, into *T) ([]entry, bool) {
	entries, ok := d.entries(n, o.example())
	for _, e := range entries {
		if d.full() {
			break
		}
		k := o.find(e.name)
		if k == nil {
			d.problem(e.key, "%s", o.unknown(e.name))
			continue
		}
		d.within(e.name, func() { k.read(d, e.value, into) })
	}
	return entries, ok
}

func (o *object[T]) find(name string) *key[T] {
	for i := range o.keys {
		if o.keys[i].name == name {
			return &o.keys[i]
		}
	}
	return nil
}

// example says what to write where something else stands.
func (o *object[T]) example() string {
	if o.sample != "" {
		return o.sample
	}
	var names []string
	for _, k := range o.keys[:min(3, len(o.keys))] {
		names = append(names, k.name)
	}
	return fmt.Sprintf("%s, as a mapping with keys such as %s", o.noun, strings.Join(names, ", "))
}

// unknown is the message for a key that the object does not have.
func (o *object[T]) unknown(name string) string {
	var names []string
	for _, k := range o.keys {
		if slices.Contains(k.instead, strings.ToLower(name)) {
			return fmt.Sprintf("unknown key %q in %s, did you mean %q?", cut(name), o.noun, k.name)
		}
		names = append(names, k.name)
	}
	return fmt.Sprintf("unknown key %q in %s%s", cut(name), o.noun, suggestion(name, names))
}

// lift makes keys of a part into keys of the whole.
func lift[Part, Whole any](keys []key[Part], part func(*Whole) *Part) []key[Whole] {
	lifted := make([]key[Whole], len(keys))
	for i, k := range keys {
		lifted[i] = key[Whole]{name: k.name, doc: k.doc, form: k.form, instead: k.instead,
			read: func(d *decoder, n *yaml.Node, into *Whole) { k.read(d, n, part(into)) }}
	}
	return lifted
}

// suggestion is ", did you mean …?" if one of the names is close, else the
// list of names.
func suggestion(name string, names []string) string {
	best, bestDistance := "", 3
	if len(name) < 4 {
		bestDistance = 2 // words so short are close to too many others
	}
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), candidate); d < bestDistance && d < len(candidate) {
			best, bestDistance = candidate, d
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ": write one of " + strings.Join(names, ", ")
}

// distance is how many letters have to be changed, added, removed or swapped
// with their neighbour to make a into b (optimal string alignment). Long
// words are far from everything.
func distance(a, b string) int {
	const longest = 32
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
