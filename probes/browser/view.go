package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// errFrameGone says that a frame was replaced or removed under a call.
var errFrameGone = errors.New("the frame went away")

// view is a document in which methods of js/page.js are called: the page's, or
// that of a frame.
type view struct {
	tab   *tab
	host  *frameHost
	world string // of a frame: the unique id of our world
	outer *view  // the document that the frame is in; nil for the page's
	frame frameLocator
}

// pageView is the page's own document.
func (t *tab) pageView() *view {
	return &view{tab: t, host: &frameHost{target: t.target}}
}

// call calls a method of js/page.js in the view's document. Of a page it waits
// for the document that follows if that is being replaced; of a frame its error
// is errFrameGone then.
func (v *view) call(ctx context.Context, method string, args func() any, result any) error {
	if v.outer == nil {
		return inWorld(ctx, v.tab, method, args, result)
	}
	return v.once(ctx, method, args(), result)
}

// once calls a method in the document that the view has now.
func (v *view) once(ctx context.Context, method string, args, result any) error {
	world := v.world
	if v.outer == nil {
		if world = v.tab.observer.currentWorld(); world == "" {
			return errFrameGone
		}
	}
	return v.failed(ctx, callWorldOf(ctx, v.host.target, v.tab.hushed, world, method, args, result))
}

// failed gives what an error of a call means.
func (v *view) failed(ctx context.Context, err error) error {
	var refused *cdproto.Error
	var thrown errScript
	switch {
	case err == nil || errors.As(err, &thrown):
		return err
	case errors.As(err, &refused):
		return errFrameGone
	case v.outer != nil && errors.Is(err, chromedp.ErrTargetDetached):
		v.tab.dropHost(v.host)
		return errFrameGone
	}
	return v.tab.reason(ctx, err)
}

// viewOf finds the document at the end of a way through frames. If it is not
// there, it says how things stand, and the view is nil.
func (j *journey) viewOf(ctx context.Context, frames []frameLocator, slice time.Duration, now *standing) (*view, error) {
	v := j.tab.pageView()
	for _, f := range frames {
		inner, missing, err := v.inner(ctx, f, slice)
		if err != nil {
			return nil, err
		}
		if inner == nil {
			*now = standing{State: "frameless", Detail: f.String() + " " + missing}
			return nil, nil
		}
		v = inner
	}
	return v, nil
}

// inner finds the document of a frame in the view. If there is none yet,
// missing says why.
func (v *view) inner(ctx context.Context, f frameLocator, slice time.Duration) (inner *view, missing string, err error) {
	var s standing
	if err := v.call(ctx, "frame", func() any { return map[string]any{"frame": f, "slice": sliceOf(ctx, slice)} }, &s); err != nil {
		return nil, "", err
	}
	if s.State != "ready" {
		return nil, strings.TrimSuffix(frameTrouble(s.State)+": "+s.Detail, ": "), nil
	}
	id, err := v.frameID(ctx)
	if err != nil {
		return nil, "", err
	}
	short, cancel := context.WithTimeout(ctx, max(slice, 50*time.Millisecond))
	defer cancel()
	host, world := v.host, ""
	find := func(t *frameTable) bool {
		world = t.worlds[id]
		return world != ""
	}
	var apart bool
	err = host.await(short, v.tab, func(t *frameTable) bool {
		_, apart = t.apart[id]
		return find(t) || apart
	})
	if err == nil && apart {
		if host, err = v.tab.frameHostOf(ctx, id); err == nil {
			err = host.await(short, v.tab, find)
		}
	}
	switch {
	case err == nil:
		return &view{tab: v.tab, host: host, world: world, outer: v, frame: f}, "", nil
	case ctx.Err() != nil:
		return nil, "", v.tab.reason(ctx, ctx.Err())
	case short.Err() != nil:
		return nil, "has not begun to load", nil
	}
	return nil, "", v.failed(ctx, err)
}

// frameTrouble says what is wrong with a frame's element.
func frameTrouble(state string) string {
	switch state {
	case "missing":
		return "is not there"
	case "hidden":
		return "is not visible"
	case "ambiguous":
		return "means several elements"
	}
	return "cannot be used"
}

// frameID gives the id of the frame whose element was asked for last.
func (v *view) frameID(ctx context.Context) (cdp.FrameID, error) {
	object, err := v.object(ctx, "frameElement")
	if err != nil {
		return "", err
	}
	node, err := callIn(ctx, v.host.target, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: object})
	if err != nil {
		return "", v.failed(ctx, err)
	}
	_, _ = callIn(ctx, v.host.target, runtime.ReleaseObject, runtime.ReleaseObjectParams{ObjectID: object})
	if node.Node.FrameID == "" {
		return "", errFrameGone
	}
	return node.Node.FrameID, nil
}

// outside takes a point of the view's document out to the page's: every frame
// on the way has to be in view, still, and on top. With press, its number, each
// document watches whether the press that comes next goes where it is meant to. s is
// how things stand with the first frame that is not ready.
func (v *view) outside(ctx context.Context, x, y float64, press int, t *timing) (atX, atY float64, s standing, err error) {
	for ; v.outer != nil; v = v.outer {
		s = standing{}
		err := v.outer.call(ctx, "through", func() any {
			return map[string]any{"frame": v.frame, "x": x, "y": y, "press": press, "slice": sliceOf(ctx, firstSlice)}
		}, &s)
		t.own += milliseconds(s.Confirmed)
		if err != nil || s.State != "ready" {
			if s.Detail = v.frame.String() + ": " + s.Detail; s.State == "missing" || s.State == "hidden" {
				s = standing{State: "frameless", Detail: s.Detail}
			}
			return 0, 0, s, err
		}
		x, y = s.X, s.Y
	}
	s.State = "ready"
	return x, y, s, nil
}

// callIn sends a command to a session and waits for its answer.
func callIn[P, R any](ctx context.Context, session cdp.Session, cmd cdp.Command[P, R], params P) (R, error) {
	r, err := cdp.Call(ctx, session, cmd, params)
	if err != nil {
		return r, fmt.Errorf("%s: %w", cmd.Method, err)
	}
	return r, nil
}
