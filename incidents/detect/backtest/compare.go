package backtest

import (
	"slices"
	"time"

	"outrider/incidents/detect"
)

// Recorded is an incident that really was.
type Recorded struct {
	ID       string          `json:"id"`
	Location string          `json:"location"`
	Cause    detect.Cause    `json:"cause"`
	Severity detect.Severity `json:"severity"`
	Opened   time.Time       `json:"opened"`
	Since    time.Time       `json:"since"`
	Resolved time.Time       `json:"resolved,omitzero"` // zero: still open
	BadRuns  int             `json:"bad_runs"`
	Summary  string          `json:"summary"`
}

// Comparison holds a backtest against what was recorded.
type Comparison struct {
	Matched      []Match    `json:"matched"`
	OnlyRecorded []Recorded `json:"only_recorded"`
	OnlyBacktest []Alert    `json:"only_backtest"`
}

// Match is an incident that really was and the alert of the backtest that
// overlaps with it. Several incidents may match one alert.
type Match struct {
	Recorded Recorded `json:"recorded"`
	Alert    Alert    `json:"alert"`
}

// Later is by how much the alert opened after the incident; negative: before.
func (m *Match) Later() time.Duration { return m.Alert.Opened.Sub(m.Recorded.Opened) }

// Compare matches incidents with the alerts of a result. Two match if they are
// of the same location and cause and were open at the same time, or nearly: at
// most slack apart. An incident that has no such alert may match one of another
// cause, unless one of the two is a prediction. Incidents that were not open in
// the span of the result are left out.
func Compare(r *Result, recorded []Recorded, slack time.Duration) *Comparison {
	c := &Comparison{Matched: []Match{}, OnlyRecorded: []Recorded{}, OnlyBacktest: []Alert{}}
	recorded = slices.Clone(recorded)
	slices.SortStableFunc(recorded, func(a, b Recorded) int { return a.Opened.Compare(b.Opened) })
	used := make([]bool, len(r.Alerts))
	for _, i := range recorded {
		was := span{i.Opened, i.Resolved}
		if i.Resolved.IsZero() {
			was.to = later(r.To, i.Opened)
		}
		if !was.overlaps(span{r.From, r.To.Add(slack)}) {
			continue
		}
		at := match(r, &i, span{was.from.Add(-slack), was.to.Add(slack)})
		if at < 0 {
			c.OnlyRecorded = append(c.OnlyRecorded, i)
			continue
		}
		used[at] = true
		c.Matched = append(c.Matched, Match{i, r.Alerts[at]})
	}
	for i, a := range r.Alerts {
		if !used[i] {
			c.OnlyBacktest = append(c.OnlyBacktest, a)
		}
	}
	return c
}

// match finds the alert that fits an incident best; -1: none.
func match(r *Result, i *Recorded, was span) int {
	best, bestRank := -1, 0
	var apart time.Duration
	for k := range r.Alerts {
		a := &r.Alerts[k]
		if a.Location != i.Location || !was.overlaps(span{a.Opened, a.end(r.To)}) {
			continue
		}
		rank := 0
		switch {
		case a.Cause == i.Cause:
			rank = 2
		case a.Cause != detect.CauseForecast && i.Cause != detect.CauseForecast:
			rank = 1
		}
		if d := a.Opened.Sub(i.Opened).Abs(); rank > bestRank || rank == bestRank && rank > 0 && d < apart {
			best, bestRank, apart = k, rank, d
		}
	}
	return best
}
