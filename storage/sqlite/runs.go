package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// Limits of what one question may ask for.
const (
	defaultLimit   = 100
	maxEntries     = 1_000
	maxSummaries   = 10_000
	entryColumns   = "seq, id, check_id, location, outcome, maintenance, started, duration, run"
	summaryColumns = "seq, id, check_id, outcome, maintenance, started, duration"
)

// Runs implements storage.Runs.
func (s *Store) Runs(ctx context.Context, q storage.RunQuery) ([]storage.Entry, error) {
	where, args := selectRuns(q, maxEntries)
	rows, err := s.reading.QueryContext(ctx, "SELECT "+entryColumns+" FROM runs "+where, args...)
	if err != nil {
		return nil, s.wrap("read runs", err)
	}
	entries, err := collect(rows, s.scanEntry)
	return entries, s.wrap("read runs", err)
}

// Summaries implements storage.Overview.
func (s *Store) Summaries(ctx context.Context, q storage.RunQuery) ([]storage.Summary, error) {
	where, args := selectRuns(q, maxSummaries)
	rows, err := s.reading.QueryContext(ctx, "SELECT "+summaryColumns+" FROM runs "+where, args...)
	if err != nil {
		return nil, s.wrap("read summaries", err)
	}
	summaries, err := collect(rows, scanSummary)
	return summaries, s.wrap("read summaries", err)
}

// Run implements storage.Runs.
func (s *Store) Run(ctx context.Context, id string) (storage.Entry, error) {
	row := s.reading.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM runs WHERE id = ?", id)
	entry, err := s.scanEntry(row)
	return entry, s.wrap("read run "+quote(id), orNotFound(err))
}

// Artifact implements storage.Runs.
func (s *Store) Artifact(ctx context.Context, runID, name string) (probes.Artifact, error) {
	a := probes.Artifact{Name: name}
	err := s.reading.QueryRowContext(ctx, `SELECT a.media_type, a.step, a.data
		FROM runs r JOIN artifacts a ON a.run = r.seq WHERE r.id = ? AND a.name = ?`, runID, name).
		Scan(&a.MediaType, &a.Step, &a.Data)
	if err != nil {
		return probes.Artifact{}, s.wrap("read artifact "+quote(name)+" of run "+quote(runID), orNotFound(err))
	}
	a.Bytes = int64(len(a.Data))
	return a, nil
}

// quote shows an id that came from outside.
func quote(id string) string {
	const longest = 64
	if len(id) > longest {
		id = id[:longest]
	}
	return fmt.Sprintf("%q", id)
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return storage.ErrNotFound
	}
	return err
}

// selectRuns gives the part of a statement that selects and orders runs.
// Without help SQLite would either read every newer run to come to an old
// span of time, or sort whole runs; runs_by_hour has all that is asked for, so
// that only sequence numbers are sorted and only wanted runs are read.
func selectRuns(q storage.RunQuery, most int) (where string, args []any) {
	var terms []string
	term := func(text string, values ...any) {
		terms = append(terms, text)
		args = append(args, values...)
	}
	if q.CheckID != "" {
		term("check_id = ?", q.CheckID)
	}
	if len(q.Outcomes) > 0 {
		values := make([]any, len(q.Outcomes))
		for i, o := range q.Outcomes {
			values[i] = string(o)
		}
		term("outcome IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	spanned := !q.Since.IsZero() || !q.Until.IsZero()
	if !q.Since.IsZero() {
		term("started >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		term("started < ?", nanos(q.Until))
	}
	if q.Before > 0 {
		term("seq < ?", q.Before)
	}
	if len(terms) > 0 {
		where = "WHERE " + strings.Join(terms, " AND ") + " "
	}
	where += "ORDER BY seq DESC LIMIT ?"
	if spanned || (q.CheckID != "" && len(q.Outcomes) > 0) {
		where = `WHERE seq IN (SELECT seq FROM checks CROSS JOIN runs INDEXED BY runs_by_hour ON check_id = checks.id ` +
			where + ") ORDER BY seq DESC"
	}
	return where, append(args, clamp(q.Limit, most))
}

func clamp(limit, most int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, most)
}

// scanner is a row of *sql.Rows or *sql.Row.
type scanner interface{ Scan(...any) error }

func (s *Store) scanEntry(row scanner) (storage.Entry, error) {
	var (
		e                 storage.Entry
		of                probes.Run
		started, duration int64
		text              []byte
	)
	err := row.Scan(&e.Seq, &of.ID, &of.CheckID, &of.Location, &of.Outcome, &of.Maintenance, &started, &duration, &text)
	if err != nil {
		return e, err
	}
	of.Started, of.Duration = fromNanos(started), time.Duration(duration)
	e.Run, err = storage.DecodeRun(of, text)
	if err != nil {
		s.log.Warn("stored run is only partly readable", "run", of.ID, "check", of.CheckID, "error", err)
	}
	return e, nil
}

func scanSummary(row scanner) (storage.Summary, error) {
	var (
		m                 storage.Summary
		started, duration int64
	)
	err := row.Scan(&m.Seq, &m.ID, &m.CheckID, &m.Outcome, &m.Maintenance, &started, &duration)
	m.Started, m.Duration = fromNanos(started), time.Duration(duration)
	return m, err
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) (all []T, err error) {
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
