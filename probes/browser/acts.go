package browser

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
)

// act carries out the actions that perform does not know.
func (j *journey) act(ctx context.Context, action checks.Action, t *timing) error {
	switch a := action.(type) {
	case *checks.Back:
		return j.travelHistory(ctx, -1, t)
	case *checks.Forward:
		return j.travelHistory(ctx, +1, t)
	case *checks.Reload:
		return j.reload(ctx, t)
	case *checks.DoubleClick:
		return j.click(ctx, &a.Click, 2, t)
	case *checks.Type:
		return j.typeText(ctx, a, t)
	case *checks.SetChecked:
		return j.setChecked(ctx, a, t)
	case *checks.Upload:
		return j.upload(ctx, a, t)
	case *checks.Drag:
		return j.drag(ctx, a, t)
	case *checks.Scroll:
		return j.scroll(ctx, a, t)
	case *checks.Switch:
		return j.switchTo(ctx, a.Page)
	case *checks.Close:
		return j.closePage(ctx, a.Page)
	case *checks.KeyDown:
		return j.follow(ctx, t, func() error { return j.keyOf(ctx, a.Key, true) })
	case *checks.KeyUp:
		return j.follow(ctx, t, func() error { return j.keyOf(ctx, a.Key, false) })
	}
	return fmt.Errorf("a browser cannot do %q", action.Verb())
}

// travelHistory goes back or forward in the history, and waits for the page.
func (j *journey) travelHistory(ctx context.Context, by int64, t *timing) error {
	history, err := call(ctx, j.tab, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		return j.lost(ctx, err)
	}
	to := history.CurrentIndex + by
	// A page that a journey starts with has the empty one before it.
	if to < 0 || to >= int64(len(history.Entries)) || !isWeb(history.Entries[to].URL) {
		where := map[int64]string{-1: "back", 1: "forward"}[by]
		return failf(probes.FailPage, "there is no page to go %s to: the history has none", where)
	}
	return j.lead(ctx, t, func() error {
		_, err := call(ctx, j.tab, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[to].ID})
		return err
	}, 500)
}

// reload loads the page again.
func (j *journey) reload(ctx context.Context, t *timing) error {
	return j.lead(ctx, t, func() error {
		_, err := call(ctx, j.tab, page.Reload, page.ReloadParams{})
		return err
	}, 400)
}

// lead does what is bound to lead to a page, or to another place of the same
// one, and waits for it. An answer with the status worst, or one that is worse,
// is a failure.
func (j *journey) lead(ctx context.Context, t *timing, do func() error, worst int) error {
	began := time.Now()
	o := j.tab.observer
	mark, places := o.mark(), o.placesSeen()
	if err := do(); err != nil {
		return j.lost(ctx, err)
	}
	err := o.await(ctx, func() bool { return o.moves != mark || o.places != places })
	if err != nil {
		if err = j.tab.reason(ctx, err); timedOut(err) {
			return failf(probes.FailTimeout, "the browser did not begin to load the page %s", patience(ctx, began))
		}
		return err
	}
	if !o.moving(mark) { // the page shows another part of itself
		t.end = time.Now()
		return nil
	}
	d, err := j.loaded(ctx, t, began)
	if err != nil {
		return err
	}
	if x := d.exchange; x != nil && x.http.Status >= worst {
		return badStatus(x)
	}
	return nil
}

// lost says why the browser did not do something in time.
func (j *journey) lost(ctx context.Context, err error) error {
	if err = j.tab.reason(ctx, err); timedOut(err) {
		return failf(probes.FailTimeout, "the page did not respond in time: its scripts keep it busy")
	}
	return err
}

// typeText types a text key by key.
func (j *journey) typeText(ctx context.Context, a *checks.Type, t *timing) error {
	text, err := j.fresh(ctx, a.Text, t)
	if err != nil {
		return err
	}
	if err := j.focus(ctx, "caret", a.Target, a.Text.HasSecret()); err != nil {
		return err
	}
	return j.follow(ctx, t, func() error {
		for _, r := range text {
			name := string(r)
			if r == '\n' {
				name = "Enter"
			}
			key := findKey(name)
			if key == nil {
				continue // a control character, which no key gives
			}
			if err := j.press(ctx, chord{key: key}); err != nil {
				return err
			}
		}
		return nil
	})
}

// focus waits for a target, if there is one, and gives it the focus by a method
// of the page's script.
func (j *journey) focus(ctx context.Context, method string, target checks.Target, secret bool) error {
	if target.IsZero() {
		return nil
	}
	l, err := locate(target, j.scope)
	if err != nil {
		return err
	}
	s, err := j.waitFor(ctx, method, l.String(), map[string]any{"target": l, "secret": secret})
	j.aimed = s.view
	return err
}

// setChecked checks or unchecks a box by a click, unless it is as wanted.
func (j *journey) setChecked(ctx context.Context, a *checks.SetChecked, t *timing) error {
	l, err := locate(a.Target, j.scope)
	if err != nil {
		return err
	}
	wanted := strconv.FormatBool(a.Checked)
	s, err := j.waitFor(ctx, "checked", l.String(), map[string]any{"target": l})
	if err != nil || s.Mode == wanted {
		return err
	}
	mark := j.tab.observer.mark()
	if err := j.click(ctx, &checks.Click{Target: a.Target}, 1, t); err != nil {
		return err
	}
	if j.tab.observer.moving(mark) {
		return nil // it led to another page, which is what it is for
	}
	began := time.Now()
	_, err = j.waitFor(ctx, "checked", l.String(), map[string]any{"target": l, "wanted": wanted})
	if t.end = time.Now(); err == nil && time.Since(began) < 10*time.Millisecond {
		t.own += time.Since(began)
	}
	return err
}

// scroll scrolls the page, or what is in an element.
func (j *journey) scroll(ctx context.Context, a *checks.Scroll, t *timing) error {
	args := map[string]any{"edge": a.Edge, "x": a.X, "y": a.Y}
	what := "the page"
	if !a.Target.IsZero() {
		l, err := locate(a.Target, j.scope)
		if err != nil {
			return err
		}
		args["target"], what = l, l.String()
	}
	return j.follow(ctx, t, func() error {
		s, err := j.waitFor(ctx, "scroll", what, args)
		if err != nil || s.view.outer == nil {
			return err
		}
		// What the frame is in is scrolled as well; whether it can be pointed at
		// is of no interest.
		if _, _, _, err = s.view.outside(ctx, s.X, s.Y, 0, t); isGone(err) {
			err = nil
		}
		return err
	})
}
