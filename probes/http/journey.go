package http

import (
	"context"
	"errors"
	nethttp "net/http"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// journey is the state of one run: what a browser would keep from one request
// to the next. It is used by one goroutine.
type journey struct {
	probe   *Probe
	limit   time.Duration // the check's timeout, for messages
	started time.Time
	scope   *checks.Variables
	jar     jar
	routes  []*route
	traceID string // of the requests that are traced
}

func (p *Probe) newJourney(check checks.Check) *journey {
	functions := &checks.Functions{Now: p.now, Used: p.used}
	if p.rand != nil {
		functions.Rand = p.rand()
	}
	return &journey{
		probe:   p,
		limit:   check.Timeout,
		started: time.Now(),
		scope:   checks.NewVariables(functions),
	}
}

// close ends every connection of the run.
func (j *journey) close() {
	for _, r := range j.routes {
		r.close()
	}
}

// step makes one request and judges its answer. The error means that we could
// not probe; whatever the site did is in the step.
func (j *journey) step(ctx context.Context, definition *checks.Step, request *checks.Request) (probes.Step, error) {
	step := probes.Step{
		Name:    definition.Name,
		Verb:    request.Verb(),
		Started: time.Since(j.started),
		Outcome: probes.Passed,
	}
	failure, err := j.request(ctx, definition, request, &step)
	switch {
	case err != nil:
		step.Outcome = probes.Unknown
		step.Failure = &probes.Failure{Step: step.Name, Kind: probes.FailProber, Message: err.Error()}
	case failure != nil:
		failure.Step = step.Name
		step.Outcome, step.Failure = probes.Failed, failure
	}
	return step, err
}

func (j *journey) request(ctx context.Context, definition *checks.Step, request *checks.Request, step *probes.Step) (*probes.Failure, error) {
	e := &exchange{journey: j, definition: definition, request: request, step: step, parent: ctx}
	if definition.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, definition.Timeout)
		defer cancel()
	}
	req, err := j.build(ctx, request)
	if err == nil {
		e.route, err = j.route(&request.HTTPOptions)
	}
	if err != nil {
		return ourFault(err)
	}
	answer, err := e.do(ctx, req)
	if err != nil {
		return e.classify(ctx, err)
	}
	if failure := answer.judge(); failure != nil {
		return failure, nil
	}
	return answer.capture(), nil
}

// variableError says that a request could not be put together from what
// earlier steps captured. The site gave it, so the journey failed.
type variableError struct{ message string }

func (e *variableError) Error() string { return e.message }

// ourFault sorts what can go wrong before a request is made.
func ourFault(err error) (*probes.Failure, error) {
	var missing *variableError
	if errors.As(err, &missing) {
		return &probes.Failure{Kind: probes.FailVariable, Message: missing.message}, nil
	}
	return nil, err
}

// client makes the client for a step.
func (e *exchange) client() *nethttp.Client {
	return &nethttp.Client{Transport: e.route, Jar: &e.journey.jar, CheckRedirect: e.redirect}
}
