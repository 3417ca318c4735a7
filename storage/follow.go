package storage

import (
	"time"

	"outrider/incidents"
)

// EventEntry is an event of an incident and its place in the log of incident
// events: Seq grows with every event and is never used twice. It counts apart
// from the log of runs.
type EventEntry struct {
	Seq int64
	// Incident comes without its Events, and as it is now: what it was at the
	// time is in Event.
	Incident incidents.Incident
	Event    incidents.Event
}

// eventCursor marks the names of cursors into the log of incident events.
const eventCursor = "events:"

// EventCursor names a follower's cursor into the log of incident events. Every
// other name is that of a cursor into the log of runs: the two logs count
// apart, and retention holds each back for its own followers.
func EventCursor(follower string) string { return eventCursor + follower }

// IsEventCursor tells whether a cursor is one into the log of incident events.
func IsEventCursor(name string) bool {
	return len(name) > len(eventCursor) && name[:len(eventCursor)] == eventCursor
}

// JudgementFollower names a follower's cursor into the judgements, which have
// their places in the log of runs.
func JudgementFollower(follower string) string { return follower + "-judgements" }

// JudgeCursor is the name of the cursor up to which runs have been judged.
const JudgeCursor = "judge"

// StepTimes is what one step of a check took over a span of time. Steps that
// ended in unknown, and runs made in maintenance, are in no figure.
type StepTimes struct {
	Name   string        `json:"name"`
	Count  int           `json:"count"`
	Failed int           `json:"failed"`
	P50    time.Duration `json:"p50_ns"`
	P95    time.Duration `json:"p95_ns"`
	Max    time.Duration `json:"max_ns"`
}
