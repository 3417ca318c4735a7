package browser

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser/pixels"
)

// looked is what js/look.js tells of a page that is held still.
type looked struct {
	standing
	Scale  float64 `json:"scale"` // device pixels in a CSS pixel
	Area   rect    `json:"area"`
	Covers []rect  `json:"covers"`
}

// looksLike holds the page against a picture that was taken before; where the
// probe is to take the pictures it takes one instead.
func (w *stateWanted) looksLike(ctx context.Context) (*failure, error) {
	l := w.LooksLike
	if l == nil {
		return nil, nil
	}
	got, wrong, err := w.still(ctx, l)
	if wrong != nil || err != nil {
		return wrong, err
	}
	if take := w.j.baselines; take != nil {
		return w.newBaseline(l, got, take)
	}
	if len(l.Baseline) == 0 {
		return nil, failf(probes.FailAssertion, "there is no picture %s to hold the page against: take it with outrider run --update", filepath.Base(l.Path))
	}
	if w.baseline == nil {
		if w.baseline, err = pixels.Decode(l.Baseline); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(l.Path), err)
		}
	}
	d, err := pixels.Compare(w.baseline, got)
	if err != nil {
		wrong = failf(probes.FailAssertion, "the page does not look like %s: %s", filepath.Base(l.Path), err)
	} else if share := d.Share(); share > l.Tolerance {
		wrong = failf(probes.FailAssertion, "the page does not look like %s: %s of its pixels differ, expected at most %s", filepath.Base(l.Path), percent(share), percent(l.Tolerance))
		wrong.expected, wrong.got = "at most "+percent(l.Tolerance), percent(share)
	}
	w.differs = nil
	if wrong != nil {
		w.differs = &lookDifference{got: got, where: d.Picture}
	}
	return wrong, nil
}

// lookDifference is what the page looked like last, and where that differs from
// what it should.
type lookDifference struct{ got, where *image.NRGBA }

// keepLook keeps what the page looked like, and where it differed, if that is
// why it is not as expected.
func (w *stateWanted) keepLook() {
	if w.differs == nil {
		return
	}
	path := w.LooksLike.Path
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	for _, p := range []struct {
		name  string
		shown *image.NRGBA
	}{{name + "-difference.png", w.differs.where}, {name + "-actual.png", w.differs.got}} {
		if p.shown == nil {
			continue
		}
		if data, err := pixels.Encode(p.shown); err == nil && len(data) <= maxPicture {
			w.j.keep(p.name, "image/png", w.j.step, data)
		}
	}
}

// newBaseline takes a picture for the baseline, once the page has looked the
// same twice in a row.
func (w *stateWanted) newBaseline(l *checks.Look, got *image.NRGBA, take func(path string, png []byte) error) (*failure, error) {
	before := w.baseline
	w.baseline = got
	if before != nil {
		d, err := pixels.Compare(before, got)
		if err != nil || d.Share() > l.Tolerance {
			before = nil
		}
	}
	if before == nil && time.Since(w.audited) < auditPatience {
		return failf(probes.FailAssertion, "the page does not come to rest, so that no picture %s can be taken of it", filepath.Base(l.Path)), nil
	}
	data, err := pixels.Encode(got)
	if err != nil {
		return nil, err
	}
	if err := take(l.Path, data); err != nil {
		return nil, fmt.Errorf("write the picture %s: %w", filepath.Base(l.Path), err)
	}
	return nil, nil
}

// still takes a picture of what is looked at, with nothing in motion, and with
// everything covered that is to be or that shows a secret.
func (w *stateWanted) still(ctx context.Context, l *checks.Look) (shown *image.NRGBA, wrong *failure, err error) {
	args := map[string]any{}
	if !l.Target.IsZero() {
		if args["target"], err = locate(l.Target, w.j.scope); err != nil {
			return nil, nil, err
		}
	}
	masks := []*locator{}
	for _, m := range l.Mask {
		mask, err := locate(m, w.j.scope)
		if err != nil {
			return nil, nil, err
		}
		masks = append(masks, mask)
	}
	args["masks"] = masks
	tell := func(method string, args any, result any) error {
		return inWorld(ctx, w.j.tab, method, func() any { return args }, result)
	}
	if err = tell("freeze", nil, nil); err == nil {
		// The page goes on whatever comes of the picture.
		defer func() {
			thaw, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if world := w.j.tab.observer.currentWorld(); world != "" {
				_ = callWorld(thaw, w.j.tab, world, "thaw", nil, nil)
			}
		}()
	}
	var at looked
	var secret []rect
	var data []byte
	if err == nil {
		err = tell("look", args, &at)
	}
	if err == nil && at.State != "ready" {
		what, _ := args["target"].(*locator)
		wrong, err = w.missing(what, at.standing, patience(ctx, w.began))
		return nil, wrong, err
	}
	if err == nil {
		secret, err = w.j.secretBoxes(ctx)
	}
	if err == nil {
		var shot page.CaptureScreenshotResult
		shot, err = call(ctx, w.j.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: new(true)})
		data = shot.Data
	}
	var thrown errScript
	switch {
	case errors.As(err, &thrown):
		return nil, nil, thrown.blame("what is looked at")
	case err != nil:
		wrong, err = w.late(ctx, err)
		return nil, wrong, err
	}
	if shown, err = pixels.Decode(data); err != nil {
		return nil, nil, err
	}
	var covers []image.Rectangle
	for _, r := range append(at.Covers, secret...) {
		covers = append(covers, r.pixels(at.Scale))
	}
	pixels.Cover(shown, covers)
	if shown, err = pixels.Cut(shown, at.Area.pixels(at.Scale)); err != nil {
		return nil, failf(probes.FailElement, "what is looked at cannot be seen: %s", err), nil
	}
	return shown, nil, nil
}

// pixels gives the device pixels that a box touches.
func (r rect) pixels(scale float64) image.Rectangle {
	return image.Rect(pixel(r.X*scale), pixel(r.Y*scale), pixel(math.Ceil((r.X+r.Width)*scale)), pixel(math.Ceil((r.Y+r.Height)*scale)))
}

// percent writes a share.
func percent(share float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", 100*share), "0"), ".") + " %"
}
