package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/chromedp/kb"

	"outrider/checks"
	"outrider/probes"
)

// defaultStepTimeout bounds a step that has no timeout of its own. The check's
// timeout bounds it, too.
const defaultStepTimeout = 30 * time.Second

// maxShown is the length to which what was expected and got is cut, in bytes.
const maxShown = 500

// journey is one attempt at a check's journey, in one tab.
type journey struct {
	check   *checks.Check
	tab     *tab // the page in front
	scope   *checks.Variables
	secrets *secrets
	result  *probes.Run
	step    string      // name of the step under way
	matched string      // the fall-back by which it found its target
	aimed   *view       // where the last press was meant to land
	held    kb.Modifier // the keys that a step pressed and none has released
	buttons int64       // those of the mouse that are down
	acted   time.Time   // when the last step that did something began
	// baselines takes new baselines of what pages look like; nil: they are
	// held against those that there are.
	baselines func(path string, png []byte) error
	opened    []visit
	// pages are those that are open: the main one first, then in the order in
	// which they were in front; nil: there was only one.
	pages     []openPage
	downloads bool // the step under way loads a file
	keeping   keeping
	kept      int       // bytes of artifacts
	samples   []*sample // one after each step
	presses   int       // of the mouse or a finger, so far
	film      *film     // nil: none is wanted

	stopSamples context.CancelFunc
}

// visit says what document a step opened, and when it worked on which.
type visit struct {
	step       int  // index in the result
	tab        *tab // whose document it is
	opened     *document
	on         *document // the document on which the step acted
	from, till time.Time
	acting     bool // it did something to the page
}

// travel does the steps in order until one fails. Its error is our own
// trouble.
func (j *journey) travel(ctx context.Context) error {
	if err := j.startChromeTrace(ctx); err != nil {
		return err
	}
	var err error
	if j.film, err = j.startFilm(ctx); err != nil {
		return err
	}
	if j.film != nil {
		defer j.film.end()
	}
	j.result.Started = time.Now().UTC()
	began := time.Now()
	sampling, stop := context.WithCancel(ctx)
	j.stopSamples = stop
	defer func() {
		stop()
		for _, s := range j.samples {
			<-s.done
		}
	}()
	for _, step := range j.check.Journey.Steps {
		if !looksFirst(step.Action) {
			j.finishPage(ctx, step.Action)
		}
		done, err := j.take(ctx, step, began)
		if err != nil {
			return fmt.Errorf("step %q: %w", step.Name, err)
		}
		j.result.Steps = append(j.result.Steps, done)
		j.result.Duration += done.Duration
		j.measure(sampling)
		if done.Outcome == probes.Failed {
			j.result.Outcome, j.result.Failure = probes.Failed, done.Failure
			j.keepEvidence(ctx, step)
			break
		}
	}
	if n := len(j.result.Steps); j.result.Outcome != probes.Failed && n > 0 {
		j.keepDOM(ctx, j.result.Steps[n-1].Name)
	}
	j.addVitals(ctx)
	j.keepRequests()
	j.keepChromeTrace(ctx)
	if j.film != nil {
		j.film.develop(ctx, began)
	}
	j.result.Finished = time.Now().UTC()
	return nil
}

