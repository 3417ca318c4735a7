package checks

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// Redacted is what stands in place of a secret's value.
const Redacted = "[redacted]"

// minSecret is the length in bytes below which a value is not searched for:
// taking every "1" out of a text would hide more than it protects. Loading
// refuses shorter secrets.
const minSecret = 4

// Redactor takes secrets out of text, in the forms in which they travel: as
// they are, in Base64 (on their own or within something longer) and in hex,
// and each of these escaped for URLs, JSON or HTML, in any mixture and up to
// three times over. Letters match in either case: sites change it, as in host
// names and headings, and what is left gives nearly all of the secret away. A
// nil Redactor changes nothing.
type Redactor struct {
	// forms is what to search for, in lower case, by the first four bytes.
	// starts tells of four bytes whether anything may start with them, so that
	// a text is gone through once, however many secrets there are.
	forms  map[uint32][][]byte
	starts [1 << 16]bool
	// secrets are what it was made for.
	secrets []Secret
}

// start is the first four bytes of s, which are minSecret at the least, in
// lower case.
func start(s []byte) uint32 {
	return uint32(lower(s[0])) | uint32(lower(s[1]))<<8 | uint32(lower(s[2]))<<16 | uint32(lower(s[3]))<<24
}

// lower gives the lower case of an ASCII letter, and any other byte as it is.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// lowered gives a text with its ASCII letters in lower case.
func lowered(text string) string {
	b := []byte(text)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

// startsWith tells whether text starts with a form, ASCII letters in either
// case.
func startsWith(text, form []byte) bool {
	if len(text) < len(form) {
		return false
	}
	for i, c := range form {
		if lower(text[i]) != c {
			return false
		}
	}
	return true
}

// slot is a start's place in Redactor.starts (Fibonacci hashing).
func slot(start uint32) uint32 { return start * 2654435769 >> 16 }

// NewRedactor makes a Redactor for the given secrets.
func NewRedactor(secrets ...Secret) *Redactor {
	var forms []string
	for _, s := range secrets {
		v := s.Reveal()
		if len(v) < minSecret {
			continue
		}
		forms = append(forms, v, hex.EncodeToString([]byte(v)))
		forms = append(forms, strings.ToLower(v), strings.ToUpper(v)) // for letters beyond ASCII
		forms = append(forms, unescaped(v)...)
		if trimmed := strings.TrimSpace(v); len(trimmed) >= minSecret {
			forms = append(forms, trimmed) // HTTP trims header values
		}
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			forms = append(forms, e.EncodeToString([]byte(v)), e.WithPadding(base64.NoPadding).EncodeToString([]byte(v)))
			forms = append(forms, within(e, v)...)
		}
	}
	for i, form := range forms {
		forms[i] = lowered(form)
	}
	slices.Sort(forms)
	r := &Redactor{forms: map[uint32][][]byte{}, secrets: secrets}
	for _, form := range slices.Compact(forms) {
		f := []byte(form)
		r.forms[start(f)] = append(r.forms[start(f)], f)
		r.starts[slot(start(f))] = true
	}
	return r
}

// With gives a Redactor for further secrets as well.
func (r *Redactor) With(more ...Secret) *Redactor {
	switch {
	case len(more) == 0:
		return r
	case r == nil:
		return NewRedactor(more...)
	}
	return NewRedactor(append(slices.Clip(r.secrets), more...)...)
}

// minWithin is how many characters of Base64 must be sure before they are
// searched for: eight of them are six bytes of the secret.
const minWithin = 8

// within gives what is seen of a value in the Base64 of something longer that
// contains it, for each of the three ways in which it can fall on the groups
// of three bytes. The characters that it shares with its neighbours are left
// out: each tells less than a byte.
func within(e *base64.Encoding, v string) []string {
	var forms []string
	for before := range 3 {
		encoded := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), v...))
		start := (before*8 + 5) / 6
		end := (before + len(v)) * 8 / 6
		if end-start >= minWithin {
			forms = append(forms, encoded[start:end])
		}
	}
	return forms
}

// Redact returns the text without secrets.
func (r *Redactor) Redact(text string) string {
	if r == nil || len(r.forms) == 0 {
		return text
	}
	found := r.find([]byte(text), nil, nil)
	for _, e := range readings {
		found = r.findEscaped(text, e, found)
	}
	if len(found) == 0 {
		return text
	}
	return replace(text, found)
}

// layers is how many times a text may be escaped: JSON within JSON, a URL
// within HTML.
const layers = 3

// readings are the ways in which a text is read: each kind of escape alone,
// since a secret may itself look as if it were escaped in another way, and all
// of them mixed.
var readings = [...]escapes{escapesURL, escapesScript, escapesHTML, escapesURL | escapesScript | escapesHTML, escapesURL | escapesScript | escapesHTML | escapesPlus}

// findEscaped looks below the escapes.
func (r *Redactor) findEscaped(text string, e escapes, found []span) []span {
	v := view{text: []byte(text)}
	for range layers {
		next, changed := v.unescape(e)
		if !changed {
			break
		}
		v = next
		found = r.find(v.text, &v, found)
	}
	return found
}

// unescaped gives what becomes of a value that itself looks escaped ("50%25")
// when the escapes around it are taken out.
func unescaped(value string) []string {
	var forms []string
	for _, e := range readings {
		v := view{text: []byte(value)}
		for range layers {
			next, changed := v.unescape(e)
			if !changed || len(next.text) < minSecret {
				break
			}
			v = next
			forms = append(forms, string(v.text))
		}
	}
	return forms
}

// span is a piece of the text, from its first byte to before its last.
type span struct{ start, end int }

// find adds where the forms stand. Overlapping ones are all found: what two
// secrets share must go with both.
func (r *Redactor) find(text []byte, v *view, found []span) []span {
	if len(text) < minSecret {
		return found
	}
	first := start(text)
	for i := 0; ; i++ {
		if r.starts[slot(first)] {
			for _, form := range r.forms[first] {
				if !startsWith(text[i:], form) {
					continue
				}
				s := span{i, i + len(form)}
				if v != nil {
					s = span{v.start(i), v.end(i + len(form) - 1)}
				}
				found = append(found, s)
			}
		}
		if i+minSecret == len(text) {
			return found
		}
		first = first>>8 | uint32(lower(text[i+minSecret]))<<24
	}
}

// replace puts Redacted in place of the spans; overlapping ones become one.
func replace(text string, found []span) string {
	slices.SortFunc(found, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	var b strings.Builder
	done := 0
	for i := 0; i < len(found); {
		s := found[i]
		for i++; i < len(found) && found[i].start < s.end; i++ {
			s.end = max(s.end, found[i].end)
		}
		b.WriteString(text[done:s.start])
		b.WriteString(Redacted)
		done = s.end
	}
	b.WriteString(text[done:])
	return b.String()
}
