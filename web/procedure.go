package web

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// maxProcedure bounds what is shown of a procedure, in bytes.
const maxProcedure = 64 << 10

// procedures turns the Markdown of procedures into HTML.
type procedures struct{ markdown goldmark.Markdown }

func newProcedures() procedures {
	return procedures{goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(harmless{}, 100))),
	)}
}

// render gives a procedure as HTML. Raw HTML in it is shown as text, links go
// to http and https only, and pictures become links: our pages load nothing
// from elsewhere.
func (p procedures) render(source string) (template.HTML, error) {
	if len(source) > maxProcedure {
		source = strings.ToValidUTF8(source[:maxProcedure], "") + "…"
	}
	var b bytes.Buffer
	if err := p.markdown.Convert([]byte(source), &b); err != nil {
		return "", fmt.Errorf("render procedure: %w", err)
	}
	return template.HTML(b.String()), nil
}

// harmless writes those nodes that could do harm, and headings, which go below
// those of our page.
type harmless struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (h harmless) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHeading, h.heading)
	r.Register(ast.KindLink, h.link)
	r.Register(ast.KindAutoLink, h.autoLink)
	r.Register(ast.KindImage, h.image)
	r.Register(ast.KindRawHTML, h.rawHTML)
	r.Register(ast.KindHTMLBlock, h.htmlBlock)
}

func (harmless) heading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	level := min(6, n.(*ast.Heading).Level+2)
	if entering {
		fmt.Fprintf(w, "<h%d>", level)
	} else {
		fmt.Fprintf(w, "</h%d>\n", level)
	}
	return ast.WalkContinue, nil
}

func (harmless) link(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	anchor(w, string(n.(*ast.Link).Destination), entering)
	return ast.WalkContinue, nil
}

func (harmless) image(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	anchor(w, string(n.(*ast.Image).Destination), entering)
	return ast.WalkContinue, nil
}

func (harmless) autoLink(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		link := n.(*ast.AutoLink)
		anchor(w, string(link.URL(source)), true)
		w.WriteString(template.HTMLEscapeString(string(link.Label(source))))
		anchor(w, string(link.URL(source)), false)
	}
	return ast.WalkContinue, nil
}

// anchor begins or ends a link; its words stay if it leads nowhere safe.
func anchor(w util.BufWriter, target string, begin bool) {
	switch link := webLink(target); {
	case link == "":
	case begin:
		fmt.Fprintf(w, `<a href="%s" rel="noopener noreferrer">`, template.HTMLEscapeString(link))
	default:
		w.WriteString("</a>")
	}
}

func (harmless) rawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w.WriteString(template.HTMLEscapeString(string(n.(*ast.RawHTML).Segments.Value(source))))
	}
	return ast.WalkSkipChildren, nil
}

func (harmless) htmlBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		block := n.(*ast.HTMLBlock)
		text := string(block.Lines().Value(source))
		if block.HasClosure() {
			text += string(block.ClosureLine.Value(source))
		}
		fmt.Fprintf(w, "<pre>%s</pre>\n", template.HTMLEscapeString(text))
	}
	return ast.WalkSkipChildren, nil
}
