package notify

import (
	"time"

	"outrider/incidents"
)

// retryIntervals are the pauses before each attempt, as Standard Webhooks 1.0
// suggests them: over three days in all.
func retryIntervals() [10]time.Duration {
	return [...]time.Duration{
		0,
		5 * time.Second,
		5 * time.Minute,
		30 * time.Minute,
		2 * time.Hour,
		5 * time.Hour,
		10 * time.Hour,
		14 * time.Hour,
		20 * time.Hour,
		24 * time.Hour,
	}
}

const (
	// jitter is the share by which an interval may get longer, so that what
	// failed together is not repeated together.
	jitter = 0.2
	// Pauses of an endpoint that is unreachable or overloaded: they double
	// from the first to the longest. The longest is also how late a new
	// notification hears that the endpoint is back.
	firstPause   = 5 * time.Second
	longestPause = time.Minute
	// longestRetryAfter bounds what an endpoint may ask for.
	longestRetryAfter = time.Hour
	// longestWait is more than any of all these, jitter included.
	longestWait = 30 * time.Hour
)

// nextAttempt gives when a notification is due again whose attempt, already
// counted, began at the given time and failed. It is not ok if it is time to
// give up.
//
// Attempts are planned from the creation on, so that those that were made
// early, since the endpoint seemed to be back, use up nothing. Where Outrider
// itself was off for most of that time, or the clock was set back since the
// creation, the planned number is made all the same. chance is a random number
// from 0 to 1.
func nextAttempt(n *incidents.Notification, began time.Time, chance float64) (at time.Time, ok bool) {
	intervals := retryIntervals()
	planned := n.CreatedAt
	for _, pause := range intervals {
		if n.CreatedAt.After(began) {
			break
		}
		planned = planned.Add(pause)
		if planned.After(began) {
			return planned.Add(stretch(pause, chance) - pause), true
		}
	}
	if n.Attempts < len(intervals) {
		return began.Add(stretch(intervals[n.Attempts], chance)), true
	}
	return time.Time{}, false
}

// pauseAfter gives how long an endpoint is left alone after so many failures
// in a row.
func pauseAfter(failures int, asked time.Duration, chance float64) time.Duration {
	pause := firstPause
	for i := 1; i < failures && pause < longestPause; i++ {
		pause *= 2
	}
	pause = stretch(min(pause, longestPause), chance)
	return max(pause, min(asked, longestRetryAfter))
}

// stretch makes a duration longer by a random part of the jitter.
func stretch(d time.Duration, chance float64) time.Duration {
	return d + time.Duration(float64(d)*jitter*chance)
}
