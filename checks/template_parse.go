package checks

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxTemplate bounds the text of one template, after the environment was
// filled in.
const maxTemplate = 1 << 20

var (
	environmentName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	variableName    = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)
	secretName      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
)

// templateParser reads templates and fills in what is known when definitions
// are loaded.
type templateParser struct {
	env    func(name string) (string, bool)
	secret func(name string) (string, error)
	// code finds what makes one-time codes; nil: there is none.
	code func(name string) (*oneTimeCode, error)
	// escape, if set, is applied to every value that is filled in.
	escape func(string) string
	// raw allows ${json(name)}: a value that is JSON already.
	raw bool

	parts    []part
	text     strings.Builder // literal text that is not in parts yet
	size     int             // of all text, in bytes
	captured []templatePiece // references to captured variables
	problems []templatePiece
}

// templatePiece is a remark on a piece of a template: the name of a variable,
// or what is wrong.
type templatePiece struct {
	source string // the piece as written
	text   string
}

// parse reads one template. What is wrong with it is left in p.problems.
func (p *templateParser) parse(source string) Template {
	p.add(source)
	return p.template(source)
}

// template gives what was added, as one template.
func (p *templateParser) template(source string) Template {
	p.flush()
	t := Template{parts: p.parts, source: source}
	p.parts, p.size = nil, 0
	return t
}

// flush makes a part of the literal text.
func (p *templateParser) flush() {
	if p.text.Len() > 0 {
		p.parts = append(p.parts, part{text: p.text.String()})
		p.text.Reset()
	}
}

// part appends a part that is not literal text.
func (p *templateParser) part(added part) {
	p.flush()
	p.parts = append(p.parts, added)
}

// add appends the parts of source.
func (p *templateParser) add(source string) {
	rest := source
	for {
		start := strings.Index(rest, "${")
		if start < 0 {
			p.literal(rest)
			return
		}
		if start > 0 && rest[start-1] == '$' { // $${ is a literal ${
			p.literal(rest[:start-1] + "${")
			rest = rest[start+2:]
			continue
		}
		p.literal(rest[:start])
		end := strings.IndexByte(rest[start:], '}')
		if end < 0 {
			p.fail(rest[start:], `"${" without its "}": close it, or write $${ for the text ${`)
			return
		}
		end += start
		p.expression(rest[start:end+1], rest[start+2:end])
		rest = rest[end+1:]
	}
}

// expression reads what stands between ${ and }.
func (p *templateParser) expression(piece, inner string) {
	if strings.Contains(inner, "${") {
		p.fail(piece, "variables cannot be nested")
		return
	}
	if name, ok := strings.CutPrefix(inner, "secret:"); ok {
		p.secretValue(piece, name)
		return
	}
	if name, ok := strings.CutPrefix(inner, "totp:"); ok {
		p.oneTimeCode(piece, name)
		return
	}
	if open := strings.IndexByte(inner, '('); open > 0 && strings.HasSuffix(inner, ")") && variableName.MatchString(inner[:open]) {
		p.function(piece, inner[:open], inner[open+1:len(inner)-1])
		return
	}
	name, fallback, hasFallback := strings.Cut(inner, ":-")
	switch {
	case environmentName.MatchString(name):
		p.environment(piece, name, fallback, hasFallback)
	case variableName.MatchString(name) && !hasFallback:
		p.captured = append(p.captured, templatePiece{piece, name})
		p.part(part{variable: name, escape: p.escape})
	case variableName.MatchString(name):
		p.fail(piece, "only environment variables (CAPITALS) can have a default")
	default:
		p.fail(piece, "cannot read %s: write ${NAME} for the environment, ${NAME:-default}, ${secret:NAME}, ${totp:NAME}, ${captured} or ${function()}", cut(piece))
	}
}

func (p *templateParser) environment(piece, name, fallback string, hasFallback bool) {
	value, ok := p.env(name)
	switch {
	case (!ok || value == "") && hasFallback:
		value = fallback
	case !ok:
		p.fail(piece, "environment variable %s is not set: set it, or give a default with ${%s:-default}", name, name)
		return
	}
	p.literal(p.escaped(value))
}

func (p *templateParser) secretValue(piece, name string) {
	if !secretName.MatchString(name) {
		p.fail(piece, "%q is no name of a secret: write letters, digits, _, - and .", cut(name))
		return
	}
	value, err := p.secret(name)
	if err != nil {
		p.fail(piece, "%s", err)
		return
	}
	p.size += len(value)
	p.part(part{text: p.escaped(value), secret: true})
}

func (p *templateParser) function(piece, name, args string) {
	if name == "json" {
		p.rawJSON(piece, args)
		return
	}
	call, err := templateFunction(name, args)
	if err != nil {
		p.fail(piece, "%s", err)
		return
	}
	p.part(part{call: call, escape: p.escape})
}

// rawJSON is ${json(name)}, which puts a captured value in place as it is.
func (p *templateParser) rawJSON(piece, name string) {
	name = strings.TrimSpace(name)
	switch {
	case !p.raw:
		p.fail(piece, "json(…) must be a whole value of a json: body")
	case !variableName.MatchString(name):
		p.fail(piece, "write the name of a captured variable: ${json(name)}")
	default:
		p.captured = append(p.captured, templatePiece{piece, name})
		p.part(part{variable: name, escape: jsonOrString})
	}
}

func (p *templateParser) escaped(s string) string {
	if p.escape == nil {
		return s
	}
	return p.escape(s)
}

// literal appends text.
func (p *templateParser) literal(s string) {
	if p.size += len(s); p.size > maxTemplate {
		if p.size-len(s) <= maxTemplate {
			p.fail(cut(s), "text is longer than %d bytes: put it in a file", maxTemplate)
		}
		return
	}
	p.text.WriteString(s)
}

func (p *templateParser) fail(piece, format string, args ...any) {
	p.problems = append(p.problems, templatePiece{piece, fmt.Sprintf(format, args...)})
}

// ParseTemplate reads a template outside of a definition file: without
// environment and secrets, which only loading fills in.
func ParseTemplate(source string) (Template, error) {
	p := templateParser{
		env:    func(string) (string, bool) { return "", false },
		secret: func(name string) (string, error) { return "", fmt.Errorf("secret %s is not set", name) },
	}
	t := p.parse(source)
	if len(p.problems) > 0 {
		return Template{}, errors.New(p.problems[0].text)
	}
	return t, nil
}
