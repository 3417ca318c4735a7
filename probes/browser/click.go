package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"outrider/checks"
	"outrider/probes"
)

// pressing is how a button of the mouse is pressed.
type pressing struct {
	button input.MouseButton
	mask   int64 // the button, as the field buttons of events has it
	count  int64 // which of several clicks in a row it is, from 1
	hold   time.Duration
}

var leftClick = pressing{button: input.MouseButtonLeft, mask: 1, count: 1}

// pressingOf gives how a click presses.
func pressingOf(a *checks.Click) pressing {
	p := leftClick
	p.hold = a.Hold
	switch a.Button {
	case checks.RightButton:
		p.button, p.mask = input.MouseButtonRight, 2
	case checks.MiddleButton:
		p.button, p.mask = input.MouseButtonMiddle, 4
	}
	return p
}

// mouseOf sends one event of the mouse. Whether its button is down while it
// moves follows from whether it was pressed.
func (j *journey) mouseOf(ctx context.Context, kind input.DispatchMouseEventType, x, y float64, p pressing) error {
	if _, err := call(ctx, j.tab, input.DispatchMouseEvent, j.mouseEvent(kind, x, y, p)); err != nil {
		return j.inputError(ctx, err)
	}
	return nil
}

// mouseEvent makes an event of the mouse.
func (j *journey) mouseEvent(kind input.DispatchMouseEventType, x, y float64, p pressing) input.DispatchMouseEventParams {
	event := input.DispatchMouseEventParams{
		Type: kind, X: x, Y: y, PointerType: input.DispatchMouseEventPointerTypeMouse, Modifiers: j.held.Int64(), Buttons: j.buttons,
	}
	if kind != input.DispatchMouseEventTypeMouseMoved {
		event.Button, event.ClickCount = p.button, p.count
		j.buttons &^= p.mask
		if kind == input.DispatchMouseEventTypeMousePressed {
			j.buttons |= p.mask
		}
		event.Buttons = j.buttons
	} else if j.buttons != 0 {
		event.Button = p.button
	}
	return event
}

// click clicks an element once, or several times in a row. Its time includes
// the load of the page that the click leads to, if it does.
func (j *journey) click(ctx context.Context, a *checks.Click, times int, t *timing) error {
	for {
		missed, err := j.tryClick(ctx, a, times, t)
		if err != nil || !missed {
			return err
		}
	}
}

// taps tells whether a click is made with a finger: on a device with a touch
// screen, whose other buttons only a mouse has.
func (j *journey) taps(a *checks.Click) bool {
	d := deviceOf(j.check.Journey.Browser.Device)
	return d != nil && d.touch && (a.Button == "" || a.Button == checks.LeftButton)
}

// tryClick clicks an element, unless it has moved away or was covered between
// the last look at it and the press: then nothing was pressed, and missed is
// true.
func (j *journey) tryClick(ctx context.Context, a *checks.Click, times int, t *timing) (missed bool, err error) {
	s, err := j.reachAt(ctx, a.Target, a.Position, true, t, "enabled")
	if err != nil {
		return false, err
	}
	// What the last step came to, and the way of the pointer to the element, are
	// no part of what the customer waits for.
	began := time.Now()
	j.finishPage(ctx, a)
	press := j.pressAt
	if j.taps(a) {
		press = j.tapAt
	} else if err := j.point(ctx, s.X, s.Y); err != nil {
		return false, err
	}
	t.own += time.Since(began)
	missed, err = j.followPress(ctx, t, func() (missed bool, err error) {
		err = j.holding(ctx, a.Modifiers, func() (err error) {
			missed, err = press(ctx, s.X, s.Y, pressingOf(a), times, t)
			return err
		})
		return missed, err
	})
	if missed && err == nil {
		err = j.lower(ctx)
		t.own += time.Since(t.end)
	}
	return missed, err
}

