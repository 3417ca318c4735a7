package browser

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"

	"outrider/checks"
	"outrider/probes"
)

// stateWanted is an expectation of a page's state while it is waited for.
type stateWanted struct {
	*checks.PageState
	j     *journey
	t     *timing
	began time.Time
	pause time.Duration // before the next look
	last  *failure      // what was wrong last
	// audited is when everything but what costs time to look at first held.
	audited time.Time

	baseline *image.NRGBA    // decoded
	differs  *lookDifference // nil: it looks as it should, as far as was seen
}

// The pauses between looks at a page's state, and how long what costs time to
// look at may take to come true.
const (
	leastStatePause   = 10 * time.Millisecond
	longestStatePause = 250 * time.Millisecond
	auditPatience     = 5 * time.Second
)

// stateWanted makes an expectation ready to be waited for.
func (j *journey) stateWanted(e *checks.PageState, t *timing) *stateWanted {
	return &stateWanted{PageState: e, j: j, t: t, began: time.Now()}
}

// look tells what is not as expected; nil if all is. It comes back at once
// where all is, and else after a pause in which things can change. Its error
// says that waiting is of no use.
func (w *stateWanted) look(ctx context.Context) (*failure, error) {
	if w.pause > 0 {
		select {
		case <-time.After(w.pause):
		case <-ctx.Done():
		}
		if over(ctx) && w.last != nil {
			return w.last, nil
		}
	}
	// What comes true is seen at most a tenth too late.
	w.pause = min(max(time.Since(w.began)/10, leastStatePause), longestStatePause)
	wrong, err := w.lookOnce(ctx)
	if wrong != nil && wrong.kind == probes.FailTimeout && w.last != nil {
		wrong = w.last // the time was over in the midst of a look
	}
	w.last = wrong
	return wrong, err
}

// lookOnce is one look.
func (w *stateWanted) lookOnce(ctx context.Context) (*failure, error) {
	for _, part := range []func(context.Context) (*failure, error){
		w.status, w.request, w.cookies, w.elements, w.script,
	} {
		if wrong, err := part(ctx); wrong != nil || err != nil {
			w.audited = time.Time{}
			return wrong, err
		}
	}
	if w.audited.IsZero() {
		w.audited = time.Now()
	}
	if wrong, err := w.audits(ctx); wrong != nil || err != nil {
		return wrong, err
	}
	// What is wrong here is final: it does not go away.
	for _, clean := range []func() *failure{w.consoleErrors, w.failedRequests} {
		if wrong := clean(); wrong != nil {
			return nil, wrong
		}
	}
	return nil, nil
}

// judge holds a value against a condition. What names the value in messages;
// shown is how it is quoted.
func (w *stateWanted) judge(c *checks.Condition, value any, what, shown string) (*failure, error) {
	if c == nil {
		return nil, nil
	}
	ok, err := c.Holds(value, w.j.scope)
	switch {
	case err != nil:
		return nil, &failure{kind: probes.FailAssertion, message: what + ": " + err.Error(), expected: c.String(), got: shown}
	case ok:
		return nil, nil
	}
	f := failf(probes.FailAssertion, "%s is %s, expected %s", what, shown, c)
	f.expected, f.got = c.String(), shown
	return f, nil
}

// status looks at the answer that the page came with.
func (w *stateWanted) status(context.Context) (*failure, error) {
	if w.Status == nil {
		return nil, nil
	}
	o := w.j.tab.observer
	o.mu.Lock()
	status := 0
	if x := o.document.exchange; x != nil && x.answered {
		status = x.http.Status
	}
	o.mu.Unlock()
	if status == 0 {
		return failf(probes.FailAssertion, "the page came with no answer that has a status, expected status %s", w.Status), nil
	}
	return w.judge(w.Status, float64(status), "the page's status", strconv.Itoa(status))
}

