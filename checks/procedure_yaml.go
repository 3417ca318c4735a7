package checks

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

var procedureObject = object[Procedure]{name: "procedure", noun: "a procedure", doc: "What responders do first.",
	keys: []key[Procedure]{
		{name: "text", doc: "What to do, in Markdown.", form: textForm,
			read: func(d *decoder, n *yaml.Node, p *Procedure) { set(&p.Text)(d.shown(n, "text")) }},
		{name: "url", doc: "Where it is written.", form: textForm, read: readProcedureURL, instead: []string{"link", "href"}},
		{name: "file", doc: "The path of a Markdown file, relative to this file.", form: textForm, read: readProcedureFile, instead: []string{"path"}},
	}}

// readProcedure tells a link, a file and text apart by what they look like.
func readProcedure(d *decoder, n *yaml.Node, c *checkDraft) {
	var p Procedure
	switch t := d.peek(n); {
	case d.isMapping(n):
		entries, _ := procedureObject.decode(d, n, &p)
		if has(entries, "text") && has(entries, "file") {
			d.problem(n, "text and file exclude each other: remove one")
		}
	case t != nil && isURL(t.Value):
		readProcedureURL(d, n, &p)
	case t != nil && !strings.Contains(t.Value, "\n") && isTextFile(t.Value):
		readProcedureFile(d, n, &p)
	default:
		set(&p.Text)(d.shown(n, "text, a URL or the path of a .md file"))
	}
	c.Procedure = p
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

func isTextFile(s string) bool {
	ext := filepath.Ext(s)
	return ext == ".md" || ext == ".markdown" || ext == ".txt"
}

func readProcedureURL(d *decoder, n *yaml.Node, p *Procedure) {
	if _, ok := d.shown(n, "a URL"); !ok {
		return
	}
	set(&p.URL)(parsed(d, n, "a URL", func(s string) (string, error) {
		if u, err := url.Parse(s); err != nil || !isURL(s) || u.Host == "" {
			return "", errors.New("write a URL that starts with https:// or http://")
		}
		return s, nil
	}))
}

func readProcedureFile(d *decoder, n *yaml.Node, p *Procedure) {
	path, ok := d.text(n, "the path of a Markdown file")
	if !ok {
		return
	}
	if data, ok := d.readFile(n, path, maxProcedure); ok {
		p.Text, p.File = strings.ToValidUTF8(string(data), "\uFFFD"), path
	}
}
