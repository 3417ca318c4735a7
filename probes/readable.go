package probes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The lengths, in characters, to which the texts of a run are cut.
const (
	shortText   = 200  // names, values
	longText    = 500  // messages
	addressText = 1000 // URLs
)

// readable makes one line of at most limit characters: white space of any
// kind becomes a space, and whatever could fool a terminal or a reader
// (control characters, marks that change the direction of writing, broken
// UTF-8) becomes U+FFFD.
func readable(text string, limit int) string {
	if isReadable(text, limit) {
		return text
	}
	b := make([]byte, 0, min(len(text), 4*limit))
	characters, last := 0, 0
	for _, r := range text {
		if characters == limit {
			b = append(b[:last], "…"...)
			break
		}
		characters, last = characters+1, len(b)
		b = utf8.AppendRune(b, clean(r))
	}
	return strings.TrimRight(string(b), " ")
}

// isReadable tells whether a text may stay as it is.
func isReadable(text string, limit int) bool {
	if len(text) > limit {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

// clean gives what to show for a character.
func clean(r rune) rune {
	switch {
	case r == utf8.RuneError:
		return unicode.ReplacementChar
	case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return unicode.ReplacementChar
	}
	return r
}