// calls gives the requests of all pages that are open.
func (w *stateWanted) calls() []madeRequest {
	var all []madeRequest
	for _, o := range w.j.watched() {
		o.mu.Lock()
		all = append(all, o.ledger.made()...)
		o.mu.Unlock()
	}
	return all
}

// request looks for a request that was made.
func (w *stateWanted) request(context.Context) (*failure, error) {
	r := w.Request
	if r == nil {
		return nil, nil
	}
	calls := w.calls()
	var others []string // what was asked for at the URL, without being as expected
	for _, c := range calls {
		if r.SinceAction && c.at.Before(w.j.acted) {
			continue
		}
		ok, err := r.URL.Holds(c.url, w.j.scope)
		if err != nil {
			return nil, &failure{kind: probes.FailVariable, message: "the request's URL: " + err.Error()}
		}
		if !ok {
			continue
		}
		if r.Method != "" && c.method != r.Method {
			others = append(others, c.method)
			continue
		}
		if r.Status == nil {
			return nil, nil
		}
		var status any = checks.Missing
		text := "no answer yet"
		if c.status > 0 {
			status, text = float64(c.status), "status "+strconv.Itoa(c.status)
		} else if c.failed != "" {
			text = c.failed
		}
		if ok, err = r.Status.Holds(status, w.j.scope); err != nil {
			return nil, &failure{kind: probes.FailAssertion, message: "the request's status: " + err.Error()}
		}
		if ok {
			return nil, nil
		}
		others = append(others, text)
	}
	wanted := "a request"
	if r.Method != "" {
		wanted = "a " + r.Method + " request"
	}
	wanted += " whose URL is " + r.URL.String()
	if r.Status != nil {
		wanted += " with status " + r.Status.String()
	}
	got := "none to such a URL"
	if len(others) > 0 {
		got = strings.Join(others[max(0, len(others)-3):], ", ")
	}
	f := failf(probes.FailAssertion, "the page did not make %s: found %s", wanted, got)
	f.expected, f.got = wanted, got
	return f, nil
}

// cookies looks at the cookies that the page would be sent.
func (w *stateWanted) cookies(ctx context.Context) (*failure, error) {
	if len(w.Cookies) == 0 {
		return nil, nil
	}
	res, err := call(ctx, w.j.tab, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		return w.late(ctx, err)
	}
	for _, want := range w.Cookies {
		var value any = checks.Missing
		shown := "not there"
		for _, c := range res.Cookies {
			if c.Name != want.Name {
				continue
			}
			value, shown = c.Value, strconv.Quote(w.j.cut(c.Value))
			// Who has such a cookie's value is signed in.
			if c.HTTPOnly || looksSecret(c.Value) {
				shown = "something else (its value is not shown)"
			}
			break
		}
		if wrong, err := w.judge(&want.Condition, value, fmt.Sprintf("the cookie %q", want.Name), shown); wrong != nil || err != nil {
			return wrong, err
		}
	}
	return nil, nil
}

// late is nothing for a call that the page did not answer in time: the caller
// sees that the time is over.
func (w *stateWanted) late(ctx context.Context, err error) (*failure, error) {
	if err = w.j.tab.reason(ctx, err); timedOut(err) {
		return failf(probes.FailTimeout, "the page did not respond: its scripts keep it busy"), nil
	}
	return nil, err
}

// elementState is how things stand with an element, as js/state.js tells.
type elementState struct {
	standing
	Disabled   bool               `json:"disabled"`
	Checkable  bool               `json:"checkable"` // it can be on or off
	Checked    bool               `json:"checked"`
	Text       string             `json:"text"`
	Value      *string            `json:"value"`
	Attributes map[string]*string `json:"attributes"`
}

