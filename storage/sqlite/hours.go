package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"outrider/probes"
	"outrider/storage"
)

const hour = int64(time.Hour)

// hourOf gives the start of the hour of a time, both as stored.
func hourOf(started int64) int64 {
	h := started - started%hour
	if started < 0 && h != started {
		h -= hour // before 1970: a clock that was never set
	}
	return h
}

// hourBounds gives the first hour that starts at or after since, and the first
// one that starts at or after until. A zero until means for ever.
func hourBounds(since, until time.Time) (from, to int64) {
	from = hourOf(nanos(since) + hour - 1)
	if until.IsZero() {
		return from, 1<<63 - 1
	}
	return from, hourOf(nanos(until) + hour - 1)
}

// Hours implements storage.Runs.
func (s *Store) Hours(ctx context.Context, checkID string, since, until time.Time) ([]storage.Hour, error) {
	all, err := s.hours(ctx, "c.id = ? AND", []any{checkID}, since, until)
	return all[checkID], err
}

// AllHours implements storage.Overview.
func (s *Store) AllHours(ctx context.Context, since, until time.Time) (map[string][]storage.Hour, error) {
	return s.hours(ctx, "", nil, since, until)
}

// hours reads finished hours from the roll-ups and the rest from the runs.
func (s *Store) hours(ctx context.Context, which string, args []any, since, until time.Time) (map[string][]storage.Hour, error) {
	from, to := hourBounds(since, until)
	args = append(args, from, to)
	var all map[string][]storage.Hour
	err := s.read(ctx, "read hours", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, "SELECT "+hourColumns+`
			FROM checks c CROSS JOIN hours h ON h.check_id = c.id
			WHERE `+which+" h.hour >= ? AND h.hour < ? ORDER BY h.check_id, h.hour", args...)
		if err != nil {
			return err
		}
		kept, err := collect(rows, scanHour)
		if err != nil {
			return err
		}
		rows, err = t.QueryContext(ctx, `SELECT r.check_id, r.started, r.outcome, r.maintenance, r.duration
			FROM checks c CROSS JOIN runs r INDEXED BY runs_by_hour ON r.check_id = c.id
			WHERE `+which+` r.started >= max(c.rolled_until, ?) AND r.started < ?
			ORDER BY r.check_id, r.started`, args...)
		if err != nil {
			return err
		}
		recent, err := sumUp(rows)
		all = join(kept, recent)
		return err
	})
	return all, err
}

// checkHour is an hour of a check.
type checkHour struct {
	check string
	hour  int64
	storage.Hour
}

const hourColumns = "h.check_id, h.hour, h.passed, h.degraded, h.failed, h.unknown, h.maintenance, h.p50, h.p95, h.max"

func scanHour(row scanner) (checkHour, error) {
	var h checkHour
	err := row.Scan(&h.check, &h.hour, &h.Passed, &h.Degraded, &h.Failed, &h.Unknown, &h.Maintenance, &h.P50, &h.P95, &h.Max)
	h.Start = time.Unix(0, h.hour).UTC()
	return h, err
}

// sumUp rolls up rows of (check, started, outcome, maintenance, duration) that
// are sorted by check and time.
func sumUp(rows *sql.Rows) (hours []checkHour, err error) {
	defer rows.Close()
	var durations []int64
	finish := func() {
		if len(hours) > 0 {
			hours[len(hours)-1].measure(durations)
		}
		durations = durations[:0]
	}
	for rows.Next() {
		var (
			check             string
			started, duration int64
			outcome           probes.Outcome
			maintenance       bool
		)
		if err := rows.Scan(&check, &started, &outcome, &maintenance, &duration); err != nil {
			return nil, err
		}
		if h := hourOf(started); len(hours) == 0 || hours[len(hours)-1].hour != h || hours[len(hours)-1].check != check {
			finish()
			hours = append(hours, checkHour{check: check, hour: h, Hour: storage.Hour{Start: time.Unix(0, h).UTC()}})
		}
		if hours[len(hours)-1].count(outcome, maintenance) {
			durations = append(durations, duration)
		}
	}
	finish()
	return hours, rows.Err()
}

// count counts a run and tells whether its duration counts too.
func (h *checkHour) count(outcome probes.Outcome, maintenance bool) (measured bool) {
	c := storage.Counts{}
	*counter(&c, outcome, maintenance)++
	h.Passed += c.Passed
	h.Degraded += c.Degraded
	h.Failed += c.Failed
	h.Unknown += c.Unknown
	h.Maintenance += c.Maintenance
	return c.Unknown == 0 && c.Maintenance == 0
}

// measure sets the quantiles from all durations of the hour.
func (h *checkHour) measure(durations []int64) {
	slices.Sort(durations)
	h.P50 = quantile(durations, 50)
	h.P95 = quantile(durations, 95)
	h.Max = quantile(durations, 100)
}

// quantile gives the smallest value that at least percent of all do not
// exceed (nearest rank); zero if there are none.
func quantile(sorted []int64, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return time.Duration(sorted[(len(sorted)*percent+99)/100-1])
}

// merge adds the figures of another part of the same hour. Counts and Max stay
// exact; the quantiles become the mean of those of the parts, weighted by
// their runs, since the durations of a pruned part are gone. That happens only
// to hours that the bound on size cut in two.
func (h *checkHour) merge(o checkHour) {
	n, m := h.measured(), o.measured()
	if n+m > 0 {
		mean := func(a, b time.Duration) time.Duration {
			return time.Duration((float64(a)*float64(n) + float64(b)*float64(m)) / float64(n+m))
		}
		h.P50, h.P95 = mean(h.P50, o.P50), mean(h.P95, o.P95)
	}
	h.Max = max(h.Max, o.Max)
	h.Passed += o.Passed
	h.Degraded += o.Degraded
	h.Failed += o.Failed
	h.Unknown += o.Unknown
	h.Maintenance += o.Maintenance
}

func (h *checkHour) measured() int { return h.Passed + h.Degraded + h.Failed }

// join merges two lists, each sorted by check and hour, into one by check.
func join(kept, recent []checkHour) map[string][]storage.Hour {
	all := map[string][]storage.Hour{}
	for len(kept) > 0 || len(recent) > 0 {
		var h checkHour
		switch order := compareHours(kept, recent); {
		case order < 0:
			h, kept = kept[0], kept[1:]
		case order > 0:
			h, recent = recent[0], recent[1:]
		default:
			h = kept[0]
			h.merge(recent[0])
			kept, recent = kept[1:], recent[1:]
		}
		all[h.check] = append(all[h.check], h.Hour)
	}
	return all
}

// compareHours orders the heads of two lists; an empty list comes last.
func compareHours(a, b []checkHour) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	case a[0].check != b[0].check:
		if a[0].check < b[0].check {
			return -1
		}
		return 1
	case a[0].hour != b[0].hour:
		if a[0].hour < b[0].hour {
			return -1
		}
		return 1
	}
	return 0
}
