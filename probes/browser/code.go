package browser

import (
	"context"
	"math"
	"time"

	"outrider/checks"
)

// fresh fills in a text that is about to be typed. A one-time code in it that
// would expire on its way, or that another sign-in has used, is waited out
// first, as a person does who sees the time run out; the wait is no customer's.
func (j *journey) fresh(ctx context.Context, text checks.Template, t *timing) (string, error) {
	for {
		within := time.Duration(math.MaxInt64)
		if deadline, ok := ctx.Deadline(); ok {
			within = time.Until(deadline)
		}
		wait := text.CodeWait(j.scope, within)
		if wait <= 0 {
			return j.expand(text)
		}
		began := time.Now()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", j.tab.reason(ctx, ctx.Err())
		}
		t.own += time.Since(began)
	}
}
