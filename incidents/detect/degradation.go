package detect

import (
	"fmt"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/anomaly"
	"outrider/incidents/detect/baseline"
	"outrider/probes"
)

const (
	// maxSteps and maxParts bound how many series of a journey are learnt.
	maxSteps = 8
	// quietRuns is how many runs an alarm that began in the shadow of a failure
	// has to outlast the failure before it is told.
	quietRuns = 10
)

// degradation holds a journey, and each of its steps, against its own past.
type degradation struct {
	on      bool
	journey *baseline.Judge
	steps   []learner
	parted  []learner // phases and vitals: changes of theirs are noted
	score   *anomaly.Detector

	degradationState
}

// degradationState is what is remembered besides what the judges have learnt.
type degradationState struct {
	// Told is whether the alarm is in force.
	Told bool `json:"told,omitempty"`
	// Quiet counts down while an alarm is not told, since a failure explains it.
	Quiet int `json:"quiet,omitempty"`
	// Reason is what was said when the alarm began.
	Reason string `json:"reason,omitempty"`
	// Ended is what was said when the last alarm ended.
	Ended string `json:"ended,omitempty"`
	// Onset is when the alarm is estimated to have begun, Unix milliseconds, and
	// Bad counts the runs over the expected band since it was raised.
	Onset int64 `json:"onset,omitempty"`
	Bad   int   `json:"bad,omitempty"`
	// High is whether the last run was over the expected band.
	High bool `json:"high,omitempty"`
	// Slow is whether the journey's judge has an alarm, and SlowSteps are the
	// steps whose judges have one.
	Slow      bool     `json:"slow,omitempty"`
	SlowSteps []string `json:"slow_steps,omitempty"`
}

// learner is the judge of a part of a journey.
type learner struct {
	step    string // empty: of the journey as a whole
	measure string // "total", a phase or a vital
	judge   *baseline.Judge
}

func (l *learner) name() string { return "baseline/" + l.measure + "/" + l.step }

const (
	partJourney     = "baseline"
	partAnomaly     = "anomaly"
	partDegradation = "degradation"
	measureTotal    = "total"
)

func (d *degradation) prepare(check *checks.Check, calendar Calendar, known map[string][]byte) error {
	*d = degradation{on: check.Detection.Degradation}
	if !d.on {
		return nil
	}
	names := checkSteps(check)
	config := baseline.Config{
		FalseAlarmEvery: check.Detection.FalseAlarmEvery, Series: 1 + len(names), Zone: check.Schedule.Zone, Holidays: calendar,
		Freeze: check.Detection.AcceptAfter, SmallestShare: smallest(check.Detection.SmallestChange),
		SmallestMillis: smallest(float64(check.Detection.SmallestDelay) / float64(time.Millisecond)),
	}
	d.journey, d.score = baseline.New(config), anomaly.New()
	for _, name := range names {
		d.steps = append(d.steps, learner{step: name, measure: measureTotal, judge: baseline.New(config)})
	}
	var measures []string
	if check.Journey.Kind == checks.KindHTTP {
		for _, p := range checks.Phases() {
			measures = append(measures, string(p))
		}
	} else {
		measures = []string{string(checks.VitalLCP), string(checks.VitalINP), string(checks.VitalFCP), string(checks.VitalTTFB)}
	}
	for _, m := range measures {
		d.parted = append(d.parted, learner{measure: m, judge: baseline.New(config)})
	}
	var errs []error
	each := func(l *learner) {
		errs = append(errs, recall(known, l.name(), l.judge))
	}
	errs = append(errs, recall(known, partJourney, d.journey), recall(known, partAnomaly, d.score))
	for i := range d.steps {
		each(&d.steps[i])
	}
	for i := range d.parted {
		each(&d.parted[i])
	}
	if data, ok := known[partDegradation]; ok {
		errs = append(errs, decodeJSON(data, &d.degradationState))
	}
	return joined(errs)
}

