package browser

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"outrider/checks"
)

// The scripts that run in our world of every page: see the NOTICE beside them.
var (
	//go:embed js/web-vitals.attribution.iife.js
	webVitalsScript string
	//go:embed js/idle.js
	idleScript string
	//go:embed js/vitals.js
	vitalsScript string
	//go:embed js/page.js
	pageScript string
	//go:embed js/targets.js
	targetsScript string
	//go:embed js/frames.js
	framesScript string
)

// errGone says that the browser process ended or stopped to answer.
var errGone = errors.New("the browser is gone")

// deadPage is why nothing more can come of a page, through its own doing.
type deadPage string

// Error implements error.
func (d deadPage) Error() string { return string(d) }

// closeGrace is how long a browser may take to close a page before it counts
// as misbehaving and is ended, with all the journeys in it: longer than one takes
// that has to say a lot on a machine that is busy.
const closeGrace = 10 * time.Second

// tab is one page in a browser context of its own.
type tab struct {
	process  *process
	ctx      context.Context // chromedp's
	cancel   context.CancelFunc
	target   *chromedp.Target
	context  cdp.BrowserContextID
	observer *observer
	requests *interception
	framed   bool // the journey acts in frames
	hosts    map[cdp.FrameID]*frameHost
	popup    bool     // it was opened by another page of the journey
	letters  *letters // takes its commands until it answers; nil: it does
	popups   []*tab   // of the first page: those that were opened later
	options  checks.BrowserOptions
	covered  int // frames in processes of their own so far; attend's
	base     context.Context
	life     context.Context // ends when nothing more can come of the page
	folders  []string        // to be removed when the page is closed
	blank    atomic.Bool     // pages are asked for that we answer ourselves, empty
	hushed   bool            // there are secrets, so that the page's text must not be quoted
	tasks    chan task
	die      context.CancelCauseFunc
	attended sync.WaitGroup
}

// openTab makes an empty page, set up as the journey needs it. The context that it
// returns ends with the given one and when nothing more can come of the page,
// with the reason as its cause: errGone or a deadPage.
func openTab(ctx context.Context, p *process, j *checks.Journey, requests *interception, hidden *secrets) (*tab, context.Context, error) {
	t := &tab{process: p, options: j.Browser, framed: usesFrames(j), requests: requests, tasks: make(chan task, requests.room()), hushed: len(hidden.values) > 0}
	t.observer = newObserver(t.take, hidden.hide)
	if t.framed {
		t.observer.frames = newFrameTable()
	}
	p.askPage()
	// Not the run's context: chromedp closes the page when it ends, on a path
	// that we cannot bound. close does it.
	t.ctx, t.cancel = chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.observer.handle))
	stop := context.AfterFunc(ctx, t.cancel)
	err := chromedp.Do(t.ctx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if c := chromedp.FromContext(t.ctx); c.Target != nil {
		t.target, t.context = c.Target, c.BrowserContextID
		p.gate.open(t.target.SessionID)
		t.observer.setFrame(cdp.FrameID(t.target.TargetID))
	}
	if err != nil {
		t.close()
		return nil, nil, fmt.Errorf("open a page: %w", t.reason(ctx, err))
	}
	run, die := context.WithCancelCause(ctx)
	t.base, t.life, t.die = ctx, run, die
	t.attended.Go(t.attend)
	if err := t.prepare(run, j.Browser); err != nil {
		t.close()
		return nil, nil, fmt.Errorf("set up a page: %w", t.reason(run, err))
	}
	p.meetZygotes()
	return t, run, nil
}

// take takes a task, unless there are too many.
func (t *tab) take(k task) {
	select {
	case t.tasks <- k:
	default: // a page that floods us waits for its own answers
	}
}

// attend answers what the page needs answered until the page is closed.
func (t *tab) attend() {
	detached, err := chromedp.Detached(t.ctx)
	if err != nil {
		detached = nil // cannot be: there is a target
	}
	for {
		select {
		case k := <-t.tasks:
			t.do(k)
		case <-detached:
			t.die(errClosedItself)
			detached = nil
		case <-t.ctx.Done():
			t.die(t.process.farewell())
			return
		}
	}
}

// do carries out a task.
func (t *tab) do(k task) {
	switch {
	case k.crash:
		t.die(t.process.crash(k.fatal))
	case k.fatal != "":
		t.die(deadPage(k.fatal))
	case k.dialog:
		t.closeDialog(k)
	case k.challenged != nil:
		t.answerChallenge(t.asked(k), k.challenged)
	case k.paused != nil && t.blank.Load():
		t.fulfilBlank(t.asked(k), k.paused)
	case k.paused != nil:
		t.answerPaused(t.asked(k), k.paused)
	case k.apart != nil:
		t.cover(k.apart)
	case k.popup != "":
		t.process.lobby.close(t.ctx, k.popup)
	}
}

