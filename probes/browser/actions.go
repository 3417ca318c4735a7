package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"

	"outrider/checks"
	"outrider/probes"
)

// timing is what an action notes of its own time.
type timing struct {
	end time.Time     // when what the customer waits for was done; zero: at return
	own time.Duration // of that, what we took to make sure; no customer waits for it
}

// perform carries out an action.
func (j *journey) perform(ctx context.Context, action checks.Action, t *timing) error {
	switch a := action.(type) {
	case *checks.Goto:
		return j.goTo(ctx, a, t)
	case *checks.Click:
		return j.click(ctx, a, 1, t)
	case *checks.Fill:
		return j.fill(ctx, a, t)
	case *checks.Select:
		return j.selectOption(ctx, a, t)
	case *checks.Press:
		return j.pressKey(ctx, a, t)
	case *checks.Hover:
		return j.hover(ctx, a, t)
	case *checks.Wait:
		return j.wait(ctx, a, t)
	case *checks.Expect:
		return j.expect(ctx, a, t)
	case *checks.Screenshot:
		return j.screenshot(ctx, a, t)
	case *checks.Evaluate:
		return j.evaluate(ctx, a)
	}
	return j.act(ctx, action, t)
}

// expand fills in a text.
func (j *journey) expand(t checks.Template) (string, error) {
	text, err := t.Expand(j.scope)
	if err != nil {
		return "", &failure{kind: probes.FailVariable, message: err.Error()}
	}
	if t.HasCode() {
		j.secrets.add(j.scope.Codes()...)
	}
	return text, nil
}

// reach waits until a target can be pointed at and gives the point. With press
// the page watches whether the press that comes next lands on it.
func (j *journey) reach(ctx context.Context, target checks.Target, press bool, t *timing, needs ...string) (x, y float64, err error) {
	s, err := j.reachAt(ctx, target, nil, press, t, needs...)
	return s.X, s.Y, err
}

// reachAt is reach for a place in the element; nil: its middle. It gives how
// things stand, with the point on the page.
func (j *journey) reachAt(ctx context.Context, target checks.Target, position *checks.Point, press bool, t *timing, needs ...string) (standing, error) {
	l, err := locate(target, j.scope)
	if err != nil {
		return standing{}, err
	}
	id := 0 // of the press that comes next
	if press {
		j.presses++
		id = j.presses
	}
	began := time.Now()
	var frame standing // how things stood last with the frames around it
	for {
		s, err := j.waitFor(ctx, "reach", l.String(), map[string]any{"target": l, "needs": append(needs, "pointer"), "press": id, "position": position})
		t.own += milliseconds(s.Confirmed)
		if err == nil {
			var now standing
			if s.X, s.Y, now, err = s.view.outside(ctx, s.X, s.Y, id, t); err == nil && now.State == "ready" {
				j.aimed = s.view
				return s, nil
			}
			if err == nil {
				frame = now
			}
		}
		switch {
		case isGone(err):
		case frame.State != "" && over(ctx) && isOver(err):
			return standing{}, j.unready(l.String(), frame, patience(ctx, began))
		case err != nil:
			return standing{}, err
		}
	}
}

// isOver tells whether there is no error, or one that says no more than that
// the time is over.
func isOver(err error) bool {
	var f *failure
	return err == nil || timedOut(err) || errors.As(err, &f) && f.kind == probes.FailTimeout
}

// mouse sends one event of the mouse, of its left button.
func (j *journey) mouse(ctx context.Context, kind input.DispatchMouseEventType, x, y float64) error {
	return j.mouseOf(ctx, kind, x, y, leftClick)
}

// inputError says why the page did not take an input event.
func (j *journey) inputError(ctx context.Context, err error) error {
	if err = j.tab.reason(ctx, err); timedOut(err) {
		return failf(probes.FailTimeout, "the page did not respond to the input in time: its scripts keep it busy")
	}
	return err
}

// missed tells of a press whose button is still down whether it did not land on
// the element that it was meant for, as followPress does of one that is over. With
// held the page goes on to watch where the button is let go of.
func (j *journey) missed(ctx context.Context, held bool, t *timing) bool {
	began := time.Now()
	defer func() { t.own += time.Since(began) }()
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	missed := false
	// A press that misses a frame is heard in what the frame is in.
	for v := j.aimed; v != nil; v = v.outer {
		var landed struct{ Missed bool }
		missed = v.once(ctx, "landed", map[string]any{"press": j.presses, "held": held}, &landed) == nil && landed.Missed || missed
	}
	return missed
}

