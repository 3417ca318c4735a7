package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/storage"
)

// tablePage is how many runs one page of the table of runs has.
const tablePage = 50

// checkView is what the page of a check shows.
type checkView struct {
	C         *checkState
	Severity  string
	Labels    []labelLink
	Last      *moment
	Next      *moment
	Note      string
	Facts     []fact
	Steps     []stepFact
	Goals     []goalView
	Chart     chart
	Ranges    []rangeLink
	Runs      []runRow
	Outcomes  []rangeLink
	Older     string // URL of the next page of runs; empty: none
	Newest    string // URL of the first page; empty: this is it
	Incidents []incidentRow
	Notes     []noteRow
	// Judgement is what was said of the last judged run; nil: nothing yet.
	Judgement *detect.Judgement
	// Predictions are how many were made, and how many of those that are settled
	// came true.
	Predictions predictionRecord
	Planned     []PlannedEvent
}

// noteRow is a note in a list.
type noteRow struct {
	incidents.Note
	When moment
}

// predictionRecord says how predictions fared.
type predictionRecord struct{ Settled, CameTrue int }

// goalView is a promise and its budget, nil while nothing has run.
type goalView struct {
	Name      string // empty if it is the only one
	Objective checks.Objective
	Budget    *budget
}

// fact is a line of a check's definition.
type fact struct{ Name, Value string }

// stepFact is a step as defined.
type stepFact struct {
	Number     int
	Name       string
	Verb       string
	Thresholds string
}

// rangeLink is one choice of several.
type rangeLink struct {
	Text   string
	URL    string
	Active bool
}

// runRow is a run in a table.
type runRow struct {
	ID          string
	Outcome     string
	Started     moment
	Duration    time.Duration
	Bar         float64 // percent of the longest in the table
	Failure     string
	Step        string
	Attempts    int
	StartDelay  time.Duration
	Maintenance bool
	Location    string
}

// chartRange is a choice of how far the chart looks back.
type chartRange struct {
	name  string
	span  time.Duration
	hours bool // drawn from roll-ups, which outlive the runs
}

var chartRanges = [...]chartRange{
	{"30m", 30 * time.Minute, false}, {"3h", 3 * time.Hour, false}, {"24h", 24 * time.Hour, false},
	{"7d", 7 * 24 * time.Hour, true}, {"30d", 30 * 24 * time.Hour, true},
}

// defaultRange is the place of the range that a check with a history gets.
const defaultRange = 2

// rangeOf reads the range parameter. Without one it is a day, or the shortest
// that shows all there is of a check that has been there for less.
func (s *Server) rangeOf(ctx context.Context, q url.Values, checkID string) (chartRange, error) {
	text := q.Get("range")
	if text == "" {
		for _, r := range chartRanges[:defaultRange] {
			older, err := s.overview.Summaries(ctx, storage.RunQuery{CheckID: checkID, Until: s.now().Add(-r.span), Limit: 1})
			if err != nil {
				return chartRange{}, fmt.Errorf("read runs of check %s: %w", checkID, err)
			}
			if len(older) == 0 {
				return r, nil
			}
		}
		return chartRanges[defaultRange], nil
	}
	for _, r := range chartRanges {
		if r.name == text {
			return r, nil
		}
	}
	return chartRange{}, &paramError{"range", text, "one of 30m, 3h, 24h, 7d, 30d"}
}

