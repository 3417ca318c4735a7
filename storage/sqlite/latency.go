package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"outrider/storage"
)

// What an objective on latency needs is how many runs took no longer than it
// promises: a count that no quantile of an hour gives. Runs have it for as long
// as they are kept, so a new bound is counted back over all of them; from then
// on it is rolled up with the hours, which outlive the runs. Counts hang on the
// latency, not on the objective's name: they stay true however it is renamed,
// and start anew where another latency is promised.

// judged selects the runs that count for objectives, worked those of them that
// can be good.
const (
	judged = "maintenance = 0 AND outcome IN ('passed', 'degraded', 'failed')"
	worked = "outcome IN ('passed', 'degraded')"
)

// Within implements storage.Runs.
func (s *Store) Within(ctx context.Context, checkID string, latency time.Duration, since, until time.Time) (storage.Kept, error) {
	var kept storage.Kept
	from, to := hourBounds(since, until)
	err := s.read(ctx, "count runs within a latency", func(t *sql.Tx) error {
		// Up to rolled, counts of the bound are complete in latency_hours.
		var rolled int64
		if err := t.QueryRowContext(ctx, `SELECT coalesce(max(c.rolled_until), ?1) FROM checks c
			JOIN latency_bounds b ON b.check_id = c.id WHERE c.id = ?2 AND b.bound = ?3`,
			from, checkID, int64(latency)).Scan(&rolled); err != nil {
			return err
		}
		return t.QueryRowContext(ctx, `SELECT sum(good), sum(total) FROM (
			SELECT coalesce(sum(good), 0) AS good, coalesce(sum(total), 0) AS total FROM latency_hours
				WHERE check_id = ?1 AND bound = ?2 AND hour >= ?3 AND hour < ?4
			UNION ALL
			SELECT coalesce(sum(`+worked+` AND duration <= ?2), 0), count(*) FROM runs INDEXED BY runs_by_hour
				WHERE check_id = ?1 AND started >= max(?3, ?5) AND started < ?4 AND `+judged+`)`,
			checkID, int64(latency), from, to, rolled).Scan(&kept.Good, &kept.Total)
	})
	return kept, err
}

// SetBounds says which latencies are promised, by check id, so that their
// counts outlive the runs. Those of a check that are not named any more are
// forgotten; checks that are not named at all are left as they are.
func (s *Store) SetBounds(ctx context.Context, bounds map[string][]time.Duration) error {
	known, err := s.bounds(ctx)
	if err != nil {
		return s.wrap("read latency bounds", err)
	}
	for check, wanted := range bounds {
		for _, b := range known[check] {
			if slices.Contains(wanted, b) {
				continue
			}
			if err := s.write(ctx, "forget a latency bound", func(t *tx) error { return t.forgetBound(check, int64(b)) }); err != nil {
				return err
			}
		}
		for _, b := range wanted {
			if b <= 0 || slices.Contains(known[check], b) {
				continue
			}
			if err := s.write(ctx, "add a latency bound", func(t *tx) error { return t.addBound(check, int64(b)) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) bounds(ctx context.Context) (map[string][]time.Duration, error) {
	rows, err := s.reading.QueryContext(ctx, "SELECT check_id, bound FROM latency_bounds")
	if err != nil {
		return nil, err
	}
	known := map[string][]time.Duration{}
	_, err = collect(rows, func(row scanner) (_ struct{}, err error) {
		var check string
		var bound time.Duration
		err = row.Scan(&check, &bound)
		known[check] = append(known[check], bound)
		return
	})
	return known, err
}

func (t *tx) forgetBound(check string, bound int64) error {
	if err := t.exec("DELETE FROM latency_hours WHERE check_id = ? AND bound = ?", check, bound); err != nil {
		return err
	}
	return t.exec("DELETE FROM latency_bounds WHERE check_id = ? AND bound = ?", check, bound)
}

// addBound counts a bound back over the hours that are rolled up, as far as
// their runs are kept.
func (t *tx) addBound(check string, bound int64) error {
	if n, err := t.affected("INSERT INTO latency_bounds (check_id, bound) VALUES (?, ?) ON CONFLICT DO NOTHING", check, bound); err != nil || n == 0 {
		return err
	}
	until, _ := t.rolledUntil(check)
	return t.exec(fmt.Sprintf(`INSERT INTO latency_hours (check_id, bound, hour, good, total)
		SELECT check_id, ?2, started - (started %% %[1]d + %[1]d) %% %[1]d AS start, sum(%[2]s AND duration <= ?2), count(*)
		FROM runs INDEXED BY runs_by_hour WHERE check_id = ?1 AND started < ?3 AND %[3]s GROUP BY start`,
		hour, worked, judged), check, bound, until)
}

// rollBounds does for every bound of a check what rollHour does.
func (t *tx) rollBounds(check string, h int64, hadPruned bool) error {
	return t.exec(`INSERT INTO latency_hours (check_id, bound, hour, good, total)
		SELECT b.check_id, b.bound, ?2, sum(`+worked+` AND duration <= b.bound), count(*)
		FROM latency_bounds b CROSS JOIN runs r INDEXED BY runs_by_hour ON r.check_id = b.check_id
		WHERE b.check_id = ?1 AND r.started >= ?2 AND r.started < ?3 AND `+judged+`
		GROUP BY b.bound
		ON CONFLICT DO UPDATE SET good = good * ?4 + excluded.good, total = total * ?4 + excluded.total`,
		check, h, h+hour, hadPruned)
}

// addToBounds counts late runs of an hour of which others are gone.
func (t *tx) addToBounds(late *lateRuns) error {
	rows, err := t.query("SELECT bound FROM latency_bounds WHERE check_id = ?", late.check)
	if err != nil {
		return err
	}
	bounds, err := collect(rows, func(row scanner) (b int64, err error) { return b, row.Scan(&b) })
	if err != nil || len(late.durations) == 0 {
		return err
	}
	for _, b := range bounds {
		good := 0
		for _, d := range late.worked {
			if d <= b {
				good++
			}
		}
		if err := t.exec(`INSERT INTO latency_hours (check_id, bound, hour, good, total) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET good = good + excluded.good, total = total + excluded.total`,
			late.check, b, late.hour, good, len(late.durations)); err != nil {
			return err
		}
	}
	return nil
}
