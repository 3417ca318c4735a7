package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"outrider/incidents"
	"outrider/storage"
)

// Advance stores what judging runs led to, as a whole or not at all: the
// judge's cursor (which never goes back), what the judge remembers, incidents
// with their new events, notifications, judgements and notes. Of these, what is
// already stored is left as it is, so that the same change may come again.
func (s *Store) Advance(ctx context.Context, c incidents.Change) error {
	rows := make([]incidentRow, len(c.Incidents))
	for i := range c.Incidents {
		row, err := encodeIncident(c.Incidents[i])
		if err != nil {
			return fmt.Errorf("store incident %s of %s: %w", c.Incidents[i].ID, c.Incidents[i].CheckID, err)
		}
		rows[i] = row
	}
	return s.write(ctx, "advance incidents", func(t *tx) error {
		if err := t.exec(`INSERT INTO cursors (name, seq) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET seq = max(seq, excluded.seq)`, storage.JudgeCursor, c.Seq); err != nil {
			return err
		}
		for _, m := range c.Memories {
			if err := t.remember(m); err != nil {
				return fmt.Errorf("memory of %s: %w", m.CheckID, err)
			}
		}
		for _, row := range rows {
			if err := t.storeIncident(row); err != nil {
				return fmt.Errorf("incident %s: %w", row.ID, err)
			}
		}
		for i := range c.Notifications {
			if err := t.insertNotification(&c.Notifications[i]); err != nil {
				return fmt.Errorf("notification %s: %w", c.Notifications[i].ID, err)
			}
		}
		for i := range c.Judgements {
			if err := t.storeJudgement(&c.Judgements[i]); err != nil {
				return fmt.Errorf("judgement of run %d: %w", c.Judgements[i].Seq, err)
			}
		}
		for i := range c.Notes {
			if err := t.storeNote(&c.Notes[i]); err != nil {
				return fmt.Errorf("note %s: %w", c.Notes[i].ID, err)
			}
		}
		if len(rows)+len(c.Notifications)+len(c.Judgements) > 0 {
			t.appended = true
		}
		return nil
	})
}

func (t *tx) remember(m incidents.Memory) error {
	if len(m.Data) == 0 {
		return t.exec("DELETE FROM memories WHERE check_id = ? AND location = ?", m.CheckID, m.Location)
	}
	return t.exec("INSERT OR REPLACE INTO memories (check_id, location, seq, data) VALUES (?, ?, ?, ?)", m.CheckID, m.Location, m.Seq, m.Data)
}

// incidentRow is an incident in the form in which it is stored.
type incidentRow struct {
	*incidents.Incident
	json   string
	events []string
}

func encodeIncident(i incidents.Incident) (incidentRow, error) {
	row := incidentRow{Incident: &i, events: make([]string, len(i.Events))}
	for n, e := range i.Events {
		text, err := json.Marshal(e)
		if err != nil {
			return row, err
		}
		row.events[n] = string(text)
	}
	bare := i
	bare.Events = nil
	text, err := json.Marshal(bare)
	row.json = string(text)
	return row, err
}

func (t *tx) storeIncident(i incidentRow) error {
	if err := t.exec(`INSERT INTO incidents (id, check_id, state, opened, resolved, incident) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, resolved = excluded.resolved, incident = excluded.incident`,
		i.ID, i.CheckID, string(i.State), nanos(i.OpenedAt), nanos(i.ResolvedAt), i.json); err != nil {
		return err
	}
	for n, e := range i.Events {
		if err := t.exec("INSERT INTO incident_events (incident, number, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			i.ID, e.Number, i.events[n]); err != nil {
			return err
		}
	}
	return nil
}

// JudgeCursor gives the Seq up to which runs have been judged.
func (s *Store) JudgeCursor(ctx context.Context) (int64, error) {
	return s.Cursor(ctx, storage.JudgeCursor)
}

// Memory gives what the judge remembers of a series of runs, nil if nothing.
func (s *Store) Memory(ctx context.Context, checkID, location string) ([]byte, error) {
	rows, err := s.reading.QueryContext(ctx,
		"SELECT data FROM memories WHERE check_id = ? AND location = ?", checkID, location)
	if err != nil {
		return nil, s.wrap("read memory", err)
	}
	found, err := collect(rows, func(row scanner) (data []byte, err error) { return data, row.Scan(&data) })
	if err != nil || len(found) == 0 {
		return nil, s.wrap("read memory", err)
	}
	return found[0], nil
}

// Memories gives everything that the judge remembers.
func (s *Store) Memories(ctx context.Context) ([]incidents.Memory, error) {
	rows, err := s.reading.QueryContext(ctx, "SELECT check_id, location, seq, data FROM memories ORDER BY check_id, location")
	if err != nil {
		return nil, s.wrap("read memories", err)
	}
	all, err := collect(rows, func(row scanner) (m incidents.Memory, err error) {
		return m, row.Scan(&m.CheckID, &m.Location, &m.Seq, &m.Data)
	})
	return all, s.wrap("read memories", err)
}

// SeriesRuns gives up to 1,000 runs of a series from behind the place after to
// the place until in the log, in its order.
func (s *Store) SeriesRuns(ctx context.Context, checkID, location string, after, until int64) ([]incidents.LoggedRun, error) {
	rows, err := s.reading.QueryContext(ctx, "SELECT "+entryColumns+` FROM runs
		WHERE check_id = ? AND location = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, checkID, location, after, until, maxEntries)
	if err != nil {
		return nil, s.wrap("read runs of "+quote(checkID), err)
	}
	runs, err := collect(rows, func(row scanner) (incidents.LoggedRun, error) {
		e, err := s.scanEntry(row)
		return incidents.LoggedRun{Seq: e.Seq, Run: e.Run}, err
	})
	return runs, s.wrap("read runs of "+quote(checkID), err)
}
