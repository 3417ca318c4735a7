package browser

import (
	"context"
	"fmt"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// expect waits until all that it names is true of the page at once.
func (j *journey) expect(ctx context.Context, a *checks.Expect, t *timing) (err error) {
	began := time.Now()
	wants := j.stateWanted(&a.PageState, t)
	defer func() {
		if err != nil {
			wants.keepLook()
		}
	}()
	wanted, err := j.expectation(a)
	if err != nil {
		return err
	}
	var last standing
	var heard time.Time
	var wrong *failure // what was wrong with the address or title last
	for slice := firstSlice; ; slice = nextSlice {
		var now standing
		err := inWorld(ctx, j.tab, "expect", func() any {
			wanted.Slice = sliceOf(ctx, slice)
			wanted.Visible.looked(time.Since(began), patienceLeft(ctx, began))
			return wanted
		}, &now)
		if thrown, ok := err.(errScript); ok {
			return thrown.blame("what is expected")
		}
		if err != nil {
			if timedOut(err) {
				return fellSilent(j.unmet(wanted, last, wrong, patience(ctx, began)), heard)
			}
			return err
		}
		heard = time.Now()
		if now.State == "ready" {
			j.noteMatch(wanted.Visible, now.Matched)
			if wrong, err = j.whereabouts(a, now); err != nil {
				return err
			}
			wanted.Seen = nil
			if wrong != nil {
				// Look again when either has changed.
				wanted.Seen = &whereabouts{URL: now.URL, Title: now.Title}
			} else if done, err := j.expectInFrames(ctx, began, wanted); err != nil {
				return err
			} else if !done {
				continue
			} else if wrong, err = wants.look(ctx); err != nil || wrong == nil {
				return err
			}
		}
		last = now
		if over(ctx) {
			return j.unmet(wanted, last, wrong, patience(ctx, began))
		}
	}
}

// expectation is what js/page.js waits for.
type expectation struct {
	Text    string       `json:"text,omitempty"`
	Visible *locator     `json:"visible,omitempty"`
	Hidden  *locator     `json:"hidden,omitempty"`
	Seen    *whereabouts `json:"seen,omitempty"`
	Slice   float64      `json:"slice"`

	framed []framed
}

// whereabouts are a page's address and title.
type whereabouts struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// expectation fills in what is expected.
func (j *journey) expectation(a *checks.Expect) (*expectation, error) {
	var e expectation
	var err error
	if e.Text, err = j.expand(a.Text); err != nil {
		return nil, err
	}
	if !a.Visible.IsZero() {
		if e.Visible, err = locate(a.Visible, j.scope); err != nil {
			return nil, err
		}
	}
	if !a.Hidden.IsZero() {
		if e.Hidden, err = locate(a.Hidden, j.scope); err != nil {
			return nil, err
		}
	}
	e.framedOf(a)
	return &e, nil
}

// whereabouts says what is wrong with the page's address and title, if
// anything.
func (j *journey) whereabouts(a *checks.Expect, now standing) (*failure, error) {
	for _, c := range []struct {
		name      string
		condition *checks.Condition
		got       string
	}{{"address", a.URL, now.URL}, {"title", a.Title, now.Title}} {
		if c.condition == nil {
			continue
		}
		ok, err := c.condition.Holds(c.got, j.scope)
		if err != nil {
			return nil, &failure{kind: probes.FailAssertion, message: fmt.Sprintf("the page's %s: %s", c.name, err), expected: c.condition.String(), got: c.got}
		}
		if !ok {
			f := failf(probes.FailAssertion, "the page's %s is %q, expected %s", c.name, j.cut(c.got), c.condition)
			f.expected, f.got = c.condition.String(), c.got
			return f, nil
		}
	}
	return nil, nil
}

// unmet says what was not as expected when the time was over.
func (j *journey) unmet(e *expectation, s standing, wrong *failure, within string) error {
	assertion := func(message, expected, got string) error {
		return &failure{kind: probes.FailAssertion, message: message, expected: expected, got: got}
	}
	switch s.State {
	case "textless":
		return assertion(fmt.Sprintf("the text %q did not appear %s%s", j.cut(e.Text), within, j.thrown()), e.Text, "no such text")
	case "shown":
		return assertion(fmt.Sprintf("%s was still visible %s: %s", e.Hidden, within, s.Detail), "hidden", s.Detail)
	case "missing", "hidden":
		return j.unready(e.Visible.String(), s, within)
	case "same", "ready":
		if wrong != nil {
			wrong.message += " (waited " + within[len("within "):] + ")"
			return wrong
		}
	case "":
		return j.unresponsive(within)
	}
	return failf(probes.FailAssertion, "the page was not as expected %s: %s %s", within, s.State, s.Detail)
}
