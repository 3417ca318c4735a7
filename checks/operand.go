package checks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// operand is the right side of a condition, with everything that its text can
// mean worked out beforehand: what the value on the left is, decides which
// meaning counts.
type operand struct {
	text string
	// kind limits what the operand can be equal to.
	kind operandKind

	number    float64
	hasNumber bool
	duration  time.Duration
	isTime    bool
	size      float64 // bytes
	isSize    bool
	low, high float64 // class: 2xx is 200 to 299
	isClass   bool
	json      any // a list or mapping
	pattern   *regexp.Regexp
	weight    int // of pattern, in instructions
}

type operandKind int

const (
	operandAny    operandKind = iota // unquoted text: whatever it reads like
	operandText                      // text only
	operandNumber                    // a number by its YAML type
	operandBool
	operandNull
	operandJSON // a list or mapping
)

// parseOperand works out what a text can mean.
func parseOperand(text string, op Op, literal bool) (*operand, error) {
	o := &operand{text: text}
	if literal {
		o.kind = operandText
	}
	switch op {
	case OpMatches, OpNotMatches:
		var err error
		o.pattern, o.weight, err = compilePattern(text)
		return o, err
	case OpStartsWith, OpEndsWith:
		o.kind = operandText
	}
	if literal {
		return o, nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		o.number, o.hasNumber = n, true
	}
	if d, err := ParseDuration(text); err == nil {
		o.duration, o.isTime = d, true
	}
	if n, err := parseBytes(text); err == nil {
		o.size, o.isSize = n, true
	}
	if len(text) == 3 && text[0] >= '1' && text[0] <= '5' && (text[1:] == "xx" || text[1:] == "XX") {
		o.low = float64(text[0]-'0') * 100
		o.high, o.isClass = o.low+99, true
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			o.json = v
		}
	}
	return o, nil
}

// equals tells whether got is what the operand stands for. Different types
// are never equal; that is an answer, not an error.
func (o *operand) equals(got any) bool {
	if n, ok := asNumber(got); ok {
		switch {
		case o.isClass:
			return n >= o.low && n <= o.high
		case o.kind != operandAny && o.kind != operandNumber:
			return false
		case o.hasNumber:
			return n == o.number
		}
		return o.isSize && n == o.size
	}
	switch got := got.(type) {
	case string:
		return (o.kind == operandAny || o.kind == operandText) && got == o.text
	case bool:
		return (o.kind == operandAny || o.kind == operandBool) && strconv.FormatBool(got) == o.text
	case nil:
		return o.kind == operandNull || o.kind == operandAny && o.text == "null"
	case time.Duration:
		return o.isTime && got == o.duration
	case []any, map[string]any:
		return o.json != nil && sameJSON(got, o.json)
	}
	return false
}

// order is negative, zero or positive as got is below, at or above the operand.
func (o *operand) order(got any) (int, error) {
	if d, ok := got.(time.Duration); ok {
		if !o.isTime {
			return 0, errors.New("got a duration")
		}
		return compare(float64(d), float64(o.duration)), nil
	}
	n, ok := asNumber(got)
	if !ok {
		text, isText := got.(string)
		if !isText {
			return 0, fmt.Errorf("got %s", typeName(got))
		}
		var err error
		if n, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || math.IsNaN(n) {
			return 0, errors.New("got text that is no number")
		}
	}
	switch {
	case o.hasNumber:
		return compare(n, o.number), nil
	case o.isSize:
		return compare(n, o.size), nil
	}
	return 0, fmt.Errorf("got %s", typeName(got))
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// containedIn tells whether text has the operand in it, a list has it as an
// item, or a JSON object has it as a key.
func (o *operand) containedIn(got any) (bool, error) {
	switch got := got.(type) {
	case string:
		return strings.Contains(got, o.text), nil
	case []any:
		for _, item := range got {
			if o.equals(item) {
				return true, nil
			}
		}
		return false, nil
	case map[string]any:
		_, ok := got[o.text]
		return ok, nil
	}
	return false, fmt.Errorf("got %s, which cannot contain anything", typeName(got))
}

// lengthOf counts the characters of text, the items of a list or the keys of
// a JSON object.
func lengthOf(got any) (float64, error) {
	switch got := got.(type) {
	case string:
		return float64(utf8.RuneCountInString(got)), nil
	case []any:
		return float64(len(got)), nil
	case map[string]any:
		return float64(len(got)), nil
	}
	return 0, fmt.Errorf("got %s, which has no length", typeName(got))
}

// asNumber takes the numbers that JSON decoders give.
func asNumber(got any) (float64, bool) {
	switch got := got.(type) {
	case float64:
		return got, true
	case int64:
		return float64(got), true
	case int:
		return float64(got), true
	case json.Number:
		n, err := got.Float64()
		return n, err == nil
	}
	return 0, false
}

// asText is what operators on text see of a value.
func asText(got any) (string, error) {
	if n, ok := asNumber(got); ok {
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	}
	switch got := got.(type) {
	case string:
		return got, nil
	case bool:
		return strconv.FormatBool(got), nil
	}
	return "", fmt.Errorf("got %s", typeName(got))
}

// typeName names the type of a value for a person.
func typeName(got any) string {
	if _, ok := asNumber(got); ok {
		return "a number"
	}
	switch got.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "true or false"
	case time.Duration:
		return "a duration"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "nothing"
}

// sameJSON compares decoded JSON; the order of an object's keys is nothing.
func sameJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
