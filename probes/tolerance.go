package probes

import (
	"fmt"
	"math"
	"time"
)

// DefaultTolerance is the disturbance from which on a run's times are not
// trusted, as a share of its time. With a tolerance of 1 they always are.
const DefaultTolerance = 0.2

const (
	// leastLate is the lateness below which no run counts as disturbed: a
	// timer is a millisecond late on a calm host, which is much of a run that
	// takes three.
	leastLate = 5 * time.Millisecond
	// crowded is the CPU pressure from which on a journey in a browser is not
	// trusted, on more than one core. A browser's own processes make each other
	// wait (measured on two cores: 55 to 60 % of the time), so that only a host
	// without any room to spare shows.
	crowded = 0.95
	// hopeless is the disturbance from which on not even a time-out is the
	// site's: half of the time that it was given, we did not get.
	hopeless = 0.5
	// longestBrowserWait is how long a Chromium may take to start before that
	// says that the host is in trouble.
	longestBrowserWait = 10 * time.Second
)

// note writes onto a run how disturbed the host was, and whether that is too
// much for its times to be trusted.
func (l load) note(run *Run, tolerance float64) {
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	run.Disturbance, run.CPUPressure, run.CPUThrottled = l.lateness, l.waits, l.throttled
	switch {
	case tolerance >= 1:
	case l.throttled >= tolerance:
		run.Disturbed = fmt.Sprintf("the CPU quota of its container stopped it for %s of the time", percent(l.throttled))
	case l.late >= leastLate && l.lateness >= tolerance:
		run.Disturbed = fmt.Sprintf("it was busy: %s of the time was lost to waking up late", percent(l.lateness))
	case l.waits >= crowded && l.cores > 1:
		run.Disturbed = fmt.Sprintf("its cores were all taken: something waited for one %s of the time", percent(l.waits))
	case run.BrowserWait >= longestBrowserWait:
		run.Disturbed = fmt.Sprintf("a browser took %s to start on it", brief(run.BrowserWait))
	}
}

// excuse turns a failure that our own host may have made into our own trouble:
// an assertion about time on a host that was disturbed, and a time-out on one
// that was so for most of the time.
func (l load) excuse(run *Run) {
	f := run.Failure
	if run.Outcome != Failed || run.Disturbed == "" || f == nil {
		return
	}
	if f.Slow || f.Kind == FailTimeout && max(l.lateness, l.throttled) >= hopeless {
		giveUp(run, fmt.Errorf("%s; but that says nothing about the site, since the probing host was disturbed: %s", f.Message, run.Disturbed))
	}
}

// percent writes a share for a person.
func percent(share float64) string { return fmt.Sprintf("%.0f %%", math.Floor(100*share)) }
