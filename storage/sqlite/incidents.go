package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"outrider/incidents"
	"outrider/storage"
)

// Incidents implements storage.Incidents.
func (s *Store) Incidents(ctx context.Context, q storage.IncidentQuery) ([]incidents.Incident, error) {
	var terms []string
	var args []any
	term := func(text string, values ...any) {
		terms = append(terms, text)
		args = append(args, values...)
	}
	if q.CheckID != "" {
		term("check_id = ?", q.CheckID)
	}
	if q.State == incidents.Open {
		term("state = 'open'") // spelled out so that the partial index serves it
	} else if q.State != "" {
		term("state = ?", string(q.State))
	}
	if !q.Since.IsZero() {
		term("(state = 'open' OR resolved >= ?)", nanos(q.Since))
	}
	if !q.OpenedBefore.IsZero() {
		term("opened < ?", nanos(q.OpenedBefore))
	}
	where := ""
	if len(terms) > 0 {
		where = "WHERE " + strings.Join(terms, " AND ")
	}
	return s.incidents(ctx, where+" ORDER BY opened DESC, id DESC LIMIT ?", append(args, clamp(q.Limit, maxEntries))...)
}

// Incident implements storage.Incidents.
func (s *Store) Incident(ctx context.Context, id string) (incidents.Incident, error) {
	found, err := s.incidents(ctx, "WHERE id = ?", id)
	if err != nil {
		return incidents.Incident{}, err
	}
	if len(found) == 0 {
		return incidents.Incident{}, s.wrap("read incident "+quote(id), storage.ErrNotFound)
	}
	return found[0], nil
}

// OpenIncidents gives every open incident, oldest first, with its events.
func (s *Store) OpenIncidents(ctx context.Context) ([]incidents.Incident, error) {
	return s.incidents(ctx, "WHERE state = 'open' ORDER BY opened, id")
}

// incidents reads incidents and their events from one snapshot.
func (s *Store) incidents(ctx context.Context, where string, args ...any) (all []incidents.Incident, err error) {
	err = s.read(ctx, "read incidents", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, "SELECT incident FROM incidents "+where, args...)
		if err != nil {
			return err
		}
		all, err = collect(rows, scanJSON[incidents.Incident])
		for i := range all {
			if err != nil {
				return err
			}
			var rows *sql.Rows
			rows, err = t.QueryContext(ctx, "SELECT event FROM incident_events WHERE incident = ? ORDER BY number", all[i].ID)
			if err == nil {
				all[i].Events, err = collect(rows, scanJSON[incidents.Event])
			}
		}
		return err
	})
	return all, err
}

func scanJSON[T any](row scanner) (v T, err error) {
	var text []byte
	if err := row.Scan(&text); err != nil {
		return v, err
	}
	return v, json.Unmarshal(text, &v)
}
