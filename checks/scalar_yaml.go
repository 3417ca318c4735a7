package checks

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// scalar gives a node that is a single value, or nil after saying what to
// write instead.
func (d *decoder) scalar(n *yaml.Node, write string) *yaml.Node {
	n = d.resolve(n)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.wrong(n, write)
		return nil
	}
	if !strings.HasPrefix(n.Tag, "!!") {
		d.problem(n, "found the tag %s: definitions have no tags", cut(n.Tag))
		return nil
	}
	return n
}

// template reads text with variables.
func (d *decoder) template(n *yaml.Node) (Template, bool) {
	n = d.scalar(n, `text, or "" for none`)
	if n == nil {
		return Template{}, false
	}
	return d.parseTemplate(n, n.Value)
}

// parseTemplate reads a template that is (a part of) a scalar's text.
func (d *decoder) parseTemplate(n *yaml.Node, source string) (Template, bool) {
	if !strings.Contains(source, "${") {
		return Literal(source), true
	}
	p := d.templateParser()
	t := p.parse(source)
	return t, d.settleTemplate(n, p)
}

func (d *decoder) templateParser() *templateParser {
	return &templateParser{env: d.opts.LookupEnv, secret: d.secret, code: d.oneTimeCode}
}

// settleTemplate notes what the parser found. It is false if the template is
// no good.
func (d *decoder) settleTemplate(n *yaml.Node, p *templateParser) bool {
	for _, problem := range p.problems {
		d.problemAt(d.locate(n, problem.source), "%s", problem.text)
	}
	for _, use := range p.captured {
		d.uses = append(d.uses, variableUse{use.text, d.locate(n, use.source)})
	}
	return len(p.problems) == 0
}

// text reads text that is known when the definition is loaded: it may refer
// to the environment, but to nothing that only a run knows.
func (d *decoder) text(n *yaml.Node, write string) (string, bool) {
	n = d.scalar(n, write)
	if n == nil {
		return "", false
	}
	return d.constant(n, n.Value)
}

// shown reads text like text does. People see it wherever the check is shown,
// and in InfluxDB and notifications, so there is no place for a secret in it.
func (d *decoder) shown(n *yaml.Node, write string) (string, bool) {
	n = d.scalar(n, write)
	if n == nil {
		return "", false
	}
	text, secret, ok := d.settled(n, n.Value)
	if secret {
		d.problem(n, "secrets cannot be used here: this text is shown to everybody who sees the check")
		return "", false
	}
	return text, ok
}

func (d *decoder) constant(n *yaml.Node, source string) (string, bool) {
	text, _, ok := d.settled(n, source)
	return text, ok
}

// settled gives what a text stands for, and whether a secret is in it.
func (d *decoder) settled(n *yaml.Node, source string) (text string, secret, ok bool) {
	if !strings.Contains(source, "${") {
		return source, false, true
	}
	p := d.templateParser()
	t := p.parse(source)
	for _, use := range p.captured {
		d.problemAt(d.locate(n, use.source), "captured values cannot be used here: write a fixed value or an environment variable")
	}
	p.captured = nil
	if !d.settleTemplate(n, p) {
		return "", false, false
	}
	text, ok = t.Constant()
	if !ok && !slices.ContainsFunc(t.parts, func(p part) bool { return p.variable != "" }) {
		d.problem(n, "functions cannot be used here: write a fixed value or an environment variable")
	}
	return text, len(t.Secrets()) > 0, ok
}

// plain reads text that variables are not looked for in, such as a name.
func (d *decoder) plain(n *yaml.Node, write string) (string, bool) {
	n = d.scalar(n, write)
	if n == nil {
		return "", false
	}
	if strings.Contains(n.Value, "${") {
		d.problem(n, "variables cannot be used here: history hangs on this text, so it has to stay the same")
		return "", false
	}
	return n.Value, true
}

// parsed reads a scalar with a parser of its own; the parser's error says
// what to write.
func parsed[T any](d *decoder, n *yaml.Node, write string, parse func(string) (T, error)) (T, bool) {
	var zero T
	n = d.scalar(n, write)
	if n == nil {
		return zero, false
	}
	text, secret, ok := d.settled(n, n.Value)
	if !ok {
		return zero, false
	}
	v, err := parse(text)
	switch {
	case err == nil:
		return v, true
	case secret:
		// Nothing of it is quoted: cut in two, it could not be told any more.
		d.problem(n, "found %s, which is something else: write %s", describe(n), write)
	case text != n.Value:
		d.problem(n, "found %s, which is %q: %s", describe(n), cut(text), err)
	default:
		d.problem(n, "found %s: %s", describe(n), err)
	}
	return zero, false
}

const writeDuration = "a duration such as 800ms, 30s, 5m, 1h or 30d"

// duration reads a duration of at least least.
func (d *decoder) duration(n *yaml.Node, least time.Duration) (time.Duration, bool) {
	return parsed(d, n, writeDuration, func(s string) (time.Duration, error) {
		v, err := ParseDuration(s)
		if err == nil && v < least {
			err = fmt.Errorf("write at least %s", formatDuration(least))
		}
		return v, err
	})
}

