package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"outrider/storage"
)

// Retention is how long what is kept. Zero fields have the stated defaults;
// negative ones mean for ever or, for MaxBytes, no bound.
type Retention struct {
	// Runs is the age at which runs go, by the start of the hour after theirs.
	// Runs that a follower has not yet read stay longer. Zero: 30 days.
	Runs time.Duration
	// Artifacts is the age at which the evidence of runs goes. Zero: 7 days.
	Artifacts time.Duration
	// Hours is the age at which roll-ups and resolved incidents go. Zero: 400
	// days, so that a month can be compared to the same one a year before.
	Hours time.Duration
	// MaxBytes bounds the database file (its log beside it, some tens of
	// megabytes at the most, comes on top). Over it the oldest runs go, read by
	// all followers or not. Zero: 5 GiB.
	MaxBytes int64
}

func (r Retention) orDefault() Retention {
	const day = 24 * time.Hour
	if r.Runs == 0 {
		r.Runs = 30 * day
	}
	if r.Artifacts == 0 {
		r.Artifacts = 7 * day
	}
	if r.Hours == 0 {
		r.Hours = 400 * day
	}
	if r.MaxBytes == 0 {
		r.MaxBytes = 5 << 30
	}
	return r
}

// Prune rolls up finished hours and removes what retention says, in small
// transactions between which others write. It is to be called every few
// minutes. Open incidents and pending notifications always stay.
func (s *Store) Prune(ctx context.Context) error {
	now := s.now()
	if err := s.rollUp(ctx); err != nil {
		return err
	}
	if s.retention.Artifacts > 0 {
		if err := s.repeat(ctx, "prune artifacts", `DELETE FROM artifacts WHERE rowid IN
			(SELECT rowid FROM artifacts WHERE made < ? ORDER BY made LIMIT 50)`,
			nanos(now.Add(-s.retention.Artifacts))); err != nil {
			return err
		}
	}
	if s.retention.Runs > 0 {
		if err := s.pruneByAge(ctx, nanos(now.Add(-s.retention.Runs))); err != nil {
			return err
		}
	}
	if s.retention.Hours > 0 {
		if err := s.pruneHistory(ctx, nanos(now.Add(-s.retention.Hours))); err != nil {
			return err
		}
	}
	if s.retention.MaxBytes > 0 {
		if err := s.pruneBySize(ctx); err != nil {
			return err
		}
	}
	return s.shrink(ctx)
}

