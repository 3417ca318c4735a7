package detect

import (
	"fmt"

	"outrider/checks"
	"outrider/probes"
)

// failure reads whether a journey could be done at all. A journey that was
// merely too slow could.
type failure struct{}

func (failure) read(run *probes.Run) (Severity, bool) {
	if broken(run) {
		return Critical, true
	}
	return None, true
}

// broken tells whether a run failed through anything but a threshold.
func broken(run *probes.Run) bool {
	if run.Outcome != probes.Failed {
		return false
	}
	if run.Failure == nil {
		return len(run.Exceeded) == 0
	}
	return run.Failure.Kind != probes.FailThreshold
}

func (failure) worse(check *checks.Check, run *probes.Run, _ Severity, t tally) string {
	text := check.Name + " failed"
	if t.of > 1 {
		text += fmt.Sprintf(" in %d of the last %d runs", t.confirming, t.of)
	}
	f := run.Failure
	if f == nil {
		return text
	}
	if f.Step != "" {
		text += ": step " + f.Step
	}
	return text + ": " + brief(f.Message)
}

func (failure) better(check *checks.Check, _ *probes.Run, _ Severity, runs int) string {
	return check.Name + " worked again" + inARowText(runs)
}
