package checks

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestObjectives(t *testing.T) {
	const day = 24 * time.Hour
	const get = "http: [get: http://127.0.0.1/]"
	available := Objective{Name: "availability", Good: 0.995, Over: 30 * day}
	tests := []struct {
		name, text string
		want       []Objective
	}{
		{"none", "checks: [{id: a, " + get + "}]", nil},
		{"a share", "checks: [{id: a, objective: 99.5%, " + get + "}]", []Objective{available}},
		{"one", "checks: [{id: a, objective: {good: 99.5%, over: 30d}, " + get + "}]", []Objective{available}},
		{"one with latency", "checks: [{id: a, objective: {good: 99.5%, latency: 800ms}, " + get + "}]",
			[]Objective{{Name: "latency", Good: 0.995, Over: 30 * day, Latency: 800 * time.Millisecond}}},
		{"several", "checks: [{id: a, objectives: [99.5%, {name: fast, good: 95%, latency: 800ms, over: 7d}], " + get + "}]",
			[]Objective{available, {Name: "fast", Good: 0.95, Over: 7 * day, Latency: 800 * time.Millisecond}}},
		{"none of several", "{defaults: {objective: 99%}, checks: [{id: a, objectives: [], " + get + "}]}", nil},
		{"on top of defaults", "{defaults: {objective: {good: 99%, over: 7d}}, checks: [{id: a, objective: {latency: 1s}, " + get + "}]}",
			[]Objective{{Name: "latency", Good: 0.99, Over: 7 * day, Latency: time.Second}}},
		{"several of defaults are replaced by one", "{defaults: {objectives: [99%, {good: 95%, latency: 1s}]}, checks: [{id: a, objective: 99.5%, " + get + "}]}",
			[]Objective{available}},
		{"no alerts", "checks: [{id: a, objective: {good: 99.5%, alerts: off}, " + get + "}]",
			[]Objective{{Name: "availability", Good: 0.995, Over: 30 * day, Burn: []BurnRate{}}}},
		{"the usual alerts again", "{defaults: {objective: {good: 99.5%, alerts: off}}, checks: [{id: a, objective: {alerts: default}, " + get + "}]}",
			[]Objective{available}},
		{"burn rates", "checks: [{id: a, objective: {good: 99.5%, burn: [{long: 1h, short: 5m, rate: 10}, {long: 1d, short: 2h, rate: 2, severity: warning}]}, " + get + "}]",
			[]Objective{{Name: "availability", Good: 0.995, Over: 30 * day, Burn: []BurnRate{
				{time.Hour, 5 * time.Minute, 10, SeverityCritical}, {day, 2 * time.Hour, 2, SeverityWarning}}}}},
	}
	schema := compiled(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, load(t, tt.text, Options{}).Checks[0].Objectives); diff != "" {
				t.Errorf("objectives (-want +got):\n%s", diff)
			}
			if err := schema.Validate(instance(t, []byte(tt.text))); err != nil {
				t.Errorf("schema: %v", err)
			}
		})
	}
}

func TestDefaultsKeepTheirObjectives(t *testing.T) {
	defs := load(t, `
defaults: {objective: 99%}
checks:
  - {id: a, objective: {latency: 1s}, http: [get: http://127.0.0.1/]}
  - {id: b, http: [get: http://127.0.0.1/]}
`, Options{})
	if a, b := defs.Checks[0].Objectives[0], defs.Checks[1].Objectives[0]; a.Name != "latency" || b.Name != "availability" || b.Latency != 0 {
		t.Errorf("a: %+v, b: %+v", a, b)
	}
}

func TestObjectiveKeeps(t *testing.T) {
	available, fast := Objective{Good: 0.99}, Objective{Good: 0.95, Latency: time.Second}
	for _, tt := range []struct {
		worked          bool
		took            time.Duration
		available, fast bool
	}{
		{true, time.Second, true, true}, {true, time.Second + 1, true, false}, {false, 0, false, false},
	} {
		if available.Keeps(tt.worked, tt.took) != tt.available || fast.Keeps(tt.worked, tt.took) != tt.fast {
			t.Errorf("%+v", tt)
		}
	}
}

func TestLatencies(t *testing.T) {
	defs := load(t, `
checks:
  - {id: a, objectives: [99%, {name: b, good: 95%, latency: 1s}, {name: c, good: 90%, latency: 1s}, {name: d, good: 90%, latency: 2s}], http: [get: http://127.0.0.1/]}
  - {id: b, http: [get: http://127.0.0.1/]}
`, Options{})
	want := map[string][]time.Duration{"a": {time.Second, 2 * time.Second}, "b": nil}
	if diff := cmp.Diff(want, defs.Latencies()); diff != "" {
		t.Errorf("latencies (-want +got):\n%s", diff)
	}
}
