package web

import (
	"slices"
	"strings"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage"
)

// The states of a check on pages and in the API: the outcome of its last run,
// or one of these.
const (
	stateNever  = "never"  // no run is recorded
	statePaused = "paused" // it does not run, and will not by itself
)

// states are the values that the state filter takes, worst first.
var states = [...]string{
	string(probes.Failed), string(probes.Degraded), string(probes.Unknown),
	string(probes.Passed), stateNever, statePaused,
}

// checkState is a check with everything that tells how it is.
type checkState struct {
	Check  checks.Check
	Status CheckStatus
	State  string
	// Recent are the newest runs, newest first.
	Recent []storage.Summary
	Open   []incidents.Incident
	// Undefined: it has runs, but the definitions no longer have it.
	Undefined bool
}

// Last gives the newest run, or nil.
func (c *checkState) Last() *storage.Summary {
	if len(c.Recent) == 0 {
		return nil
	}
	return &c.Recent[0]
}

// Severity is the highest of the open incidents.
func (c *checkState) Severity() detect.Severity {
	worst := detect.None
	for _, i := range c.Open {
		if i.Severity.WorseThan(worst) {
			worst = i.Severity
		}
	}
	return worst
}

// stateOf names the state that schedule and newest runs put a check in. Between
// its active hours and in maintenance a check keeps the state of its last run.
func stateOf(st CheckStatus, recent []storage.Summary) string {
	inService := st.Paused == "" || st.Paused == "outside active hours" || strings.HasPrefix(st.Paused, "maintenance")
	if !inService {
		return statePaused
	}
	if len(recent) == 0 {
		return stateNever
	}
	return string(recent[0].Outcome)
}

// rank orders checks for the list: open incidents first, then by state.
func (c *checkState) rank() int {
	switch c.Severity() {
	case detect.Critical:
		return 0
	case detect.Warning:
		return 1
	}
	// A prediction changes nothing of how the check is now.
	return 2 + slices.Index(states[:], c.State)
}
