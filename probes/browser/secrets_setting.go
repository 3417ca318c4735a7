package browser

import "outrider/checks"

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
