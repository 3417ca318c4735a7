package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a recording. A flow of an hour has a few hundred steps.
const (
	MaxSize   = 4 << 20 // bytes
	maxDepth  = 40
	maxValues = 200_000
	maxSteps  = 2_000
)

// Problem is why a recording cannot be read, and where. Line and Column count
// from 1; a zero Line means the whole file.
type Problem struct {
	Line, Column int
	Message      string
}

// Error gives the message without the place.
func (p *Problem) Error() string { return p.Message }

type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindObject
)

var kindNames = [...]string{"nothing", "true or false", "a number", "text", "a list", "an object"}

// value is a JSON value with its place.
type value struct {
	kind    kind
	at      int // offset in the file
	text    string
	number  float64
	bool    bool
	items   []*value // of a list
	members []member // of an object, in order
}

type member struct {
	name  string
	value *value
}

// reader reads JSON into values.
type reader struct {
	data   []byte
	dec    *json.Decoder
	values int
}

// parseJSON reads one JSON value that is all of the file.
func parseJSON(data []byte) (*value, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	r := &reader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, r.problem(err)
	}
	if _, at, err := r.token(); !errors.Is(err, io.EOF) {
		return nil, r.at(at, "something follows the recording: a file holds one recording")
	}
	return v, nil
}

func (r *reader) at(offset int, format string, args ...any) *Problem {
	line, column := position(r.data, offset)
	return &Problem{line, column, fmt.Sprintf(format, args...)}
}

// position is the line and column (in characters) of an offset, from 1.
func position(data []byte, offset int) (line, column int) {
	offset = min(max(offset, 0), len(data))
	before := data[:offset]
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

func (r *reader) problem(err error) error {
	var own *Problem
	if errors.As(err, &own) {
		return own
	}
	offset := int(r.dec.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.at(len(r.data), "ends in the middle: it is no whole JSON file")
	}
	return r.at(offset, "is no JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// token gives the next token and where it starts.
func (r *reader) token() (json.Token, int, error) {
	at := int(r.dec.InputOffset())
	for at < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[at]) >= 0 {
		at++
	}
	t, err := r.dec.Token()
	return t, at, err
}

func (r *reader) value(depth int) (*value, error) {
	t, at, err := r.token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, r.at(at, "is nested more than %d deep", maxDepth)
	}
	if r.values++; r.values > maxValues {
		return nil, r.at(at, "holds more than %d values", maxValues)
	}
	v := &value{at: at}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			v.kind = kindList
			return v, r.list(v, depth)
		}
		v.kind = kindObject
		return v, r.object(v, depth)
	case string:
		v.kind, v.text = kindText, t
	case json.Number:
		v.kind, v.text = kindNumber, t.String()
		if v.number, err = t.Float64(); err != nil {
			return nil, r.at(at, "%s is too large a number", cut(t.String()))
		}
	case bool:
		v.kind, v.bool = kindBool, t
	}
	return v, nil
}

func (r *reader) list(v *value, depth int) error {
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) object(v *value, depth int) error {
	for r.dec.More() {
		name, at, err := r.token()
		if err != nil {
			return err
		}
		key, ok := name.(string)
		if !ok {
			return r.at(at, "is no JSON: a name is missing")
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.members = append(v.members, member{key, item})
	}
	_, err := r.dec.Token()
	return err
}

// member gives the value of a name; the last of several counts, as browsers
// have it. A null is no value.
func (v *value) member(name string) *value {
	for i := len(v.members) - 1; i >= 0; i-- {
		if m := v.members[i]; m.name == name {
			if m.value.kind == kindNull {
				return nil
			}
			return m.value
		}
	}
	return nil
}
