package notify

import (
	"context"
	"errors"
	"time"

	"outrider/checks"
	"outrider/incidents"
)

// Endpoint is where a notification goes: one channel of an audience.
type Endpoint struct {
	Audience string // id
	Channel  checks.Channel
}

// Name is how the outbox calls the endpoint, as Notification.Endpoint does.
func (e Endpoint) Name() string {
	n := incidents.Notification{Audience: e.Audience, Channel: e.Channel.Name}
	return n.Endpoint()
}

// Sender delivers over one kind of channel. It makes one attempt: when to try
// again is not its concern. It is used by several goroutines at once.
type Sender interface {
	// Handles tells whether the channel is of the sender's kind.
	Handles(channel checks.Channel) bool
	// Send makes one attempt and takes no longer than a bound of its own. An
	// error means that the notification has to be sent again, or, if it is a
	// SendError that says so, that the endpoint is gone. It and the answer
	// contain no secrets.
	Send(ctx context.Context, e Endpoint, n incidents.Notification) (Answer, error)
}

// Answer is what an endpoint said to an attempt, for people.
type Answer struct {
	Status int           // HTTP status; zero if there was no answer
	Text   string        // start of the body, in one line
	Took   time.Duration // of the whole attempt
}

// SendError is a failed attempt that says more than "try again".
type SendError struct {
	Err error
	// Gone: the endpoint wants nothing more, ever.
	Gone bool
	// Busy: the endpoint as a whole is unreachable or overloaded, so that
	// other notifications would fare no better now.
	Busy bool
	// RetryAfter is how long the endpoint asked to be left alone.
	RetryAfter time.Duration
}

// Error implements error.
func (e *SendError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// asSendError gives the details of a failed attempt.
func asSendError(err error) *SendError {
	if e, ok := errors.AsType[*SendError](err); ok {
		return e
	}
	return &SendError{Err: err}
}

// errNoSender says that a channel is of a kind that no sender handles.
var errNoSender = errors.New("no sender for this kind of channel")

// senderFor picks the sender for a channel; nil if there is none.
func senderFor(senders []Sender, channel checks.Channel) Sender {
	for _, s := range senders {
		if s.Handles(channel) {
			return s
		}
	}
	return nil
}
