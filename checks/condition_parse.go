package checks

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// measure is what kind of value a condition will be given, so that nonsense
// is found when it is written and not when it is evaluated.
type measure int

const (
	anyMeasure measure = iota // decoded JSON
	textMeasure
	numberMeasure
	durationMeasure
	sizeMeasure // a number of bytes
	daysMeasure // a number that only bounds make sense for
	boolMeasure
	unknownMeasure // nothing is checked
)

// textOperators are the operators as written, the longer first where one
// starts another.
var textOperators = [...]struct {
	written string
	op      Op
}{
	{"==", OpEqual}, {"!=", OpNotEqual}, {"<=", OpAtMost}, {">=", OpAtLeast}, {"<", OpLess}, {">", OpGreater},
	{"not contains ", OpNotContains}, {"contains ", OpContains},
	{"not matches ", OpNotMatches}, {"matches ", OpMatches},
	{"starts with ", OpStartsWith}, {"ends with ", OpEndsWith},
	{"equals ", OpEqual}, {"not equals ", OpNotEqual},
}

// ParseCondition reads a condition as definitions write it, without
// environment and secrets, which only loading fills in.
func ParseCondition(text string) (Condition, error) {
	return parseCondition(text, unknownMeasure, ParseTemplate)
}

// parseCondition reads a condition from text; expand reads its operand.
func parseCondition(text string, m measure, expand func(string) (Template, error)) (Condition, error) {
	c := Condition{source: text}
	rest := strings.TrimSpace(text)
	switch rest {
	case "exists":
		c.Op = OpExists
		return c, c.check(m)
	case "absent":
		c.Op = OpAbsent
		return c, c.check(m)
	}
	if after, ok := strings.CutPrefix(rest, "length "); ok {
		if op, _ := cutOperator(strings.TrimSpace(after)); op != "" {
			c.length, rest = true, strings.TrimSpace(after)
			if m != anyMeasure && m != textMeasure && m != unknownMeasure {
				return c, errors.New("length is for text, lists and objects: write the bound alone")
			}
			m = numberMeasure
		}
	}
	c.Op, rest = cutOperator(rest)
	switch {
	case c.Op == "" && isTextList(rest) && m != textMeasure:
		return parseTextList(c, rest, m, expand)
	case c.Op == "":
		c.Op = OpEqual
	case rest == "":
		return c, fmt.Errorf("%q needs something to compare with", c.Op)
	}
	if inner, ok := unquote(rest); ok {
		c.literal, rest = true, inner
	}
	var err error
	if c.operand, err = expand(rest); err != nil {
		return c, err
	}
	return c, c.settle(m)
}

// cutOperator splits off the operator; it is empty if there is none.
func cutOperator(s string) (Op, string) {
	for _, o := range textOperators {
		if rest, ok := strings.CutPrefix(s, o.written); ok {
			return o.op, strings.TrimSpace(rest)
		}
		if s == strings.TrimSpace(o.written) && o.op != OpEqual {
			return o.op, ""
		}
	}
	return "", s
}

// settle works out the operand if it is the same in every run, and checks
// that the condition makes sense.
func (c *Condition) settle(m measure) error {
	if c.Op == OpMatches || c.Op == OpNotMatches {
		if err := c.settlePattern(); err != nil {
			return err
		}
	}
	if text, constant := c.operand.Constant(); constant {
		want, err := parseOperand(text, c.Op, c.literal)
		if err != nil {
			return err
		}
		c.want = want
		if want.isClass && c.Op == OpEqual {
			c.Op, c.oneOf = OpIn, []operand{*want}
		}
	}
	return c.check(m)
}

// settlePattern has captured values taken as they are within a regular
// expression, and compiles it once with stand-ins for them.
func (c *Condition) settlePattern() error {
	var sample strings.Builder
	for i := range c.operand.parts {
		p := &c.operand.parts[i]
		if p.constant() {
			sample.WriteString(p.text)
			continue
		}
		p.escape = regexp.QuoteMeta
		sample.WriteString("x")
	}
	_, _, err := compilePattern(sample.String())
	return err
}

// isTextList tells whether a text is a list such as "[200, 204]".
func isTextList(s string) bool {
	return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
}

func parseTextList(c Condition, list string, m measure, expand func(string) (Template, error)) (Condition, error) {
	c.Op = OpIn
	for item := range strings.SplitSeq(list[1:len(list)-1], ",") {
		t, err := expand(strings.TrimSpace(item))
		if err != nil {
			return c, err
		}
		text, constant := t.Constant()
		if !constant {
			return c, errors.New("a list cannot contain captured values")
		}
		inner, literal := unquote(text)
		if literal {
			text = inner
		}
		want, err := parseOperand(text, OpEqual, literal)
		if err != nil {
			return c, err
		}
		c.oneOf = append(c.oneOf, *want)
	}
	return c, c.check(m)
}

// unquote takes the quotes off a text that has them at both ends.
func unquote(s string) (string, bool) {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1], true
	}
	return s, false
}

// check tells whether the condition can ever be true of such a value.
func (c *Condition) check(m measure) error {
	ordered := c.Op == OpLess || c.Op == OpAtMost || c.Op == OpGreater || c.Op == OpAtLeast
	equal := c.Op == OpEqual || c.Op == OpNotEqual
	switch m {
	case anyMeasure, textMeasure:
		if ordered && c.want != nil && !c.want.hasNumber && !c.want.isSize {
			return fmt.Errorf("%q needs a number: write %s 10", c.Op, c.Op)
		}
		return nil
	case numberMeasure:
		if !ordered && !equal && c.Op != OpIn || !c.every(func(o *operand) bool { return o.hasNumber || o.isClass && !ordered }) {
			return errors.New("write a number, a list of numbers or a bound, such as 200, [200, 204], 2xx or < 400")
		}
	case sizeMeasure:
		if !ordered && !equal || !c.every(func(o *operand) bool { return o.isSize }) {
			return errors.New("write a bound on a size, such as < 100kB")
		}
	case daysMeasure:
		if !ordered || !c.every(func(o *operand) bool { return o.hasNumber }) {
			return errors.New("write a bound, such as > 14")
		}
	case durationMeasure:
		if !ordered || !c.every(func(o *operand) bool { return o.isTime }) {
			return errors.New("write a bound on a duration, such as < 300ms")
		}
	case boolMeasure:
		if !equal || !c.every(func(o *operand) bool { return o.text == "true" || o.text == "false" }) {
			return errors.New("write true or false")
		}
	}
	return nil
}

// every tells whether all operands that are known are as wanted.
func (c *Condition) every(wanted func(*operand) bool) bool {
	if c.want != nil && !wanted(c.want) {
		return false
	}
	for i := range c.oneOf {
		if !wanted(&c.oneOf[i]) {
			return false
		}
	}
	return true
}
