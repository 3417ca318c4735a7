package browser

import (
	"context"
	"time"

	"outrider/checks"
)

// fresh fills in a text that is about to be typed. A one-time code in it that
// would expire on its way, or that another sign-in has used, is waited out
// first, as a person does who sees the time run out; the wait is no customer's.
func (j *journey) fresh(ctx context.Context, text checks.Template, t *timing) (string, error) {
	if !text.HasCode() {
		return j.expand(text)
	}
	began := time.Now()
	if err := checks.AwaitCode(ctx, text, j.scope); err != nil {
		return "", j.tab.reason(ctx, err)
	}
	t.own += time.Since(began)
	return j.expand(text)
}
