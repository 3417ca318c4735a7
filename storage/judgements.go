package storage

import (
	"context"
	"time"

	"outrider/incidents"
	"outrider/incidents/detect"
)

// JudgementEntry is what was said of a run, with the run's place in the log:
// the log of judgements has the order, and the cursors, of the log of runs.
type JudgementEntry struct {
	Summary
	Kind      string
	Location  string
	Labels    map[string]string
	Judgement detect.Judgement
}

// NoteQuery selects notes; zero fields select everything.
type NoteQuery struct {
	// CheckID selects the notes of a check, and those on all checks.
	CheckID string
	Kinds   []detect.NoteKind
	Since   time.Time // At at or after
	Until   time.Time // At before
	Limit   int       // at most 1,000; zero: 100
}

// Judgements reads what was said besides incidents.
type Judgements interface {
	// Judgements gives what was said of a check's runs that started at or after
	// since and before until, oldest first, at most 10,000 of the newest: of each
	// span of every the last one, or all if every is zero. Kind and Labels are
	// left empty.
	Judgements(ctx context.Context, checkID string, since, until time.Time, every time.Duration) ([]JudgementEntry, error)
	// Judgement gives what was said of one run; ErrNotFound if nothing was.
	Judgement(ctx context.Context, runID string) (detect.Judgement, error)
	// Notes gives notes, the newest first.
	Notes(ctx context.Context, q NoteQuery) ([]incidents.Note, error)
}
