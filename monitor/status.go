package monitor

import (
	"time"

	"outrider/checks"
)

// CheckStatus is how a check stands with the scheduler.
type CheckStatus struct {
	Check   checks.Check
	Next    time.Time // planned start, UTC; zero if none is planned
	Running bool
	Queued  bool  // waiting for a slot
	Missed  int64 // starts left out since the monitor began
	// Paused says why the check does not run or is not judged; empty if it is
	// in full service.
	Paused string
}

// SlotStatus is how busy the slots of a kind are.
type SlotStatus struct {
	Kind    checks.Kind
	Size    int // at present: it follows the disturbance of the host
	InUse   int
	Waiting int
}

// Status is the state of the monitor at one moment.
type Status struct {
	Checks []CheckStatus // in the order of the definitions
	Slots  []SlotStatus
	// Loaded is when the definitions in force were taken; Refused is why a
	// newer version was not, nil if there is none.
	Loaded  time.Time
	Refused error
}

// Status gives the state of the monitor now.
func (m *Monitor) Status() Status {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	status := Status{Loaded: m.loaded, Refused: m.refused}
	for _, c := range m.defs.Checks {
		status.Checks = append(status.Checks, m.checkStatus(c, now))
	}
	for _, kind := range []checks.Kind{checks.KindHTTP, checks.KindBrowser} {
		s := m.slots[kind]
		inUse, waiting := s.state()
		status.Slots = append(status.Slots, SlotStatus{Kind: kind, Size: s.size(), InUse: inUse, Waiting: waiting})
	}
	return status
}

func (m *Monitor) checkStatus(c checks.Check, now time.Time) CheckStatus {
	status := CheckStatus{Check: c}
	switch {
	case !c.Enabled:
		status.Paused = "disabled"
	case !c.RunsAt(m.opts.Location):
		status.Paused = "not at this location"
	case !c.Schedule.ActiveAt(now):
		status.Paused = "outside active hours"
	default:
		if w, ok := c.Schedule.InMaintenance(now); ok {
			status.Paused = "maintenance"
			if w.Reason != "" {
				status.Paused += ": " + w.Reason
			}
		}
	}
	if s := m.scheduled[c.ID]; s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		status.Next, status.Running, status.Queued, status.Missed = s.due.UTC(), s.running && !s.queued, s.queued, s.missed
	}
	return status
}
