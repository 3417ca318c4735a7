package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"outrider/storage"
)

// RunsAfter gives up to limit runs with a Seq above seq, oldest first: the log
// as its followers read it. No run ever appears below one that was given.
func (s *Store) RunsAfter(ctx context.Context, seq int64, limit int) ([]storage.Entry, error) {
	rows, err := s.reading.QueryContext(ctx,
		"SELECT "+entryColumns+" FROM runs WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
	if err != nil {
		return nil, s.wrap("follow runs", err)
	}
	entries, err := collect(rows, s.scanEntry)
	return entries, s.wrap("follow runs", err)
}

func (s *Store) checkRunsAfter(ctx context.Context, checkID string, seq int64, limit int) ([]storage.Entry, error) {
	rows, err := s.reading.QueryContext(ctx,
		"SELECT "+entryColumns+" FROM runs WHERE check_id = ? AND seq > ? ORDER BY seq LIMIT ?", checkID, seq, clamp(limit, maxEntries))
	if err != nil {
		return nil, s.wrap("read runs of "+quote(checkID), err)
	}
	entries, err := collect(rows, s.scanEntry)
	return entries, s.wrap("read runs of "+quote(checkID), err)
}

// IncidentEventsAfter gives up to limit events of incidents with a Seq above
// seq, oldest first.
func (s *Store) IncidentEventsAfter(ctx context.Context, seq int64, limit int) ([]storage.EventEntry, error) {
	rows, err := s.reading.QueryContext(ctx, `SELECT e.seq, e.event, i.incident
		FROM incident_events e JOIN incidents i ON i.id = e.incident
		WHERE e.seq > ? ORDER BY e.seq LIMIT ?`, seq, limit)
	if err != nil {
		return nil, s.wrap("follow incident events", err)
	}
	entries, err := collect(rows, func(row scanner) (storage.EventEntry, error) {
		var (
			e               storage.EventEntry
			event, incident []byte
		)
		if err := row.Scan(&e.Seq, &event, &incident); err != nil {
			return e, err
		}
		return e, errors.Join(json.Unmarshal(event, &e.Event), json.Unmarshal(incident, &e.Incident))
	})
	return entries, s.wrap("follow incident events", err)
}

// Cursor gives the Seq up to which a follower has come, 0 if it is new. See
// storage.EventCursor for the names.
func (s *Store) Cursor(ctx context.Context, name string) (int64, error) {
	var seq int64
	err := s.reading.QueryRowContext(ctx, "SELECT seq FROM cursors WHERE name = ?", name).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, s.wrap("read cursor "+name, err)
}

// SetCursor keeps how far a follower has come. From the first call on,
// retention by age spares what the follower has not yet seen.
func (s *Store) SetCursor(ctx context.Context, name string, seq int64) error {
	return s.write(ctx, "move cursor "+name, func(t *tx) error {
		return t.exec("INSERT INTO cursors (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
			name, seq)
	})
}

// DropCursor forgets a follower that will not come back, so that retention
// waits for it no longer.
func (s *Store) DropCursor(ctx context.Context, name string) error {
	return s.write(ctx, "drop cursor "+name, func(t *tx) error {
		return t.exec("DELETE FROM cursors WHERE name = ?", name)
	})
}
