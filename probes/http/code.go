package http

import (
	"context"
	"math"
	"time"

	"outrider/checks"
)

// awaitCode waits until a one-time code in a request will not expire on its
// way, and is none that another request or sign-in has used. That is no part of
// the step's time.
func (j *journey) awaitCode(ctx context.Context, request *checks.Request) error {
	for {
		within := time.Duration(math.MaxInt64)
		if deadline, ok := ctx.Deadline(); ok {
			within = time.Until(deadline)
		}
		wait := request.CodeWait(j.scope, within)
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
