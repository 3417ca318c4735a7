package checks

import (
	"fmt"
	"strings"

	"outrider/checks/draft"
)

// maxStepName bounds a step's name, in bytes.
const maxStepName = 120

// nameSteps gives steps without a name one that follows from what they do, and
// sees to it that names are unique: history hangs on them.
func (d *decoder) nameSteps(steps []Step) {
	taken := map[string]Position{}
	for i := range steps {
		s := &steps[i]
		if s.Name == "" {
			continue
		}
		if first, is := taken[s.Name]; is {
			d.addProblem(s.Pos, fmt.Sprintf("step %q is there twice, first in line %d: give it another name", cut(s.Name), first.Line))
			continue
		}
		taken[s.Name] = s.Pos
	}
	used := map[string]int{} // how often each name was given to a step
	for i := range steps {
		s := &steps[i]
		if s.Name != "" {
			continue
		}
		base := draft.Shorten(stepName(s.Action), maxStepName-len(" (200)"))
		for s.Name == "" {
			used[base]++
			name := base
			if n := used[base]; n > 1 {
				name = fmt.Sprintf("%s (%d)", base, n)
			}
			if _, is := taken[name]; !is {
				s.Name = name
			}
		}
		taken[s.Name] = s.Pos
	}
}

// stepName says what an action does. Of variables it shows the names only:
// the name of a step is the same in every run and every environment.
func stepName(a Action) string {
	switch a := a.(type) {
	case *Request:
		return a.Method + " " + urlPath(a.URL)
	case *Goto:
		return "goto " + urlPath(a.URL)
	case *Click:
		return "click " + targetName(a.Target)
	case *Fill:
		return "fill " + targetName(a.Target)
	case *Select:
		return "select " + targetName(a.Target)
	case *Press:
		if a.Target.IsZero() {
			return "press " + a.Key
		}
		return "press " + a.Key + " on " + targetName(a.Target)
	case *Hover:
		return "hover " + targetName(a.Target)
	case *Wait:
		return waitName(a)
	case *Expect:
		return expectName(a)
	case *Screenshot:
		return "screenshot " + a.Name
	case *Evaluate:
		if a.Variable != "" {
			return "evaluate " + a.Variable
		}
		return "evaluate script"
	}
	return actName(a)
}

// actName says what the actions of browser_acts.go do.
func actName(a Action) string {
	switch a := a.(type) {
	case *DoubleClick:
		return "double-click " + targetName(a.Target)
	case *Type:
		if a.Target.IsZero() {
			return "type"
		}
		return "type into " + targetName(a.Target)
	case *SetChecked:
		return a.Verb() + " " + targetName(a.Target)
	case *Upload:
		return "upload to " + targetName(a.Target)
	case *Drag:
		return "drag " + targetName(a.From) + " to " + targetName(a.To)
	case *Scroll:
		switch {
		case a.Edge != "":
			return "scroll to the " + a.Edge
		case !a.Target.IsZero():
			return "scroll to " + targetName(a.Target)
		}
		return "scroll"
	case *Switch:
		return "switch to " + a.Page
	case *Close:
		return strings.TrimSpace("close " + a.Page)
	case *KeyDown:
		return "key down " + a.Key
	case *KeyUp:
		return "key up " + a.Key
	}
	return a.Verb()
}

func waitName(w *Wait) string {
	switch {
	case !w.Visible.IsZero():
		return "wait for " + targetName(w.Visible)
	case !w.Hidden.IsZero():
		return "wait until gone " + targetName(w.Hidden)
	}
	return "wait " + formatDuration(w.For)
}

func expectName(e *Expect) string {
	switch {
	case !e.Text.IsZero():
		return "expect " + quoted(e.Text)
	case !e.Visible.IsZero():
		return "expect " + targetName(e.Visible)
	case !e.Hidden.IsZero():
		return "expect no " + targetName(e.Hidden)
	case e.Title != nil:
		return "expect title " + withNames(e.Title.String())
	case e.URL != nil:
		return "expect URL " + withNames(e.URL.String())
	}
	return stateName(&e.PageState)
}

// targetName names an element: button "Pay", label "Card number", "Mugs".
func targetName(t Target) string {
	name := ""
	switch {
	case !t.CSS.IsZero():
		name = "css " + withNames(t.CSS.String())
	case !t.XPath.IsZero():
		name = "xpath " + withNames(t.XPath.String())
	case !t.Text.IsZero():
		name = quoted(t.Text)
	case !t.Label.IsZero():
		name = "label " + quoted(t.Label)
	case !t.Placeholder.IsZero():
		name = "placeholder " + quoted(t.Placeholder)
	case !t.Alt.IsZero():
		name = "alt " + quoted(t.Alt)
	case !t.Title.IsZero():
		name = "title " + quoted(t.Title)
	case !t.TestID.IsZero():
		name = "testid " + withNames(t.TestID.String())
	case t.Name.IsZero():
		name = t.Role
	default:
		name = t.Role + " " + quoted(t.Name)
	}
	if t.Nth > 0 {
		name += fmt.Sprintf(" #%d", t.Nth)
	}
	if !t.HasText.IsZero() {
		name += " with " + quoted(t.HasText)
	}
	if t.Within != nil {
		name += " in " + targetName(*t.Within)
	}
	return name
}

func quoted(t Template) string { return `"` + withNames(t.String()) + `"` }

// urlPath is the path of a URL as the definition writes it, without host and
// query: /api/products/{product}.
func urlPath(t Template) string {
	s := withNames(t.String())
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	// What comes first is the host, or a variable that holds it.
	host := strings.IndexAny(s, "/?#")
	if host < 0 {
		return "/"
	}
	s = s[host:]
	if end := strings.IndexAny(s, "?#"); end >= 0 {
		s = s[:end]
	}
	if s == "" {
		return "/"
	}
	return s
}

// withNames writes {name} for each variable or function of a template's
// source, and puts all on one line.
func withNames(source string) string {
	var b strings.Builder
	for {
		start := strings.Index(source, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(source[start:], '}')
		if end < 0 {
			break
		}
		inner := source[start+2 : start+end]
		inner, _, _ = strings.Cut(inner, ":-")
		inner = strings.TrimPrefix(strings.TrimPrefix(inner, "secret:"), "totp:")
		inner, _, _ = strings.Cut(inner, "(")
		b.WriteString(source[:start] + "{" + inner + "}")
		source = source[start+end+1:]
	}
	b.WriteString(source)
	return strings.Join(strings.Fields(b.String()), " ")
}
