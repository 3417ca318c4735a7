package objective

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"outrider/checks"
)

// Severity is how bad it is that a budget burns. The zero value is not at all.
type Severity uint8

// The severities; a higher one is worse. Warning is what the Workbook calls a
// ticket, Critical what it calls a page.
const (
	None Severity = iota
	Warning
	Critical
)

// String gives the severity as it is written in definitions.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Critical:
		return "critical"
	}
	return ""
}

// Row is one rule: alert when both windows burn at least Rate times as fast as
// would use up the budget just at the end of the objective's own window.
type Row struct {
	Long, Short time.Duration
	Rate        float64
	Severity    Severity
}

const day = 24 * time.Hour

// tableWindow is the objective's window for which Table is made.
const tableWindow = 30 * day

// Table is the table of the Site Reliability Workbook, chapter 5, for
// objectives over 30 days: the rows spend 2, 5, 10 and 10 percent of the budget
// before they alert.
func Table() []Row {
	return []Row{
		{Long: time.Hour, Short: 5 * time.Minute, Rate: 14.4, Severity: Critical},
		{Long: 6 * time.Hour, Short: 30 * time.Minute, Rate: 6, Severity: Critical},
		{Long: day, Short: 2 * time.Hour, Rate: 3, Severity: Warning},
		{Long: 3 * day, Short: 6 * time.Hour, Rate: 1, Severity: Warning},
	}
}

// TableOver is Table with its windows scaled to an objective's own, so that
// each row alerts when the same share of the budget is spent.
func TableOver(over time.Duration) []Row {
	rows := Table()
	scale := float64(over) / float64(tableWindow)
	for i := range rows {
		rows[i].Long = scaled(rows[i].Long, scale)
		rows[i].Short = scaled(rows[i].Short, scale)
	}
	return rows
}

func scaled(d time.Duration, by float64) time.Duration {
	return max(time.Duration(float64(d)*by).Round(time.Second), time.Second)
}

// Bounds of a goal. A Judge's state grows with the number of rows.
const (
	MaxRows   = 8
	MaxWindow = 400 * day
	// MaxRatio is how many times its short window a row's long one may be.
	MaxRatio = 60
	maxName  = 64
)

// Goal is a promise about one check, and when to alert that it is in danger.
type Goal struct {
	// Name tells several goals of a check apart, for people; may be empty.
	Name string
	// Good is the promised share of good runs, over 0 and under 1.
	Good float64
	// Over is the rolling window of the promise.
	Over time.Duration
	// Latency, if set, makes a run good only if it took no longer.
	Latency time.Duration
	// Cadence is the usual time from one counted run to the next, of all
	// locations together; zero if unknown. Windows are fitted to it.
	Cadence time.Duration
	// Rows are the rules; nil means TableOver(Over), empty none.
	Rows []Row
}

// GoalOf gives the goal of one of a check's objectives, as watched from so many
// locations.
func GoalOf(check *checks.Check, o *checks.Objective, locations int) Goal {
	g := Goal{Name: o.Name, Good: o.Good, Over: o.Over, Latency: o.Latency, Cadence: cadence(&check.Schedule) / time.Duration(max(locations, 1))}
	if o.Burn == nil {
		return g
	}
	g.Rows = make([]Row, len(o.Burn))
	for i, b := range o.Burn {
		g.Rows[i] = Row{Long: b.Long, Short: b.Short, Rate: b.Rate, Severity: Warning}
		if b.Severity == checks.SeverityCritical {
			g.Rows[i].Severity = Critical
		}
	}
	return g
}