// elements looks at controls and elements.
func (w *stateWanted) elements(ctx context.Context) (*failure, error) {
	const notChecked = "%s is not checked: %s"
	for _, c := range []struct {
		target checks.Target
		holds  func(*elementState) bool
		kind   string
	}{
		{w.Enabled, func(c *elementState) bool { return !c.Disabled }, "%s stayed disabled: %s"},
		{w.Disabled, func(c *elementState) bool { return c.Disabled }, "%s stayed enabled: %s"},
		{w.Checked, func(c *elementState) bool { return c.Checked }, notChecked},
	} {
		if c.target.IsZero() {
			continue
		}
		at, now, wrong, err := w.stateOf(ctx, c.target, nil, false)
		if wrong != nil || err != nil {
			return wrong, err
		}
		if c.kind == notChecked && !now.Checkable {
			return nil, failf(probes.FailElement, "%s can be neither checked nor unchecked: %s", at, now.Detail)
		}
		if !c.holds(now) {
			return failf(probes.FailElement, c.kind, at, now.Detail), nil
		}
	}
	if w.Element == nil {
		return nil, nil
	}
	return w.element(ctx)
}

// stateOf asks how things stand with an element, in whatever frame it is. wrong
// says why there is none.
func (w *stateWanted) stateOf(ctx context.Context, target checks.Target, attributes []string, counting bool) (at *locator, now *elementState, wrong *failure, err error) {
	if at, err = locate(target, w.j.scope); err != nil {
		return nil, nil, nil, err
	}
	if attributes == nil {
		attributes = []string{} // for the script it is a list
	}
	var first *elementState
	for i, p := range at.parts() {
		if i > 0 && time.Since(w.began) < maxGrace {
			break
		}
		var s elementState
		v, err := w.j.viewOf(ctx, p.frames(), firstSlice, &s.standing)
		if err == nil && v != nil {
			err = v.call(ctx, "state", func() any {
				p.target.looked(time.Since(w.began), patienceLeft(ctx, w.began))
				return map[string]any{"target": p.target, "attributes": attributes, "counting": counting}
			}, &s)
		}
		var thrown errScript
		switch {
		case errors.As(err, &thrown):
			return at, nil, nil, thrown.blame(at.String())
		case errors.Is(err, errFrameGone):
			s.State = "frameless"
		case err != nil:
			wrong, err = w.late(ctx, err)
			return at, nil, wrong, err
		}
		if s.State == "ready" {
			w.j.noteMatch(at, s.Matched)
			return at, &s, nil, nil
		}
		if first == nil {
			first = &s
		}
	}
	wrong, err = w.missing(at, first.standing, patience(ctx, w.began))
	return at, first, wrong, err
}

// missing says why an element could not be looked at.
func (w *stateWanted) missing(at *locator, s standing, within string) (wrong *failure, err error) {
	what := "what is looked at"
	if at != nil {
		what = at.String()
	}
	if err = w.j.unready(what, s, within); errors.As(err, &wrong) {
		err = nil
	}
	return wrong, err
}

// element holds an element against what is expected of it.
func (w *stateWanted) element(ctx context.Context) (*failure, error) {
	e := w.Element
	if e.Count != nil {
		at, now, wrong, err := w.stateOf(ctx, e.Target, nil, true)
		if wrong != nil || err != nil {
			return wrong, err
		}
		if wrong, err := w.judge(e.Count, float64(now.Count), fmt.Sprintf("the number of visible elements of %s", at), strconv.Itoa(now.Count)); wrong != nil || err != nil {
			return wrong, err
		}
	}
	if e.Text == nil && e.Value == nil && len(e.Attributes) == 0 {
		return nil, nil
	}
	var names []string
	for _, a := range e.Attributes {
		names = append(names, a.Name)
	}
	at, now, wrong, err := w.stateOf(ctx, e.Target, names, false)
	if wrong != nil || err != nil {
		return wrong, err
	}
	text := func(s *string) (any, string) {
		if s == nil {
			return checks.Missing, "not there"
		}
		return *s, strconv.Quote(w.j.cut(*s))
	}
	value, shown := text(&now.Text)
	if wrong, err := w.judge(e.Text, value, fmt.Sprintf("the text of %s", at), shown); wrong != nil || err != nil {
		return wrong, err
	}
	if value, shown = text(now.Value); e.Value != nil && now.Value == nil {
		return nil, failf(probes.FailElement, "%s has no value: it is no form field (%s)", at, now.Detail)
	}
	if wrong, err := w.judge(e.Value, value, fmt.Sprintf("the value of %s", at), shown); wrong != nil || err != nil {
		return wrong, err
	}
	for _, a := range e.Attributes {
		value, shown := text(now.Attributes[a.Name])
		if wrong, err := w.judge(&a.Condition, value, fmt.Sprintf("the attribute %s of %s", a.Name, at), shown); wrong != nil || err != nil {
			return wrong, err
		}
	}
	return nil, nil
}

