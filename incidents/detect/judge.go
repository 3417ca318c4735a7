package detect

import (
	"time"

	"outrider/checks"
	"outrider/probes"
)

// detector reads runs for one cause and puts into words what was confirmed.
type detector interface {
	// read gives how bad the run was for the cause. It is not ok if the run
	// says nothing about the cause, neither good nor bad.
	read(run *probes.Run) (severity Severity, ok bool)
	// worse explains a severity that was just confirmed by the given run.
	worse(check *checks.Check, run *probes.Run, severity Severity, t tally) string
	// better explains why it went down to a severity after so many calmer runs.
	better(check *checks.Check, run *probes.Run, severity Severity, runs int) string
}

// Judge gives what one run of a check means, and the memory to judge the next
// run of the same check and location with. Verdicts are given for those causes
// for which the run was bad or the confirmed severity changed.
//
// Nothing changes, memory included, by a run with outcome unknown, by one made
// in maintenance, and by one that did not start after the last judged run: it
// is a duplicate or comes too late.
func Judge(check *checks.Check, memory Memory, run *probes.Run) (Memory, []Verdict) {
	if !memory.takes(run) {
		return memory, nil
	}
	memory.last = run.Started.UnixNano()
	var verdicts []Verdict
	memory.failure, verdicts = weigh(CauseFailure, failure{}, check, memory.failure, run, verdicts)
	memory.latency, verdicts = weigh(CauseLatency, latency{}, check, memory.latency, run, verdicts)
	return memory, verdicts
}

// speaks tells whether an outcome says anything about the site.
func speaks(o probes.Outcome) bool {
	return o == probes.Passed || o == probes.Degraded || o == probes.Failed
}

// weigh has one detector read a run and adds its verdict if there is one.
func weigh(cause Cause, d detector, check *checks.Check, c confirmation, run *probes.Run, verdicts []Verdict) (confirmation, []Verdict) {
	severity, ok := d.read(run)
	if !ok {
		return c, verdicts
	}
	rule := ruleOf(check.Confirm)
	next, t := c.next(rule, reading{At: run.Started.UnixMilli(), Severity: severity})
	v := Verdict{Cause: cause, Bad: severity != None, Before: c.Severity, Severity: next.Severity}
	switch {
	case v.Severity.WorseThan(v.Before):
		v.Summary = d.worse(check, run, v.Severity, t)
		if v.Before == None {
			v.BadRuns, v.Since = t.bad, time.UnixMilli(t.since).UTC()
		}
	case v.Changed():
		v.Summary = d.better(check, run, v.Severity, rule.Recovery)
	case !v.Bad:
		return next, verdicts
	}
	return next, append(verdicts, v)
}
