package objective_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/checks"
	"outrider/incidents/detect/objective"
)

func TestGoalOf(t *testing.T) {
	defs, err := checks.LoadBytes("test.yaml", []byte(`
checks:
  - id: every
    every: 1m
    objectives:
      - 99.5%
      - {name: fast, good: 95%, latency: 800ms, over: 7d, burn: [{long: 1h, short: 5m, rate: 10}, {long: 1d, short: 2h, rate: 2, severity: warning}]}
      - {name: quiet, good: 99%, alerts: off}
    http: [get: http://127.0.0.1/]
  - id: workdays
    cron: 30 5 * * mon-fri
    objective: 99%
    http: [get: http://127.0.0.1/]
  - id: quarters
    cron: "*/15 8-17 * * *"
    objective: 99%
    http: [get: http://127.0.0.1/]
`), checks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	goal := func(check string, n, locations int) objective.Goal {
		c, ok := defs.Check(check)
		if !ok {
			t.Fatalf("no check %s", check)
		}
		g := objective.GoalOf(&c, &c.Objectives[n], locations)
		if err := g.Validate(); err != nil {
			t.Errorf("%s: %v", check, err)
		}
		return g
	}
	for _, tt := range []struct {
		name      string
		got, want objective.Goal
	}{
		{"plain", goal("every", 0, 1), objective.Goal{Name: "availability", Good: 0.995, Over: 30 * day, Cadence: time.Minute}},
		{"three locations", goal("every", 0, 3), objective.Goal{Name: "availability", Good: 0.995, Over: 30 * day, Cadence: 20 * time.Second}},
		{"with burn rates", goal("every", 1, 1), objective.Goal{Name: "fast", Good: 0.95, Over: 7 * day, Latency: 800 * time.Millisecond, Cadence: time.Minute, Rows: []objective.Row{
			{Long: time.Hour, Short: 5 * time.Minute, Rate: 10, Severity: objective.Critical}, {Long: day, Short: 2 * time.Hour, Rate: 2, Severity: objective.Warning}}}},
		{"no alerts", goal("every", 2, 0), objective.Goal{Name: "quiet", Good: 0.99, Over: 30 * day, Cadence: time.Minute, Rows: []objective.Row{}}},
		{"daily", goal("workdays", 0, 1), objective.Goal{Name: "availability", Good: 0.99, Over: 30 * day, Cadence: day}},
		{"quarters of an hour", goal("quarters", 0, 1), objective.Goal{Name: "availability", Good: 0.99, Over: 30 * day, Cadence: 15 * time.Minute}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