// script runs a script of the definition. One that throws, since what it looks
// for is not there yet, say, is not true.
func (w *stateWanted) script(ctx context.Context) (*failure, error) {
	if w.Script == "" {
		return nil, nil
	}
	object, err := w.j.run(ctx, w.Script)
	var f *failure
	if errors.As(err, &f) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	if truthy(object) {
		return nil, nil
	}
	f = failf(probes.FailAssertion, "the script gave %s, expected something true", w.j.cut(objectText(object)))
	f.expected, f.got = "true", objectText(object)
	return f, nil
}

// truthy tells whether a value is true in JavaScript's sense.
func truthy(o *runtime.RemoteObject) bool {
	switch {
	case o == nil || o.Type == runtime.RemoteObjectTypeUndefined || o.Subtype == runtime.RemoteObjectSubtypeNull:
		return false
	case o.UnserializableValue != "":
		v := string(o.UnserializableValue)
		return v != "NaN" && v != "-0" && v != "0n" && v != "-0n"
	}
	switch string(o.Value) {
	case "false", "0", `""`, "null":
		return false
	}
	return true
}

// consoleErrors looks for errors on the console.
func (w *stateWanted) consoleErrors() *failure {
	if w.NoConsoleErrors == nil {
		return nil
	}
	var lines []string
	for _, o := range w.j.watched() {
		o.mu.Lock()
		lines = append(lines, o.console.errors...)
		o.mu.Unlock()
	}
	var found []string
	for _, line := range lines {
		if !w.allowed(w.NoConsoleErrors, line) {
			found = append(found, line)
		}
	}
	return w.unclean(found, "error on the console", "errors on the console")
}

// failedRequests looks for requests that failed.
func (w *stateWanted) failedRequests() *failure {
	if w.NoFailedRequests == nil {
		return nil
	}
	calls := w.calls()
	var found []string
	for _, c := range calls {
		if how, broken := c.broken(); broken && !w.allowed(w.NoFailedRequests, c.url) {
			found = append(found, fmt.Sprintf("%s %s: %s", c.method, w.j.cut(c.url), how))
		}
	}
	return w.unclean(found, "failed request", "failed requests")
}

// allowed tells whether what went wrong is no matter.
func (w *stateWanted) allowed(c *checks.Clean, text string) bool {
	for _, condition := range c.Allow {
		if ok, err := condition.Holds(text, w.j.scope); ok && err == nil {
			return true
		}
	}
	return false
}

// unclean says what has gone wrong; nil if nothing has.
func (w *stateWanted) unclean(found []string, one, several string) *failure {
	const most = 3
	if len(found) == 0 {
		return nil
	}
	what := one
	if len(found) > 1 {
		what = several
	}
	shown := found[:min(len(found), most)]
	text := strings.Join(shown, "; ")
	if more := len(found) - len(shown); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	f := failf(probes.FailAssertion, "%d %s, expected none: %s", len(found), what, text)
	f.expected, f.got = "none", strconv.Itoa(len(found))
	return f
}

// does tells whether an action does something to the page, rather than look at
// it.
func does(action checks.Action) bool {
	switch action.(type) {
	case *checks.Expect, *checks.Wait, *checks.Screenshot:
		return false
	}
	return true
}
