package http

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Options is what a Probe draws from. The zero value is the real world.
type Options struct {
	// Now is the clock that certificates are held against and that templates
	// read; nil means time.Now. Durations are always monotonic time.
	Now func() time.Time
	// Rand makes the source of chance for the templates of one run; nil means
	// chance.
	Rand func() *rand.Rand
	// Used remembers the one-time codes that were given out, so that none is used
	// twice; nil: they may be.
	Used *checks.UsedCodes
	// Resolver tells how host names are looked up; nil means by Go's resolver
	// at the system's name servers. Each run gets one of its own like it.
	Resolver *net.Resolver
	// Dial opens connections; nil means a net.Dialer with such a resolver.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the certificate authorities that are trusted where a check
	// names none; nil means the system's.
	Roots *x509.CertPool
	// UserAgent is sent where a check sets none; empty means "Outrider".
	UserAgent string
}

// Probe does HTTP journeys. It may be used by many goroutines at once.
type Probe struct {
	now       func() time.Time
	rand      func() *rand.Rand
	used      *checks.UsedCodes
	template  *net.Resolver
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	roots     *x509.CertPool
	userAgent string

	materials materials
	decoders  decoders
	buffers   buffers
}

var _ probes.Probe = (*Probe)(nil)

// New makes a Probe.
func New(opts Options) *Probe {
	p := &Probe{
		now:       opts.Now,
		rand:      opts.Rand,
		used:      opts.Used,
		template:  opts.Resolver,
		dial:      opts.Dial,
		roots:     opts.Roots,
		userAgent: opts.UserAgent,
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.template == nil {
		// Go's own resolver, whose errors tell what went wrong.
		p.template = &net.Resolver{PreferGo: true}
	}
	if p.userAgent == "" {
		p.userAgent = "Outrider"
	}
	return p
}

// Run implements probes.Probe.
func (p *Probe) Run(ctx context.Context, check checks.Check) (probes.Run, error) {
	j := p.newJourney(check)
	defer j.close()
	run := probes.Run{Outcome: probes.Passed, Steps: make([]probes.Step, 0, len(check.Journey.Steps))}
	for i := range check.Journey.Steps {
		step := &check.Journey.Steps[i]
		request, ok := step.Action.(*checks.Request)
		if !ok {
			return run, fmt.Errorf("step %q of check %q is no request", step.Name, check.ID)
		}
		if err := checks.AwaitCode(ctx, request, j.scope); err != nil {
			return run, err
		}
		if request.Trace && run.TraceID == "" {
			run.ID = probes.NewRunID()
			run.TraceID = probes.TraceIDOf(run.ID)
			j.traceID = run.TraceID
		}
		done, err := j.step(ctx, step, request)
		run.Secrets = j.scope.Codes()
		run.Steps = append(run.Steps, done)
		run.Duration += done.Duration
		if err != nil {
			run.Outcome = probes.Unknown
			return run, err
		}
		if done.Failure != nil {
			run.Outcome, run.Failure = probes.Failed, done.Failure
			break
		}
	}
	return run, nil
}
