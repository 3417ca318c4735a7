package objective

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// How sure an alert must be that more fails than was promised: the chance
	// that a service exactly at its objective shows as many bad runs in the long
	// window. Waking a person asks for more than a ticket does.
	criticalDoubt = 0.001
	warningDoubt  = 0.01
	// An alert ends after so many good runs in a row that a fault as bad as it
	// was would show itself among them with all but this chance; at least two.
	calmDoubt = 0.001
	calmRuns  = 2
)

// remembered is how many starts are kept to know duplicates by.
const remembered = 16

// Judge counts the runs of one check against one goal. It is made by New; the
// zero value only reads what MarshalBinary wrote. It must not be used by two
// goroutines at once.
type Judge struct {
	goal    Goal
	remarks []string
	rows    []rule
	budget  ring

	first int64 // start of the first run counted; zero if there was none
	last  int64 // start of the newest
	// recent are the starts of the last runs judged, in the order in which they
	// came; whatever started at or before floor cannot be told from a duplicate.
	recent [remembered]int64
	next   int
	floor  int64

	// seen numbers the runs judged; lastBad are the numbers of the last bad ones,
	// the newest first, zero where there are none.
	seen    int64
	lastBad [pattern]int64

	severity Severity
}

// pattern is from how many bad runs an alert learns whether everything fails
// or a run now and then.
const pattern = 5

// rule is a row at work.
type rule struct {
	Row
	ring  ring
	alert alert
}

// alert is the state of one rule's alert.
type alert struct {
	active bool
	since  int64 // start of the run that raised it
	// How bad the fault is: the bad runs among those from the first to the last
	// bad one, as far as the alert knows.
	bad, total int64
	// good counts the good runs in a row; calm is the start of the run since
	// which the short window burns no more, zero while it does.
	good int64
	calm int64
}

// New gives a Judge that has seen no run.
func New(goal Goal) (*Judge, error) {
	j := &Judge{}
	if err := j.set(goal); err != nil {
		return nil, fmt.Errorf("judge an objective: %w", err)
	}
	return j, nil
}

// set plans for a goal and starts all counts afresh.
func (j *Judge) set(goal Goal) error {
	if err := goal.Validate(); err != nil {
		return err
	}
	goal.Rows = slices.Clone(goal.Rows)
	rows, remarks := goal.plan()
	slices.SortStableFunc(rows, compareRows)
	*j = Judge{goal: goal, remarks: remarks, budget: newRing(goal.Over, goal.Over, perBudget), rows: make([]rule, len(rows))}
	for i, r := range rows {
		j.rows[i] = rule{Row: r, ring: newRing(r.Long, r.Short, perShort)}
	}
	return nil
}

// Retarget changes the goal after its definition was changed, and keeps the
// counts that are still true. With another latency all of them are void, since
// the same runs would have been good or bad otherwise.
func (j *Judge) Retarget(goal Goal) error {
	old := *j
	if err := j.set(goal); err != nil {
		*j = old
		return fmt.Errorf("judge another objective: %w", err)
	}
	if old.goal.Latency != goal.Latency {
		return nil
	}
	j.first, j.last, j.recent, j.next, j.floor = old.first, old.last, old.recent, old.next, old.floor
	j.seen, j.lastBad = old.seen, old.lastBad
	if old.goal.Over == goal.Over {
		j.budget = old.budget
	} else {
		j.budget.refill(&old.budget)
	}
	for i := range j.rows {
		r := &j.rows[i]
		for k := range old.rows {
			if o := &old.rows[k]; o.Long == r.Long && o.Short == r.Short {
				r.ring = o.ring
				if o.Severity == r.Severity {
					r.alert = o.alert
				}
				break
			}
		}
	}
	j.budget.advance(j.last)
	for i := range j.rows {
		j.rows[i].ring.advance(j.last)
	}
	j.severity = j.worst()
	return nil
}

// Goal is what is judged.
func (j *Judge) Goal() Goal { return j.goal }

// Rows are the rules in force, the most severe first, after they were fitted
// to the check's cadence.
func (j *Judge) Rows() []Row {
	rows := make([]Row, len(j.rows))
	for i := range j.rows {
		rows[i] = j.rows[i].Row
	}
	return rows
}

// Remarks say which rules were widened or left out, and why.
func (j *Judge) Remarks() []string { return slices.Clone(j.remarks) }

// Severity is that of the alert in force.
func (j *Judge) Severity() Severity { return j.severity }

