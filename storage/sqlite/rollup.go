package sqlite

import (
	"context"
	"database/sql"
	"time"

	"outrider/probes"
)

// settling is how long after its end an hour is rolled up: a run belongs to
// the hour in which it started but is recorded when it has finished. Runs that
// are later still are counted too, see lateHours; it only costs more.
const settling = 10 * time.Minute

// rolledUntil reads how far each check is rolled up.
func rolledUntil(ctx context.Context, conn *sql.Conn) (map[string]int64, error) {
	rows, err := conn.QueryContext(ctx, "SELECT id, rolled_until FROM checks")
	if err != nil {
		return nil, err
	}
	rolled := map[string]int64{}
	_, err = collect(rows, func(row scanner) (_ struct{}, err error) {
		var id string
		var until int64
		err = row.Scan(&id, &until)
		rolled[id] = until
		return
	})
	return rolled, err
}

// rolledPerWrite is how many hours of checks are rolled up in one transaction.
const rolledPerWrite = 25

// rollUp rolls up every hour that is finished and not yet rolled up.
func (s *Store) rollUp(ctx context.Context) error {
	finished := hourOf(nanos(s.now().Add(-settling)))
	behind, err := s.ids(ctx, "SELECT id FROM checks WHERE rolled_until < ?", finished)
	if err != nil {
		return s.wrap("roll up hours", err)
	}
	for len(behind) > 0 {
		var left []string
		if err := s.write(ctx, "roll up hours", func(t *tx) error {
			left = behind
			for n := 0; n < rolledPerWrite && len(left) > 0; n++ {
				more, err := t.rollNext(left[0], finished)
				if err != nil {
					return err
				}
				if !more {
					left = left[1:]
				}
			}
			return nil
		}); err != nil {
			return err
		}
		behind = left
	}
	return nil
}

// ids reads a list of texts.
func (s *Store) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.reading.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
}

// rollNext rolls up the check's next hour that has runs and is before
// finished, and tells whether there may be more.
func (t *tx) rollNext(check string, finished int64) (more bool, err error) {
	until, _ := t.rolledUntil(check)
	var first sql.NullInt64
	if _, err := t.scan("SELECT min(started) FROM runs WHERE check_id = ? AND started >= ?",
		[]any{check, until}, &first); err != nil {
		return false, err
	}
	next := finished
	if first.Valid && hourOf(first.Int64) < finished {
		h := hourOf(first.Int64)
		if err := t.rollHour(check, h, false); err != nil {
			return false, err
		}
		next, more = h+hour, true
	}
	if next <= until {
		return false, nil
	}
	t.setRolled(check, next)
	return more, t.exec("UPDATE checks SET rolled_until = ? WHERE id = ?", next, check)
}

// rollHour adds the runs that an hour has to what was already pruned of it.
func (t *tx) rollHour(check string, h int64, pruned bool) error {
	sum, ok, err := t.computeHour(check, h)
	if err != nil || !ok {
		return err
	}
	kept, hadPruned, err := t.keptHour(check, h)
	if err != nil {
		return err
	}
	if hadPruned {
		sum.merge(kept)
	}
	if err := t.rollBounds(check, h, hadPruned); err != nil {
		return err
	}
	return t.keepHour(sum, pruned || hadPruned)
}

// computeHour sums up the runs of an hour; ok is false if there are none.
func (t *tx) computeHour(check string, h int64) (sum checkHour, ok bool, err error) {
	rows, err := t.query(`SELECT check_id, started, outcome, maintenance, duration
		FROM runs INDEXED BY runs_by_hour
		WHERE check_id = ? AND started >= ? AND started < ? ORDER BY started`, check, h, h+hour)
	if err != nil {
		return sum, false, err
	}
	hours, err := sumUp(rows)
	if err != nil || len(hours) == 0 {
		return sum, false, err
	}
	return hours[0], true, nil
}

// keptHour reads a stored hour; pruned is false if it can be computed anew.
func (t *tx) keptHour(check string, h int64) (kept checkHour, pruned bool, err error) {
	_, err = t.scan("SELECT "+hourColumns+", h.pruned FROM hours h WHERE h.check_id = ? AND h.hour = ?", []any{check, h},
		&kept.check, &kept.hour, &kept.Passed, &kept.Degraded, &kept.Failed, &kept.Unknown, &kept.Maintenance,
		&kept.P50, &kept.P95, &kept.Max, &pruned)
	return kept, pruned, err
}

func (t *tx) keepHour(h checkHour, pruned bool) error {
	return t.exec(`INSERT OR REPLACE INTO hours
		(check_id, hour, passed, degraded, failed, unknown, maintenance, p50, p95, max, pruned)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.check, h.hour, h.Passed, h.Degraded, h.Failed, h.Unknown, h.Maintenance,
		int64(h.P50), int64(h.P95), int64(h.Max), pruned)
}

// lateHours are hours that were rolled up before a run that belongs to them
// was recorded.
type lateHours map[lateHour]*lateRuns

type lateHour struct {
	check string
	hour  int64
}

type lateRuns struct {
	checkHour
	durations []int64
	worked    []int64 // durations of those that did not fail
}

// add notes the run if it is late.
func (l *lateHours) add(t *tx, run *probes.Run) {
	h := hourOf(nanos(run.Started))
	if until, _ := t.rolledUntil(run.CheckID); h >= until {
		return
	}
	if *l == nil {
		*l = lateHours{}
	}
	key := lateHour{run.CheckID, h}
	late := (*l)[key]
	if late == nil {
		late = &lateRuns{checkHour: checkHour{check: key.check, hour: key.hour}}
		(*l)[key] = late
	}
	if late.count(run.Outcome, run.Maintenance) {
		late.durations = append(late.durations, int64(run.Duration))
		if run.Outcome != probes.Failed {
			late.worked = append(late.worked, int64(run.Duration))
		}
	}
}

// settle puts the late runs into their hours.
func (l lateHours) settle(t *tx) error {
	for key, late := range l {
		kept, pruned, err := t.keptHour(key.check, key.hour)
		if err != nil {
			return err
		}
		if !pruned {
			if err := t.rollHour(key.check, key.hour, false); err != nil {
				return err
			}
			continue
		}
		if err := t.addToBounds(late); err != nil {
			return err
		}
		late.measure(late.durations)
		kept.merge(late.checkHour)
		if err := t.keepHour(kept, true); err != nil {
			return err
		}
	}
	return nil
}
