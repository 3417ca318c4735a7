package http

import (
	"context"
	"time"

	"outrider/checks"
)

// awaitCode waits until a one-time code in a request will not expire on its
// way. That is no part of the step's time.
func (j *journey) awaitCode(ctx context.Context, request *checks.Request) error {
	wait := request.CodeWait(j.scope)
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
