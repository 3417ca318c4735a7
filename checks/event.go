package checks

import "time"

// Event is a planned surge: when more customers come than usual, and how many.
type Event struct {
	Name     string
	From, To time.Time // UTC; From is before To
	Load     PlannedLoad
	Selector
	Pos Position
}

// PlannedLoad is a factor of the highest load that was seen, or a load in the
// unit of the load series. Exactly one of the two is set, and positive.
type PlannedLoad struct {
	Factor float64
	Value  float64
}

// EventsOf gives the planned events of a check that are not over at t, the
// soonest first.
func (d *Definitions) EventsOf(c *Check, t time.Time) []Event {
	var events []Event
	for _, e := range d.Events {
		if e.To.After(t) && e.Covers(c) {
			events = append(events, e)
		}
	}
	return events
}