// prepare sets the page up.
func (t *tab) prepare(ctx context.Context, o checks.BrowserOptions) error {
	steps := []func() error{
		command(ctx, t, performance.Enable, performance.EnableParams{}),
		command(ctx, t, runtime.AddBinding, runtime.AddBindingParams{Name: bindingName, ExecutionContextName: worldName}),
		command(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: injected(t.framed), WorldName: worldName, RunImmediately: new(t.popup), // a journey starts with goto
		}),
		command(ctx, t, emulation.SetDeviceMetricsOverride, metrics(o)),
		// Pages of several runs all are in front, each for itself.
		command(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
	}
	if !t.popup { // of the whole context
		steps = append(steps, func() error {
			return t.onDownload(ctx, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny})
		})
		steps = append(steps, permit(t, o)...)
	}
	if patterns := t.requests.patterns(); len(patterns) > 0 {
		steps = append(steps, func() error { return t.intercept(ctx) })
	}
	steps = append(steps, pretend(ctx, t, o)...)
	if o.SkipVerify {
		steps = append(steps, command(ctx, t, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}))
	}
	steps = append(steps, t.slowDown(ctx, o)...)
	steps = append(steps, t.holdFrames(ctx)...)
	// None needs another's answer, and one wait costs less than a dozen.
	var all errgroup.Group
	for _, step := range steps {
		all.Go(step)
	}
	return all.Wait()
}

// intercept has the browser hand us the requests that we add something to.
func (t *tab) intercept(ctx context.Context) error {
	patterns := t.requests.patterns()
	if len(patterns) == 0 {
		_, err := call(ctx, t, fetch.Disable, cdp.Empty{})
		return err
	}
	_, err := call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: patterns, HandleAuthRequests: new(t.requests.headers.credentials != nil)})
	return err
}

// command makes a function that sends a command and forgets its result.
func command[P, R any](ctx context.Context, t *tab, cmd cdp.Command[P, R], params P) func() error {
	return func() error {
		_, err := call(ctx, t, cmd, params)
		return err
	}
}

// call sends a command to the page and waits for its answer.
func call[P, R any](ctx context.Context, t *tab, cmd cdp.Command[P, R], params P) (R, error) {
	if t.letters != nil {
		return callIn(ctx, t.letters, cmd, params)
	}
	return callIn(ctx, t.target, cmd, params)
}

// injected is the script that runs in our world of every document. Frames
// within the page are none of our business, unless the journey acts in them.
func injected(frames bool) string {
	page := pageScript + "\n" + targetsScript + "\n"
	vitals := idleScript + "\n" + webVitalsScript + "\n" + vitalsScript + "\n})();"
	const onlyPage = "if (window !== window.top) return;\n"
	if frames {
		return "(() => {\n" + page + framesScript + "\n" + onlyPage + vitals
	}
	return "(() => {\n" + onlyPage + page + vitals
}

// reason gives the cause behind an error: that of the context if it has ended,
// errGone if the browser has.
func (t *tab) reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	// Of a call that nobody cancelled this says that the connection was lost.
	if t.process.gone() || errors.Is(err, context.Canceled) {
		return errGone
	}
	if errors.Is(err, chromedp.ErrTargetDetached) {
		return errClosedItself
	}
	return err
}

// close closes the page with everything that it has opened. It tells whether
// the browser did so in time; one that did not is to be used no more.
func (t *tab) close() (clean bool) {
	for _, p := range append([]*tab{t}, t.popups...) {
		if p.target != nil {
			t.process.gate.shut(p.target.SessionID)
			defer t.process.gate.forget(p.target.SessionID)
		}
		for _, h := range p.hosts {
			t.process.gate.shut(h.target.SessionID)
		}
		for _, dir := range p.folders {
			defer os.RemoveAll(dir)
		}
	}
	ctx, cancel := context.WithTimeout(t.process.ctx, closeGrace)
	defer cancel()
	clean = true
	if t.context != "" {
		_, err := chromedp.CallBrowser(ctx, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: t.context})
		clean = err == nil
	}
	done := make(chan struct{})
	go func() {
		t.cancel() // waits for the page to be gone, within bounds of its own
		for _, p := range t.popups {
			p.cancel()
			p.attended.Wait()
		}
		for _, p := range append([]*tab{t}, t.popups...) {
			for _, h := range p.hosts {
				p.leaveHost(h)
			}
		}
		close(done)
	}()
	if !clean {
		// Nothing will come of waiting for this browser; ending it also ends
		// the wait.
		t.process.signal()
	}
	<-done
	t.attended.Wait()
	return clean
}
