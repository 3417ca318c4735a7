package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Result is what one run of a check means.
type Result struct {
	// Verdicts are those of the causes for which the run was bad or the
	// severity in force changed.
	Verdicts []Verdict
	// Judgement is the zero value if nothing is said of the run.
	Judgement Judgement
	Notes     []Note
	// Lost says which parts of what was remembered could not be read, and start
	// afresh; nil if none.
	Lost error
}

// Calendar gives the day of the week that a date ("2006-01-02" in a check's
// zone) behaves like, where that is not its own.
type Calendar map[string]time.Weekday

// Series judges the runs of one check at one location, in the order in which
// they started. It follows from the runs alone: whoever judges the same runs
// with the same definitions gets the same verdicts, whatever restarts lie in
// between. It is not safe for concurrent use.
//
// Each judge is a file: failure.go and latency.go hold runs against thresholds
// (confirm.go decides what is in force), degradation.go against their own past,
// budget.go against promises, outlook.go looks ahead, culprits.go says where
// trouble comes from. What they have to say of one fault is brought together
// here: slow is slow, whoever noticed, and what fails is not also reported as
// slow, as burning its budget, and as likely to fail.
type Series struct {
	memory Memory
	forces forces

	degradation degradation
	budget      budget
	outlook     outlook
	culprits    culprits

	calendar Calendar
	made     settings          // for which the judges were made
	unread   map[string][]byte // parts of judges that are not yet made
}

// forces are the severities in force that are not a confirmation's own.
type forces struct {
	Latency  Severity `json:"latency,omitempty"` // by thresholds or by degradation
	Budget   Severity `json:"budget,omitempty"`
	Forecast Severity `json:"forecast,omitempty"`
}

// NewSeries makes a Series that has seen no run.
func NewSeries() *Series { return &Series{} }

// SetCalendar sets the holidays. It is to be called before Judge, with each
// change of the definitions.
func (s *Series) SetCalendar(c Calendar) { s.calendar = c }

// Judge gives what a run means. A run with outcome unknown, one made in
// maintenance, and one that did not start after the last judged run mean
// nothing and change nothing.
func (s *Series) Judge(check *checks.Check, run *probes.Run) Result {
	var r Result
	if !s.memory.takes(run) {
		return r
	}
	r.Lost = s.prepare(check)
	before, wasTroubled := s.memory, s.troubled()
	var said []Verdict
	s.memory, said = Judge(check, s.memory, run)
	t := turn{check: check, run: run, broken: broken(run), failing: s.memory.failure.Severity != None}

	s.degradation.observe(&t, &r)
	s.budget.observe(&t, &r)
	s.outlook.observe(&t, &r)
	s.culprits.observe(&t, bad(said) || s.degradation.Told, s.troubled())

	for _, v := range said {
		if v.Cause == CauseFailure {
			r.Verdicts = append(r.Verdicts, v)
		}
	}
	s.settle(&r, s.latencyVerdict(&t, said))
	inTrouble := t.failing || s.forces.Latency != None || before.failure.Severity != None
	s.settle(&r, s.budget.verdict(&t, s.forces.Budget, inTrouble))
	// Slower than usual is no breach yet: that a threshold will follow is news.
	breached := t.failing || s.memory.latency.Severity != None || s.forces.Budget != None
	s.settle(&r, s.outlook.verdict(&t, s.forces.Forecast, breached))
	if wasTroubled && !s.troubled() {
		s.culprits.over()
	}
	for i := range r.Verdicts {
		if v := &r.Verdicts[i]; v.Severity.WorseThan(v.Before) && v.Cause != CauseForecast {
			v.Findings = s.culprits.findings()
		}
	}
	return r
}

// turn is the run that is being judged.
type turn struct {
	check   *checks.Check
	run     *probes.Run
	broken  bool // the journey could not be done
	failing bool // and that is confirmed
}

func bad(verdicts []Verdict) bool {
	for i := range verdicts {
		if verdicts[i].Bad {
			return true
		}
	}
	return false
}

// settle puts a verdict's severity in force and adds the verdict if it says
// anything.
func (s *Series) settle(r *Result, v Verdict) {
	*s.forces.of(v.Cause) = v.Severity
	if v.Bad || v.Changed() {
		r.Verdicts = append(r.Verdicts, v)
	}
}

func (f *forces) of(cause Cause) *Severity {
	switch cause {
	case CauseLatency:
		return &f.Latency
	case CauseBudget:
		return &f.Budget
	}
	return &f.Forecast
}

// latencyVerdict brings thresholds and degradation together: the severity is
// the higher of the two.
func (s *Series) latencyVerdict(t *turn, said []Verdict) Verdict {
	v := Verdict{Cause: CauseLatency, Before: s.forces.Latency, Severity: s.memory.latency.Severity}
	var limit Verdict
	for _, l := range said {
		if l.Cause == CauseLatency {
			limit = l
		}
	}
	v.Bad = limit.Bad || s.degradation.isSlow(t)
	if d := s.degradation.severity(); d.WorseThan(v.Severity) {
		v.Severity = d
	}
	switch {
	case !v.Changed():
	case v.Severity.WorseThan(v.Before) && limit.Severity == v.Severity && limit.Changed():
		v.Summary, v.BadRuns, v.Since = limit.Summary, limit.BadRuns, limit.Since
	case v.Severity.WorseThan(v.Before):
		v.Summary, v.BadRuns, v.Since = s.degradation.summary(t), s.degradation.Bad, s.degradation.since(t)
	case limit.Changed() && limit.Summary != "":
		v.Summary = limit.Summary
	default:
		v.Summary = s.degradation.ended(t)
	}
	if v.Before == None && v.Severity != None && v.Since.IsZero() {
		v.BadRuns, v.Since = max(v.BadRuns, 1), t.run.Started.UTC()
	}
	return v
}