// repeat runs a statement, each time in a transaction of its own, until it
// changes nothing any more.
func (s *Store) repeat(ctx context.Context, op, statement string, args ...any) error {
	for n := int64(1); n > 0; {
		if err := s.write(ctx, op, func(t *tx) (err error) {
			n, err = t.affected(statement, args...)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// prunedPerWrite is about how many runs are removed in one transaction.
const prunedPerWrite = 500

// pruneByAge removes the hours of runs that end before the cutoff, check by
// check, as far as the followers have read them.
func (s *Store) pruneByAge(ctx context.Context, cutoff int64) error {
	checks, err := s.ids(ctx, "SELECT id FROM checks")
	if err != nil {
		return s.wrap("prune runs", err)
	}
	for len(checks) > 0 {
		var left []string
		if err := s.write(ctx, "prune runs", func(t *tx) error {
			left = checks
			read, err := t.slowestFollower()
			if err != nil {
				return err
			}
			for removed := int64(0); removed < prunedPerWrite && len(left) > 0; {
				n, err := t.pruneOldest(left[0], cutoff, read)
				if err != nil {
					return err
				}
				if removed += n; n == 0 {
					left = left[1:]
				}
			}
			return nil
		}); err != nil {
			return err
		}
		checks = left
	}
	return nil
}

// slowestFollower gives the Seq up to which every follower has read the runs.
func (t *tx) slowestFollower() (int64, error) {
	var seq sql.NullInt64
	_, err := t.scan("SELECT min(seq) FROM cursors WHERE name NOT LIKE ?", []any{storage.EventCursor("%")}, &seq)
	if err != nil || !seq.Valid {
		return 1<<63 - 1, err
	}
	return seq.Int64, nil
}

// pruneOldest removes the oldest hour of a check if it ends before the cutoff
// and has been read, and gives the number of runs removed.
func (t *tx) pruneOldest(check string, cutoff, read int64) (int64, error) {
	var first, newest sql.NullInt64
	if _, err := t.scan("SELECT min(started) FROM runs WHERE check_id = ?", []any{check}, &first); err != nil || !first.Valid {
		return 0, err
	}
	h := hourOf(first.Int64)
	if h+hour > cutoff {
		return 0, nil
	}
	if _, err := t.scan(`SELECT max(seq) FROM runs INDEXED BY runs_by_hour
		WHERE check_id = ? AND started >= ? AND started < ?`, []any{check, h, h + hour}, &newest); err != nil {
		return 0, err
	}
	if newest.Int64 > read {
		return 0, nil
	}
	return t.pruneHour(check, h)
}

// pruneHour removes an hour of runs, keeping its sum.
func (t *tx) pruneHour(check string, h int64) (int64, error) {
	if until, _ := t.rolledUntil(check); h >= until {
		if err := t.rollHour(check, h, true); err != nil {
			return 0, err
		}
	} else if err := t.exec("UPDATE hours SET pruned = 1 WHERE check_id = ? AND hour = ?", check, h); err != nil {
		return 0, err
	}
	return t.affected("DELETE FROM runs WHERE check_id = ? AND started >= ? AND started < ?", check, h, h+hour)
}

// pruneHistory removes old roll-ups, old notes and old incidents.
func (s *Store) pruneHistory(ctx context.Context, cutoff int64) error {
	checks, err := s.ids(ctx, "SELECT id FROM checks c WHERE EXISTS (SELECT * FROM hours WHERE check_id = c.id AND hour < ?)", cutoff)
	if err != nil {
		return s.wrap("prune hours", err)
	}
	for _, check := range checks {
		if err := s.repeat(ctx, "prune hours", `DELETE FROM latency_hours WHERE check_id = ?1 AND (bound, hour) IN
			(SELECT bound, hour FROM latency_hours WHERE check_id = ?1 AND hour < ?2 LIMIT 500)`, check, cutoff); err != nil {
			return err
		}
		if err := s.repeat(ctx, "prune hours", `DELETE FROM hours WHERE check_id = ?1 AND hour IN
			(SELECT hour FROM hours WHERE check_id = ?1 AND hour < ?2 LIMIT 500)`, check, cutoff); err != nil {
			return err
		}
	}
	if err := s.repeat(ctx, "prune notes", "DELETE FROM notes WHERE seq IN (SELECT seq FROM notes WHERE at < ? LIMIT 500)", cutoff); err != nil {
		return err
	}
	return s.pruneIncidents(ctx, cutoff)
}

// pruneIncidents removes incidents that were resolved before the cutoff, that
// nobody is still to be told of, and whose events every follower has read.
func (s *Store) pruneIncidents(ctx context.Context, cutoff int64) error {
	const old = `SELECT id FROM incidents i WHERE state <> 'open' AND resolved < ?
		AND NOT EXISTS (SELECT * FROM notifications WHERE incident = i.id AND state = 'pending')
		AND NOT EXISTS (SELECT * FROM incident_events WHERE incident = i.id
			AND seq > (SELECT min(seq) FROM cursors WHERE name LIKE ?))
		ORDER BY opened LIMIT 50`
	for n := 1; n > 0; {
		if err := s.write(ctx, "prune incidents", func(t *tx) error {
			rows, err := t.query(old, cutoff, storage.EventCursor("%"))
			if err != nil {
				return err
			}
			ids, err := collect(rows, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
			n = len(ids)
			for _, id := range ids {
				if err == nil {
					err = t.exec("DELETE FROM notifications WHERE incident = ?", id)
				}
				if err == nil {
					err = t.exec("DELETE FROM incidents WHERE id = ?", id)
				}
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// usage is what the file has, in bytes.
type usage struct{ file, free int64 }

func (s *Store) usage(ctx context.Context) (u usage, err error) {
	err = s.reading.QueryRowContext(ctx, `SELECT page_count * page_size, freelist_count * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&u.file, &u.free)
	return u, s.wrap("measure", err)
}

// pruneBySize removes the oldest runs until the rest fits, with a little room
// so that it is not needed again at once.
func (s *Store) pruneBySize(ctx context.Context) error {
	u, err := s.usage(ctx)
	if err != nil || u.file-u.free <= s.retention.MaxBytes {
		return err
	}
	var removed int64
	newest := int64(0) // Seq removed
	for goal := s.retention.MaxBytes - s.retention.MaxBytes/16; u.file-u.free > goal; {
		var n, seq int64
		if err := s.write(ctx, "prune runs", func(t *tx) (err error) {
			n, seq, err = t.pruneFirst()
			return err
		}); err != nil {
			return err
		}
		if n == 0 {
			s.log.Warn("database is over its size bound without any runs", "path", s.path,
				"bytes", u.file-u.free, "bound", s.retention.MaxBytes)
			return nil
		}
		removed += n
		newest = max(newest, seq)
		if u, err = s.usage(ctx); err != nil {
			return err
		}
	}
	unread, err := s.ids(ctx, "SELECT name FROM cursors WHERE seq < ? AND name NOT LIKE ?", newest, storage.EventCursor("%"))
	if err != nil {
		return s.wrap("prune runs", err)
	}
	if len(unread) > 0 {
		s.log.Warn("database is full: runs were removed before every follower had read them",
			"path", s.path, "runs", removed, "followers", strings.Join(unread, ", "), "bound", s.retention.MaxBytes)
	} else {
		s.log.Info("database is full: the oldest runs were removed", "path", s.path, "runs", removed,
			"bound", s.retention.MaxBytes)
	}
	return nil
}

// pruneFirst removes the hour that the oldest run belongs to, and gives how
// many runs that were and the newest Seq among them.
func (t *tx) pruneFirst() (n, newest int64, err error) {
	var check string
	var started int64
	found, err := t.scan("SELECT check_id, started FROM runs ORDER BY seq LIMIT 1", nil, &check, &started)
	if err != nil || !found {
		return 0, 0, err
	}
	h := hourOf(started)
	if _, err := t.scan("SELECT max(seq) FROM runs WHERE check_id = ? AND started >= ? AND started < ?",
		[]any{check, h, h + hour}, &newest); err != nil {
		return 0, 0, err
	}
	n, err = t.pruneHour(check, h)
	return n, newest, err
}

// spare is how many free bytes in the file are kept for what comes next.
const spare = 16 << 20

// shrink gives free pages back to the file system if they are many, or if the
// file is over its bound.
func (s *Store) shrink(ctx context.Context) error {
	u, err := s.usage(ctx)
	if err != nil {
		return err
	}
	over := s.retention.MaxBytes > 0 && u.file > s.retention.MaxBytes
	if !over && u.free < max(spare, u.file/4) {
		return nil
	}
	for u.free > 0 {
		if err := s.write(ctx, "shrink", func(t *tx) error { return t.exec("PRAGMA incremental_vacuum(256)") }); err != nil {
			return err
		}
		before := u.free
		if u, err = s.usage(ctx); err != nil || u.free >= before {
			return err
		}
	}
	return nil
}
