package browser

import (
	"context"
	"fmt"
	"time"

	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"outrider/checks"
)

const (
	// dragStart is how far the mouse moves before the way to the target: far
	// enough for pages and browsers to take it for a drag, in CSS pixels.
	dragStart = 12
	// dragMoves is in how many moves the mouse goes to the target.
	dragMoves = 10
	// dragPatience is how long the browser may take to say that a drag of its
	// own has begun, of an element that it lets people drag.
	dragPatience = 2 * time.Second
)

// drag drags an element onto another: with the mouse alone where the page
// follows the mouse, and by drag events where the browser itself drags.
func (j *journey) drag(ctx context.Context, a *checks.Drag, t *timing) error {
	for {
		missed, err := j.tryDrag(ctx, a, t)
		if err != nil || !missed {
			return err
		}
	}
}

// tryDrag drags, unless the press misses the element.
func (j *journey) tryDrag(ctx context.Context, a *checks.Drag, t *timing) (missed bool, err error) {
	// Where both can be seen at once, the second is best looked for first: to
	// scroll to it might move the first away.
	if _, _, err := j.reach(ctx, a.To, false, t); err != nil {
		return false, err
	}
	from, err := j.reachAt(ctx, a.From, nil, true, t, "enabled")
	if err != nil {
		return false, err
	}
	if err := j.mouse(ctx, input.DispatchMouseEventTypeMouseMoved, from.X, from.Y); err != nil {
		return false, err
	}
	missed, err = j.followPress(ctx, t, func() (bool, error) {
		intercepted, stop, err := j.intercept(ctx)
		if err != nil {
			return false, err
		}
		defer stop()
		if err := j.mouse(ctx, input.DispatchMouseEventTypeMousePressed, from.X, from.Y); err != nil {
			return false, err
		}
		released := false
		release := func(x, y float64) error {
			released = true
			return j.mouse(ctx, input.DispatchMouseEventTypeMouseReleased, x, y)
		}
		defer func() {
			if !released {
				_ = release(from.X, from.Y)
			}
		}()
		if j.missed(ctx, false, t) {
			return true, nil
		}
		return false, j.carry(ctx, a, from, intercepted, release)
	})
	if missed && err == nil {
		err = j.lower(ctx)
		t.own += time.Since(t.end)
	}
	return missed, err
}

// intercept has the browser tell us of a drag instead of doing it.
func (j *journey) intercept(ctx context.Context) (<-chan jsonv2.Value, func(), error) {
	events, unsubscribe := j.tab.target.Subscribe(input.DragIntercepted.Method)
	if _, err := call(ctx, j.tab, input.SetInterceptDrags, input.SetInterceptDragsParams{Enabled: true}); err != nil {
		unsubscribe()
		return nil, nil, j.inputError(ctx, err)
	}
	return events, func() {
		unsubscribe()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = call(ctx, j.tab, input.SetInterceptDrags, input.SetInterceptDragsParams{})
	}, nil
}

// carry takes what is pressed to the target and lets go of it there.
func (j *journey) carry(ctx context.Context, a *checks.Drag, from standing, intercepted <-chan jsonv2.Value, release func(x, y float64) error) error {
	x, y := from.X, from.Y
	for range 3 {
		x, y = x+dragStart/3, y+dragStart/3
		if err := j.mouse(ctx, input.DispatchMouseEventTypeMouseMoved, x, y); err != nil {
			return err
		}
	}
	var data *input.DragData
	if from.Mode == "drags" {
		short, cancel := context.WithTimeout(ctx, dragPatience)
		defer cancel()
		select {
		case raw := <-intercepted:
			var ev input.EventDragIntercepted
			if err := jsonv2.Unmarshal(raw, &ev, chromedp.DefaultUnmarshalOptions); err != nil {
				return fmt.Errorf("decode the drag: %w", err)
			}
			data = ev.Data
		case <-short.Done():
			// The page does it by itself.
		}
	}
	move := func(x, y float64) error { return j.mouse(ctx, input.DispatchMouseEventTypeMouseMoved, x, y) }
	if data != nil {
		move = func(x, y float64) error { return j.dragEvent(ctx, input.DispatchDragEventTypeDragOver, x, y, data) }
		if err := j.dragEvent(ctx, input.DispatchDragEventTypeDragEnter, x, y, data); err != nil {
			return err
		}
	}
	// The target may have moved by now: lists make room for what is dragged.
	// What is dragged may cover it, so nothing but its place counts.
	to, err := j.place(ctx, a.To)
	if err != nil {
		return err
	}
	for i := 1; i <= dragMoves; i++ {
		share := float64(i) / dragMoves
		if err := move(x+(to.X-x)*share, y+(to.Y-y)*share); err != nil {
			return err
		}
	}
	if data != nil {
		if err := j.dragEvent(ctx, input.DispatchDragEventTypeDrop, to.X, to.Y, data); err != nil {
			return err
		}
	}
	return release(to.X, to.Y)
}

// place gives where a target is, whether or not something lies on it.
func (j *journey) place(ctx context.Context, target checks.Target) (standing, error) {
	l, err := locate(target, j.scope)
	if err != nil {
		return standing{}, err
	}
	s, err := j.waitFor(ctx, "place", l.String(), map[string]any{"target": l})
	if err != nil {
		return s, err
	}
	for v := s.view; v.outer != nil; v = v.outer {
		var out standing
		err := v.outer.call(ctx, "outward", func() any { return map[string]any{"frame": v.frame, "x": s.X, "y": s.Y} }, &out)
		if err != nil {
			return s, err
		}
		s.X, s.Y = out.X, out.Y
	}
	return s, nil
}

// dragEvent sends one event of a drag that the browser has begun.
func (j *journey) dragEvent(ctx context.Context, kind input.DispatchDragEventType, x, y float64, data *input.DragData) error {
	_, err := call(ctx, j.tab, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: x, Y: y, Data: data, Modifiers: j.held.Int64()})
	if err != nil {
		return j.inputError(ctx, err)
	}
	return nil
}
