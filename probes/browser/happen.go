package browser

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
)

// happening is what must happen because of a step, while it goes on.
type happening struct {
	options  checks.StepOptions
	began    time.Time
	dialog   *dialogPlan
	awaiting *fileAwaited
	places   int       // as the observer counted them before the step
	loaded   *document // the page before the step
	tab      *tab      // in front when it began
	opening  *opening  // nil: no page is to be opened
}

// dialogPlan is what to do with the next dialog of a page.
type dialogPlan struct {
	accept bool
	answer string
	given  bool // there is an answer
	fits   func(message string) (bool, error)

	came    bool // under the observer's lock
	message string
}

// decide says how to close the dialog: one that says something else than is
// expected is dismissed, since nobody knows what it would do.
func (p *dialogPlan) decide(message, suggested string) page.HandleJavaScriptDialogParams {
	if fits, err := p.fits(message); err != nil || !fits || !p.accept {
		return page.HandleJavaScriptDialogParams{}
	}
	if p.given {
		suggested = p.answer
	}
	return page.HandleJavaScriptDialogParams{Accept: true, PromptText: suggested}
}

// expecting gets ready for what a step must make happen; nil if that is
// nothing.
func (j *journey) expecting(ctx context.Context, o checks.StepOptions) (*happening, error) {
	if o == (checks.StepOptions{}) {
		return nil, nil
	}
	h := &happening{options: o, began: time.Now()}
	observer := j.tab.observer
	if o.Dialog != nil {
		answer, err := j.expand(o.Dialog.Answer)
		if err != nil {
			return nil, err
		}
		h.dialog = &dialogPlan{accept: o.Dialog.Accept, answer: answer, given: !o.Dialog.Answer.IsZero(), fits: func(message string) (bool, error) {
			return o.Dialog.Message == nil || holds(o.Dialog.Message, message, j.scope), nil
		}}
	}
	if o.Download != nil {
		var err error
		if h.awaiting, err = j.awaitFile(ctx); err != nil {
			return nil, err
		}
	}
	h.tab = j.tab
	observer.mu.Lock()
	observer.dialogPlan, observer.wanted, observer.came = h.dialog, o.Popup != "", ""
	h.places, h.loaded = observer.places, observer.document
	observer.mu.Unlock()
	if o.Popup != "" {
		var err error
		if h.opening, err = j.expectPage(ctx); err != nil {
			h.over()
			return nil, j.lost(ctx, err)
		}
	}
	return h, nil
}

// holds tells whether a condition is true of a text.
func holds(c *checks.Condition, text string, scope checks.Scope) bool {
	ok, err := c.Holds(text, scope)
	return ok && err == nil
}

// over ends the readiness, whatever came of the step.
func (h *happening) over() {
	if h == nil {
		return
	}
	o := h.tab.observer
	o.mu.Lock()
	o.dialogPlan, o.wanted = nil, false
	o.mu.Unlock()
	if h.awaiting != nil {
		h.awaiting.stop()
	}
	if h.opening != nil {
		h.opening.over()
	}
}

// happened waits until all of it has happened, and says what has not.
func (j *journey) happened(ctx context.Context, h *happening, t *timing) error {
	if h == nil {
		return nil
	}
	if h.dialog != nil {
		if err := j.dialogCame(ctx, h); err != nil {
			return err
		}
	}
	if h.awaiting != nil {
		if err := j.fileCame(ctx, h, t); err != nil {
			return err
		}
	}
	if h.options.Navigation != nil && h.options.Popup == "" {
		if err := j.ledOn(ctx, h, t); err != nil {
			return err
		}
	}
	if h.options.Popup != "" {
		if err := j.pageOpened(ctx, h, t); err != nil {
			return err
		}
	}
	return nil
}

// dialogCame waits for the dialog of a step.
func (j *journey) dialogCame(ctx context.Context, h *happening) error {
	err := j.tab.observer.await(ctx, func() bool { return h.dialog.came })
	if err != nil {
		return j.late(ctx, err, probes.FailPage, "the step opened no dialog", h.began)
	}
	c := h.options.Dialog.Message
	if c == nil || holds(c, h.dialog.message, j.scope) {
		return nil
	}
	f := failf(probes.FailAssertion, "the dialog says %q, expected %s; it was dismissed", j.cut(h.dialog.message), c)
	f.expected, f.got = c.String(), h.dialog.message
	return f
}

// late says that something did not happen in time; other errors stay.
func (j *journey) late(ctx context.Context, err error, kind probes.FailureKind, what string, began time.Time) error {
	if err = j.tab.reason(ctx, err); timedOut(err) {
		return failf(kind, "%s %s", what, patience(ctx, began))
	}
	return err
}

// ledOn waits until the step has led to another page, or to another address of
// the same one, and checks it.
func (j *journey) ledOn(ctx context.Context, h *happening, t *timing) error {
	o := j.tab.observer
	err := o.await(ctx, func() bool { return o.document != h.loaded || o.places != h.places })
	if err != nil {
		return j.late(ctx, err, probes.FailPage, fmt.Sprintf("the step led to no other page than %s", j.cut(o.current().url)), h.began)
	}
	if o.current() != h.loaded {
		before := t.end
		if _, err := j.loaded(ctx, t, h.began); err != nil {
			return err
		}
		if t.end.Before(before) {
			t.end = before
		}
	}
	return j.arrivedAt(ctx, h.options.Navigation, t)
}

// arrivedAt checks the page that a step has led to.
func (j *journey) arrivedAt(ctx context.Context, n *checks.Navigation, t *timing) error {
	if n == nil || n.URL == nil && n.Title == nil {
		return nil
	}
	return j.expect(ctx, &checks.Expect{URL: n.URL, Title: n.Title}, t)
}

// closeDialog answers a dialog: as a step wants it, or else by dismissing it,
// but for the question whether to leave the page.
func (t *tab) closeDialog(k task) {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	params := page.HandleJavaScriptDialogParams{Accept: k.leave}
	if k.plan != nil {
		params = k.plan.decide(k.plan.message, k.suggested)
	}
	// It may be gone already; then there is nothing to dismiss.
	_, _ = cdp.Call(ctx, t.target, page.HandleJavaScriptDialog, params)
}

// performExpecting carries out a step's action, and waits for what must happen
// because of it.
func (j *journey) performExpecting(ctx context.Context, step checks.Step, t *timing) error {
	h, err := j.expecting(ctx, step.Browser)
	if err != nil {
		return err
	}
	defer h.over()
	j.downloads = step.Browser.Download != nil
	err = j.perform(ctx, step.Action, t)
	if err == nil {
		err = j.happened(ctx, h, t)
	}
	if len(j.pages) == 0 || err == nil || j.tab.reason(ctx, err) != errClosedItself || j.remaining(j.tab) == nil {
		return err
	}
	if err := j.handOver(ctx); err != nil {
		return err
	}
	if leadsAway(step.Action) {
		// As sign-in pages of others do once the customer agrees.
		t.end = time.Now()
		return nil
	}
	// What was waited for there is to be looked for here.
	deadline, _ := ctx.Deadline()
	again, cancel := context.WithDeadline(j.tab.life, deadline)
	defer cancel()
	return j.performExpecting(again, step, t)
}
