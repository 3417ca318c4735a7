package objective

import (
	"math"
	"time"
)

// Count is how many runs of a window were bad.
type Count struct{ Bad, Total int64 }

// Share is the share of bad runs, zero if there were none at all.
func (c Count) Share() float64 {
	if c.Total == 0 {
		return 0
	}
	return float64(c.Bad) / float64(c.Total)
}

func (c count) public() Count { return Count{c.bad, c.total} }

// Verdict is what the runs so far mean.
type Verdict struct {
	// Severity is that of the alert in force, Before what it was before the run.
	Severity, Before Severity
	// Row is the rule that speaks: the worst one that alerts, else the first.
	// It is zero if the goal has none. Long and Short are its windows.
	Row         Row
	Long, Short Count
	// Window counts the runs of the objective's own window.
	Window Count
	// Left is the share of the error budget that is left: 1 if no run was bad,
	// below zero if more were than was promised. 1 while nothing has run.
	Left float64
	// Burn is the speed at which the budget burns by the long window of Row, 1
	// being the speed at which it is just used up when its window ends.
	Burn float64
}

// Changed tells whether the run changed the severity.
func (v *Verdict) Changed() bool { return v.Severity != v.Before }

func (j *Judge) verdict(before Severity) Verdict {
	v := Verdict{Severity: j.severity, Before: before, Window: j.budget.long.public(), Left: j.left()}
	if r := j.speaker(); r != nil {
		v.Row, v.Long, v.Short = r.Row, r.ring.long.public(), r.ring.short.public()
		v.Burn = v.Long.Share() / j.goal.Budget()
	} else {
		v.Burn = v.Window.Share() / j.goal.Budget()
	}
	return v
}

// speaker gives the rule to speak of, nil if there is none at all.
func (j *Judge) speaker() *rule {
	for i := range j.rows {
		if r := &j.rows[i]; r.alert.active { // the worst come first
			return r
		}
	}
	if len(j.rows) > 0 {
		return &j.rows[0]
	}
	return nil
}

// Verdict gives what the runs so far mean, without a new one.
func (j *Judge) Verdict() Verdict { return j.verdict(j.severity) }

func (j *Judge) left() float64 {
	left := 1 - j.budget.long.public().Share()/j.goal.Budget()
	if math.Abs(left) < 1e-9 {
		return 0
	}
	return left
}

// covered is how much of the objective's own window the runs span.
func (j *Judge) covered() time.Duration {
	if j.first == 0 {
		return 0
	}
	return min(time.Duration(j.last-j.first)*time.Microsecond, j.goal.Over)
}

// Exhaustion is when the budget will be used up if it burns on as it did.
type Exhaustion struct {
	// Over is the window that the speed was taken from, Runs what it held.
	Over time.Duration
	Runs Count
	// In is the time that is left, Low and High an interval around it that
	// holds with 90 % confidence. Zero means that the budget is used up;
	// Never that it lasts.
	In, Low, High time.Duration
}

// Never stands for a budget that is not used up: it burns more slowly than it
// grows back.
const Never = time.Duration(math.MaxInt64)

const exhaustionConfidence = 0.9

// Exhaustion estimates when the budget is used up, from the burn of the window
// that Verdict speaks of. It takes the budget as a stock that only shrinks: bad
// runs that leave the window meanwhile are not given back, so the estimate
// errs on the early side.
func (j *Judge) Exhaustion() Exhaustion {
	e := Exhaustion{Over: j.goal.Over, Runs: j.budget.long.public()}
	if r := j.speaker(); r != nil {
		e.Over, e.Runs = r.Long, r.ring.long.public()
	}
	low, high := Interval(e.Runs.Bad, e.Runs.Total, exhaustionConfidence)
	e.In, e.Low, e.High = j.lasts(e.Runs.Share()), j.lasts(high), j.lasts(low)
	return e
}

// lasts gives how long what is left lasts at a share of bad runs.
func (j *Judge) lasts(share float64) time.Duration {
	left, burn := j.left(), share/j.goal.Budget()
	switch {
	case left <= 0:
		return 0
	case burn <= 1:
		return Never
	}
	return time.Duration(min(left/burn*float64(j.goal.Over), float64(MaxWindow)))
}
