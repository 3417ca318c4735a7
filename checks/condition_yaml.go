package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// conditionDraft is the long form of a condition: {equals: "< 300ms"}.
type conditionDraft struct {
	Condition
	measure measure
	count   int
}

// literalOperators are the operators of the long form. Their operands are
// taken as they are, apart from variables.
var literalOperators = [...]struct {
	name string
	op   Op
	doc  string
}{
	{"equals", OpEqual, "Equal to this value, text taken as it is."},
	{"not_equals", OpNotEqual, "Not equal to this value."},
	{"contains", OpContains, "Contains this text or item."},
	{"not_contains", OpNotContains, "Does not contain this text or item."},
	{"starts_with", OpStartsWith, "Starts with this text."},
	{"ends_with", OpEndsWith, "Ends with this text."},
	{"matches", OpMatches, "Matches this regular expression (Go's syntax)."},
	{"not_matches", OpNotMatches, "Does not match this regular expression."},
}

var conditionObject = object[conditionDraft]{name: "condition", noun: "a condition",
	doc:  "A condition whose text is taken as it is, for text that looks like a comparison.",
	keys: conditionKeys(), rules: form{"minProperties": 1, "maxProperties": 1}}

func conditionKeys() []key[conditionDraft] {
	var keys []key[conditionDraft]
	for _, o := range literalOperators {
		f := textForm
		if o.op == OpEqual || o.op == OpNotEqual {
			f = form{}
		}
		keys = append(keys, key[conditionDraft]{name: o.name, doc: o.doc, form: f,
			read: func(d *decoder, n *yaml.Node, c *conditionDraft) {
				c.count++
				c.Condition.Op = o.op
				d.readLiteral(n, c, o.name)
			}})
	}
	return keys
}

// condition reads a condition on a value of the given kind.
func (d *decoder) condition(n *yaml.Node, m measure) (Condition, bool) {
	before := len(d.problems)
	c, err := d.parseConditionNode(n, m)
	if err != nil {
		t := d.peek(n)
		d.problem(t, "found %s: %s", describe(t), err)
	}
	if c.want != nil && !d.payPattern(d.peek(n), c.want.weight) {
		return c, false
	}
	return c, err == nil && len(d.problems) == before && !d.broke
}

func (d *decoder) parseConditionNode(n *yaml.Node, m measure) (Condition, error) {
	n = d.resolve(n)
	if n == nil {
		return Condition{}, errors.New("cannot be read")
	}
	switch n.Kind {
	case yaml.MappingNode:
		c := conditionDraft{measure: m}
		conditionObject.decode(d, n, &c)
		if c.count != 1 {
			return c.Condition, errors.New(`write one condition, such as {equals: text} or "contains text"`)
		}
		return c.Condition, c.Condition.check(m)
	case yaml.SequenceNode:
		return d.listCondition(n, m)
	}
	if isString(n) {
		return parseCondition(n.Value, m, func(s string) (Template, error) {
			t, _ := d.parseTemplate(n, s) // what is wrong was noted
			return t, nil
		})
	}
	c := Condition{Op: OpEqual, source: n.Value, operand: Literal(n.Value)}
	if m == textMeasure && n.Tag != "!!null" {
		return c, c.settle(m) // a header's 200 is text
	}
	want, err := d.typedOperand(n)
	if err != nil {
		return c, err
	}
	c.want = want
	return c, c.check(m)
}

// typedOperand is a scalar with the type that YAML gives it.
func (d *decoder) typedOperand(n *yaml.Node) (*operand, error) {
	v, ok := d.scalarValue(n)
	if !ok {
		return &operand{}, nil // noted
	}
	switch v := v.(type) {
	case nil:
		return &operand{text: "null", kind: operandNull}, nil
	case bool:
		text := "false"
		if v {
			text = "true"
		}
		return &operand{text: text, kind: operandBool}, nil
	case json.Number:
		o, err := parseOperand(v.String(), OpEqual, false)
		if o != nil {
			o.kind = operandNumber
		}
		return o, err
	}
	return parseOperand(n.Value, OpEqual, true)
}

// listCondition reads a list of which one has to be equal.
func (d *decoder) listCondition(n *yaml.Node, m measure) (Condition, error) {
	c := Condition{Op: OpIn}
	if len(n.Content) == 0 {
		return c, errors.New("the list is empty: write {equals: []} if that is meant")
	}
	names := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		item = d.scalar(item, "a number or text")
		if item == nil {
			return c, nil // noted
		}
		names = append(names, item.Value)
		want, err := d.listOperand(item, m)
		if err != nil {
			return c, err
		}
		c.oneOf = append(c.oneOf, *want)
	}
	c.source = "[" + strings.Join(names, ", ") + "]"
	return c, c.check(m)
}

func (d *decoder) listOperand(n *yaml.Node, m measure) (*operand, error) {
	if !isString(n) && m != textMeasure {
		return d.typedOperand(n)
	}
	text, ok := d.constant(n, n.Value)
	if !ok {
		return &operand{}, nil // noted
	}
	return parseOperand(text, OpEqual, false)
}

// readLiteral reads the operand of the long form.
func (d *decoder) readLiteral(n *yaml.Node, c *conditionDraft, name string) {
	t := d.resolve(n)
	if t == nil {
		return
	}
	if t.Kind == yaml.ScalarNode && (isString(t) || c.measure == textMeasure || c.Op != OpEqual && c.Op != OpNotEqual) {
		c.source = fmt.Sprintf("%s %q", strings.ReplaceAll(name, "_", " "), t.Value)
		c.literal = true
		operand, ok := d.template(n)
		if !ok {
			return
		}
		c.operand = operand
		if err := c.settle(anyMeasure); err != nil {
			d.problem(t, "found %s: %s", describe(t), err)
		}
		return
	}
	if t.Kind == yaml.ScalarNode {
		c.source = strings.ReplaceAll(name, "_", " ") + " " + t.Value
		c.want, _ = d.typedOperand(t)
		return
	}
	if c.Op != OpEqual && c.Op != OpNotEqual {
		d.wrong(t, "text")
		return
	}
	v, ok := d.value(n, 0)
	if !ok {
		return
	}
	data, err := json.Marshal(v)
	if err != nil {
		d.problem(t, "cannot be compared with: %s", err)
		return
	}
	c.source = strings.ReplaceAll(name, "_", " ") + " " + string(data)
	c.want = &operand{text: string(data), kind: operandJSON, json: v}
}
