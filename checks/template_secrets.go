package checks

// Secrets gives the values of the secrets in the text, for those who have to
// keep them out of what a run shows.
func (t Template) Secrets() []Secret {
	var secrets []Secret
	for _, p := range t.parts {
		if p.secret {
			secrets = append(secrets, NewSecret(p.text))
		}
		if p.code != nil {
			secrets = append(secrets, p.code.secrets...)
		}
	}
	return secrets
}

// Secrets gives the values of the secrets that the condition compares with.
func (c Condition) Secrets() []Secret { return c.operand.Secrets() }
