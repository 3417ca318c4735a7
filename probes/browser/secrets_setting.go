package browser

import (
	"slices"
	"strings"

	"outrider/checks"
)

// settingSecrets gives the secrets of what a browser is set up with.
func settingSecrets(s *checks.Setting) []checks.Secret {
	var all []checks.Secret
	if a := s.Auth; a != nil {
		all = append(append(append(all, a.Username.Secrets()...), a.Password.Secrets()...), a.Bearer.Secrets()...)
	}
	for _, c := range s.Cookies {
		all = append(all, c.Value.Secrets()...)
	}
	for _, fields := range [][]checks.Field{s.LocalStorage, s.SessionStorage} {
		for _, f := range fields {
			all = append(all, f.Value.Secrets()...)
		}
	}
	return all
}

// stateSecrets gives the secrets of the conditions of an expectation.
func stateSecrets(action checks.Action) []checks.Secret {
	e, ok := action.(*checks.Expect)
	if !ok {
		return nil
	}
	conditions := []*checks.Condition{e.URL, e.Title, e.Status}
	named := e.Cookies
	if x := e.Element; x != nil {
		conditions = append(conditions, x.Text, x.Value, x.Count)
		named = append(slices.Clip(named), x.Attributes...)
	}
	if r := e.Request; r != nil {
		conditions = append(conditions, r.URL, r.Status)
	}
	var all []checks.Secret
	for _, c := range conditions {
		if c != nil {
			all = append(all, c.Secrets()...)
		}
	}
	for _, n := range named {
		all = append(all, n.Condition.Secrets()...)
	}
	return all
}

// looksSecret tells whether a text looks like a token: long, without spaces,
// and not just a word or a number. Who has a session's token is signed in.
func looksSecret(text string) bool {
	const least, most = 16, 8 << 10
	if len(text) < least || len(text) > most || strings.ContainsAny(text, " \t\r\n<>{}\"") {
		return false
	}
	digits, letters := false, false
	for _, r := range text {
		digits = digits || r >= '0' && r <= '9'
		letters = letters || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return digits && letters
}
