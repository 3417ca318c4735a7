package sqlite

import (
	"context"
	"fmt"

	"outrider/probes"
	"outrider/storage"
)

// row is a run in the form in which it is stored.
type row struct {
	run  *probes.Run
	json string
}

// Record appends runs to the log, together or not at all. When it returns nil
// they survive any crash. A run whose ID is already recorded is left as it is,
// so recording again after an error or an unknown end is safe.
func (s *Store) Record(ctx context.Context, runs ...probes.Run) error {
	if len(runs) == 0 {
		return nil
	}
	rows := make([]row, len(runs))
	for i := range runs {
		text, err := storage.EncodeRun(&runs[i])
		if err != nil {
			return fmt.Errorf("record run %s of %s: %w", runs[i].ID, runs[i].CheckID, err)
		}
		rows[i] = row{&runs[i], text}
	}
	return s.write(ctx, "record runs", func(t *tx) error { return t.record(rows) })
}

func (t *tx) record(rows []row) error {
	var late lateHours
	for _, r := range rows {
		isNew, err := t.insertRun(r)
		if err != nil {
			return fmt.Errorf("run %s of %s: %w", r.run.ID, r.run.CheckID, err)
		}
		if isNew {
			t.appended = true
			late.add(t, r.run)
		}
	}
	return late.settle(t)
}

// insertRun tells whether the run was not yet recorded.
func (t *tx) insertRun(r row) (isNew bool, err error) {
	run := r.run
	if _, known := t.rolledUntil(run.CheckID); !known {
		if err := t.exec("INSERT INTO checks (id) VALUES (?) ON CONFLICT DO NOTHING", run.CheckID); err != nil {
			return false, err
		}
		t.setRolled(run.CheckID, 0)
	}
	result, err := t.result(`INSERT INTO runs
		(id, check_id, location, outcome, maintenance, started, duration, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`,
		run.ID, run.CheckID, run.Location, string(run.Outcome), run.Maintenance,
		nanos(run.Started), int64(run.Duration), r.json)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	seq, err := result.LastInsertId()
	if err != nil {
		return false, err
	}
	for i := range run.Steps {
		step := &run.Steps[i]
		if err := t.exec("INSERT INTO steps (run, position, name, outcome, duration) VALUES (?, ?, ?, ?, ?)",
			seq, i, step.Name, string(step.Outcome), int64(step.Duration)); err != nil {
			return false, err
		}
	}
	for i := range run.Artifacts {
		a := &run.Artifacts[i]
		if err := t.exec(`INSERT INTO artifacts (run, name, media_type, step, made, data) VALUES (?, ?, ?, ?, ?, ?)`,
			seq, a.Name, a.MediaType, a.Step, nanos(run.Started), notNil(a.Data)); err != nil {
			return false, err
		}
	}
	return true, nil
}

// notNil is for columns that may be empty but not NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