// point sends the pointer to a place. Its answer comes with the page's next
// frame and is not waited for: a press comes after the move in any case.
func (j *journey) point(ctx context.Context, x, y float64) error {
	return j.sendMouse(ctx, input.DispatchMouseEventTypeMouseMoved, x, y, leftClick)
}

// sendMouse sends one event of the mouse and does not wait until the page has
// taken it.
func (j *journey) sendMouse(ctx context.Context, kind input.DispatchMouseEventType, x, y float64, p pressing) error {
	if _, err := callIn(ctx, unheard(j.tab), input.DispatchMouseEvent, j.mouseEvent(kind, x, y, p)); err != nil {
		return j.inputError(ctx, err)
	}
	return nil
}

// pressAt presses and releases the button at a point as often as is wanted: all
// at once, since the page may move on between a press and its release, which
// is a click on neither of what they land on. Only of a button that is held is
// known whether its first press missed; then that is all.
func (j *journey) pressAt(ctx context.Context, x, y float64, p pressing, times int, t *timing) (missed bool, err error) {
	for i := range times {
		p.count = int64(i + 1)
		if p.hold > 0 {
			if missed, err = j.holdAt(ctx, x, y, p, t); missed || err != nil {
				return missed, err
			}
			continue
		}
		if err := j.sendMouse(ctx, input.DispatchMouseEventTypeMousePressed, x, y, p); err != nil {
			return false, err
		}
		release := j.sendMouse
		if i == times-1 {
			release = j.mouseOf
		}
		if err := release(ctx, input.DispatchMouseEventTypeMouseReleased, x, y, p); err != nil {
			return false, err
		}
	}
	return false, nil
}

// holdAt holds the button down at a point for a time, unless the press misses.
func (j *journey) holdAt(ctx context.Context, x, y float64, p pressing, t *timing) (missed bool, err error) {
	if err := j.mouseOf(ctx, input.DispatchMouseEventTypeMousePressed, x, y, p); err != nil {
		return false, err
	}
	if missed = p.count == 1 && j.missed(ctx, true, t); !missed {
		err = j.pause(ctx, p.hold)
	}
	// The button is not left down, whatever happened.
	if released := j.mouseOf(ctx, input.DispatchMouseEventTypeMouseReleased, x, y, p); err == nil {
		err = released
	}
	return missed, err
}

// pause does nothing for a time.
func (j *journey) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		if err := j.tab.reason(ctx, ctx.Err()); !timedOut(err) {
			return err
		}
		return failf(probes.FailTimeout, "the button was to be held down for %s, longer than the step may take", d)
	}
}

// holding holds modifier keys down while something is done.
func (j *journey) holding(ctx context.Context, names []string, do func() error) error {
	before := j.held
	for _, name := range names {
		if err := j.keyOf(ctx, name, true); err != nil {
			return err
		}
	}
	err := do()
	for i := len(names) - 1; i >= 0; i-- {
		if modifiers[names[i]].bit&before != 0 {
			continue // an earlier step holds it
		}
		if released := j.keyOf(ctx, names[i], false); err == nil {
			err = released
		}
	}
	j.held = before
	return err
}

// keyOf presses a key, or releases it.
func (j *journey) keyOf(ctx context.Context, name string, down bool) error {
	key := findKey(name)
	if key == nil {
		return failf(probes.FailVariable, "there is no key %q", name)
	}
	bit := modifiers[name].bit
	kind := kb.KeyUp
	j.held &^= bit
	if down {
		kind = kb.KeyRawDown
		j.held |= bit
	}
	held := j.held
	if key.Shift {
		held |= kb.ModifierShift
	}
	event := keyEvent(kind, key, held)
	if down && key.Print && held&^kb.ModifierShift == 0 {
		event.Type, event.Text, event.UnmodifiedText = kb.KeyDown, key.Text, key.Unmodified
	}
	if _, err := call(ctx, j.tab, input.DispatchKeyEvent, event); err != nil {
		return j.inputError(ctx, err)
	}
	return nil
}
