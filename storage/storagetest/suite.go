// Package storagetest holds what every store of Outrider must do, as one suite
// of tests. A store's own tests run it and add what is particular to it.
package storagetest

import (
	"context"
	"testing"
	"time"

	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
)

// Store is everything that the rooms ask of a store.
type Store interface {
	storage.Runs
	storage.Overview
	storage.Incidents
	storage.Judgements

	Record(ctx context.Context, runs ...probes.Run) error
	StepTimes(ctx context.Context, checkID string, since, until time.Time) ([]storage.StepTimes, error)
	SetBounds(ctx context.Context, bounds map[string][]time.Duration) error
	Prune(ctx context.Context) error

	RunsAfter(ctx context.Context, seq int64, limit int) ([]storage.Entry, error)
	IncidentEventsAfter(ctx context.Context, seq int64, limit int) ([]storage.EventEntry, error)
	Subscribe() (<-chan struct{}, func())
	Cursor(ctx context.Context, name string) (int64, error)
	SetCursor(ctx context.Context, name string, seq int64) error
	DropCursor(ctx context.Context, name string) error

	Advance(ctx context.Context, c incidents.Change) error
	OpenIncidents(ctx context.Context) ([]incidents.Incident, error)
	Memory(ctx context.Context, checkID, location string) ([]byte, error)
	Memories(ctx context.Context) ([]incidents.Memory, error)
	SeriesRuns(ctx context.Context, checkID, location string, after, until int64) ([]incidents.LoggedRun, error)
	JudgeCursor(ctx context.Context) (int64, error)
	JudgementsAfter(ctx context.Context, seq int64, limit int) ([]storage.JudgementEntry, error)
	Mark(ctx context.Context, n incidents.Note) error

	DueNotifications(ctx context.Context, endpoint string, now time.Time, limit int) ([]incidents.Notification, error)
	PendingEndpoints(ctx context.Context) ([]string, error)
	NextDue(ctx context.Context, endpoint string) (time.Time, bool, error)
	SettleNotification(ctx context.Context, n incidents.Notification) error
	ExpediteNotifications(ctx context.Context, endpoint string, now time.Time) error
}

// Opener gives an empty store with the default retention, whose clock is now.
// It closes the store when the test ends.
type Opener func(t *testing.T, now func() time.Time) Store

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	s := suite{open}
	t.Run("runs are read back as they were recorded", s.readBack)
	t.Run("recording again changes nothing", s.recordAgain)
	t.Run("runs that cannot be stored are refused together", s.refuse)
	t.Run("queries select runs", s.queries)
	t.Run("artifacts come with data only when asked for", s.artifacts)
	t.Run("recent runs of every check", s.recent)
	t.Run("hours sum up runs", s.hours)
	t.Run("hours are the same before and after rolling up", s.rollUp)
	t.Run("runs that come late are in their hour", s.lateRuns)
	t.Run("runs within a latency are counted", s.within)
	t.Run("counts within a latency outlive the runs", s.withinOutlives)
	t.Run("step times", s.stepTimes)
	t.Run("the log is followed in order", s.follow)
	t.Run("the runs of a series are found", s.seriesRuns)
	t.Run("followers are woken", s.wake)
	t.Run("cursors are kept", s.cursors)
	t.Run("old runs are removed and their hours stay", s.pruneByAge)
	t.Run("runs stay until followers have read them", s.pruneWaits)
	t.Run("a change is stored as a whole", s.advance)
	t.Run("a change may come again", s.advanceAgain)
	t.Run("incidents are found", s.findIncidents)
	t.Run("old incidents are removed when all is said", s.pruneIncidents)
	t.Run("incident events are followed", s.followEvents)
	t.Run("judgements stay with their runs", s.judgements)
	t.Run("notes are found", s.notes)
	t.Run("the outbox gives what is due", s.outbox)
	t.Run("what is missing is not found", s.notFound)
	t.Run("a cancelled context ends the waiting", s.cancelled)
	t.Run("many write and read at once", s.concurrent)
}

type suite struct{ open Opener }

// start is when the tests take place: the middle of an hour, so that nothing
// depends on where the hour begins.
var start = time.Date(2026, 3, 14, 12, 30, 0, 0, time.UTC)

// clock is a clock that tests set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got fails the test if an error came with a value.
func got[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return value
	}
}