func (d *decoder) integer(n *yaml.Node, least, most int) (int, bool) {
	write := fmt.Sprintf("a whole number from %d to %d", least, most)
	return parsed(d, n, write, func(s string) (int, error) {
		v, err := strconv.Atoi(s)
		if err != nil || v < least || v > most {
			return 0, errors.New("write " + write)
		}
		return v, nil
	})
}

func (d *decoder) number(n *yaml.Node) (float64, bool) {
	return parsed(d, n, "a number", func(s string) (float64, error) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return 0, errors.New("write a number such as 0.1")
		}
		return v, nil
	})
}

func (d *decoder) boolean(n *yaml.Node) (bool, bool) {
	return parsed(d, n, "true or false", func(s string) (bool, error) {
		switch s {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
		return false, errors.New("write true or false")
	})
}

func (d *decoder) bytes(n *yaml.Node, least, most int64) (int64, bool) {
	return parsed(d, n, "a size such as 100kB or 10MB", func(s string) (int64, error) {
		v, err := parseBytes(s)
		if err == nil && (v < float64(least) || v > float64(most)) {
			err = fmt.Errorf("write a size from %d bytes to %d MiB", least, most>>20)
		}
		return int64(v), err
	})
}

// choice reads one of a few words.
func choice[T ~string](d *decoder, n *yaml.Node, words []string) (T, bool) {
	return parsed(d, n, "one of "+strings.Join(words, ", "), func(s string) (T, error) {
		if !slices.Contains(words, s) {
			return "", errors.New(strings.TrimPrefix(strings.TrimPrefix(suggestion(s, words), ", "), ": "))
		}
		return T(s), nil
	})
}

// identifier is what ids of checks, audiences and locations look like.
var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

const writeID = "an id: at most 64 lower-case letters, digits, -, _ and ., starting with a letter or digit"

func (d *decoder) id(n *yaml.Node) (string, bool) {
	v, ok := d.plain(n, writeID)
	if ok && !identifier.MatchString(v) {
		d.wrong(d.peek(n), writeID)
		ok = false
	}
	return v, ok
}

// ids reads a list of ids or a single one.
func (d *decoder) ids(n *yaml.Node) (ids []string, at []Position, ok bool) {
	ok = true
	for _, item := range d.itemsOrOne(n) {
		id, good := d.id(item)
		switch {
		case !good:
			ok = false
		case slices.Contains(ids, id):
			d.problem(item, "%q is there twice: remove one", id)
		default:
			ids, at = append(ids, id), append(at, d.at(item))
		}
	}
	return ids, at, ok
}

// bounded reads plain text of a bounded length, for people to read.
func (d *decoder) bounded(n *yaml.Node, longest int) (string, bool) {
	v, ok := d.shown(n, "text")
	return d.trimmed(n, v, ok, longest)
}

// sent reads plain text of a bounded length that goes to the site.
func (d *decoder) sent(n *yaml.Node, longest int) (string, bool) {
	v, ok := d.text(n, "text")
	return d.trimmed(n, v, ok, longest)
}

func (d *decoder) trimmed(n *yaml.Node, v string, ok bool, longest int) (string, bool) {
	v = strings.TrimSpace(v)
	if ok && len(v) > longest {
		d.problem(n, "has %d bytes: write at most %d", len(v), longest)
		return "", false
	}
	return v, ok
}

// fields reads a mapping of names to templates; a list gives a name several
// values.
func (d *decoder) fields(n *yaml.Node, what string) []Field {
	var fields []Field
	d.eachField(n, what, func(f Field, _ entry, _ *yaml.Node) { fields = append(fields, f) })
	return fields
}

func (d *decoder) eachField(n *yaml.Node, what string, found func(f Field, e entry, value *yaml.Node)) {
	entries, _ := d.entries(n, what)
	for _, e := range entries {
		d.within(d.key+"."+cut(e.name), func() {
			for _, item := range d.itemsOrOne(e.value) {
				if t, ok := d.template(item); ok {
					found(Field{e.name, t}, e, item)
				}
			}
		})
	}
}

// headers reads a mapping of names to values that HTTP can carry (RFC 9110,
// 5.1 and 5.5).
func (d *decoder) headers(n *yaml.Node) []Field {
	var fields []Field
	d.eachField(n, "headers, such as {Accept: application/json}", func(f Field, e entry, value *yaml.Node) {
		if !httpguts.ValidHeaderFieldName(f.Name) {
			d.problem(e.key, "%q is no header name: write letters, digits and -", cut(f.Name))
			return
		}
		if v, ok := f.Value.Constant(); ok && !httpguts.ValidHeaderFieldValue(v) {
			d.problem(value, "has a line break or another control character: remove it")
			return
		}
		fields = append(fields, f)
	})
	return fields
}