// take does one step. Its error is our own trouble.
func (j *journey) take(ctx context.Context, step checks.Step, began time.Time) (probes.Step, error) {
	timeout := step.Timeout
	if timeout <= 0 {
		timeout = defaultStepTimeout
	}
	if len(j.pages) > 0 && j.tab.gone() {
		_ = j.handOver(ctx) // else the step says so
	}
	if j.tab.life != nil {
		ctx = j.tab.life
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	j.step, j.matched = step.Name, ""
	if does(step.Action) {
		j.acted = time.Now()
	}
	before, on := j.tab.observer.current(), j.tab
	start := time.Now()
	var t timing
	err := j.performExpecting(ctx, step, &t)
	if t.end.IsZero() || err != nil {
		t.end = time.Now()
	}
	result := probes.Step{
		Name: step.Name, Verb: step.Action.Verb(), Outcome: probes.Passed,
		Started: start.Sub(began), Duration: max(t.end.Sub(start)-t.own, 0), Matched: j.matched,
	}
	if j.tab != on && step.Browser.Popup != "" {
		on, before = j.tab, &document{} // what it opened is what it is about
	}
	v := visit{step: len(j.result.Steps), tab: on, on: before, from: start, till: t.end, acting: acting(step.Action)}
	if after := on.observer.current(); after != before {
		v.opened = after
	}
	j.opened = append(j.opened, v)
	if err == nil {
		return result, nil
	}
	f, err := j.asFailure(ctx, err)
	if err != nil {
		return result, err
	}
	result.Outcome = probes.Failed
	result.Failure = &probes.Failure{
		Step: step.Name, Kind: f.kind, Message: shorten(j.secrets.hide(f.message), 2*maxShown),
		Expected: shorten(j.secrets.hide(f.expected), maxShown), Got: shorten(j.secrets.hide(f.got), maxShown),
	}
	return result, nil
}

// cut makes a text fit to be quoted in a message, secrets first.
func (j *journey) cut(text string) string { return shorten(j.secrets.hide(text), 200) }

// asFailure gives what the site did wrong, or our own trouble as an error.
func (j *journey) asFailure(ctx context.Context, err error) (*failure, error) {
	var f *failure
	if errors.As(err, &f) {
		return f, nil
	}
	err = j.tab.reason(ctx, err)
	var dead deadPage
	switch {
	case errors.As(err, &dead):
		return failf(probes.FailPage, "%s", string(dead)), nil
	case timedOut(err):
		return failf(probes.FailTimeout, "the step took too long"), nil
	}
	return nil, &hiddenError{text: j.secrets.hide(err.Error()), err: err}
}

// hiddenError is an error whose text has no secrets.
type hiddenError struct {
	text string
	err  error
}

// Error implements error.
func (e *hiddenError) Error() string { return e.text }

// Unwrap gives what errors.Is and errors.As look at.
func (e *hiddenError) Unwrap() error { return e.err }

// addVitals gives each step the Web Vitals and the exchange of the page that
// it opened, and a step that acted on a page the INP of what it did; and all
// of them what the page asked for besides.
func (j *journey) addVitals(ctx context.Context) {
	flush, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	if j.result.Outcome == probes.Failed {
		cancel() // the page may be stuck
	} else {
		// Nothing has been done to a page that the last step opened.
		if n := len(j.opened); n > 0 && j.firstPaint(flush, j.opened[n-1]) {
			j.tell(flush)
		} else {
			j.painted(flush)
		}
	}
	j.finishSamples(flush)
	cancel()
	for i, v := range j.opened {
		if v.step < len(j.result.Steps) {
			j.addVitalsOf(i, v)
		}
	}
}

// addVitalsOf does that for one step.
func (j *journey) addVitalsOf(i int, v visit) {
	o := v.tab.observer
	o.mu.Lock()
	defer o.mu.Unlock()
	next := time.Now()
	if i+1 < len(j.opened) {
		next = j.opened[i+1].from
	}
	step := &j.result.Steps[v.step]
	j.addResources(step, v, next)
	j.addPageSide(step, i, next)
	if d := v.opened; d != nil && d.exchange != nil {
		http := d.exchange.http
		http.URL = j.secrets.hide(http.URL)
		step.HTTP = &http
	}
}

// addResources gives a step the sum of what its page asked for while it went
// on, and the exception that was thrown meanwhile. The caller holds the
// observer's lock.
func (j *journey) addResources(step *probes.Step, v visit, next time.Time) {
	p := period{from: v.from, till: v.till, next: next, failed: step.Outcome == probes.Failed}
	if v.opened != nil && v.opened.exchange != nil {
		p.opened = v.opened.loader
	}
	o := v.tab.observer
	step.Resources = o.kept.groups(p, j.secrets.hide)
	step.Exception = o.console.thrown(v.from, next)
}
