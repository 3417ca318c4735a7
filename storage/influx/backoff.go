package influx

import (
	"errors"
	"time"
)

// backoff gives the pauses between attempts.
type backoff struct {
	shortest, longest time.Duration
	rand              func() float64
	last              time.Duration
}

// next gives the pause after a failed attempt: twice the one before, at random
// up to half of it shorter, so that several monitors do not come back at the
// same moment. What only a person can repair is tried at the longest pause
// from the start, and a server that says when to come back is obeyed.
func (b *backoff) next(err error) time.Duration {
	b.last = min(max(2*b.last, b.shortest), b.longest)
	var refused *refusal
	if errors.As(err, &refused) {
		if refused.after > 0 {
			return min(max(refused.after, b.shortest), max(b.longest, longestObeyed))
		}
		if refused.lasting {
			b.last = b.longest
		}
	}
	return b.last - time.Duration(b.rand()*float64(b.last)/2)
}

// longestObeyed bounds how long a server may make us wait.
const longestObeyed = 5 * time.Minute

func (b *backoff) reset() { b.last = 0 }
