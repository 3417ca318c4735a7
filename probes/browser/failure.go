package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"outrider/probes"
)

// failure is what the site did wrong: it ends the journey as failed. Every
// other error is our own trouble.
type failure struct {
	kind          probes.FailureKind
	message       string
	expected, got string
}

// Error implements error.
func (f *failure) Error() string { return f.message }

// failf makes a failure.
func failf(kind probes.FailureKind, format string, args ...any) *failure {
	return &failure{kind: kind, message: fmt.Sprintf(format, args...)}
}

// timedOut tells whether an error is that of a deadline.
func timedOut(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// patience is how long a step may take, as said in messages: rounded, since a
// wait begins some milliseconds after its step.
func patience(ctx context.Context, since time.Time) string {
	deadline, ok := ctx.Deadline()
	if !ok {
		return "in time"
	}
	d, unit := deadline.Sub(since), time.Millisecond
	switch {
	case d > 500*time.Millisecond:
		unit = 100 * time.Millisecond
	case d > 100*time.Millisecond:
		unit = 50 * time.Millisecond
	}
	d = d.Round(unit)
	return "within " + d.String()
}
