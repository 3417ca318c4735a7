package checks

import (
	"fmt"
	"strings"
)

// Template is text with variables: ${NAME} for the environment,
// ${secret:NAME}, ${totp:NAME} for a one-time code, ${variable} for what an earlier step captured, and
// ${function()} for random and time values. Environment and secrets are
// filled in when the definition is loaded; the rest at each run. The zero
// value is the empty text. $${ stands for a literal ${.
type Template struct {
	parts  []part
	source string
}

// part is a literal text, a secret, the name of a captured variable, or a call.
type part struct {
	text     string
	secret   bool
	variable string
	call     func(Scope) string
	code     *oneTimeCode // what call computes, if it is a one-time code
	// escape, if set, is applied to what variable or call gives.
	escape func(string) string
}

func (p *part) constant() bool { return p.variable == "" && p.call == nil }

// value gives what a variable or call stands for.
func (p *part) value(scope Scope) (string, error) {
	if scope == nil {
		return "", fmt.Errorf("text depends on the run, and there is none")
	}
	var v string
	if p.call != nil {
		v = p.call(scope)
	} else {
		var ok bool
		if v, ok = scope.Variable(p.variable); !ok {
			return "", fmt.Errorf("variable ${%s} has no value: no earlier step captured it", p.variable)
		}
	}
	if p.escape != nil {
		v = p.escape(v)
	}
	return v, nil
}

// Scope is what a template's variables stand for during one run.
type Scope interface {
	// Variable gives the value that an earlier step captured.
	Variable(name string) (string, bool)
	// Functions gives the sources of time and chance for function calls.
	Functions() *Functions
}

// Literal makes a template of text that is taken as it is.
func Literal(text string) Template {
	if text == "" {
		return Template{}
	}
	return Template{parts: []part{{text: text}}, source: text}
}

// IsZero tells whether the template is empty.
func (t Template) IsZero() bool { return len(t.parts) == 0 }

// String gives the template as the definition wrote it: it shows the names of
// secrets, never their values.
func (t Template) String() string { return t.source }

// Constant gives the text if it is the same in every run.
func (t Template) Constant() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].constant():
		return t.parts[0].text, true
	}
	for i := range t.parts {
		if !t.parts[i].constant() {
			return "", false
		}
	}
	text, _ := t.Expand(nil) // without variables and calls it cannot fail
	return text, true
}

// HasSecret tells whether the text contains a secret.
func (t Template) HasSecret() bool {
	for _, p := range t.parts {
		if p.secret || p.code != nil {
			return true
		}
	}
	return false
}

// Expand fills in the variables. Its error names a variable that no earlier
// step has captured.
func (t Template) Expand(scope Scope) (string, error) {
	if len(t.parts) == 1 && t.parts[0].constant() {
		return t.parts[0].text, nil
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		if p.constant() {
			b.WriteString(p.text)
			continue
		}
		v, err := p.value(scope)
		if err != nil {
			return "", err
		}
		b.WriteString(v)
	}
	return b.String(), nil
}
