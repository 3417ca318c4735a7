package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/input"
)

// clickPatience is how long the click of a tap is waited for. A page that takes
// the touch for itself gets none.
const clickPatience = 100 * time.Millisecond

// tapAt taps at a point as often as is wanted. If the first touch misses, it
// is called off and that is all.
func (j *journey) tapAt(ctx context.Context, x, y float64, p pressing, times int, t *timing) (missed bool, err error) {
	for i := range times {
		if err := j.touch(ctx, input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y}); err != nil {
			return false, err
		}
		if i == 0 {
			missed = j.missed(ctx, false, t)
		}
		if p.hold > 0 && !missed {
			err = j.pause(ctx, p.hold)
		}
		// The finger is not left there, whatever happened.
		end := input.DispatchTouchEventTypeTouchEnd
		if missed {
			end = input.DispatchTouchEventTypeTouchCancel
		}
		if lifted := j.touch(ctx, end); err == nil {
			err = lifted
		}
		if missed || err != nil {
			break
		}
		j.tapped(ctx, t)
	}
	return missed, err
}

// touch sends one event of the touch screen.
func (j *journey) touch(ctx context.Context, kind input.DispatchTouchEventType, points ...*input.TouchPoint) error {
	event := input.DispatchTouchEventParams{Type: kind, TouchPoints: points, Modifiers: j.held.Int64()}
	if event.TouchPoints == nil {
		event.TouchPoints = []*input.TouchPoint{}
	}
	if _, err := call(ctx, j.tab, input.DispatchTouchEvent, event); err != nil {
		return j.inputError(ctx, err)
	}
	return nil
}

// tapped waits until the page has done with the click that the browser makes of
// a tap: other than the release of a button, the end of a touch is answered
// before that.
func (j *journey) tapped(ctx context.Context, t *timing) {
	v := j.aimed
	if v == nil {
		return
	}
	var waited struct{ Vainly float64 }
	// A document that has gone has been left by the click.
	_ = v.once(ctx, "tapped", map[string]any{"slice": sliceOf(ctx, clickPatience)}, &waited)
	t.own += milliseconds(waited.Vainly)
}
