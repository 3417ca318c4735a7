// Package detect turns runs into verdicts: whether a check is in trouble, for
// which cause, and how badly. It keeps no history of its own and knows
// nothing of incidents: what it has to remember it hands back as a Memory,
// which travels as bytes.
//
// Each detector is a file: failure.go and latency.go read a run for one cause
// each, confirm.go decides from the last readings what is in force.
package detect

import "time"

// Cause is why a check is in trouble. There is at most one open incident for
// each cause of a check.
type Cause string

// The causes.
const (
	// CauseFailure: journeys fail (an assertion, an error, a timeout).
	CauseFailure Cause = "failure"
	// CauseLatency: journeys work, but go over a threshold, or are slower than
	// they themselves usually are.
	CauseLatency Cause = "latency"
	// CauseBudget: a promise's error budget burns too fast, though no few runs
	// in a row are bad enough for the causes above.
	CauseBudget Cause = "budget"
	// CauseForecast: nothing is wrong yet, but a threshold or promise is likely
	// to be broken soon.
	CauseForecast Cause = "forecast"
)

// Causes returns all causes.
func Causes() []Cause { return []Cause{CauseFailure, CauseLatency, CauseBudget, CauseForecast} }

// Severity is how bad it is.
type Severity string

// The severities, from least to most.
const (
	None     Severity = ""
	Notice   Severity = "notice"   // likely to become worse; wakes nobody
	Warning  Severity = "warning"  // degraded
	Critical Severity = "critical" // failed
)

// WorseThan tells whether s is the higher severity of the two.
func (s Severity) WorseThan(other Severity) bool { return s.rank() > other.rank() }

// rank orders severities; -1 is not a severity.
func (s Severity) rank() int {
	switch s {
	case None:
		return 0
	case Notice:
		return 1
	case Warning:
		return 2
	case Critical:
		return 3
	}
	return -1
}

// Verdict is what one run means for one cause.
type Verdict struct {
	Cause Cause
	// Bad tells that the run itself was bad, whether or not that is confirmed.
	Bad bool
	// Before and Severity are the confirmed severity before and after the run;
	// None means that the check is in no trouble of this cause.
	Before, Severity Severity
	// Summary says in one sentence, with numbers, what led from Before to
	// Severity; empty if they are equal.
	Summary string
	// BadRuns counts the bad runs among those that the verdict rests on, and
	// Since is when the first of them started. They are set when trouble
	// begins, that is when Before is None and Severity is not.
	BadRuns int
	Since   time.Time
	// Findings say, the likeliest first, where the trouble comes from, a
	// sentence each; at most a few.
	Findings []string
}

// Changed tells whether the run changed the confirmed severity.
func (v *Verdict) Changed() bool { return v.Before != v.Severity }
