package web

import (
	"context"
	"math"
	"time"

	"outrider/checks"
	"outrider/storage"
)

// share is how many of the judged runs were good.
type share struct {
	Good, Total float64
	Estimated   bool
}

// countShare takes passed and degraded runs as good: both worked.
func countShare(c storage.Counts) share {
	good := c.Passed + c.Degraded
	return share{Good: float64(good), Total: float64(good + c.Failed)}
}

// estimateWithin estimates how many runs were good and took no longer than a
// latency. Roll-ups know the median, the 95th percentile and the maximum of
// each hour; between those the share is taken to grow evenly.
func estimateWithin(hours []storage.Hour, latency time.Duration) share {
	sum := share{Estimated: true}
	for _, h := range hours {
		n := float64(h.Passed + h.Degraded + h.Failed)
		good := float64(h.Passed + h.Degraded)
		sum.Total += n
		sum.Good += min(good, n*shareBelow(h, latency))
	}
	return sum
}

// shareBelow estimates the share of an hour's runs that took at most d.
func shareBelow(h storage.Hour, d time.Duration) float64 {
	points := [...]struct {
		at    time.Duration
		share float64
	}{{0, 0}, {h.P50, 0.5}, {h.P95, 0.95}, {h.Max, 1}}
	for i := len(points) - 1; i >= 0; i-- {
		low := points[i]
		if d < low.at {
			continue
		}
		if i == len(points)-1 {
			return 1
		}
		high := points[i+1]
		return low.share + (high.share-low.share)*float64(d-low.at)/float64(high.at-low.at)
	}
	return 0
}

// budget is a promise and what is left of the failures it allows.
type budget struct {
	Objective checks.Objective
	Share     float64 // of good runs
	// Left is the share of the error budget that is left; negative when more
	// was spent than there was.
	Left      float64
	Runs      int
	Estimated bool
}

// newBudget gives nil if nothing has run.
func newBudget(o *checks.Objective, s share) *budget {
	if s.Total == 0 {
		return nil
	}
	b := &budget{Objective: *o, Share: s.Good / s.Total, Runs: int(s.Total), Estimated: s.Estimated}
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
		sh, err := s.shareOf(ctx, c.ID, &c.Objectives[i])
		if err != nil {
			return nil, err
		}
		budgets[i] = newBudget(&c.Objectives[i], sh)
	}
	return budgets, nil
}

// shareOf counts the good runs of an objective's window.
func (s *Server) shareOf(ctx context.Context, check string, o *checks.Objective) (share, error) {
	if o.Latency > 0 {
		return s.board.estimate(ctx, check, o.Over, o.Latency)
	}
	totals, err := s.board.over(ctx, o.Over)
	if err != nil {
		return share{}, err
	}
	return countShare(totals[check]), nil
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
