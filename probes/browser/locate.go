package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// locator is a target with its texts filled in, as js/page.js takes it.
type locator struct {
	CSS    string `json:"css,omitempty"`
	Text   string `json:"text,omitempty"`
	Role   string `json:"role,omitempty"`
	Name   string `json:"name"`
	Label  string `json:"label,omitempty"`
	TestID string `json:"testid,omitempty"`
	Exact  bool   `json:"exact"`
	Nth    int    `json:"nth"`
}

// String gives the target as a person would name it.
func (l locator) String() string {
	var text string
	switch {
	case l.CSS != "":
		text = "css " + strconv.Quote(l.CSS)
	case l.Text != "":
		text = "text " + strconv.Quote(l.Text)
	case l.Role != "" && l.Name != "":
		text = l.Role + " " + strconv.Quote(l.Name)
	case l.Role != "":
		text = "role " + l.Role
	case l.Label != "":
		text = "label " + strconv.Quote(l.Label)
	default:
		text = "test id " + strconv.Quote(l.TestID)
	}
	if l.Nth > 0 {
		text += fmt.Sprintf(" (number %d)", l.Nth)
	}
	return text
}

// locate fills in a target's texts.
func locate(t checks.Target, scope checks.Scope) (*locator, error) {
	l := &locator{Role: t.Role, Exact: t.Exact, Nth: t.Nth}
	for _, part := range []struct {
		from checks.Template
		to   *string
	}{{t.CSS, &l.CSS}, {t.Text, &l.Text}, {t.Name, &l.Name}, {t.Label, &l.Label}, {t.TestID, &l.TestID}} {
		text, err := part.from.Expand(scope)
		if err != nil {
			return nil, &failure{kind: probes.FailVariable, message: err.Error()}
		}
		*part.to = text
	}
	return l, nil
}

// standing is how things stand with a target, as js/page.js tells.
type standing struct {
	State     string  `json:"state"`
	Detail    string  `json:"detail"`
	Count     int     `json:"count"`
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Confirmed float64 `json:"confirmed"` // ms
	Mode      string  `json:"mode"`
	URL       string  `json:"url"`
	Title     string  `json:"title"`
}

// ambiguityPatience is how many slices in a row a target may mean several
// elements: pages that are being rebuilt show things twice for a moment.
const ambiguityPatience = 2

// waitFor calls a waiting method of js/page.js slice by slice until it says
// ready, with the arguments and the slice. what names the target in the failure that it gives when the context's
// time is over, or at once when waiting is of no use.
func (j *journey) waitFor(ctx context.Context, method, what string, args map[string]any) (standing, error) {
	began := time.Now()
	var last standing
	slice := firstSlice // how things stand is soon known
	for ambiguous := 0; ; slice = nextSlice {
		var now standing
		err := inWorld(ctx, j.tab, method, func() any {
			args["slice"] = sliceOf(ctx, slice)
			return args
		}, &now)
		if thrown, ok := err.(errScript); ok {
			return now, thrown.blame(what)
		}
		if err != nil {
			if timedOut(err) {
				return now, j.unready(what, last, patience(ctx, began))
			}
			return now, err
		}
		if now.State == "ready" {
			return now, nil
		}
		if last = now; now.State == "ambiguous" {
			ambiguous++
		} else {
			ambiguous = 0
		}
		if ambiguous >= ambiguityPatience || now.State == "refused" || over(ctx) {
			return now, j.unready(what, now, patience(ctx, began))
		}
	}
}

// blame tells whose fault it is that a page's script threw: an invalid selector
// is the definition's, which makes it our own trouble; all else, such as a tree
// too deep to be searched, is the page's.
func (e errScript) blame(what string) error {
	if strings.Contains(string(e), "SyntaxError") {
		return fmt.Errorf("%s cannot be looked for: %s", what, e)
	}
	return failf(probes.FailPage, "%s could not be looked for on the page: %s", what, e)
}

// unready says why a target could not be used.
func (j *journey) unready(what string, s standing, within string) error {
	switch s.State {
	case "":
		return j.unresponsive(within)
	case "missing":
		detail := ""
		if s.Detail != "" {
			detail = ": " + s.Detail
		}
		return failf(probes.FailElement, "%s was not found %s%s%s", what, within, detail, j.thrown())
	case "ambiguous":
		return failf(probes.FailElement, "%s means %d elements: %s; say more, or use nth", what, s.Count, s.Detail)
	case "hidden":
		return failf(probes.FailElement, "%s did not become visible %s: %s%s", what, within, s.Detail, j.thrown())
	case "disabled":
		return failf(probes.FailElement, "%s stayed disabled %s: %s%s", what, within, s.Detail, j.thrown())
	case "uneditable":
		return failf(probes.FailElement, "%s cannot be changed %s: %s", what, within, s.Detail)
	case "covered":
		return failf(probes.FailElement, "%s stayed covered %s: %s", what, within, s.Detail)
	case "moving":
		return failf(probes.FailElement, "%s did not stop moving %s: %s", what, within, s.Detail)
	case "outside":
		return failf(probes.FailElement, "%s could not be scrolled into view %s: %s", what, within, s.Detail)
	case "optionless":
		return failf(probes.FailElement, "%s had no such option %s; it has %s", what, within, orNothing(s.Detail))
	case "refused":
		return failf(probes.FailElement, "%s: %s", what, s.Detail)
	}
	return failf(probes.FailElement, "%s was not ready %s: %s %s", what, within, s.State, s.Detail)
}

// unresponsive says why a page gave no answer at all.
func (j *journey) unresponsive(within string) error {
	if n, one := j.tab.observer.unfinished(); n > 0 && j.tab.observer.current().loaded.IsZero() {
		return failf(probes.FailTimeout, "the page did not load %s: %s", within, j.requestsLeft(n, one))
	}
	return failf(probes.FailTimeout, "the page did not respond %s: its scripts keep it busy", within)
}

// requestsLeft says what a page was still waiting for.
func (j *journey) requestsLeft(n int, one string) string {
	if n == 1 {
		return "it still waits for " + j.cut(one)
	}
	return fmt.Sprintf("it still waits for %d answers, such as %s", n, j.cut(one))
}

// thrown gives the last uncaught exception of the page as the end of a message,
// since it may well be why something is missing.
func (j *journey) thrown() string {
	if e := j.tab.observer.lastException(); e != "" {
		return " (the page threw " + e + ")"
	}
	return ""
}

func orNothing(text string) string {
	if strings.TrimSpace(text) == "" {
		return "none"
	}
	return text
}
