package surge

import (
	"strings"
	"testing"
	"time"

	"outrider/checks"
)

func TestBounds(t *testing.T) {
	c := checks.Check{Timeout: 30 * time.Second, Objectives: []checks.Objective{{Name: "fast", Good: 0.95, Latency: 2 * time.Second}},
		Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: time.Second}}}
	bounds := Bounds(&c)
	want := []Bound{{"objective fast", 2 * time.Second, 0.95}, {"threshold degraded", time.Second, 0.5}, {"timeout", 30 * time.Second, 0.5}}
	if len(bounds) != len(want) {
		t.Fatalf("%+v", bounds)
	}
	for i := range want {
		if bounds[i] != want[i] {
			t.Errorf("%+v, want %+v", bounds[i], want[i])
		}
	}
}

func TestProjectEvent(t *testing.T) {
	f := fitted(t, server{median: mm1(0.4, 1000), low: 50, high: 850, noise: 0.15, runs: 400}.pairs(1))
	e := checks.Event{Name: "Black Friday", From: start, To: start.Add(24 * time.Hour), Load: checks.PlannedLoad{Factor: 5}}
	bounds := []Bound{{"threshold degraded", time.Second, 0.5}}
	o := Project(f, e, bounds, "/min")
	if o.Projection.Verdict != Saturates || o.Risks[0].Probability < 0.9 {
		t.Errorf("%+v", o)
	}
	for _, says := range []string{"Black Friday, 2026-11-02 00:00 to 2026-11-03 00:00 UTC", "saturates", "5x is", "threshold degraded 1 s with"} {
		if !strings.Contains(o.Sentence, says) {
			t.Errorf("does not say %q: %s", says, o.Sentence)
		}
	}
	e.Load = checks.PlannedLoad{Value: 300}
	o = Project(f, e, bounds, "/min")
	if o.Projection.Verdict != Tells || o.Risks[0].Probability > 0.01 || !strings.Contains(o.Sentence, "No bound is expected to break") {
		t.Errorf("%+v", o)
	}
}
