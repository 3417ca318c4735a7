package probes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"outrider/checks"
)

// Executor turns a due check into a finished Run: it picks the probe for the
// journey's kind, repeats failed attempts, holds the result against the
// thresholds, takes secrets out, and turns our own trouble (an error or a
// panic of a probe) into outcome unknown.
//
// An Executor may be used by many goroutines at once, and must not be copied.
type Executor struct {
	Probes   map[checks.Kind]Probe
	Location string
	// Now and Sleep are the clock; nil means the real one. Sleep returns early
	// with the context's error.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// Logger hears of probes that panic; nil means slog.Default.
	Logger *slog.Logger
	// Tolerance is the share of a run's time, lost to a disturbed host, from
	// which on its times are not trusted (see Run.Disturbed); zero means
	// DefaultTolerance, and with 1 they always are.
	Tolerance float64

	host host
}

// longestBackoff bounds the doubling pause between attempts.
const longestBackoff = time.Hour

// The messages of runs that say nothing about the site.
var (
	errCrashed       = errors.New("the probe crashed, which is a fault of Outrider: the log has the details")
	errCancelled     = errors.New("cancelled before the journey was finished")
	errRetryCutShort = errors.New("cancelled while waiting to repeat a failed attempt")
)

// Execute does the check's journey, which was due at scheduled. It always
// returns a complete Run: identity, times, outcome. If ctx is cancelled before
// the journey is finished, the run is unknown; if the check's own timeout
// passes, it failed.
func (e *Executor) Execute(ctx context.Context, check checks.Check, scheduled time.Time, redactor *checks.Redactor) Run {
	first := e.now()
	run := e.attempts(ctx, check, redactor)
	run.Finished = e.now().UTC()

	if run.ID == "" { // a probe that needs it before has made one
		run.ID = NewRunID()
	}
	run.CheckID = check.ID
	run.CheckName = check.Name
	run.Kind = check.Journey.Kind
	run.Location = e.Location
	run.Labels = check.Labels
	run.Scheduled = scheduled.UTC()
	run.StartDelay = max(0, first.Sub(scheduled))
	_, run.Maintenance = check.Schedule.InMaintenance(run.Started)

	Assess(check, &run)
	redact(&run, redactor.With(run.Secrets...))
	run.Secrets = nil
	return run
}

// attempts does the journey until it works or may not be repeated any more.
func (e *Executor) attempts(ctx context.Context, check checks.Check, redactor *checks.Redactor) Run {
	var earlier []Attempt
	backoff := check.Retries.Backoff
	for n := 0; ; n++ {
		run := e.attempt(ctx, check, redactor)
		run.Attempts = earlier
		if run.Outcome == Passed || run.Outcome == Degraded || n >= check.Retries.Count || ctx.Err() != nil {
			return run
		}
		// Taken clean at once: a failure may hold on to a whole page.
		failure := *run.Failure
		redactFailure(&failure, redactor.With(run.Secrets...))
		earlier = append(earlier, Attempt{Started: run.Started, Duration: run.Duration, Failure: &failure})
		if e.sleep(ctx, min(backoff, longestBackoff)) != nil {
			run.Attempts = earlier
			giveUp(&run, errRetryCutShort)
			return run
		}
		backoff = min(2*backoff, longestBackoff)
	}
}

// attempt does the journey once, within the check's timeout. It gives the run
// its start and an outcome that goes with its failure.
func (e *Executor) attempt(ctx context.Context, check checks.Check, redactor *checks.Redactor) Run {
	started := e.now().UTC()
	mark := e.host.enter(check.Journey.Kind == checks.KindBrowser)
	run, err := e.probe(ctx, check, redactor)
	disturbance := e.host.leave(mark)
	run.Started = started
	disturbance.note(&run, e.Tolerance)
	if run.Steps == nil {
		run.Steps = []Step{}
	}
	switch {
	case err == nil && (run.Outcome == Passed || run.Outcome == Degraded):
		run.Failure = nil
	case ctx.Err() != nil:
		// What breaks while we are being stopped was broken by us.
		giveUp(&run, errCancelled)
	case err == context.DeadlineExceeded:
		// The bare error is the check's timeout; wrapped in another, it says
		// what of ours could not be done in time.
		run.Outcome = Failed
		run.Failure = &Failure{Kind: FailTimeout, Message: fmt.Sprintf("the journey was not finished within %s", check.Timeout)}
	case err != nil:
		giveUp(&run, err)
	case run.Failure == nil:
		giveUp(&run, fmt.Errorf("the probe gave outcome %q without a reason", run.Outcome))
	case run.Outcome != Failed:
		run.Outcome = Unknown
	}
	disturbance.excuse(&run)
	return run
}

// giveUp makes a run say that we could not probe. A step that was broken by it
// stops speaking about the site, too.
func giveUp(run *Run, err error) {
	failure := &Failure{Kind: FailProber, Message: err.Error()}
	if last := len(run.Steps) - 1; last >= 0 && (run.Steps[last].Outcome == Failed || run.Steps[last].Outcome == Unknown) {
		step := &run.Steps[last]
		failure.Step = step.Name
		step.Outcome, step.Failure = Unknown, failure
	}
	run.Outcome, run.Failure = Unknown, failure
}

// probe calls the probe of the journey's kind and catches its panics.
func (e *Executor) probe(ctx context.Context, check checks.Check, redactor *checks.Redactor) (run Run, err error) {
	probe := e.Probes[check.Journey.Kind]
	if probe == nil {
		return Run{}, fmt.Errorf("there is no probe for journeys of kind %q", check.Journey.Kind)
	}
	if check.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, check.Timeout)
		defer cancel()
	}
	defer func() {
		if cause := recover(); cause != nil {
			e.logger().Error("a probe panicked",
				"check", check.ID, "cause", redactor.Redact(fmt.Sprint(cause)), "stack", redactor.Redact(string(debug.Stack())))
			run, err = Run{}, errCrashed
		}
	}()
	return probe.Run(ctx, check)
}

func (e *Executor) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e *Executor) sleep(ctx context.Context, d time.Duration) error {
	if e.Sleep != nil {
		return e.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Executor) logger() *slog.Logger {
	if e.Logger == nil {
		return slog.Default()
	}
	return e.Logger
}
