package probes

import (
	"fmt"
	"time"

	"outrider/checks"
)

// Assess holds a run against the check's thresholds: it lists what was gone
// over and makes a passed run degraded or failed by it. A run that failed or
// is unknown keeps its outcome.
//
// Phases and vitals of the check bound every step; where a step has a bound
// of its own for the same phase or vital, that one counts instead. A run on a
// disturbed host is held against nothing: it measured the host.
func Assess(check checks.Check, run *Run) {
	if run.Disturbed != "" {
		return
	}
	a := assessor{run: run}
	a.duration(nil, "total", check.Thresholds.Total, run.Duration)
	for i := range run.Steps {
		step := &run.Steps[i]
		a.step(step, check.Thresholds, thresholdsOf(check.Journey.Steps, i, step.Name))
	}
}

// thresholdsOf gives the thresholds of the journey's step that a run's step
// was made by: as a rule, the one at the same place.
func thresholdsOf(steps []checks.Step, i int, name string) checks.Thresholds {
	if i < len(steps) && steps[i].Name == name {
		return steps[i].Thresholds
	}
	for i := range steps {
		if steps[i].Name == name {
			return steps[i].Thresholds
		}
	}
	return checks.Thresholds{}
}

// assessor notes what a run has gone over.
type assessor struct{ run *Run }

func (a assessor) step(step *Step, general, own checks.Thresholds) {
	a.duration(step, "total", own.Total, step.Duration)
	if step.HTTP != nil && len(general.Phases)+len(own.Phases) > 0 {
		for _, phase := range checks.Phases() {
			limit := own.Phases[phase]
			if limit.Degraded == 0 {
				limit.Degraded = general.Phases[phase].Degraded
			}
			if limit.Failed == 0 {
				limit.Failed = general.Phases[phase].Failed
			}
			a.duration(step, string(phase), limit, step.HTTP.Phases.Of(phase))
		}
	}
	if step.Vitals != nil && len(general.Vitals)+len(own.Vitals) > 0 {
		for _, vital := range checks.Vitals() {
			got := step.Vitals.Of(vital)
			if got == nil {
				continue
			}
			limit := own.Vitals[vital]
			if limit.Degraded == 0 {
				limit.Degraded = general.Vitals[vital].Degraded
			}
			if limit.Failed == 0 {
				limit.Failed = general.Vitals[vital].Failed
			}
			a.vital(step, vital, limit, *got)
		}
	}
}

// duration holds a duration against its limit. A nil step is the journey.
func (a assessor) duration(step *Step, measure string, limit checks.Limit, got time.Duration) {
	level, bound := exceeded(got, limit.Degraded, limit.Failed)
	if level == "" {
		return
	}
	shown := brief(got)
	if shown == brief(bound) {
		shown = got.String()
	}
	a.note(step, Exceeded{Measure: measure, Level: level, Limit: milliseconds(bound), Got: milliseconds(got)},
		bound.String(), shown)
}

func (a assessor) vital(step *Step, vital checks.Vital, limit checks.VitalLimit, got float64) {
	level, bound := exceeded(got, limit.Degraded, limit.Failed)
	if level == "" {
		return
	}
	unit := " ms"
	if vital == checks.VitalCLS {
		unit = ""
	}
	a.note(step, Exceeded{Measure: string(vital), Level: level, Limit: bound, Got: got},
		fmt.Sprintf("%.4g%s", bound, unit), fmt.Sprintf("%.4g%s", got, unit))
}

// exceeded gives the higher level that got is over, and its bound.
func exceeded[T float64 | time.Duration](got, degraded, failed T) (Outcome, T) {
	switch {
	case failed > 0 && got > failed:
		return Failed, failed
	case degraded > 0 && got > degraded:
		return Degraded, degraded
	}
	return "", 0
}

// note lists an exceeded threshold and lowers the outcomes by it.
func (a assessor) note(step *Step, e Exceeded, limit, got string) {
	what, verb := "the journey", "took"
	if step != nil {
		e.Step = step.Name
		what = fmt.Sprintf("step %q", step.Name)
	}
	a.run.Exceeded = append(a.run.Exceeded, e)
	if e.Measure != "total" {
		what = e.Measure + " of " + what
	}
	if e.Measure == string(checks.VitalCLS) {
		verb = "was"
	}
	failure := func() *Failure {
		return &Failure{
			Step: e.Step, Kind: FailThreshold,
			Message:  fmt.Sprintf("%s %s %s, over the limit of %s", what, verb, got, limit),
			Expected: "at most " + limit, Got: got,
		}
	}
	if step != nil {
		lower(&step.Outcome, &step.Failure, e.Level, failure)
	}
	lower(&a.run.Outcome, &a.run.Failure, e.Level, failure)
}

// lower makes an outcome worse, never better. The first failure stays.
func lower(outcome *Outcome, failure **Failure, level Outcome, why func() *Failure) {
	switch {
	case *outcome == Passed && level == Degraded:
		*outcome = Degraded
	case (*outcome == Passed || *outcome == Degraded) && level == Failed:
		*outcome, *failure = Failed, why()
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// brief writes a duration with as many digits as a person wants to see.
func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
