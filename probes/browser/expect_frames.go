package browser

import (
	"context"
	"fmt"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// framed is an expectation of an element in a frame, which is asked about where
// it is.
type framed struct {
	target *locator
	gone   bool // it must not be visible
	last   standing
}

// framedOf takes what is expected of elements in frames out of an expectation
// of the page.
func (e *expectation) framedOf(a *checks.Expect) {
	if e.Visible != nil && a.Visible.InFrame() {
		e.framed = append(e.framed, framed{target: e.Visible})
		e.Visible = nil
	}
	if e.Hidden != nil && a.Hidden.InFrame() {
		e.framed = append(e.framed, framed{target: e.Hidden, gone: true})
		e.Hidden = nil
	}
}

// expectInFrames waits a moment for what is expected of elements in frames, and
// tells whether it is so. Its error says what was not when the time is over.
func (j *journey) expectInFrames(ctx context.Context, began time.Time, e *expectation) (done bool, err error) {
	for i := range e.framed {
		f := &e.framed[i]
		met, s, err := j.inFrame(ctx, began, *f)
		if thrown, ok := err.(errScript); ok {
			return false, thrown.blame(f.target.String())
		}
		if err != nil && !timedOut(err) {
			return false, err
		}
		if met {
			continue
		}
		if err == nil {
			f.last = s
		}
		if err == nil && !over(ctx) {
			return false, nil
		}
		within := patience(ctx, began)
		if f.gone && f.last.State != "" {
			return false, &failure{
				kind: probes.FailAssertion, message: fmt.Sprintf("%s was still visible %s: %s", f.target, within, f.last.Detail),
				expected: "hidden", got: f.last.Detail,
			}
		}
		return false, j.unready(f.target.String(), f.last, within)
	}
	return true, nil
}

// inFrame asks in its frame whether an element is as expected.
func (j *journey) inFrame(ctx context.Context, began time.Time, f framed) (met bool, s standing, err error) {
	if !f.gone {
		s, err = j.ask(ctx, began, "shown", f.target.parts(), nextSlice, map[string]any{})
		j.noteMatch(f.target, s.Matched)
		return s.State == "ready", s, err
	}
	// Wherever it may be, it must be gone; and what is in a frame that is not
	// there is not, either.
	for _, p := range f.target.parts() {
		s, err = j.ask(ctx, began, "gone", []part{p}, nextSlice, map[string]any{})
		if err != nil || s.State == "shown" {
			return false, s, err
		}
	}
	return true, s, nil
}