// checkSteps gives the steps that are learnt apart from the journey: none if
// there is only one.
func checkSteps(check *checks.Check) []string {
	steps := check.Journey.Steps
	if len(steps) < 2 {
		return nil
	}
	var names []string
	for i := range steps[:min(len(steps), maxSteps)] {
		names = append(names, steps[i].Name)
	}
	return names
}

// smallest puts "any change matters" into the words of package baseline.
func smallest(v float64) float64 {
	if v <= 0 {
		return -1
	}
	return v
}

func (d *degradation) parts(list []part) []part {
	if !d.on {
		return list
	}
	list = addPart(list, partJourney, d.journey)
	list = addPart(list, partAnomaly, d.score)
	for i := range d.steps {
		list = addPart(list, d.steps[i].name(), d.steps[i].judge)
	}
	for i := range d.parted {
		list = addPart(list, d.parted[i].name(), d.parted[i].judge)
	}
	return append(list, part{partDegradation, mustJSON(d.degradationState)})
}

// sampleOf gives a run's latency; it is not ok if the run says nothing of it. A
// run that was cut off by its timeout took at least that long; but once it is
// confirmed that the journey fails, how long that takes is of no interest.
func sampleOf(t *turn) (s baseline.Sample, ok bool) {
	s = baseline.Sample{At: t.run.Started, Millis: millis(t.run.Duration)}
	if t.run.Disturbed != "" || s.Millis <= 0 {
		return s, false
	}
	if t.broken {
		f := t.run.Failure
		s.Censored = f != nil && f.Kind == probes.FailTimeout && !t.failing
		return s, s.Censored
	}
	return s, true
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// observe learns from a run and adds what is to be said of it. A run that says
// nothing of latency ends no alarm.
func (d *degradation) observe(t *turn, r *Result) {
	if !d.on {
		return
	}
	d.High = false
	if s, ok := sampleOf(t); ok {
		j := d.journey.Observe(s)
		d.hear(t, r, "", &j)
		d.Slow = j.State == baseline.Slower
		d.expected(&s, &j, r)
		d.observeSteps(t, r)
		if !t.broken {
			d.observeParts(t, r)
		}
	}
	d.decide(t)
}

// expected adds what the journey was held against.
func (d *degradation) expected(s *baseline.Sample, j *baseline.Judgement, r *Result) {
	r.Judgement.Score = d.score.Observe(s.At, s.Millis)
	if j.Expected > 0 && j.State != baseline.Learning {
		r.Judgement.ExpectedMS, r.Judgement.LowerMS, r.Judgement.UpperMS = j.Expected, j.Lower, j.Upper
		d.High = s.Millis > j.Upper
	}
	if j.Learnt.Of > 0 {
		r.Judgement.Learned = min(float64(j.Learnt.For)/float64(j.Learnt.Of), 1)
	}
}

// observeSteps learns the steps that were done.
func (d *degradation) observeSteps(t *turn, r *Result) {
	for i := range d.steps {
		l := &d.steps[i]
		step := stepOf(t.run, l.step)
		if step == nil || step.Outcome == probes.Failed && t.broken || step.Duration <= 0 {
			continue
		}
		j := l.judge.Observe(baseline.Sample{At: t.run.Started, Millis: millis(step.Duration)})
		d.hear(t, r, l.step, &j)
		at := slices.Index(d.SlowSteps, l.step)
		switch slow := j.State == baseline.Slower; {
		case slow && at < 0:
			d.SlowSteps = append(d.SlowSteps, l.step)
		case !slow && at >= 0:
			d.SlowSteps = slices.Delete(d.SlowSteps, at, at+1)
		case slow && !d.Slow && j.Expected > 0:
			d.High = d.High || millis(step.Duration) > j.Upper
		}
	}
}

// observeParts learns the phases and vitals of a journey.
func (d *degradation) observeParts(t *turn, r *Result) {
	for i := range d.parted {
		l := &d.parted[i]
		v := partOf(t.run, l.measure)
		if v <= 0 {
			continue
		}
		j := l.judge.Observe(baseline.Sample{At: t.run.Started, Millis: v})
		if j.Changed {
			r.Notes = append(r.Notes, changeNote(t, "", l.measure, &j))
		}
	}
}

// partOf sums a phase up over a journey, or gives the worst of a vital, in
// milliseconds; zero if there is none.
func partOf(run *probes.Run, measure string) float64 {
	var sum float64
	for i := range run.Steps {
		step := &run.Steps[i]
		if v := step.Vitals.Of(checks.Vital(measure)); v != nil {
			sum = max(sum, *v)
		} else if step.HTTP != nil {
			sum += millis(step.HTTP.Phases.Of(checks.Phase(measure)))
		}
	}
	return sum
}

func stepOf(run *probes.Run, name string) *probes.Step {
	for i := range run.Steps {
		if run.Steps[i].Name == name {
			return &run.Steps[i]
		}
	}
	return nil
}

// hear notes what a judge says.
func (d *degradation) hear(t *turn, r *Result, step string, j *baseline.Judgement) {
	about := ""
	if step != "" {
		about = "step " + step + ": "
	}
	switch j.Event {
	case baseline.AlarmBegan:
		// The first to notice speaks, the journey as a whole before its steps.
		if !d.Told && (step == "" || !d.Slow) {
			d.Reason, d.Onset = about+j.Explanation, j.Onset.UnixMilli()
		}
	case baseline.AlarmEnded, baseline.AlarmLapsed:
		d.Ended = about + j.Explanation
	}
	if j.Changed {
		r.Notes = append(r.Notes, changeNote(t, step, measureTotal, j))
	}
}

// changeNote notes a lasting change of level.
func changeNote(t *turn, step, measure string, j *baseline.Judgement) Note {
	c := &j.Change
	what := "the journey"
	if step != "" {
		what = "step " + step
	}
	if measure != measureTotal {
		what = measureText(measure)
	}
	way := "slower"
	if !c.Slower() {
		way = "faster"
	}
	return Note{
		Kind: NoteChange, At: c.At.UTC(), Step: step, Measure: measure, FromMS: c.From, ToMS: c.To,
		Text: fmt.Sprintf("%s: %s is lastingly %s since about %s: %s instead of %s (%.1f %% sure)", t.check.Name, what, way,
			c.At.In(zoneOf(t.check)).Format("Mon 2 Jan 15:04"), milliseconds(c.To, 3), milliseconds(c.From, 3), 100*c.Confidence),
	}
}

func zoneOf(check *checks.Check) *time.Location {
	if check.Schedule.Zone == nil {
		return time.UTC
	}
	return check.Schedule.Zone
}

// decide puts an alarm in force, or not.
func (d *degradation) decide(t *turn) {
	switch slow := d.Slow || len(d.SlowSteps) > 0; {
	case !slow:
		d.Told, d.Quiet = false, 0
	case d.Told:
		if d.High {
			d.Bad++
		}
	case t.failing || t.broken:
		d.Quiet = quietRuns
	case d.Quiet > 0:
		d.Quiet--
	default:
		d.Told, d.Bad = true, 1
	}
}

// isSlow tells whether the run counts as bad: there is an alarm, and it was
// over what is usual.
func (d *degradation) isSlow(t *turn) bool { return d.Told && d.High && !t.broken }

// severity is what degradation puts in force: never what wakes people.
func (d *degradation) severity() Severity {
	if d.Told {
		return Warning
	}
	return None
}

func (d *degradation) since(t *turn) time.Time {
	if d.Onset == 0 {
		return t.run.Started.UTC()
	}
	return time.UnixMilli(d.Onset).UTC()
}

func (d *degradation) summary(t *turn) string {
	return t.check.Name + " is slower than usual: " + d.Reason
}

func (d *degradation) ended(t *turn) string {
	if d.Ended == "" {
		return t.check.Name + " is as fast as usual again"
	}
	return t.check.Name + ": " + d.Ended
}
