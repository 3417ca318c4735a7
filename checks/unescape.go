package checks

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with its escapes taken out, and where each of its bytes
// stands in the original.
type view struct {
	text  []byte
	spans []span // nil: each byte stands for itself
}

func (v *view) start(i int) int {
	if v.spans == nil {
		return i
	}
	return v.spans[i].start
}

func (v *view) end(i int) int {
	if v.spans == nil {
		return i + 1
	}
	return v.spans[i].end
}

// escapes are kinds of escapes.
type escapes int

const (
	escapesURL    escapes = 1 << iota // %2F
	escapesPlus                       // + for a space, in queries
	escapesScript                     // \u002f, \x2f, \/ in JSON and JavaScript
	escapesHTML                       // &amp;, &#47;
)

// signs are the characters that escapes start with.
func (e escapes) signs() string {
	signs := ""
	for i, sign := range []string{"%", "+", `\`, "&"} {
		if e&(1<<i) != 0 {
			signs += sign
		}
	}
	return signs
}

// unescape takes one layer of escapes out, and tells whether there was any.
func (v *view) unescape(e escapes) (view, bool) {
	signs := e.signs()
	if !bytes.ContainsAny(v.text, signs) {
		return *v, false
	}
	next := view{text: make([]byte, 0, len(v.text)), spans: make([]span, 0, len(v.text))}
	changed := false
	var buffer [2 * utf8.UTFMax]byte
	for i := 0; i < len(v.text); {
		plain, size := buffer[:0], 1
		if strings.IndexByte(signs, v.text[i]) >= 0 {
			plain, size = unescapeOne(v.text[i:], plain)
		} else {
			plain = append(plain, v.text[i])
		}
		changed = changed || size > 1 || plain[0] != v.text[i]
		s := span{v.start(i), v.end(i + size - 1)}
		for _, c := range plain {
			next.text = append(next.text, c)
			next.spans = append(next.spans, s)
		}
		i += size
	}
	return next, changed
}

// unescapeOne reads what stands at the start of s: an escape or a byte. It
// appends what that stands for, and gives its size in s.
func unescapeOne(s, into []byte) (plain []byte, size int) {
	switch s[0] {
	case '%':
		if n, ok := hexNumber(s, 1, 2); ok {
			return append(into, byte(n)), 3
		}
	case '+':
		return append(into, ' '), 1
	case '\\':
		return unescapeBackslash(s, into)
	case '&':
		return unescapeEntity(s, into)
	}
	return append(into, s[0]), 1
}

func unescapeBackslash(s, into []byte) ([]byte, int) {
	if len(s) < 2 {
		return append(into, s[0]), 1
	}
	switch s[1] {
	case 'u':
		n, ok := hexNumber(s, 2, 4)
		if !ok {
			break
		}
		if utf16.IsSurrogate(rune(n)) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
			if low, ok := hexNumber(s, 8, 4); ok {
				return utf8.AppendRune(into, utf16.DecodeRune(rune(n), rune(low))), 12
			}
		}
		return utf8.AppendRune(into, rune(n)), 6
	case 'x':
		if n, ok := hexNumber(s, 2, 2); ok {
			return append(into, byte(n)), 4
		}
	case 'n':
		return append(into, '\n'), 2
	case 't':
		return append(into, '\t'), 2
	case 'r':
		return append(into, '\r'), 2
	case 'b':
		return append(into, '\b'), 2
	case 'f':
		return append(into, '\f'), 2
	case '"', '\'', '\\', '/':
		return append(into, s[1]), 2
	}
	return append(into, s[0]), 1
}

// longestEntity is that of HTML's named characters.
const longestEntity = 40

func unescapeEntity(s, into []byte) ([]byte, int) {
	for end := 1; end < len(s) && end < longestEntity; end++ {
		if s[end] != ';' {
			continue
		}
		if plain := html.UnescapeString(string(s[:end+1])); !strings.HasPrefix(plain, "&") || plain == "&" {
			return append(into, plain...), end + 1
		}
		break
	}
	return append(into, s[0]), 1
}

// hexNumber reads digits hexadecimal digits of s from at on.
func hexNumber(s []byte, at, digits int) (uint64, bool) {
	if len(s) < at+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[at:at+digits]), 16, 32)
	return n, err == nil
}
