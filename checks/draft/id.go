package draft

import (
	"strings"
	"unicode"
)

// maxID is how long an id of a check can be, in bytes.
const maxID = 64

// spelled are letters that lose less when written with two.
var spelled = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "o", "å", "a",
	"à", "a", "á", "a", "â", "a", "ã", "a", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i",
	"ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ù", "u", "ú", "u", "û", "u", "ý", "y", "ÿ", "y", "œ", "oe", "&", " and ")

// ID makes an id of a title: lower-case letters and digits with a dash between
// words. A title without any gives fallback.
func ID(title, fallback string) string {
	var b strings.Builder
	dash := false
	for _, r := range spelled.Replace(strings.ToLower(title)) {
		if r < 0x80 && (unicode.IsLower(r) || unicode.IsDigit(r)) {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		} else if r != '\'' && r != '’' {
			dash = true
		}
		if b.Len() >= maxID {
			break
		}
	}
	id := b.String()
	if len(id) > maxID {
		id = id[:maxID]
	}
	if id = strings.TrimRight(id, "-"); id == "" {
		return fallback
	}
	return id
}

// Title puts a title on one line of at most 200 bytes, as checks have it.
func Title(title string) string { return Cut(title, 180) }
