package checks

import (
	"encoding/json"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// readJSONBody builds JSON text whose strings are templates. Values that are
// filled in are escaped for JSON: a quote in a captured value stays a quote.
func readJSONBody(d *decoder, n *yaml.Node, _ *requestDraft) *Body {
	p := d.templateParser()
	p.escape = escapeJSON
	before := len(d.problems)
	if !d.writeJSON(n, p, 0) || len(d.problems) > before {
		return nil
	}
	return &Body{Kind: BodyJSON, Text: p.template("JSON")}
}

func (d *decoder) writeJSON(n *yaml.Node, p *templateParser, depth int) bool {
	n = d.resolve(n)
	if n == nil {
		return false
	}
	if depth > maxNesting {
		d.problem(n, "lists and mappings are nested more than %d deep", maxNesting)
		return false
	}
	switch n.Kind {
	case yaml.SequenceNode:
		p.literal("[")
		for i, item := range n.Content {
			if i > 0 {
				p.literal(",")
			}
			if !d.writeJSON(item, p, depth+1) {
				return false
			}
		}
		p.literal("]")
		return true
	case yaml.MappingNode:
		p.literal("{")
		for i, e := range d.merged(n) {
			if i > 0 {
				p.literal(",")
			}
			p.literal(quoteJSON(e.name) + ":")
			if !d.writeJSON(e.value, p, depth+1) {
				return false
			}
		}
		p.literal("}")
		return true
	}
	v, ok := d.scalarValue(n)
	if !ok {
		return false
	}
	text, isText := v.(string)
	switch {
	case !isText:
		data, _ := json.Marshal(v) // numbers, booleans and null always marshal
		p.literal(string(data))
	case strings.HasPrefix(text, "${json(") && strings.HasSuffix(text, ")}"):
		p.raw = true
		p.add(text)
		p.raw = false
	default:
		p.literal(`"`)
		p.addJSON(text)
		p.literal(`"`)
	}
	d.settleTemplate(n, p)
	p.captured, p.problems = nil, nil
	return true
}

// addJSON appends a text as the inside of a JSON string.
func (p *templateParser) addJSON(text string) {
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			p.literal(escapeJSON(text))
			return
		}
		from := start
		if start > 0 && text[start-1] == '$' {
			from--
		}
		p.literal(escapeJSON(text[:from]))
		end := strings.IndexByte(text[start:], '}')
		if from < start || end < 0 {
			end = start + 2 - from
			p.add(text[from : from+end])
		} else {
			end += start - from + 1
			p.add(text[from : from+end])
		}
		text = text[from+end:]
	}
}

// scalarValue gives a scalar by its YAML type: string, float64, bool or nil.
// Whole numbers are json.Number, so that long ones keep all their digits.
func (d *decoder) scalarValue(n *yaml.Node) (any, bool) {
	switch n.Tag {
	case "!!null":
		return nil, true
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), true
	case "!!int":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), true
		}
		if v, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64); err == nil {
			return json.Number(strconv.FormatInt(v, 10)), true
		}
	case "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), true
		}
		if v, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64); err == nil {
			if data, err := json.Marshal(v); err == nil { // infinity does not
				return json.Number(data), true
			}
		}
	case "!!str", "!!timestamp":
		return n.Value, true
	default:
		d.problem(n, "found the tag %s: definitions have no tags", cut(n.Tag))
		return nil, false
	}
	d.problem(n, "found %s, a number that JSON cannot say: put it in quotes", cut(n.Value))
	return nil, false
}

// value gives a node as decoded JSON, variables left as they are.
func (d *decoder) value(n *yaml.Node, depth int) (any, bool) {
	n = d.resolve(n)
	if n == nil {
		return nil, false
	}
	if depth > maxNesting {
		d.problem(n, "lists and mappings are nested more than %d deep", maxNesting)
		return nil, false
	}
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, ok := d.value(item, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case yaml.MappingNode:
		entries := d.merged(n)
		object := make(map[string]any, len(entries))
		for _, e := range entries {
			v, ok := d.value(e.value, depth+1)
			if !ok {
				return nil, false
			}
			object[e.name] = v
		}
		return object, true
	}
	v, ok := d.scalarValue(n)
	if number, is := v.(json.Number); is {
		f, err := number.Float64()
		if err != nil {
			d.problem(n, "found %s, a number that JSON cannot say: put it in quotes", cut(n.Value))
			return nil, false
		}
		return f, true
	}
	return v, ok
}

// quoteJSON gives a JSON string. HTML's characters stay as they are: this is
// no web page.
func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a strings.Builder does not fail
	return strings.TrimSuffix(b.String(), "\n")
}

func escapeJSON(s string) string {
	q := quoteJSON(s)
	return q[1 : len(q)-1]
}

// jsonOrString gives a captured value as it is if it is JSON, else as a JSON
// string.
func jsonOrString(s string) string {
	if json.Valid([]byte(s)) {
		return s
	}
	return quoteJSON(s)
}
