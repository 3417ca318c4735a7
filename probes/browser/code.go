package browser

import (
	"context"
	"time"

	"outrider/checks"
)

// fresh fills in a text that is about to be typed. A one-time code in it that
// would expire on its way is waited out first, as a person does who sees the
// time run out; the wait is no customer's.
func (j *journey) fresh(ctx context.Context, text checks.Template, t *timing) (string, error) {
	if wait := text.CodeWait(j.scope); wait > 0 {
		began := time.Now()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", j.tab.reason(ctx, ctx.Err())
		}
		t.own += time.Since(began)
	}
	return j.expand(text)
}
