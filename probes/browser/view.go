package browser

import (
	"context"
	"errors"
	"time"
)

// errFrameGone says that a frame was replaced or removed under a call.
var errFrameGone = errors.New("the frame went away")

// view is a document in which methods of js/page.js are called: the page's, or
// that of a frame.
type view struct {
	tab *tab
}

// call calls a method of js/page.js in the view's document.
func (v *view) call(ctx context.Context, method string, args func() any, result any) error {
	return inWorld(ctx, v.tab, method, args, result)
}

// viewOf finds the document at the end of a way through frames. If it is not
// there, it says how things stand, and the view is nil.
func (j *journey) viewOf(ctx context.Context, frames []frameLocator, slice time.Duration, now *standing) (*view, error) {
	return &view{tab: j.tab}, nil
}
