package recording

import (
	"regexp"
	"strings"
)

// hints is what the selectors of an element tell of it besides its name.
type hints struct {
	tag   string // of its source, such as "a"; empty: not known
	role  string // that the tag implies, where that is certain
	texts []string
}

// plainTags have no role that a customer would know: their text is all.
var plainTags = []string{"span", "div", "p", "td", "th", "li", "b", "strong", "em", "i", "small", "dt", "dd", "legend", "figcaption"}

// tagRoles are the roles that tags imply (HTML-AAM).
var tagRoles = map[string]string{"a": "link", "button": "button", "select": "combobox", "textarea": "textbox", "summary": "button",
	"h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading", "h6": "heading", "option": "option"}

// inputRoles are those of input elements, by their type.
var inputRoles = map[string]string{"button": "button", "submit": "button", "reset": "button", "image": "button", "checkbox": "checkbox",
	"radio": "radio", "search": "searchbox", "range": "slider", "number": "spinbutton", "text": "textbox", "email": "textbox", "tel": "textbox", "url": "textbox"}

func hintsOf(selectors [][]string) hints {
	var h hints
	for _, chain := range selectors {
		last := chain[len(chain)-1]
		if text, ok := cutPrefix(last, "text/"); ok {
			h.texts = append(h.texts, strings.Join(strings.Fields(text), " "))
			continue
		}
		if h.tag == "" {
			h.tag = lastTag(last)
			if h.role = tagRoles[h.tag]; h.tag == "input" {
				h.role = inputRoles[inputType(last)]
			}
		}
	}
	return h
}

var (
	xpathTag = regexp.MustCompile(`/([A-Za-z][A-Za-z0-9-]*)(?:\[[^\]]*\])?$`)
	cssTag   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*`)
	typeAttr = regexp.MustCompile(`\[@?type=["']?([a-z-]+)["']?\]`)
)

// lastTag is the tag of the element that a selector leads to, if it says so.
func lastTag(selector string) string {
	if rest, ok := cutPrefix(selector, "xpath/"); ok {
		if m := xpathTag.FindStringSubmatch(rest); m != nil {
			return strings.ToLower(m[1])
		}
		return ""
	}
	if rest, ok := cutPrefix(selector, "pierce/"); ok {
		selector = rest
	}
	if prefixed.MatchString(selector) {
		return ""
	}
	return strings.ToLower(cssTag.FindString(lastCompound(selector)))
}

// lastCompound is what follows the last combinator of a CSS selector.
func lastCompound(selector string) string {
	start, depth := 0, 0
	var quote byte
	for i := 0; i < len(selector); i++ {
		switch c := selector[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		case depth == 0 && strings.IndexByte(" >+~,", c) >= 0:
			start = i + 1
		}
	}
	return selector[start:]
}

func inputType(selector string) string {
	if m := typeAttr.FindStringSubmatch(selector); m != nil {
		return m[1]
	}
	return ""
}
