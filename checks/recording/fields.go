package recording

import (
	"regexp"

	"outrider/checks/draft"
)

// fieldKind is what kind of secret a field takes; noSecret for none.
type fieldKind string

const (
	noSecret     fieldKind = ""
	passwordKind fieldKind = "PASSWORD"
	codeKind     fieldKind = "TOTP" // a one-time code
	cardKind     fieldKind = "CARD_NUMBER"
	cardCodeKind fieldKind = "CARD_CODE"
)

var fieldPatterns = []struct {
	kind    fieldKind
	pattern *regexp.Regexp
}{
	{passwordKind, draft.PasswordName},
	{codeKind, regexp.MustCompile(`(?i)one[-_ ]?time[-_ ]?(code|password|pin)|\botp\b|[-_#.]otp\b|\btotp\b|[-_#.]totp|\b2fa\b|\bmfa\b|(authenticator|verification|two[-_ ]factor|einmal)[-_ ]?code`)},
	{cardCodeKind, regexp.MustCompile(`(?i)\bcv[cv]2?\b|[-_#.]cv[cv]|security[-_ ]code|card[-_ ]?code|cc-?csc`)},
}

// secretKind tells which kind of secret a field takes, by what it is called and
// what was put into it.
func secretKind(selectors [][]string, value string) fieldKind {
	if draft.RealCard(value) {
		return cardKind
	}
	kind := noSecret
	for _, chain := range selectors {
		last := chain[len(chain)-1]
		for _, p := range fieldPatterns {
			if !p.pattern.MatchString(last) {
				continue
			}
			if p.kind == codeKind {
				return codeKind // "one-time password" is a code
			}
			if kind == noSecret {
				kind = p.kind
			}
		}
	}
	return kind
}
