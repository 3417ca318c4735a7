package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// signIns keeps what the journeys that sign in for others have got. It is in
// memory only, since whoever has it is signed in.
type signIns struct {
	mu      sync.Mutex
	byCheck map[string]*signIn
}

// signIn is one sign-in: under way, or what came of it.
type signIn struct {
	check *checks.Check // a reloaded definition is another
	done  chan struct{} // closed when what follows is set

	got   *belongings // nil: it failed
	until time.Time   // when a cookie of it expires; zero: none does
	at    time.Time
	run   probes.Run
	err   error // our own trouble
}

// over tells whether the sign-in is no longer under way.
func (s *signIn) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// good tells whether what came of it can be used.
func (s *signIn) good(now time.Time, age time.Duration) bool {
	return s.got != nil && now.Sub(s.at) < age && (s.until.IsZero() || now.Before(s.until))
}

// leastPause and mostPause bound for how long a sign-in is not tried again that
// has failed: many checks may need it, and sites lock accounts after a few tries.
const leastPause, mostPause = time.Minute, 10 * time.Minute

// pause is for how long it is not tried again: it may be as often as its check is
// due.
func (s *signIn) pause() time.Duration {
	return min(max(leastPause, s.check.Schedule.Every), mostPause)
}

// failedLately tells whether it has failed so lately that it is not to be tried again.
func (s *signIn) failedLately(now time.Time) bool {
	return s.got == nil && s.err == nil && now.Sub(s.at) < s.pause()
}

// get gives a sign-in that is over or under way, starting one where there is
// none that is good and none that has failed lately. However many ask, one is
// made.
func (k *signIns) get(check *checks.Check, age time.Duration, begin func(*signIn)) *signIn {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.byCheck[check.ID]
	if s != nil && s.check == check && (!s.over() || s.good(time.Now(), age) || s.failedLately(time.Now())) {
		return s
	}
	s = &signIn{check: check, done: make(chan struct{})}
	if k.byCheck == nil {
		k.byCheck = map[string]*signIn{}
	}
	k.byCheck[check.ID] = s
	begin(s)
	return s
}

// drop forgets a sign-in, so that the next who asks signs in afresh.
func (k *signIns) drop(s *signIn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byCheck[s.check.ID] == s {
		delete(k.byCheck, s.check.ID)
	}
}

// wait waits until the sign-in is over. The time that the run has left does
// not count, since this is none of the journey's; the sign-in has its own.
func (s *signIn) wait(ctx context.Context) error {
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	<-s.done
	return nil
}

// runSignedIn does a journey with what another check's sign-in has got.
func (p *Probe) runSignedIn(ctx context.Context, check checks.Check) (probes.Run, error) {
	by := check.Journey.Browser.SignIn
	age := check.Journey.Browser.SignedInFor
	if age <= 0 {
		age = checks.DefaultSignedInFor
	}
	began := time.Now()
	s := p.signIns.get(by, age, func(s *signIn) { p.runs.Go(func() { p.signIn(s) }) })
	if err := s.wait(ctx); err != nil {
		return probes.Run{}, err
	}
	switch {
	case s.err != nil:
		p.signIns.drop(s)
		return probes.Run{}, fmt.Errorf("sign in by check %q: %w", by.ID, s.err)
	case s.got == nil:
		return s.failed(began), nil
	}
	ctx, cancel := extended(ctx, time.Since(began))
	defer cancel()
	run, err := p.attempt(ctx, check, s.got, nil)
	if err == nil && run.Outcome == probes.Failed {
		// It may be for that: signed out by now, say.
		p.signIns.drop(s)
	}
	return run, err
}

// extended gives a context that ends later by the time that was spent for
// others. When the given one is cancelled, so is it.
func extended(ctx context.Context, spent time.Duration) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx, func() {}
	}
	long, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(spent))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return long, func() {
		stop()
		cancel()
	}
}

// failed is the run of a journey that could not be begun, asked for at a moment.
func (s *signIn) failed(asked time.Time) probes.Run {
	run := probes.Run{ID: probes.NewRunID(), Outcome: probes.Failed, Browser: s.run.Browser, Secrets: s.run.Secrets}
	f := *s.run.Failure
	before := ""
	if since := asked.Sub(s.at); since > 0 {
		before = fmt.Sprintf(" %s ago, and is not tried again for %s", since.Round(time.Second), (s.pause() - since).Round(time.Second))
	}
	f.Message = fmt.Sprintf("signing in by check %q failed at its step %q%s: %s", s.check.ID, f.Step, before, f.Message)
	f.Step = ""
	run.Failure = &f
	for _, a := range s.run.Artifacts {
		a.Step = "" // of the other check
		run.Artifacts = append(run.Artifacts, a)
	}
	return run
}

// signIn signs in: it does the journey of the check that is for it, and keeps
// what its browser context then holds.
func (p *Probe) signIn(s *signIn) {
	defer close(s.done)
	timeout := s.check.Timeout
	if timeout <= 0 {
		timeout = checks.DefaultTimeout
	}
	// Not the context of the run that needs it first: others wait, too.
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var got *belongings
	s.run, s.err = p.attempt(ctx, *s.check, nil, func(ctx context.Context, j *journey) (err error) {
		got, err = j.tab.taken(ctx)
		return err
	})
	s.at = time.Now()
	if s.err == nil && s.run.Outcome != probes.Failed && got != nil {
		s.got, s.until = got, got.expiry(s.at)
	} else if s.err == nil && s.run.Failure == nil {
		s.err = errors.New("the journey gave nothing to sign in with")
	}
}