// cadence gives the usual time between two runs: of a cron schedule, the median
// of the gaps between its next starts, counted from a Monday.
func cadence(s *checks.Schedule) time.Duration {
	if s.Every > 0 || s.Cron == "" {
		return s.Every
	}
	const starts = 30
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	var gaps []time.Duration
	for i := range starts {
		next, err := s.NextCron(at)
		if err != nil {
			break
		}
		if i > 0 {
			gaps = append(gaps, next.Sub(at))
		}
		at = next
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return min(gaps[len(gaps)/2], MaxWindow)
}

// Keeps tells whether a run counts as good, by whether the journey worked and
// how long it took.
func (g *Goal) Keeps(worked bool, took time.Duration) bool {
	return worked && (g.Latency <= 0 || took <= g.Latency)
}

// Budget is the share of runs that may be bad.
func (g *Goal) Budget() float64 { return 1 - g.Good }

// Validate says what makes no sense in a goal.
func (g *Goal) Validate() error {
	switch {
	case !(g.Good > 0 && g.Good < 1): // also NaN
		return fmt.Errorf("share of good runs is %v, not between 0 and 1", g.Good)
	case g.Over < time.Second || g.Over > MaxWindow:
		return fmt.Errorf("window of %s, not between 1 s and %s", g.Over, span(MaxWindow))
	case g.Latency < 0 || g.Latency > MaxWindow:
		return errors.New("latency is negative or longer than any window")
	case g.Cadence < 0 || g.Cadence > MaxWindow:
		return errors.New("cadence is negative or longer than any window")
	case len(g.Name) > maxName:
		return fmt.Errorf("name of %d bytes, more than %d", len(g.Name), maxName)
	case len(g.Rows) > MaxRows:
		return fmt.Errorf("%d burn rates, more than %d", len(g.Rows), MaxRows)
	}
	for _, r := range g.Rows {
		if err := r.validate(g.Over); err != nil {
			return err
		}
	}
	return nil
}

func (r Row) validate(over time.Duration) error {
	switch {
	case r.Short < time.Second || r.Long <= r.Short || r.Long > over:
		return fmt.Errorf("windows of %s and %s, not rising up to the objective's own of %s", span(r.Short), span(r.Long), span(over))
	case r.Long > MaxRatio*r.Short:
		return fmt.Errorf("long window of %s is more than %d times the short one of %s", span(r.Long), MaxRatio, span(r.Short))
	case !(r.Rate >= 0.1 && r.Rate <= 1e6):
		return fmt.Errorf("burn rate of %v, not between 0.1 and 1,000,000", r.Rate)
	case r.Severity != Warning && r.Severity != Critical:
		return fmt.Errorf("unknown severity %d", r.Severity)
	}
	return nil
}

const (
	// Runs that a window must be able to hold at the check's cadence, else it is
	// widened: the short one must be able to show two bad runs even if one start
	// slips out of it; the long one must be able to tell shares apart.
	shortRuns = 3
	longRuns  = 12
	// Bad runs that an alert needs in its windows: one failure in 60 runs burns
	// a budget of 99.9 % 16.7 times too fast and means nothing.
	longBad  = 3
	shortBad = 2
)

// plan fits the goal's rows to its cadence and says in words what was changed.
func (g *Goal) plan() (rows []Row, remarks []string) {
	asked := g.Rows
	if asked == nil {
		asked = TableOver(g.Over)
	}
	type planned struct{ asked, fitted Row }
	var kept []planned
	for _, r := range asked {
		f := r
		f.Short = max(r.Short, shortRuns*g.Cadence)
		f.Long = max(r.Long, longRuns*g.Cadence)
		switch most := 1 / g.Budget(); {
		case r.Rate >= most:
			remarks = append(remarks, fmt.Sprintf("%s is left out: even if every run were bad, the budget would burn only %s times too fast", r, figure(most)))
		case f.Long > g.Over/2 && f.Long > r.Long:
			remarks = append(remarks, fmt.Sprintf("%s is left out: a run every %s is too few for it", r, span(g.Cadence)))
		default:
			kept = append(kept, planned{r, f})
		}
	}
	for i, p := range kept {
		covered := -1
		for j, o := range kept {
			if j != i && o.fitted.covers(p.fitted) && (j < i || !p.fitted.covers(o.fitted)) {
				covered = j
				break
			}
		}
		if covered >= 0 {
			remarks = append(remarks, fmt.Sprintf("%s is left out: at a run every %s, %s says the same", p.asked, span(g.Cadence), kept[covered].asked))
			continue
		}
		rows = append(rows, p.fitted)
		if p.fitted != p.asked {
			remarks = append(remarks, fmt.Sprintf("%s is widened to %s and %s, to hold enough runs at one every %s", p.asked, span(p.fitted.Long), span(p.fitted.Short), span(g.Cadence)))
		}
	}
	if len(rows) == 0 && len(asked) > 0 {
		remarks = append(remarks, "no burn rate is left that could alert: the budget is only counted")
	}
	return rows, remarks
}

// covers tells whether r alerts whenever o does, as severely.
func (r Row) covers(o Row) bool {
	return r.Long == o.Long && r.Short == o.Short && r.Rate <= o.Rate && r.Severity >= o.Severity
}

// String names a row the way people speak of it.
func (r Row) String() string {
	return fmt.Sprintf("burn rate %s over %s and %s", figure(r.Rate), span(r.Long), span(r.Short))
}

// compareRows puts the row to speak of first: the most severe, then the
// fastest.
func compareRows(a, b Row) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Rate, a.Rate))
}
