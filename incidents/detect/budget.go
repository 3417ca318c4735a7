package detect

import (
	"errors"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/objective"
	"outrider/probes"
)

// budgetNews is how many runs have to break a promise, after a failure or
// slowness that was told is over, before a burn is told apart: windows remember
// a fault long after its end.
const budgetNews = 3

// budget holds a check against its promises.
type budget struct {
	judges []*objective.Judge
	goals  []checks.Objective
	budgetState
}

// budgetState is what is remembered besides the counts.
type budgetState struct {
	// News counts the runs that broke a promise since the last trouble that was
	// told, up to budgetNews.
	News int `json:"news,omitempty"`
	// First is when the first of them started, Unix milliseconds.
	First int64 `json:"first,omitempty"`
}

const partBudget = "budget"

func objectivePart(o *checks.Objective) string { return "objective/" + o.Name }

func (b *budget) prepare(check *checks.Check, known map[string][]byte) error {
	*b = budget{}
	var errs []error
	for i := range check.Objectives {
		o := &check.Objectives[i]
		goal := objective.GoalOf(check, o, 1)
		j, err := objective.New(goal)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if _, ok := known[objectivePart(o)]; ok {
			errs = append(errs, recall(known, objectivePart(o), j), j.Retarget(goal))
		}
		b.judges, b.goals = append(b.judges, j), append(b.goals, *o)
	}
	if data, ok := known[partBudget]; ok {
		errs = append(errs, decodeJSON(data, &b.budgetState))
	}
	return joined(errs)
}

func (b *budget) parts(list []part) []part {
	if len(b.judges) == 0 {
		return list
	}
	for i, j := range b.judges {
		list = addPart(list, objectivePart(&b.goals[i]), j)
	}
	return append(list, part{partBudget, mustJSON(b.budgetState)})
}

// observe counts a run. Of one whose host was disturbed only whether it worked
// is counted: how long it took is not known.
func (b *budget) observe(t *turn, r *Result) {
	kept := true
	worked := t.run.Outcome == probes.Passed || t.run.Outcome == probes.Degraded
	for i, j := range b.judges {
		o := &b.goals[i]
		v := j.Verdict()
		if t.run.Disturbed == "" || o.Latency <= 0 {
			good := o.Keeps(worked, t.run.Duration)
			kept = kept && good
			v = j.Observe(t.run.Started, good)
		}
		r.Judgement.Objectives = append(r.Judgement.Objectives, ObjectiveState{
			Name: o.Name, Good: v.Window.Total - v.Window.Bad, Total: v.Window.Total, BudgetLeft: v.Left,
		})
	}
	if !kept {
		if b.News == 0 {
			b.First = t.run.Started.UnixMilli()
		}
		b.News = min(b.News+1, budgetNews)
	}
}

// verdict says what is in force. What fails, or is slow, is not also reported
// as burning its budget.
func (b *budget) verdict(t *turn, before Severity, inTrouble bool) Verdict {
	v := Verdict{Cause: CauseBudget, Before: before}
	var speaker *objective.Judge
	for _, j := range b.judges {
		if s := budgetSeverity(j.Severity()); s.WorseThan(v.Severity) {
			v.Severity, speaker = s, j
		}
	}
	if inTrouble {
		b.News = 0
	}
	if v.Severity == None {
		if v.Changed() {
			v.Summary = t.check.Name + ": its error budget no longer burns too fast"
		}
		return v
	}
	if before == None && b.News < budgetNews {
		v.Severity = None
		return v
	}
	v.Bad = t.run.Outcome == probes.Failed
	if v.Changed() {
		v.Summary = t.check.Name + ": " + speaker.Explain()
		said := speaker.Verdict()
		v.BadRuns, v.Since = int(said.Short.Bad), t.run.Started.Add(-said.Row.Short).UTC()
		if first := time.UnixMilli(b.First).UTC(); first.After(v.Since) {
			v.Since = first
		}
	}
	return v
}

func budgetSeverity(s objective.Severity) Severity {
	switch s {
	case objective.Warning:
		return Warning
	case objective.Critical:
		return Critical
	}
	return None
}

// joined is errors.Join that gives nil for a list of nils.
func joined(errs []error) error { return errors.Join(errs...) }
