package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// document is a body that was read as JSON.
type document struct {
	value any
	err   error
}

// maxValues bounds the values in a JSON document: a short text can hold very
// many, and each takes far more memory than it takes in the text.
const maxValues = 1 << 20

// JSON gives the body as decoded JSON.
func (a *answer) JSON() (any, error) {
	if a.document == nil {
		a.document = &document{}
		a.document.value, a.document.err = parseJSON(a.body)
	}
	return a.document.value, a.document.err
}

// parseJSON decodes one JSON value, with whole numbers as int64, so that ids
// keep all their digits, and others as float64; only numbers that fit neither
// stay json.Number. Nesting is bounded by encoding/json.
func parseJSON(text []byte) (any, error) {
	if values := bytes.Count(text, []byte(",")) + bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")); values > maxValues {
		return nil, fmt.Errorf("the JSON has more than %d values", maxValues)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the body is empty, so it is no JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the body is no JSON: it ends too early")
		}
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the body is no JSON: something follows the first value")
	}
	return numbers(value), nil
}

// numbers replaces json.Number throughout a value, in place.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for name, item := range v {
			switch item.(type) {
			case json.Number, []any, map[string]any:
				v[name] = numbers(item)
			}
		}
	}
	return value
}

func number(n json.Number) any {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i
	}
	if !strings.ContainsAny(string(n), ".eE") {
		return n // too large for int64: a float64 would lose digits
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n
}

// jsonText writes a value for a person or a later request: text as it is,
// everything else as JSON.
func jsonText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return string(v)
	}
	text, err := marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return text
}

// marshal writes JSON without escapes for HTML, which nobody asked for.
func marshal(value any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}