// troubled tells whether anything is wrong now, so that the present must not be
// learnt as the usual.
func (s *Series) troubled() bool {
	return s.memory.failure.Severity != None || s.forces.Latency != None
}

// settings are what the judges were made for.
type settings struct {
	detection  checks.Detection
	zone       string
	total      checks.Limit
	every      time.Duration
	cron       string
	objectives string
	steps      string
	calendar   string
}

func (s *Series) settingsOf(check *checks.Check) settings {
	of := settings{detection: check.Detection, zone: zoneName(check), total: check.Thresholds.Total, every: check.Schedule.Every, cron: check.Schedule.Cron}
	if len(check.Objectives) > 0 {
		of.objectives = fmt.Sprintf("%+v", check.Objectives)
	}
	for i := range check.Journey.Steps {
		of.steps += check.Journey.Steps[i].Name + "\n"
	}
	if len(s.calendar) > 0 {
		of.calendar = fmt.Sprint(s.calendar) // in the order of its keys
	}
	return of
}

func zoneName(check *checks.Check) string {
	if check.Schedule.Zone == nil {
		return ""
	}
	return check.Schedule.Zone.String()
}

// prepare makes the judges as the check's definition wants them. What they have
// learnt they keep.
func (s *Series) prepare(check *checks.Check) error {
	of := s.settingsOf(check)
	if s.unread == nil && s.made == of {
		return nil
	}
	known := s.unread
	if known == nil {
		known = map[string][]byte{}
		for _, p := range s.parts() {
			known[p.name] = p.data
		}
	}
	s.unread, s.made = nil, of
	return errors.Join(
		s.degradation.prepare(check, s.calendar, known),
		s.budget.prepare(check, known),
		s.outlook.prepare(check, known),
		s.culprits.prepare(known),
	)
}

// Last is when the last judged run started; zero if there was none.
func (s *Series) Last() time.Time { return s.memory.Last() }

// Failing tells whether the last judged run failed.
func (s *Series) Failing() bool { return s.memory.failure.lastBad() }

// Culprits gives what moved in the last bad runs.
func (s *Series) Culprits() []Culprit { return s.culprits.rank() }

// Rewind forgets when the last run started, so that the next run counts
// whenever it started. It is for a clock that was set back: what was learnt of
// time that is now the future is forgotten, too.
func (s *Series) Rewind() {
	*s = Series{memory: s.memory.Rewound(), forces: s.forces, calendar: s.calendar}
}

// Assume puts a severity in force for a cause. It changes nothing, and gives
// false, if that is so already; else it starts afresh for the cause. It is for
// memories that were lost while an incident was open, and for incidents that
// ended by something other than a run.
func (s *Series) Assume(cause Cause, severity Severity) bool {
	force := &s.memory.failure.Severity
	if cause != CauseFailure {
		force = s.forces.of(cause)
	}
	if *force == severity {
		return false
	}
	*force = severity
	s.memory = s.memory.Assume(cause, severity)
	return true
}

// IsZero tells whether there is nothing to remember.
func (s *Series) IsZero() bool { return s.memory.IsZero() && s.forces == forces{} }

// The names of the parts that are not a judge's.
const (
	partMemory = "memory"
	partForces = "forces"
)

// Encode gives what has to be remembered as bytes; no bytes at all where there
// is nothing.
func (s *Series) Encode() []byte {
	if s.IsZero() {
		return nil
	}
	list := []part{{partMemory, s.memory.Encode()}, {partForces, mustJSON(s.forces)}}
	if s.unread != nil {
		for name, data := range s.unread {
			list = append(list, part{name, data})
		}
	} else {
		list = append(list, s.parts()...)
	}
	return encodeParts(list)
}

// parts are those of the judges.
func (s *Series) parts() []part {
	var list []part
	list = s.degradation.parts(list)
	list = s.budget.parts(list)
	list = s.outlook.parts(list)
	return s.culprits.parts(list)
}

// DecodeSeries reads what Encode wrote. Parts that cannot be read start afresh,
// and the error says which: the series is there in any case. The parts of
// judges are read when they are made, with the first run.
func DecodeSeries(data []byte) (*Series, error) {
	s := NewSeries()
	if len(data) == 0 {
		return s, nil
	}
	parts, err := decodeParts(data)
	errs := []error{err}
	s.unread = parts
	if data, ok := parts[partMemory]; ok {
		s.memory, err = DecodeMemory(data)
		errs = append(errs, err)
		delete(parts, partMemory)
	}
	if data, ok := parts[partForces]; ok {
		errs = append(errs, decodeJSON(data, &s.forces))
		delete(parts, partForces)
	}
	if s.forces.Latency.rank() < 0 || s.forces.Budget.rank() < 0 || s.forces.Forecast.rank() < 0 {
		s.forces = forces{}
		errs = append(errs, errors.New("decode the severities in force: unknown severity"))
	}
	return s, errors.Join(errs...)
}

// mustJSON encodes what always can be: numbers, texts and times.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode what is remembered: %v", err))
	}
	return data
}

func decodeJSON(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode what is remembered: %w", err)
	}
	return nil
}
