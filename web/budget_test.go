package web

import (
	"math"
	"testing"
	"time"

	"outrider/checks"
	"outrider/storage"
)

func TestBudget(t *testing.T) {
	goal := &checks.Objective{Good: 0.99, Over: 30 * 24 * time.Hour}
	for _, c := range []struct {
		name   string
		counts storage.Counts
		left   float64
		state  string
	}{
		{"untouched", storage.Counts{Passed: 900, Degraded: 100}, 1, "passed"},
		{"half spent", storage.Counts{Passed: 995, Failed: 5}, 0.5, "passed"},
		{"nearly spent", storage.Counts{Passed: 991, Failed: 9}, 0.1, "degraded"},
		{"just spent", storage.Counts{Passed: 990, Failed: 10}, 0, "degraded"},
		{"overspent", storage.Counts{Passed: 970, Failed: 30}, -2, "failed"},
		{"unknown and maintenance do not count", storage.Counts{Passed: 995, Failed: 5, Unknown: 500, Maintenance: 500}, 0.5, "passed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBudget(goal, countShare(c.counts))
			if math.Abs(b.Left-c.left) > 1e-9 || b.State() != c.state || b.Bar() < 0 || b.Bar() > 100 {
				t.Errorf("%+v, %s, bar %v", b, b.State(), b.Bar())
			}
		})
	}
	if newBudget(goal, share{}) != nil {
		t.Error("a budget of nothing")
	}
	some, less := newBudget(goal, share{Good: 999, Total: 1000}), newBudget(goal, share{Good: 995, Total: 1000})
	if tightest(nil) != nil || tightest([]*budget{nil}) != nil || tightest([]*budget{some, nil, less}) != less {
		t.Error("the tightest is the one of which the least is left")
	}
}

func TestEstimateWithin(t *testing.T) {
	const ms = time.Millisecond
	h := storage.Hour{Passed: 90, Degraded: 5, Failed: 5, P50: 100 * ms, P95: 200 * ms, Max: 300 * ms}
	for limit, want := range map[time.Duration]float64{
		300 * ms: 95, time.Second: 95, 250 * ms: 95, 200 * ms: 95, 150 * ms: 72.5, 100 * ms: 50, 50 * ms: 25, 0: 0,
	} {
		if got := estimateWithin([]storage.Hour{h}, limit); math.Abs(got.Good-want) > 1e-9 || got.Total != 100 || !got.Estimated {
			t.Errorf("within %v: %+v, want %v", limit, got, want)
		}
	}
	flat := storage.Hour{Passed: 1, P50: ms, P95: ms, Max: ms}
	if got := estimateWithin([]storage.Hour{flat, {Unknown: 3}}, ms); got.Good != 1 || got.Total != 1 {
		t.Errorf("one run: %+v", got)
	}
}
