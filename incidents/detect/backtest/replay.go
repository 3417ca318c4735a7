package backtest

import (
	"errors"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// Judge judges the runs of one check at one location, in order; a
// *detect.Series does.
type Judge interface {
	Judge(check *checks.Check, run *probes.Run) detect.Result
}

// Options say what to judge with and what to report.
type Options struct {
	// Check is the setting that is tried.
	Check *checks.Check
	// AsRecorded takes the outcomes of runs as they were recorded, instead of
	// holding the runs against Check's thresholds anew.
	AsRecorded bool
	// From and To are the span that is reported: runs that started at or after
	// From and before To. Runs before From are judged all the same, so that the
	// judges know by From what they would have known. Zero: no bound.
	From, To time.Time
	// Holidays are those of the definitions.
	Holidays []checks.Holiday
	// Marks are what else happened, deployments say: those of the span are among
	// the notes.
	Marks []detect.Note
	// NewJudge makes the judge of a location; nil: a *detect.Series.
	NewJudge func() Judge
}

// Bounds on what a Result keeps, so that a check that never comes to rest
// costs no memory.
const (
	maxAlerts = 10_000
	maxNotes  = 1_000
)

// Result is what came of judging runs with a setting.
type Result struct {
	Setting Setting `json:"setting"`
	// From and To are when the first and the last run of the span started.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Runs Counts    `json:"runs"`
	// Alerts would have opened, or been open already, in the span: in the order
	// in which they opened. At most 10,000 are kept; AlertsLeftOut counts the
	// rest, which are in no total.
	Alerts        []Alert `json:"alerts"`
	AlertsLeftOut int     `json:"alerts_left_out,omitempty"`
	// Notes are what the judges remarked besides, at most 1,000.
	Notes        []Note `json:"notes"`
	NotesLeftOut int    `json:"notes_left_out,omitempty"`
	Totals       Totals `json:"totals"`
	// Profiles are the latency over the span, a location each, by its name.
	Profiles []*Profile `json:"-"`
}

// Counts are the runs of the span. Unknown runs and those made in maintenance
// are judged by nobody and are in no other figure but Total.
type Counts struct {
	Total       int `json:"total"`
	Failed      int `json:"failed"`   // for whatever reason, thresholds too
	Degraded    int `json:"degraded"` // by thresholds
	Unknown     int `json:"unknown"`
	Maintenance int `json:"maintenance"`
	// Before counts the runs before the span, which were only learnt from.
	Before int `json:"before_span"`
	// Elsewhere counts the runs at locations at which the check's definition
	// does not run; they are not in Total.
	Elsewhere int `json:"elsewhere"`
}

// Note is a remark of a judge at a location; without one, it is about all.
type Note struct {
	Location string `json:"location"`
	detect.Note
}

// Replay judges the runs of a source. Errors are those of the source.
func Replay(source Source, o Options) (*Result, error) {
	r := replay{Options: o, series: map[string]*series{}}
	if r.NewJudge == nil {
		calendar := detect.CalendarOf(o.Holidays, o.Check)
		r.NewJudge = func() Judge {
			s := detect.NewSeries()
			s.SetCalendar(calendar)
			return s
		}
	}
	r.out.Setting = SettingOf(o.Check, o.AsRecorded)
	err := source(func(run *probes.Run) error {
		r.judge(run)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.finish()
	return &r.out, nil
}

type replay struct {
	Options
	out    Result
	series map[string]*series // by location
}

// series is one location.
type series struct {
	location string
	judge    Judge
	open     map[detect.Cause]*Alert
	profile  *Profile
}

func (r *replay) judge(recorded *probes.Run) {
	if !r.To.IsZero() && !recorded.Started.Before(r.To) {
		return
	}
	inside := !recorded.Started.Before(r.From)
	if !r.Check.RunsAt(recorded.Location) && recorded.Location != "csv" {
		if inside {
			r.out.Runs.Elsewhere++
		}
		return
	}
	run := *recorded
	if !r.AsRecorded {
		run = reassess(r.Check, recorded)
		if !run.Maintenance {
			_, run.Maintenance = r.Check.Schedule.InMaintenance(run.Started)
		}
	}
	if run.Finished.IsZero() {
		run.Finished = run.Started.Add(run.Duration)
	}
	s := r.of(run.Location)
	result := s.judge.Judge(r.Check, &run)
	if inside {
		r.count(&run)
		s.profile.add(&run, &result.Judgement)
		for _, n := range result.Notes {
			if n.Kind == detect.NoteOutcome {
				r.out.Totals.Predictions++
				if n.CameTrue {
					r.out.Totals.CameTrue++
				}
			}
			if len(r.out.Notes) == maxNotes {
				r.out.NotesLeftOut++
				continue
			}
			r.out.Notes = append(r.out.Notes, Note{s.location, n})
		}
	} else {
		r.out.Runs.Before++
	}
	for i := range result.Verdicts {
		r.follow(s, &run, &result.Verdicts[i])
	}
}

// of gives the series of a location, a new one if need be.
func (r *replay) of(location string) *series {
	s := r.series[location]
	if s == nil {
		s = &series{location, r.NewJudge(), map[detect.Cause]*Alert{}, newProfile(location, r.Check.Schedule.Every)}
		r.series[location] = s
	}
	return s
}

func (r *replay) count(run *probes.Run) {
	c := &r.out.Runs
	c.Total++
	switch {
	case run.Maintenance:
		c.Maintenance++
	case run.Outcome == probes.Unknown:
		c.Unknown++
	case run.Outcome == probes.Failed:
		c.Failed++
	case run.Outcome == probes.Degraded:
		c.Degraded++
	}
	if r.out.From.IsZero() || run.Started.Before(r.out.From) {
		r.out.From = run.Started.UTC()
	}
	if run.Started.After(r.out.To) {
		r.out.To = run.Started.UTC()
	}
}

// follow does to the alert of a cause what a verdict says; incidents.Keeper
// does the same to incidents.
func (r *replay) follow(s *series, run *probes.Run, v *detect.Verdict) {
	a := s.open[v.Cause]
	switch {
	case a == nil && v.Severity == detect.None:
		return // a bad run that is not confirmed
	case a == nil:
		s.open[v.Cause] = &Alert{
			Location: s.location, Cause: v.Cause, Severity: v.Severity, Opened: run.Finished.UTC(), Since: v.Since,
			BadRuns: v.BadRuns, Summary: v.Summary, Findings: slices.Clone(v.Findings),
		}
		return
	case v.Bad:
		a.BadRuns++
	}
	switch {
	case v.Severity == detect.None:
		a.Resolved = run.Finished.UTC()
		delete(s.open, v.Cause)
		r.keep(a)
	case v.Severity.WorseThan(a.Severity):
		a.Severity, a.Summary, a.Findings = v.Severity, v.Summary, slices.Clone(v.Findings)
	}
}

// keep takes an alert into the result if it is of the span.
func (r *replay) keep(a *Alert) {
	switch {
	case !a.Resolved.IsZero() && a.Resolved.Before(r.From):
	case len(r.out.Alerts) == maxAlerts:
		r.out.AlertsLeftOut++
	default:
		a.Before = a.Opened.Before(r.From)
		r.out.Alerts = append(r.out.Alerts, *a)
	}
}

func (r *replay) finish() {
	for _, s := range r.series {
		for _, a := range s.open {
			r.keep(a)
		}
		if !s.profile.isEmpty() {
			r.out.Profiles = append(r.out.Profiles, s.profile)
		}
	}
	for _, m := range r.Marks {
		if !m.At.Before(r.out.From) && !m.At.After(r.out.To) && len(r.out.Notes) < 2*maxNotes {
			r.out.Notes = append(r.out.Notes, Note{Note: m})
		}
	}
	slices.SortFunc(r.out.Profiles, func(a, b *Profile) int { return compareText(a.Location, b.Location) })
	slices.SortFunc(r.out.Alerts, compareAlerts)
	slices.SortStableFunc(r.out.Notes, func(a, b Note) int { return a.At.Compare(b.At) })
	r.out.Totals = totalsOf(&r.out)
}

// ErrNothing says that a source has no run in the span.
var ErrNothing = errors.New("there is no run in the span")
