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
			b := newBudget(goal, countKept(c.counts))
			if math.Abs(b.Left-c.left) > 1e-9 || b.State() != c.state || b.Bar() < 0 || b.Bar() > 100 {
				t.Errorf("%+v, %s, bar %v", b, b.State(), b.Bar())
			}
		})
	}
	if newBudget(goal, storage.Kept{}) != nil {
		t.Error("a budget of nothing")
	}
	some, less := newBudget(goal, storage.Kept{Good: 999, Total: 1000}), newBudget(goal, storage.Kept{Good: 995, Total: 1000})
	if tightest(nil) != nil || tightest([]*budget{nil}) != nil || tightest([]*budget{some, nil, less}) != less {
		t.Error("the tightest is the one of which the least is left")
	}
}
