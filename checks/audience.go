package checks

import "time"

// Audience is a group of people who hear of incidents in one way.
type Audience struct {
	ID   string
	Name string
	// Severity is the least that the audience is told of: "notice" (predictions,
	// too), "warning" or "critical".
	Severity string
	Channels []Channel
	Pos      Position
}

// Channel is one way to reach an audience. Exactly one field but Name is set.
type Channel struct {
	// Name is unique within the audience and stable over edits, since pending
	// deliveries refer to it: what the definition gives, or the kind.
	Name    string
	Webhook *Webhook
}

// Webhook is an HTTP endpoint that is told of incidents, signed as Standard
// Webhooks 1.0 (standardwebhooks.com) does.
type Webhook struct {
	// URL may contain a secret: show it only through a Redactor.
	URL     string
	Secret  Secret // "whsec_" + base64 of 24 to 64 bytes; empty: unsigned
	Headers []Header
	Timeout time.Duration // of one attempt
}

// Header is a header with its value already expanded.
type Header struct{ Name, Value string }