// lower has the page forget a press that missed.
func (j *journey) lower(ctx context.Context) error {
	for v := j.aimed; v != nil; v = v.outer {
		if err := v.call(ctx, "lower", func() any { return nil }, nil); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

// hover moves the pointer over an element.
func (j *journey) hover(ctx context.Context, a *checks.Hover, t *timing) error {
	x, y, err := j.reach(ctx, a.Target, false, t)
	if err != nil {
		return err
	}
	return j.mouse(ctx, input.DispatchMouseEventTypeMouseMoved, x, y)
}

// fill replaces the value of a field, by typing as far as the page can tell.
func (j *journey) fill(ctx context.Context, a *checks.Fill, t *timing) error {
	l, err := locate(a.Target, j.scope)
	if err != nil {
		return err
	}
	var value string
	if !a.Value.HasCode() { // one is made once it can be typed
		if value, err = j.expand(a.Value); err != nil {
			return err
		}
	}
	return j.follow(ctx, t, func() error {
		s, err := j.waitFor(ctx, "fill", l.String(), map[string]any{"target": l, "value": value, "secret": a.Value.HasSecret()})
		if err != nil || s.Mode != "type" {
			return err
		}
		if a.Value.HasCode() {
			if value, err = j.fresh(ctx, a.Value, t); err != nil {
				return err
			}
		}
		if value == "" {
			return j.press(ctx, chord{key: findKey("Delete")}) // of all, which is selected
		}
		if _, err := call(ctx, j.tab, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			return j.inputError(ctx, err)
		}
		return nil
	})
}

// selectOption chooses an option of a select element. The browser's own menu
// cannot be driven by events, so the page gets the events that it would send.
func (j *journey) selectOption(ctx context.Context, a *checks.Select, t *timing) error {
	l, err := locate(a.Target, j.scope)
	if err != nil {
		return err
	}
	option, err := j.expand(a.Option)
	if err != nil {
		return err
	}
	return j.follow(ctx, t, func() error {
		_, err := j.waitFor(ctx, "select", fmt.Sprintf("option %q of %s", option, l), map[string]any{"target": l, "option": option})
		return err
	})
}

// pressKey presses a key or chord.
func (j *journey) pressKey(ctx context.Context, a *checks.Press, t *timing) error {
	c, err := parseChord(a.Key)
	if err != nil {
		return err
	}
	if err := j.focus(ctx, "focus", a.Target, false); err != nil {
		return err
	}
	return j.follow(ctx, t, func() error { return j.press(ctx, c) })
}

// wait waits for a fixed time, or for an element.
func (j *journey) wait(ctx context.Context, a *checks.Wait, t *timing) error {
	if a.For > 0 {
		select {
		case <-time.After(a.For):
			return nil
		case <-ctx.Done():
			if err := j.tab.reason(ctx, ctx.Err()); !timedOut(err) {
				return err
			}
			return failf(probes.FailTimeout, "the wait of %s is longer than the step may take", a.For)
		}
	}
	return j.expect(ctx, &checks.Expect{Visible: a.Visible, Hidden: a.Hidden}, t)
}

// evaluate runs a script of the definition in the page.
func (j *journey) evaluate(ctx context.Context, a *checks.Evaluate) error {
	object, err := j.run(ctx, a.Script)
	if err != nil {
		return err
	}
	var value any = checks.Missing
	if len(object.Value) > 0 {
		if err := json.Unmarshal(object.Value, &value); err != nil {
			return fmt.Errorf("decode the script's value: %w", err)
		}
	} else if object.UnserializableValue != "" {
		value = string(object.UnserializableValue)
	}
	text := valueText(value)
	if a.Variable != "" {
		j.scope.Set(a.Variable, text)
	}
	if a.Expect == nil {
		return nil
	}
	ok, err := a.Expect.Holds(value, j.scope)
	if err != nil {
		return &failure{kind: probes.FailAssertion, message: "the script's value: " + err.Error(), expected: a.Expect.String(), got: text}
	}
	if !ok {
		return &failure{
			kind: probes.FailAssertion, message: fmt.Sprintf("the script gave %s, expected %s", j.cut(text), a.Expect),
			expected: a.Expect.String(), got: text,
		}
	}
	return nil
}

// run evaluates a script: an expression, or the body of an asynchronous
// function with a return.
func (j *journey) run(ctx context.Context, script string) (*runtime.RemoteObject, error) {
	began := time.Now()
	params := runtime.EvaluateParams{Expression: script, AwaitPromise: new(true), ReturnByValue: new(true), UserGesture: new(true)}
	if deadline, ok := ctx.Deadline(); ok {
		params.Timeout = runtime.TimeDelta(max(time.Until(deadline).Milliseconds()-50, 1))
	}
	// A page that is on its way to the next has no script context to run in.
	if _, err := j.tab.observer.settled(ctx); err != nil {
		if err = j.tab.reason(ctx, err); timedOut(err) {
			return nil, j.unresponsive(patience(ctx, began))
		}
		return nil, err
	}
	res, err := call(ctx, j.tab, runtime.Evaluate, params)
	if err == nil && res.ExceptionDetails != nil && isBody(res.ExceptionDetails) {
		params.Expression = "(async () => {" + script + "\n})()"
		res, err = call(ctx, j.tab, runtime.Evaluate, params)
	}
	if err != nil {
		if err = j.tab.reason(ctx, err); timedOut(err) || strings.Contains(err.Error(), "Execution was terminated") || strings.Contains(err.Error(), "Internal error") {
			return nil, failf(probes.FailTimeout, "the script did not end %s", patience(ctx, began))
		}
		if strings.Contains(err.Error(), "(-32000)") {
			return nil, failf(probes.FailScript, "the script was cut off: %s", err)
		}
		return nil, err
	}
	if d := res.ExceptionDetails; d != nil {
		if time.Since(began) >= time.Duration(params.Timeout)*time.Millisecond && params.Timeout > 0 {
			return nil, failf(probes.FailTimeout, "the script did not end %s", patience(ctx, began))
		}
		return nil, failf(probes.FailScript, "the script threw %s", exceptionText(d))
	}
	return res.Result, nil
}

// isBody tells from the syntax error whether a script is not an expression but
// the body of a function.
func isBody(d *runtime.ExceptionDetails) bool {
	text := exceptionText(d)
	return strings.Contains(text, "Illegal return") || strings.Contains(text, "await is only valid")
}

// valueText gives a script's value as text: a string as it is, all else as
// JSON.
func valueText(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	if value == any(checks.Missing) {
		return "undefined"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
