package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"outrider/probes"
)

// standing is how things stand with a target, as js/page.js tells.
type standing struct {
	State     string  `json:"state"`
	Detail    string  `json:"detail"`
	Count     int     `json:"count"`
	Matched   int     `json:"matched"` // the fall-back, from 1
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Confirmed float64 `json:"confirmed"` // ms
	Mode      string  `json:"mode"`
	URL       string  `json:"url"`
	Title     string  `json:"title"`

	view *view // where it was asked
}

// ambiguityPatience is how many slices in a row a target may mean several
// elements: pages that are being rebuilt show things twice for a moment.
const ambiguityPatience = 2

// waitFor calls a waiting method of js/page.js slice by slice until it says
// ready, with the arguments and the slice. Among them is the target, whose
// frame decides where it is called. what names the target in the failure that
// it gives when the context's time is over, or at once when waiting is of no
// use.
func (j *journey) waitFor(ctx context.Context, method, what string, args map[string]any) (standing, error) {
	began := time.Now()
	target, _ := args["target"].(*locator)
	parts := target.parts()
	var last standing
	var heard time.Time
	slice := firstSlice // how things stand is soon known
	for ambiguous := 0; ; slice = nextSlice {
		now, err := j.ask(ctx, began, method, parts, slice, args)
		if thrown, ok := err.(errScript); ok {
			return now, thrown.blame(what)
		}
		if err != nil {
			if timedOut(err) {
				return now, fellSilent(j.unready(what, last, patience(ctx, began)), heard)
			}
			return now, err
		}
		heard = time.Now()
		if now.State == "ready" {
			j.noteMatch(target, now.Matched)
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

// ask calls a waiting method once for each part of a target, until one of them
// has something to act on.
func (j *journey) ask(ctx context.Context, began time.Time, method string, parts []part, slice time.Duration, args map[string]any) (standing, error) {
	var first standing
	for i, p := range parts {
		if i > 0 {
			if time.Since(began) < maxGrace {
				break
			}
			slice = firstSlice
		}
		var now standing
		v, err := j.viewOf(ctx, p.frames(), slice, &now)
		if err == nil && v != nil {
			err = v.call(ctx, method, func() any {
				p.target.looked(time.Since(began), patienceLeft(ctx, began))
				if p.target != nil {
					args["target"] = p.target
				}
				args["slice"] = sliceOf(ctx, slice)
				return args
			}, &now)
			now.view = v
		}
		if err == errFrameGone {
			// What says what came in its place may be still to come.
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
			now, err = standing{State: "missing", Detail: "its frame went away", view: v}, nil
		}
		if err != nil {
			return now, err
		}
		now.Matched = p.number(now.Matched)
		if now.State == "ready" || i == 0 {
			first = now
		}
		if now.State != "missing" && now.State != "hidden" && now.State != "frameless" {
			return now, nil
		}
	}
	return first, nil
}

// patienceLeft is the whole time of a wait that began when it did.
func patienceLeft(ctx context.Context, began time.Time) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline.Sub(began)
	}
	return defaultStepTimeout
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
	case "frameless":
		return failf(probes.FailElement, "%s was not found %s: %s%s", what, within, s.Detail, j.thrown())
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
	case "unchecked":
		return failf(probes.FailElement, "%s stayed as it was %s: %s", what, within, s.Detail)
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

// silence is how long a page is not heard from before that is worth telling: well
// above a slice.
const silence = time.Second

// fellSilent makes of the failure of a wait one that tells that the page stopped
// to respond, if it did long before the time was over. heard is when it answered
// last; zero: not at all, which the failure tells already.
func fellSilent(err error, heard time.Time) error {
	var f *failure
	quiet := time.Since(heard)
	if heard.IsZero() || quiet < silence || !errors.As(err, &f) {
		return err
	}
	silent := *f
	silent.kind = probes.FailTimeout
	silent.message += fmt.Sprintf("; for the last %s the page did not respond: its scripts keep it busy", quiet.Round(100*time.Millisecond))
	return &silent
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
