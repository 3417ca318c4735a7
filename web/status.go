package web

import (
	"time"

	"outrider/checks"
)

// Status is what the running monitor tells of itself. Both methods are called
// for every page and must not block.
type Status interface {
	Checks() []CheckStatus
	Health() Health
}

// CheckStatus is where a check is in its schedule.
type CheckStatus struct {
	Check   checks.Check
	Next    time.Time // zero: no run is planned
	Running bool
	Queued  bool  // due, and waiting for a free probe slot
	Missed  int64 // starts that were missed since the monitor started
	// Paused says why the check does not run, or is not judged, at present:
	// "disabled", "outside active hours", "maintenance: WHY", "not at this
	// location"; empty if it runs.
	Paused string
}

// Health is how the monitor itself is. Its texts hold no secrets.
type Health struct {
	// DefinitionsError is why the last reload of the definitions was refused;
	// empty if it was not. The definitions before it are still in force.
	DefinitionsError  string
	DefinitionsLoaded time.Time
	Started           time.Time
	Influx            *ExportStatus // nil: no InfluxDB is set
	Endpoints         []EndpointStatus
	Slots             []SlotStatus
	// Ready says that the monitor can do its work; NotReady says why not.
	Ready    bool
	NotReady string
}

// ExportStatus is how the copying of runs to InfluxDB goes.
type ExportStatus struct {
	Target    string // where to, without credentials; may be empty
	Connected bool
	LastError string
	// Lag is the age of the oldest run that is not exported yet.
	Lag time.Duration
	// Exported and Rejected count points since the monitor started; rejected
	// ones were refused by InfluxDB for good.
	Exported int64
	Rejected int64
}

// EndpointStatus is how deliveries to one channel of one audience go.
type EndpointStatus struct {
	Endpoint    string // audience/channel
	Pending     int
	LastSuccess time.Time // zero: none yet
	LastError   string    // of the last attempt; empty if it succeeded
}

// Failing tells whether notifications wait because of an error.
func (e EndpointStatus) Failing() bool { return e.Pending > 0 && e.LastError != "" }

// SlotStatus is how busy the probes of one kind are.
type SlotStatus struct {
	Kind    checks.Kind
	InUse   int
	Size    int
	Waiting int
}

// BrowserUsage is what browsers hold of the machine.
type BrowserUsage struct {
	Browsers  int   // that are started
	Processes int   // of all browsers
	Memory    int64 // of these, in bytes; what several hold counts once
	Disk      int64 // bytes of their files
	Journeys  int64 // attempts since the monitor started
}

// PlannedEvent is a planned event and what it will do to a check. Its texts hold
// no secrets.
type PlannedEvent struct {
	Name     string // empty: Text is about all of them
	From, To time.Time
	Text     string
	Made     time.Time // when it was computed
}
