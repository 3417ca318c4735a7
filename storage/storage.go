// Package storage is the contract of Outrider's memory: what the rooms that
// read it may ask. storage/sqlite is the embedded store that keeps it;
// storage/influx copies it to InfluxDB.
package storage

import (
	"context"
	"errors"
	"time"

	"outrider/incidents"
	"outrider/probes"
)

// ErrNotFound says that there is no such run, artifact or incident, or that
// it was already removed by retention.
var ErrNotFound = errors.New("not found")

// Entry is a run and its place in the log: Seq grows with every recorded run
// and is never used twice.
type Entry struct {
	Seq int64
	Run probes.Run
}

// RunQuery selects runs; zero fields select everything.
type RunQuery struct {
	CheckID  string
	Outcomes []probes.Outcome
	Since    time.Time // Started at or after
	Until    time.Time // Started before
	Before   int64     // Seq below: for paging
	Limit    int       // at most 1,000; zero: 100
}

// Runs reads recorded runs.
type Runs interface {
	// Runs gives the newest first. Their artifacts come without Data.
	Runs(ctx context.Context, q RunQuery) ([]Entry, error)
	// Run gives one run, artifacts without Data; ErrNotFound if there is none.
	Run(ctx context.Context, id string) (Entry, error)
	// Artifact gives one artifact with its Data.
	Artifact(ctx context.Context, runID, name string) (probes.Artifact, error)
	// Within counts the runs of the hours that start at or after since and
	// before until: how many there are, unknown ones and those in maintenance
	// left out, and how many of them worked and took no longer than a latency.
	// A latency that the store was not told of (it is promised by no objective)
	// is counted as far back as runs are kept.
	Within(ctx context.Context, checkID string, latency time.Duration, since, until time.Time) (Kept, error)
	// Hours gives hourly roll-ups of a check, oldest first, hours without runs
	// left out.
	Hours(ctx context.Context, checkID string, since, until time.Time) ([]Hour, error)
}

// Overview reads what pages need that show every check side by side, in one
// question for all of them: with a thousand checks, asking for each is too slow.
type Overview interface {
	// Recent gives, by check id, the newest runs of every check, newest first,
	// at most perCheck of each, and only runs with a Seq above after. A reader
	// that remembers the highest Seq it has seen is thus told only what is new;
	// after zero gives everything. Checks without such runs are left out; checks
	// that are no longer defined are not.
	Recent(ctx context.Context, after int64, perCheck int) (map[string][]Summary, error)
	// Summaries gives what Runs gives, newest first, but only the summaries;
	// Limit may be up to 10,000 here.
	Summaries(ctx context.Context, q RunQuery) ([]Summary, error)
	// AllHours gives what Hours gives, of every check, by check id.
	AllHours(ctx context.Context, since, until time.Time) (map[string][]Hour, error)
	// Totals sums up the hours that start at or after since and before until,
	// by check id.
	Totals(ctx context.Context, since, until time.Time) (map[string]Counts, error)
}

// Summary is what a list shows of a run.
type Summary struct {
	Seq         int64
	ID          string
	CheckID     string
	Started     time.Time // UTC
	Duration    time.Duration
	Outcome     probes.Outcome
	Maintenance bool
}

// Counts are the runs of a check over some hours, as Hour counts them.
type Counts struct {
	Passed      int
	Degraded    int
	Failed      int
	Unknown     int
	Maintenance int
}

// Kept is how many runs kept a promise.
type Kept struct{ Good, Total int }

// Hour sums up the runs of a check that started within one hour. Roll-ups
// outlive the runs they are made of. Runs with outcome unknown and runs made
// in maintenance are counted apart and are in no other figure.
type Hour struct {
	Start       time.Time     `json:"start"` // UTC
	Passed      int           `json:"passed"`
	Degraded    int           `json:"degraded"`
	Failed      int           `json:"failed"`
	Unknown     int           `json:"unknown"`
	Maintenance int           `json:"maintenance"`
	P50         time.Duration `json:"p50_ns"`
	P95         time.Duration `json:"p95_ns"`
	Max         time.Duration `json:"max_ns"`
}

// IncidentQuery selects incidents; zero fields select everything.
type IncidentQuery struct {
	CheckID string
	State   incidents.State
	Since   time.Time // still open, or resolved, at or after
	// OpenedBefore is for paging: the OpenedAt of the last one of a page gives
	// the next page.
	OpenedBefore time.Time
	Limit        int // at most 1,000; zero: 100
}

// Incidents reads incidents.
type Incidents interface {
	// Incidents gives the newest first, with their events.
	Incidents(ctx context.Context, q IncidentQuery) ([]incidents.Incident, error)
	// Incident gives one incident with its events; ErrNotFound if there is none.
	Incident(ctx context.Context, id string) (incidents.Incident, error)
	// Notifications gives the notifications of an incident, oldest first.
	Notifications(ctx context.Context, incidentID string) ([]incidents.Notification, error)
}