// checkPage collects the page of a check.
func (s *Server) checkPage(r *http.Request) (page, error) {
	ctx, q := r.Context(), r.URL.Query()
	c, err := s.stateOfCheck(ctx, r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	span, err := s.rangeOf(ctx, q, c.Check.ID)
	if err != nil {
		return page{}, err
	}
	now := s.now()
	v := checkView{C: &c, Severity: string(c.Severity()), Facts: facts(&c.Check), Steps: stepFacts(&c.Check), Note: note(c.Status)}
	for _, l := range sortedLabels(c.Check.Labels) {
		v.Labels = append(v.Labels, labelLink{l.String(), "/?" + url.Values{"label": {l.String()}}.Encode()})
	}
	if last := c.Last(); last != nil {
		v.Last = &moment{last.Started, now}
	}
	if !c.Status.Next.IsZero() {
		v.Next = &moment{c.Status.Next, now}
	}
	if v.Goals, err = s.goals(ctx, &c.Check); err != nil {
		return page{}, err
	}
	if v.Chart, err = s.chartOf(ctx, &c.Check, span); err != nil {
		return page{}, err
	}
	for _, choice := range chartRanges {
		v.Ranges = append(v.Ranges, rangeLink{choice.name, with(r.URL, "range", choice.name), choice == span})
	}
	if err := s.fillRuns(r, &v); err != nil {
		return page{}, err
	}
	list, err := s.incidents.Incidents(ctx, storage.IncidentQuery{CheckID: c.Check.ID, Limit: 20})
	if err != nil {
		return page{}, fmt.Errorf("read incidents of check %s: %w", c.Check.ID, err)
	}
	v.Incidents = incidentRows(list, now)
	v.Planned = s.planned(c.Check.ID)
	if err := s.fillNotes(ctx, &v, now); err != nil {
		return page{}, err
	}
	return page{View: "check", Title: c.Check.Name, Nav: "checks", Content: v}, nil
}

// maxNotes is how many notes the page of a check lists.
const maxNotes = 20

// fillNotes adds what is worth knowing besides runs and incidents.
func (s *Server) fillNotes(ctx context.Context, v *checkView, now time.Time) error {
	id := v.C.Check.ID
	notes, err := s.judgements.Notes(ctx, storage.NoteQuery{CheckID: id, Limit: maxNotes})
	if err != nil {
		return fmt.Errorf("read notes of check %s: %w", id, err)
	}
	for _, n := range notes {
		v.Notes = append(v.Notes, noteRow{n, moment{n.At, now}})
	}
	outcomes, err := s.judgements.Notes(ctx, storage.NoteQuery{CheckID: id, Kinds: []detect.NoteKind{detect.NoteOutcome}, Limit: 1000})
	if err != nil {
		return fmt.Errorf("read predictions of check %s: %w", id, err)
	}
	v.Predictions.Settled = len(outcomes)
	for _, n := range outcomes {
		if n.CameTrue {
			v.Predictions.CameTrue++
		}
	}
	for _, run := range v.C.Recent {
		j, err := s.judgements.Judgement(ctx, run.ID)
		if errors.Is(err, storage.ErrNotFound) {
			continue // not yet judged
		}
		if err != nil {
			return fmt.Errorf("read the judgement of run %s: %w", run.ID, err)
		}
		if v.Judgement == nil {
			v.Judgement = &j
		}
		if j.Learned > 0 || j.ExpectedMS > 0 {
			v.Judgement = &j // a run that failed says nothing of latency
			break
		}
	}
	return nil
}

// goals collects the promises of a check.
func (s *Server) goals(ctx context.Context, c *checks.Check) ([]goalView, error) {
	budgets, err := s.budgetsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	views := make([]goalView, len(budgets))
	for i, b := range budgets {
		views[i] = goalView{Objective: c.Objectives[i], Budget: b}
		if len(budgets) > 1 {
			views[i].Name = c.Objectives[i].Name
		}
	}
	return views, nil
}

// chartOf draws the latency of a check.
func (s *Server) chartOf(ctx context.Context, c *checks.Check, span chartRange) (chart, error) {
	to := s.now()
	from := to.Add(-span.span)
	said, err := s.judgements.Judgements(ctx, c.ID, from, to, span.span/chartBuckets)
	if err != nil {
		return chart{}, fmt.Errorf("read judgements of check %s: %w", c.ID, err)
	}
	notes, err := s.judgements.Notes(ctx, storage.NoteQuery{CheckID: c.ID, Since: from, Until: to,
		Kinds: []detect.NoteKind{detect.NoteDeploy, detect.NoteChange}, Limit: maxNotes})
	if err != nil {
		return chart{}, fmt.Errorf("read notes of check %s: %w", c.ID, err)
	}
	background := background{expected: expectedOf(said), notes: notes}
	if span.hours {
		hours, err := s.runs.Hours(ctx, c.ID, from.Truncate(time.Hour), to)
		if err != nil {
			return chart{}, fmt.Errorf("read hours of check %s: %w", c.ID, err)
		}
		ch := newChart(bucketsOfHours(hours), from, to, 2*time.Hour, c.Thresholds.Total, background)
		ch.Band95 = true
		return ch, nil
	}
	runs, err := s.overview.Summaries(ctx, storage.RunQuery{CheckID: c.ID, Since: from, Limit: 10_000})
	if err != nil {
		return chart{}, fmt.Errorf("read runs of check %s: %w", c.ID, err)
	}
	gap := max(3*span.span/chartBuckets, 3*c.Schedule.Every)
	return newChart(bucketsOf(runs, from, to), from, to, gap, c.Thresholds.Total, background), nil
}

// fillRuns adds the table of runs, a page of it.
func (s *Server) fillRuns(r *http.Request, v *checkView) error {
	q := r.URL.Query()
	before, err := number(q, "before", 0, 1<<62)
	if err != nil {
		return err
	}
	only, err := outcomes(q)
	if err != nil {
		return err
	}
	id := v.C.Check.ID
	entries, err := s.runs.Runs(r.Context(), storage.RunQuery{CheckID: id, Before: before, Outcomes: only, Limit: tablePage + 1})
	if err != nil {
		return fmt.Errorf("read runs of check %s: %w", id, err)
	}
	if len(entries) > tablePage {
		entries = entries[:tablePage]
		v.Older = with(r.URL, "before", strconv.FormatInt(entries[tablePage-1].Seq, 10)) + "#runs"
	}
	if before > 0 {
		v.Newest = with(r.URL, "before", "") + "#runs"
	}
	v.Runs = runRows(entries, s.now())
	for _, choice := range [...]string{"", "failed", "degraded", "unknown", "passed"} {
		u := *r.URL
		query := u.Query()
		query.Del("before")
		u.RawQuery = query.Encode()
		text := choice
		if text == "" {
			text = "all"
		}
		v.Outcomes = append(v.Outcomes, rangeLink{text, with(&u, "outcome", choice) + "#runs", q.Get("outcome") == choice})
	}
	return nil
}

// runRows prepares runs for a table.
func runRows(entries []storage.Entry, now time.Time) []runRow {
	longest := time.Duration(1)
	for _, e := range entries {
		longest = max(longest, e.Run.Duration)
	}
	rows := make([]runRow, len(entries))
	for i, e := range entries {
		run := e.Run
		rows[i] = runRow{
			ID: run.ID, Outcome: string(run.Outcome), Started: moment{run.Started, now}, Duration: run.Duration,
			Bar: 100 * float64(run.Duration) / float64(longest), Attempts: len(run.Attempts) + 1,
			StartDelay: run.StartDelay, Maintenance: run.Maintenance, Location: run.Location,
		}
		switch {
		case run.Failure != nil:
			rows[i].Step, rows[i].Failure = run.Failure.Step, cut(run.Failure.Message, 160)
		case len(run.Exceeded) > 0:
			x := run.Exceeded[0]
			rows[i].Step = x.Step
			rows[i].Failure = fmt.Sprintf("%s %s, %s over %s", measureName(x.Measure), showMilliseconds(x.Got, x.Measure),
				x.Level, showMilliseconds(x.Limit, x.Measure))
		case run.Disturbed != "":
			rows[i].Failure = "its times are not trusted: the measuring host was disturbed"
		}
	}
	return rows
}

// with gives the URL's path and query with one parameter set, or, with an
// empty value, taken away.
func with(u *url.URL, name, value string) string {
	q := u.Query()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + q.Encode()
}

// measureName is how a threshold's measure is called on pages.
func measureName(measure string) string {
	switch measure {
	case "total":
		return "took"
	case string(checks.PhaseFirstByte):
		return "first byte"
	case string(checks.PhaseTLS):
		return "TLS"
	case string(checks.VitalLCP), string(checks.VitalCLS), string(checks.VitalINP), string(checks.VitalFCP), string(checks.VitalTTFB), string(checks.VitalTBT):
		return strings.ToUpper(measure)
	}
	return measure
}
