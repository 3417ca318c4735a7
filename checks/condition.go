package checks

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ohler55/ojg/jp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Op is how a Condition compares.
type Op string

// The operators of conditions.
const (
	OpEqual       Op = "=="
	OpNotEqual    Op = "!="
	OpLess        Op = "<"
	OpAtMost      Op = "<="
	OpGreater     Op = ">"
	OpAtLeast     Op = ">="
	OpContains    Op = "contains"
	OpNotContains Op = "not contains"
	OpMatches     Op = "matches"
	OpNotMatches  Op = "not matches"
	OpStartsWith  Op = "starts with"
	OpEndsWith    Op = "ends with"
	OpExists      Op = "exists"
	OpAbsent      Op = "absent"
	OpIn          Op = "in" // one of a list, or of the classes 2xx, 3xx, …
)

// Missing is what a Condition is given for a value that is not there: a
// header that was not sent, a JSONPath that matches nothing. It is distinct
// from nil, which is JSON's null.
var Missing = missing{}

type missing struct{}

func (missing) String() string { return "nothing" }

// Pattern is a compiled regular expression in Go's syntax (RE2: linear time,
// so that no page can make it run away).
type Pattern struct{ *regexp.Regexp }

// Path is a compiled JSONPath (RFC 9535's common ground).
type Path struct {
	source string
	expr   jp.Expr
}

// String gives the path as written.
func (p Path) String() string { return p.source }

// Find gives the first match in decoded JSON, or Missing.
func (p Path) Find(doc any) any {
	if v, ok := p.expr.FirstFound(doc); ok {
		return v
	}
	return Missing
}

// JSONSchema is a compiled JSON Schema.
type JSONSchema struct{ *jsonschema.Schema }

// Condition is a comparison, parsed once when the definition is loaded. In
// definitions it is written as people write it: "200", "< 300ms",
// "contains Mug", "2xx", "[200, 204]", "exists", "length > 3".
type Condition struct {
	Op      Op
	operand Template
	source  string

	// length compares the length of the value instead of the value.
	length bool
	// literal says that the operand is text and nothing else, even if it reads
	// like a number.
	literal bool
	want    *operand  // the operand, parsed; nil if it depends on the run
	oneOf   []operand // for OpIn
}

// String gives the condition as written.
func (c Condition) String() string { return c.source }

// IsZero tells whether there is no condition.
func (c Condition) IsZero() bool { return c.Op == "" }

// Holds tells whether the condition is true of got: a float64, string, bool,
// time.Duration, nil (JSON's null), Missing, or decoded JSON. Its error says
// that the two cannot be compared, or that a variable in the condition has no
// value. What is missing meets only conditions that deny something.
func (c Condition) Holds(got any, scope Scope) (bool, error) {
	_, absent := got.(missing)
	switch c.Op {
	case OpExists:
		return !absent, nil
	case OpAbsent:
		return absent, nil
	case OpNotEqual, OpNotContains, OpNotMatches:
		if absent {
			return true, nil
		}
	case "":
		return false, errors.New("there is no condition to compare with")
	default:
		if absent {
			return false, nil
		}
	}
	if c.length {
		n, err := lengthOf(got)
		if err != nil {
			return false, err
		}
		got = n
	}
	if c.Op == OpIn {
		for i := range c.oneOf {
			if c.oneOf[i].equals(got) {
				return true, nil
			}
		}
		return false, nil
	}
	want := c.want
	if want == nil {
		text, err := c.operand.Expand(scope)
		if err != nil {
			return false, err
		}
		if want, err = parseOperand(text, c.Op, c.literal); err != nil {
			return false, err
		}
	}
	return want.compare(c.Op, got)
}

// compare tells whether "got op want" is true.
func (want *operand) compare(op Op, got any) (bool, error) {
	switch op {
	case OpEqual:
		return want.equals(got), nil
	case OpNotEqual:
		return !want.equals(got), nil
	case OpLess, OpAtMost, OpGreater, OpAtLeast:
		order, err := want.order(got)
		if err != nil {
			return false, fmt.Errorf("%w, so it cannot be %s %s", err, op, want.text)
		}
		switch op {
		case OpLess:
			return order < 0, nil
		case OpAtMost:
			return order <= 0, nil
		case OpGreater:
			return order > 0, nil
		}
		return order >= 0, nil
	case OpContains:
		return want.containedIn(got)
	case OpNotContains:
		found, err := want.containedIn(got)
		return !found && err == nil, err
	}
	text, err := asText(got)
	if err != nil {
		return false, fmt.Errorf("%w, which has no text that %q could look at", err, op)
	}
	switch op {
	case OpMatches:
		return want.pattern.MatchString(text), nil
	case OpNotMatches:
		return !want.pattern.MatchString(text), nil
	case OpStartsWith:
		return strings.HasPrefix(text, want.text), nil
	case OpEndsWith:
		return strings.HasSuffix(text, want.text), nil
	}
	return false, fmt.Errorf("unknown operator %q", op)
}