// Observe judges a run by when it started and whether it kept the promise (see
// Goal.Keeps). Runs may come a little out of order, as they do from several
// locations; duplicates and runs that are too late change nothing.
func (j *Judge) Observe(started time.Time, good bool) Verdict {
	before := j.severity
	at := started.UnixMicro()
	if !possible(at) || j.known(at) {
		return j.verdict(before)
	}
	if j.floor == 0 {
		j.floor = at - 1 // what is older still was for nobody to judge
	}
	j.remember(at)
	bad := uint16(1)
	if good {
		bad = 0
	}
	j.count(at, bad, 1)
	j.seen++
	if !good {
		copy(j.lastBad[1:], j.lastBad[:pattern-1])
		j.lastBad[0] = j.seen
	}
	for i := range j.rows {
		j.judge(&j.rows[i], at, good)
	}
	j.severity = j.worst()
	return j.verdict(before)
}

// possible keeps times out that no clock shows: before 1970, after 2200.
func possible(at int64) bool { return at > 0 && at < 230*365*day.Microseconds() }

func (j *Judge) count(at int64, bad, total uint16) {
	if j.first == 0 || at < j.first {
		j.first = at
	}
	j.last = max(j.last, at)
	j.budget.advance(j.last)
	j.budget.add(at, bad, total)
	for i := range j.rows {
		r := &j.rows[i].ring
		r.advance(j.last)
		r.add(at, bad, total)
	}
}

// known tells whether a run was seen, or may have been.
func (j *Judge) known(at int64) bool {
	return at <= j.floor || slices.Contains(j.recent[:], at)
}

func (j *Judge) remember(at int64) {
	j.floor = max(j.floor, j.recent[j.next])
	j.recent[j.next] = at
	j.next = (j.next + 1) % remembered
}

// Rewind forgets everything after a time, for a clock that was set back: runs
// from then on would else count as late until the clock has caught up.
func (j *Judge) Rewind(now time.Time) {
	at := now.UnixMicro()
	if !possible(at) || at >= j.last {
		return
	}
	j.budget.rewind(at)
	for i := range j.rows {
		j.rows[i].ring.rewind(at)
		a := &j.rows[i].alert
		a.since, a.calm = min(a.since, at), min(a.calm, at)
	}
	j.first, j.last, j.floor = min(j.first, at), at, min(j.floor, at)
	for i := range j.recent {
		if j.recent[i] > at {
			j.recent[i] = 0
		}
	}
}

// worst gives the severity of the worst active alert.
func (j *Judge) worst() Severity {
	worst := None
	for i := range j.rows {
		if r := &j.rows[i]; r.alert.active {
			worst = max(worst, r.Severity)
		}
	}
	return worst
}

// judge moves a rule's alert on by one run that was counted.
func (j *Judge) judge(r *rule, at int64, good bool) {
	a, budget := &r.alert, j.goal.Budget()
	if !a.active {
		if !good && r.burns(budget) {
			bad, total := j.lately(r.ring.long.total)
			*a = alert{active: true, since: at, bad: bad, total: total}
		}
		return
	}
	if good {
		a.good++
	} else {
		a.bad++
		a.total += a.good + 1
		a.good = 0
	}
	switch {
	case r.ring.short.bad >= shortBad && r.fast(r.ring.short, budget):
		a.calm = 0
	case a.calm == 0:
		a.calm = at
	}
	if a.calm > 0 && a.over(r, at, budget) {
		*a = alert{}
	}
}

// over tells, once the short window burns no more, whether so many good runs
// would be unlikely if the fault were still there. It does not wait for longer
// than the long window.
func (a *alert) over(r *rule, at int64, budget float64) bool {
	if a.good < calmRuns {
		return false
	}
	if at-a.calm >= r.Long.Microseconds() {
		return true
	}
	// The mean of the posterior with Jeffreys' prior, the first bad run being
	// given, and not less than what it takes to alert.
	share := max((float64(a.bad)-0.5)/float64(max(a.total, 1)), r.Rate*budget)
	return float64(a.good)*math.Log1p(-min(share, 1)) <= math.Log(calmDoubt)
}

// lately gives how many bad runs there were since the first of the last few,
// and how many runs, looking no further back than so many.
func (j *Judge) lately(most int64) (bad, total int64) {
	for _, n := range j.lastBad {
		if n == 0 || j.seen-n >= most {
			break
		}
		bad, total = bad+1, j.seen-n+1
	}
	return bad, total
}

// burns tells whether an alert is due.
func (r *rule) burns(budget float64) bool {
	long, short := r.ring.long, r.ring.short
	return long.bad >= longBad && short.bad >= shortBad &&
		r.fast(long, budget) && r.fast(short, budget) &&
		atLeast(long.bad, long.total, budget) <= r.doubt()
}

func (r *rule) fast(c count, budget float64) bool {
	return float64(c.bad) >= r.Rate*budget*float64(c.total)
}

func (r *rule) doubt() float64 {
	if r.Severity == Critical {
		return criticalDoubt
	}
	return warningDoubt
}
