package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/storage"
)

func (t *tx) storeJudgement(j *incidents.Judgement) error {
	text, err := json.Marshal(j.Judgement)
	if err != nil {
		return err
	}
	// The run may have been pruned meanwhile; then nobody asks any more.
	return t.exec(`INSERT INTO judgements (run, judgement) SELECT seq, ? FROM runs WHERE seq = ?
		ON CONFLICT (run) DO NOTHING`, string(text), j.Seq)
}

func (t *tx) storeNote(n *incidents.Note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return t.exec("INSERT INTO notes (id, check_id, kind, at, note) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		n.ID, n.CheckID, string(n.Kind), nanos(n.At), string(text))
}

// Mark stores a note, such as a deployment. Storing it again changes nothing.
func (s *Store) Mark(ctx context.Context, n incidents.Note) error {
	if n.ID == "" || n.Kind == "" || n.At.IsZero() {
		return fmt.Errorf("store a note: it needs an id, a kind and a time")
	}
	return s.write(ctx, "store note "+quote(n.ID), func(t *tx) error { return t.storeNote(&n) })
}

// Judgements implements storage.Judgements.
func (s *Store) Judgements(ctx context.Context, checkID string, since, until time.Time, every time.Duration) ([]storage.JudgementEntry, error) {
	// With max, SQLite takes the other columns from the row that has it.
	rows, err := s.reading.QueryContext(ctx, `SELECT max(r.seq), r.id, r.check_id, r.location, r.outcome, r.maintenance, r.started, r.duration, j.judgement
		FROM runs r INDEXED BY runs_by_hour JOIN judgements j ON j.run = r.seq
		WHERE r.check_id = ?1 AND r.started >= ?2 AND r.started < ?3
		GROUP BY (r.started - ?2) / ?4 ORDER BY r.started DESC LIMIT ?5`,
		checkID, nanos(since), nanos(until), max(every.Nanoseconds(), 1), maxSummaries)
	if err != nil {
		return nil, s.wrap("read judgements of "+quote(checkID), err)
	}
	entries, err := collect(rows, scanJudgement)
	slices.Reverse(entries)
	return entries, s.wrap("read judgements of "+quote(checkID), err)
}

// JudgementsAfter gives up to limit judgements of runs with a Seq above seq, in
// the order of the log, with the kind and labels of their runs.
func (s *Store) JudgementsAfter(ctx context.Context, seq int64, limit int) ([]storage.JudgementEntry, error) {
	rows, err := s.reading.QueryContext(ctx, `SELECT r.seq, r.id, r.check_id, r.location, r.outcome, r.maintenance, r.started, r.duration, j.judgement,
		json_extract(r.run, '$.kind'), json_extract(r.run, '$.labels')
		FROM judgements j JOIN runs r ON r.seq = j.run WHERE j.run > ? ORDER BY j.run LIMIT ?`, seq, limit)
	if err != nil {
		return nil, s.wrap("follow judgements", err)
	}
	entries, err := collect(rows, func(row scanner) (storage.JudgementEntry, error) {
		var kind, labels *string
		e, err := scanJudgementAnd(row, &kind, &labels)
		if err == nil && kind != nil {
			e.Kind = *kind
		}
		if err == nil && labels != nil {
			err = json.Unmarshal([]byte(*labels), &e.Labels)
		}
		return e, err
	})
	return entries, s.wrap("follow judgements", err)
}

func scanJudgement(row scanner) (storage.JudgementEntry, error) { return scanJudgementAnd(row) }

// scanJudgementAnd reads a judgement and further columns.
func scanJudgementAnd(row scanner, more ...any) (storage.JudgementEntry, error) {
	var (
		e                 storage.JudgementEntry
		started, duration int64
		text              []byte
	)
	columns := append([]any{&e.Seq, &e.ID, &e.CheckID, &e.Location, &e.Outcome, &e.Maintenance, &started, &duration, &text}, more...)
	if err := row.Scan(columns...); err != nil {
		return e, err
	}
	e.Started, e.Duration = fromNanos(started), time.Duration(duration)
	return e, json.Unmarshal(text, &e.Judgement)
}

// Judgement implements storage.Judgements.
func (s *Store) Judgement(ctx context.Context, runID string) (j detect.Judgement, err error) {
	var text []byte
	err = s.reading.QueryRowContext(ctx, "SELECT j.judgement FROM runs r JOIN judgements j ON j.run = r.seq WHERE r.id = ?", runID).Scan(&text)
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	return j, s.wrap("read the judgement of run "+quote(runID), orNotFound(err))
}

// Notes implements storage.Judgements.
func (s *Store) Notes(ctx context.Context, q storage.NoteQuery) ([]incidents.Note, error) {
	terms, args := []string{"1"}, []any{}
	term := func(text string, values ...any) {
		terms, args = append(terms, text), append(args, values...)
	}
	if q.CheckID != "" {
		term("check_id IN (?, '')", q.CheckID)
	}
	if len(q.Kinds) > 0 {
		values := make([]any, len(q.Kinds))
		for i, k := range q.Kinds {
			values[i] = string(k)
		}
		term("kind IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	if !q.Since.IsZero() {
		term("at >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		term("at < ?", nanos(q.Until))
	}
	rows, err := s.reading.QueryContext(ctx, "SELECT note FROM notes WHERE "+strings.Join(terms, " AND ")+" ORDER BY at DESC, seq DESC LIMIT ?",
		append(args, clamp(q.Limit, maxEntries))...)
	if err != nil {
		return nil, s.wrap("read notes", err)
	}
	notes, err := collect(rows, scanJSON[incidents.Note])
	return notes, s.wrap("read notes", err)
}

// Deployments gives the marked deployments that concern a check, at or after
// since and before until, the newest first.
func (s *Store) Deployments(ctx context.Context, checkID string, since, until time.Time) ([]incidents.Note, error) {
	return s.Notes(ctx, storage.NoteQuery{CheckID: checkID, Kinds: []detect.NoteKind{detect.NoteDeploy}, Since: since, Until: until})
}
