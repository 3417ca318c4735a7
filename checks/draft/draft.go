// Package draft is a definition file while an importer writes it: one check,
// its steps with remarks at their places, and the secrets that must not stand
// in it. It knows YAML and how definitions write text; what the keys mean, the
// package checks knows, which reads what is written here.
package draft

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	yaml "go.yaml.in/yaml/v4"
)

// Definition is one check that an importer writes.
type Definition struct {
	ID   string
	Name string // for people; empty: the ID
	// Intro is said at the top of the file, a line each.
	Intro []string
	// Every and Timeout are written where they are not zero.
	Every, Timeout time.Duration
	Kind           string // "browser" or "http": the key of the steps
	// Options is the mapping of browser_options or http_options; nil for none.
	Options *yaml.Node
	Steps   []Step
	// Rest are remarks on what came after the last step.
	Rest    []string
	Notes   []Note
	Secrets *Secrets
}

// Step is one step of the check.
type Step struct {
	Keys *yaml.Node // a mapping
	// Remarks are written as comments above the step, each a line.
	Remarks []string
}

// Note is something that a person should know of the import: what was not
// carried over, and what deserves a look. Line and Column are where in the
// imported file, from 1; a zero Line is the whole file.
type Note struct {
	Line, Column int
	Message      string
	// Lost tells that something was not carried over which may matter.
	Lost bool
}

// Limits of what is written; checks refuses what goes beyond.
const (
	MaxSteps = 200     // of one check
	MaxText  = 1 << 20 // bytes of a definition file
)

// Pair is a key of a mapping with its value.
type Pair struct {
	Key   string
	Value *yaml.Node
}

// Word is a text that holds nothing to escape, such as a keyword or a text
// that refers to variables on purpose.
func Word(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n"):
		n.Style = yaml.DoubleQuotedStyle
	case strings.Contains(text, "\n"):
		n.Style = yaml.LiteralStyle
	}
	return n
}

// Text is a text that a definition takes as it is: a ${ in it is no variable.
func Text(text string) *yaml.Node { return Word(Escape(text)) }

// Escape has a definition take a ${ in a text as it is.
func Escape(text string) string { return strings.ReplaceAll(text, "${", "$${") }

// Script is a script, in which ${ belongs to the script.
func Script(text string) *yaml.Node { return Word(text) }

// Number is a whole number.
func Number(v int64) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v, 10)}
}

// Bool is true or false.
func Bool(v bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
}

// Null is a key's value where it has none.
func Null() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"} }

// Duration is a duration as people write it: 500ms, 5s, 2m.
func Duration(d time.Duration) *yaml.Node { return Word(duration(d)) }

func duration(d time.Duration) string {
	d = max(d, time.Millisecond).Round(time.Millisecond)
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}

// Mapping is keys with values, one a line.
func Mapping(pairs ...Pair) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, p := range pairs {
		Set(n, p.Key, p.Value)
	}
	return n
}

// Set adds a key to a mapping. The key stands where its value does.
func Set(mapping *yaml.Node, key string, value *yaml.Node) {
	k := Word(key)
	k.Line, k.Column = mapping.Line, mapping.Column
	mapping.Content = append(mapping.Content, k, value)
}

// List is a list, one item a line.
func List(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

// Flow writes a mapping or list in one line.
func Flow(n *yaml.Node) *yaml.Node {
	n.Style = yaml.FlowStyle
	return n
}

// Locate says of a node and those below it where they come from, so that
// whoever reads them can say where something is wrong. Nodes that have a place
// keep it.
func Locate(n *yaml.Node, line, column int) {
	if n.Line == 0 {
		n.Line, n.Column = line, column
	}
	for _, c := range n.Content {
		Locate(c, line, column)
	}
}

// Remark notes something without a place in the imported file.
func (d *Definition) Remark(format string, args ...any) {
	d.Notes = append(d.Notes, Note{Message: fmt.Sprintf(format, args...)})
}

// List gives the steps as the node that the check's key holds.
func (d *Definition) List() *yaml.Node {
	list := List()
	for _, s := range d.Steps {
		list.Content = append(list.Content, s.Keys)
	}
	return list
}

// YAML writes the definition file. schema is the path of the JSON Schema for
// editors. It is an error if the file would be larger than can be read again.
func (d *Definition) YAML(schema string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\n", oneLine(schema))
	if len(d.Intro) > 0 {
		b.WriteString("#\n")
	}
	for _, line := range d.Intro {
		b.WriteString(comment(line) + "\n")
	}
	b.WriteString("\n")
	check := Mapping(Pair{"id", Word(d.ID)})
	if d.Name != "" && d.Name != d.ID {
		Set(check, "name", Text(d.Name))
	}
	if d.Every > 0 {
		Set(check, "every", Duration(d.Every))
	}
	if d.Timeout > 0 {
		Set(check, "timeout", Duration(d.Timeout))
	}
	if d.Options != nil && len(d.Options.Content) > 0 {
		Set(check, d.Kind+"_options", d.Options)
	}
	steps := List()
	for _, s := range d.Steps {
		keys := *s.Keys
		for _, r := range s.Remarks {
			if keys.HeadComment != "" {
				keys.HeadComment += "\n"
			}
			keys.HeadComment += comment(r)
		}
		steps.Content = append(steps.Content, &keys)
	}
	Set(check, d.Kind, steps)
	dumper, err := yaml.NewDumper(&b, yaml.WithIndent(2), yaml.WithLineWidth(-1), yaml.WithUnicode(true), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	if err := dumper.Dump(Mapping(Pair{"checks", List(check)})); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	if err := dumper.Close(); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	for _, r := range d.Rest {
		b.WriteString("      " + comment(r) + "\n")
	}
	if b.Len() > MaxText {
		return nil, fmt.Errorf("the check would be larger than %d KiB: cut the recording in two", MaxText>>10)
	}
	return b.Bytes(), nil
}

// comment writes a text as one line of comment.
func comment(text string) string {
	if text = oneLine(text); text == "" {
		return "#"
	}
	return "# " + text
}

// oneLine puts a text on one line that YAML takes as a comment: without breaks
// and without characters that it cannot have.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff || r >= 0xd800 && r < 0xe000:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	return strings.Join(strings.Fields(text), " ")
}

// Cut shortens what a remark quotes, and puts it on one line.
func Cut(text string, longest int) string { return Shorten(oneLine(text), longest) }

// Shorten cuts a text to at most longest bytes, at a rune's start.
func Shorten(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	end := 0
	for i := range text {
		if i > longest-len("…") {
			break
		}
		end = i
	}
	return text[:end] + "…"
}
