package detect

import "outrider/checks"

// maxWindow bounds how many readings are kept and counted, whatever a
// definition asks for.
const maxWindow = 1000

// reading is how bad one run was for one cause.
type reading struct {
	At       int64    `json:"at"` // start of the run, Unix milliseconds
	Severity Severity `json:"severity,omitempty"`
}

// confirmation decides which severity is in force, with hysteresis:
//
//   - It rises when a run is bad and at least m of the last n readings are as
//     bad: to the highest severity for which that is so, but to no higher than
//     the run's own.
//   - It falls when the last readings in a row, as many as recovery asks for,
//     were all below it: to None if all of them were good, else one severity
//     down.
//   - After a fall, older readings count no more than the new severity, so
//     that rising again needs to be confirmed again.
type confirmation struct {
	// Severity is the one in force.
	Severity Severity `json:"severity,omitempty"`
	// Recent holds the last readings, oldest first, at most n of "m of n".
	Recent []reading `json:"recent,omitempty"`
	// Good counts the last readings in a row that were good, and Mild those
	// that were less than critical.
	Good int `json:"good,omitempty"`
	Mild int `json:"mild,omitempty"`
}

// tally is what confirmed a severity.
type tally struct {
	confirming int   // readings at least as bad as the severity
	bad        int   // readings that were bad at all
	of         int   // readings looked at
	since      int64 // start of the oldest bad one
}

// ruleOf gives a rule that makes sense even if the definition's does not.
func ruleOf(c checks.Confirm) checks.Confirm {
	c.Of = min(max(c.Of, 1), maxWindow)
	c.Failures = min(max(c.Failures, 1), c.Of)
	c.Recovery = min(max(c.Recovery, 1), maxWindow)
	return c
}

// lastBad tells whether the last reading was bad.
func (c *confirmation) lastBad() bool {
	return len(c.Recent) > 0 && c.Recent[len(c.Recent)-1].Severity != None
}

// next gives the confirmation after one more reading; c itself is unchanged.
// The tally speaks of the new severity.
func (c confirmation) next(rule checks.Confirm, r reading) (confirmation, tally) {
	c.Recent = slide(c.Recent, r, rule.Of)
	c.Good = inARow(c.Good, r.Severity == None)
	c.Mild = inARow(c.Mild, r.Severity != Critical)

	if s, t := c.confirmed(rule, r.Severity); s.WorseThan(c.Severity) {
		c.Severity = s
		return c, t
	}
	if lower := c.lowered(rule); lower != c.Severity {
		c.Severity = lower
		c.clip(lower)
	}
	return c, tally{}
}

// confirmed gives the highest severity, up to that of the last run, which
// enough of the recent readings bear out.
func (c *confirmation) confirmed(rule checks.Confirm, last Severity) (Severity, tally) {
	for _, s := range [...]Severity{Critical, Warning} {
		if s.WorseThan(last) {
			continue
		}
		if t := c.count(s); t.confirming >= rule.Failures {
			return s, t
		}
	}
	return None, tally{}
}

// count gives how many of the recent readings bear out a severity.
func (c *confirmation) count(s Severity) tally {
	t := tally{of: len(c.Recent)}
	for _, r := range c.Recent {
		if r.Severity == None {
			continue
		}
		if t.bad == 0 {
			t.since = r.At
		}
		t.bad++
		if !s.WorseThan(r.Severity) {
			t.confirming++
		}
	}
	return t
}

// lowered gives the severity to which enough calm readings in a row lead.
func (c *confirmation) lowered(rule checks.Confirm) Severity {
	switch {
	case c.Severity == None:
	case c.Good >= rule.Recovery:
		return None
	case c.Severity == Critical && c.Mild >= rule.Recovery:
		return Warning
	}
	return c.Severity
}

// clip lowers the recent readings to at most s.
func (c *confirmation) clip(s Severity) {
	for i := range c.Recent {
		if c.Recent[i].Severity.WorseThan(s) {
			c.Recent[i].Severity = s
		}
	}
}

// slide gives a copy of the last n readings, r being the newest.
func slide(recent []reading, r reading, n int) []reading {
	keep := recent[max(0, len(recent)-(n-1)):]
	next := make([]reading, 0, len(keep)+1)
	return append(append(next, keep...), r)
}

// inARow counts on, up to the highest number that a rule can ask for, or
// starts again.
func inARow(count int, again bool) int {
	if !again {
		return 0
	}
	return min(count+1, maxWindow)
}
