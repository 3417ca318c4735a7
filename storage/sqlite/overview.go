package sqlite

import (
	"context"
	"database/sql"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// scannedAfter is up to how many new runs Recent reads the end of the log
// instead of asking for each check.
const scannedAfter = 2_000

// Recent implements storage.Overview.
func (s *Store) Recent(ctx context.Context, after int64, perCheck int) (map[string][]storage.Summary, error) {
	var recent map[string][]storage.Summary
	err := s.read(ctx, "read recent runs", func(t *sql.Tx) error {
		var newest sql.NullInt64
		if err := t.QueryRowContext(ctx, "SELECT max(seq) FROM runs").Scan(&newest); err != nil {
			return err
		}
		var rows *sql.Rows
		var err error
		if newest.Int64-after <= scannedAfter {
			rows, err = t.QueryContext(ctx, "SELECT "+summaryColumns+" FROM runs WHERE seq > ? ORDER BY seq DESC", after)
		} else {
			rows, err = t.QueryContext(ctx, "SELECT "+summaryColumns+` FROM (SELECT id AS known FROM checks)
				CROSS JOIN runs ON seq IN (SELECT seq FROM runs WHERE check_id = known AND seq > ? ORDER BY seq DESC LIMIT ?)
				ORDER BY seq DESC`, after, perCheck)
		}
		if err != nil {
			return err
		}
		summaries, err := collect(rows, scanSummary)
		recent = byCheck(summaries, perCheck)
		return err
	})
	return recent, err
}

// byCheck sorts summaries by check, keeping the first few of each.
func byCheck(summaries []storage.Summary, perCheck int) map[string][]storage.Summary {
	sorted := map[string][]storage.Summary{}
	for _, m := range summaries {
		if len(sorted[m.CheckID]) < perCheck {
			sorted[m.CheckID] = append(sorted[m.CheckID], m)
		}
	}
	return sorted
}

// Totals implements storage.Overview.
func (s *Store) Totals(ctx context.Context, since, until time.Time) (map[string]storage.Counts, error) {
	totals := map[string]storage.Counts{}
	from, to := hourBounds(since, until)
	err := s.read(ctx, "sum up hours", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, `SELECT h.check_id,
			sum(passed), sum(degraded), sum(failed), sum(unknown), sum(maintenance)
			FROM checks c CROSS JOIN hours h ON h.check_id = c.id AND h.hour >= ? AND h.hour < ?
			GROUP BY h.check_id`, from, to)
		if err != nil {
			return err
		}
		if _, err := collect(rows, func(row scanner) (_ struct{}, err error) {
			var id string
			var c storage.Counts
			err = row.Scan(&id, &c.Passed, &c.Degraded, &c.Failed, &c.Unknown, &c.Maintenance)
			totals[id] = c
			return
		}); err != nil {
			return err
		}
		rows, err = t.QueryContext(ctx, `SELECT r.check_id, outcome, maintenance, count(*)
			FROM checks c CROSS JOIN runs r INDEXED BY runs_by_hour
			ON r.check_id = c.id AND r.started >= max(c.rolled_until, ?) AND r.started < ?
			GROUP BY r.check_id, outcome, maintenance`, from, to)
		if err != nil {
			return err
		}
		_, err = collect(rows, func(row scanner) (_ struct{}, err error) {
			var (
				id          string
				outcome     probes.Outcome
				maintenance bool
				n           int
			)
			err = row.Scan(&id, &outcome, &maintenance, &n)
			c := totals[id]
			*counter(&c, outcome, maintenance) += n
			totals[id] = c
			return
		})
		return err
	})
	return totals, err
}

// counter picks where a run counts.
func counter(c *storage.Counts, outcome probes.Outcome, maintenance bool) *int {
	switch {
	case maintenance:
		return &c.Maintenance
	case outcome == probes.Passed:
		return &c.Passed
	case outcome == probes.Degraded:
		return &c.Degraded
	case outcome == probes.Failed:
		return &c.Failed
	}
	return &c.Unknown
}
