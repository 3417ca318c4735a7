package notify

import "time"

// Clock is the time that deliveries go by.
type Clock interface {
	Now() time.Time
	// At gives a channel that receives once t has come, and a function to be
	// called when it is no longer needed.
	At(t time.Time) (<-chan time.Time, func())
}

// wallClock is the machine's clock.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) At(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}
