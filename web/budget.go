package web

import (
	"context"
	"math"

	"outrider/checks"
	"outrider/storage"
)

// countKept takes passed and degraded runs as good: both worked.
func countKept(c storage.Counts) storage.Kept {
	good := c.Passed + c.Degraded
	return storage.Kept{Good: good, Total: good + c.Failed}
}

// budget is a promise and what is left of the failures it allows.
type budget struct {
	Objective checks.Objective
	Share     float64 // of good runs
	// Left is the share of the error budget that is left; negative when more
	// was spent than there was.
	Left float64
	Runs int
}

// newBudget gives nil if nothing has run.
func newBudget(o *checks.Objective, k storage.Kept) *budget {
	if k.Total == 0 {
		return nil
	}
	b := &budget{Objective: *o, Share: float64(k.Good) / float64(k.Total), Runs: k.Total}
	if allowed := 1 - o.Good; allowed > 0 {
		b.Left = 1 - (1-b.Share)/allowed
	}
	if math.Abs(b.Left) < 1e-9 {
		b.Left = 0
	}
	return b
}

// Spent tells whether more failed than was allowed.
func (b *budget) Spent() bool { return b.Left < 0 }

// Low tells whether less than a quarter is left.
func (b *budget) Low() bool { return b.Left >= 0 && b.Left < 0.25 }

// Bar is the length of the bar that shows what is left, in percent.
func (b *budget) Bar() float64 { return min(max(b.Left, 0), 1) * 100 }

// State is the outcome whose colour the budget takes.
func (b *budget) State() string {
	switch {
	case b.Spent():
		return "failed"
	case b.Low():
		return "degraded"
	}
	return "passed"
}

// budgetsOf gives the budgets of a check, as known from the board, in the
// order of its objectives. Where nothing has run yet there is a nil.
func (s *Server) budgetsOf(ctx context.Context, c *checks.Check) ([]*budget, error) {
	budgets := make([]*budget, len(c.Objectives))
	for i := range c.Objectives {
		kept, err := s.kept(ctx, c.ID, &c.Objectives[i])
		if err != nil {
			return nil, err
		}
		budgets[i] = newBudget(&c.Objectives[i], kept)
	}
	return budgets, nil
}

// kept counts the good runs of an objective's window.
func (s *Server) kept(ctx context.Context, check string, o *checks.Objective) (storage.Kept, error) {
	if o.Latency > 0 {
		return s.board.within(ctx, check, o.Over, o.Latency)
	}
	totals, err := s.board.over(ctx, o.Over)
	if err != nil {
		return storage.Kept{}, err
	}
	return countKept(totals[check]), nil
}

// tightest gives the budget of which the least is left; nil if there is none.
func tightest(budgets []*budget) *budget {
	var least *budget
	for _, b := range budgets {
		if b != nil && (least == nil || b.Left < least.Left) {
			least = b
		}
	}
	return least
}
