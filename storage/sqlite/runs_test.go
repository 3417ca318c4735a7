package sqlite

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage"
	"outrider/storage/storagetest"
)

// What another version wrote, or what a fault left, never stops those who
// follow the log.
func TestReadOtherVersions(t *testing.T) {
	for name, c := range map[string]struct {
		json  string
		steps int
		quiet bool
	}{
		"unknown fields":   {`{"steps":[{"name":"home","shadow":{"a":1}}],"planet":"earth"}`, 1, true},
		"missing fields":   {`{}`, 0, true},
		"other types":      {`{"steps":[{"name":"home"}],"labels":7,"host_disturbance":"high"}`, 1, false},
		"another identity": {`{"id":"x","check":"y","outcome":"failed","started":"1999-01-01T00:00:00Z","duration_ns":1}`, 0, true},
		"no JSON":          {`{"steps":[{"na`, 0, false},
		"nothing":          {``, 0, false},
		"null":             {`null`, 0, true},
		"a list":           {`[]`, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := open(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			run := storagetest.NewRun("a", start, time.Second)
			must(t, s.Record(t.Context(), run))
			must(t, s.write(t.Context(), "alter", func(x *tx) error { return x.exec("UPDATE runs SET run = ?", c.json) }))
			entries, err := s.RunsAfter(t.Context(), 0, 10)
			must(t, err)
			if len(entries) != 1 {
				t.Fatalf("%d runs", len(entries))
			}
			r := entries[0].Run
			if r.ID != run.ID || r.CheckID != "a" || r.Outcome != probes.Passed || !r.Started.Equal(start) || r.Duration != time.Second || r.Location != "local" {
				t.Errorf("the run is another: %+v", r)
			}
			if len(r.Steps) != c.steps {
				t.Errorf("%d steps, want %d", len(r.Steps), c.steps)
			}
			if (log.Len() == 0) != c.quiet {
				t.Errorf("logged: %s", log.String())
			}
		})
	}
}

// Questions that pages ask all the time are answered from indexes, without
// sorting or reading what is not wanted.
func TestPlans(t *testing.T) {
	s := open(t, Options{})
	plan := func(query string, args ...any) (steps []string) {
		rows, err := s.reading.Query("EXPLAIN QUERY PLAN "+query, args...)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			must(t, rows.Scan(&id, &parent, &unused, &detail))
			steps = append(steps, detail)
		}
		return steps
	}
	runs := func(q storage.RunQuery) []string {
		where, args := selectRuns(q, maxEntries)
		return plan("SELECT "+entryColumns+" FROM runs "+where, args...)
	}
	failed := []probes.Outcome{probes.Failed}
	const seqs, ofSpan = "LIST SUBQUERY 1", "USING COVERING INDEX runs_by_hour"
	for name, c := range map[string]struct {
		steps []string
		want  []string // parts of the steps
	}{
		"runs":                {runs(storage.RunQuery{}), []string{"SCAN runs"}},
		"runs, the next page": {runs(storage.RunQuery{Before: 7}), []string{"SEARCH runs USING INTEGER PRIMARY KEY"}},
		"runs of a check":     {runs(storage.RunQuery{CheckID: "a"}), []string{"SEARCH runs USING INDEX runs_by_check"}},
		"failed runs of a check": {runs(storage.RunQuery{CheckID: "a", Outcomes: failed}),
			[]string{"SEARCH runs USING INTEGER PRIMARY KEY", seqs, "checks", ofSpan, "TEMP B-TREE"}},
		"failed runs of a day": {runs(storage.RunQuery{Since: start, Outcomes: failed}),
			[]string{"SEARCH runs USING INTEGER PRIMARY KEY", seqs, "checks", ofSpan, "TEMP B-TREE"}},
		"due notifications": {plan("SELECT "+notificationColumns+` FROM notifications WHERE state = 'pending'
			AND endpoint = ? AND next_attempt <= ? ORDER BY next_attempt`, "x", 1), []string{"USING INDEX notifications_due"}},
		"open incidents": {plan("SELECT incident FROM incidents WHERE state = 'open' ORDER BY opened"), []string{"USING INDEX incidents_open"}},
	} {
		ok := len(c.steps) == len(c.want)
		for i := range c.want {
			ok = ok && strings.Contains(c.steps[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s:\n%s", name, strings.Join(c.steps, "\n"))
		}
	}
}
