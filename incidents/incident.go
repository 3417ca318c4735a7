// Package incidents owns the life of an incident: what opens it, what changes
// it, what ends it, and who has to be told. Whether runs are bad is judged by
// incidents/detect; notifications are delivered by incidents/notify.
package incidents

import (
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// State is where an incident is in its life.
type State string

// The states.
const (
	Open     State = "open"
	Resolved State = "resolved"
)

// Incident is one time that a check was in trouble for one cause. Everything
// but its identity and its impact follows from its events: see Apply.
type Incident struct {
	// ID is a UUID version 8 (RFC 9562) that sorts by time as version 7 does;
	// it follows from what opened the incident: see newID.
	ID        string            `json:"id"`
	CheckID   string            `json:"check"`
	CheckName string            `json:"check_name"`
	Location  string            `json:"location"`
	Labels    map[string]string `json:"labels,omitempty"`
	Cause     detect.Cause      `json:"cause"`
	Severity  detect.Severity   `json:"severity"` // the present one; the last one once resolved
	State     State             `json:"state"`
	Summary   string            `json:"summary"` // of the last event that said something new
	OpenedAt  time.Time         `json:"opened_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	// ResolvedAt is zero while the incident is open.
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	Impact     Impact    `json:"impact"`
	Procedure  Procedure `json:"procedure,omitzero"`
	// Events is the timeline, oldest first; append only.
	Events []Event `json:"events,omitempty"`
}

// Procedure is what responders do first, as it stood when the incident opened.
type Procedure struct {
	Text string `json:"text,omitempty"` // Markdown
	URL  string `json:"url,omitempty"`
}

// Impact is what an incident cost users, as far as probes can tell.
type Impact struct {
	// BadRuns counts the runs that were bad while the incident was open, those
	// that opened it included.
	BadRuns int `json:"bad_runs"`
	// Since is the start of the first bad run that led to the incident.
	Since time.Time `json:"since"`
}

// EventKind is what happened to an incident.
type EventKind string

// The kinds of event.
const (
	EventOpened    EventKind = "opened"
	EventUpdated   EventKind = "updated"   // lower severity
	EventEscalated EventKind = "escalated" // higher severity
	EventResolved  EventKind = "resolved"
)

// Event is an entry of an incident's timeline. It never changes.
type Event struct {
	// Number counts an incident's events from 1.
	Number   int             `json:"number"`
	At       time.Time       `json:"at"`
	Kind     EventKind       `json:"kind"`
	Severity detect.Severity `json:"severity"`
	Summary  string          `json:"summary"`
	// RunID is the run that led to the event; empty if none did.
	RunID string `json:"run,omitempty"`
	// Findings say, the likeliest first, where the trouble comes from.
	Findings []string `json:"findings,omitempty"`
}

// Notification is one event of an incident on its way to one channel of one
// audience. Its payload is fixed when it is made, so that every attempt sends
// the same bytes.
type Notification struct {
	// ID is the idempotency key: the same over every attempt ("webhook-id").
	ID         string        `json:"id"`
	IncidentID string        `json:"incident"`
	Event      int           `json:"event"` // Event.Number
	Audience   string        `json:"audience"`
	Channel    string        `json:"channel"`
	Payload    []byte        `json:"-"`
	CreatedAt  time.Time     `json:"created_at"`
	State      DeliveryState `json:"state"`
	Attempts   int           `json:"attempts"`
	// NextAttempt is when a pending notification is due.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
}

// DeliveryState is where a notification is on its way.
type DeliveryState string

// The delivery states.
const (
	Pending   DeliveryState = "pending"
	Delivered DeliveryState = "delivered"
	// Undeliverable: given up, after the last retry, or because the endpoint
	// said that it is gone (410) or is no longer defined.
	Undeliverable DeliveryState = "undeliverable"
)

// Endpoint names where the notification goes: deliveries to one endpoint
// never delay those to another.
func (n *Notification) Endpoint() string { return n.Audience + "/" + n.Channel }

// Change is everything that judging one run, or several in a row, led to. It
// is stored as a whole or not at all, so that a crash neither loses nor
// repeats any of it.
type Change struct {
	// Seq is the place in the run log up to which runs have been judged.
	Seq int64
	// Memories are what the judge has to remember of series of runs.
	Memories []Memory
	// Incidents are the incidents that are new or changed, with their new
	// events last in Events.
	Incidents     []Incident
	Notifications []Notification
	// Judgements are what was said of runs; one that is stored already stays.
	Judgements []Judgement
	// Notes are stored once each, by their ID.
	Notes []Note
}

// Judgement is what was said of the run at a place in the log.
type Judgement struct {
	Seq int64 // of the run
	detect.Judgement
}

// Note is a note on a check, or on all.
type Note struct {
	// ID is a UUID that makes storing it again harmless.
	ID string `json:"id"`
	// CheckID and Location are what it is about; empty: all.
	CheckID  string `json:"check,omitempty"`
	Location string `json:"location,omitempty"`
	detect.Note
}

// Memory is what the judge has to remember of one series of runs. No Data is
// nothing.
type Memory struct {
	CheckID  string
	Location string
	// Seq is the place in the log up to which the series has been judged in
	// Data. It may be behind the cursor: then the runs between are judged again,
	// for what is to be remembered of them and nothing else.
	Seq  int64
	Data []byte
}

// LoggedRun is a run and its place in the log.
type LoggedRun struct {
	Seq int64
	Run probes.Run
}

// DefinitionsFunc gives the definitions in force.
type DefinitionsFunc func() *checks.Definitions
