package influx

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
)

// point is a point and what it came from.
type point struct {
	wire *write.Point
	from string // run or incident id
}

// String shows a point in a log.
func (p point) String() string {
	var tags []string
	for _, t := range p.wire.TagList() {
		tags = append(tags, t.Key+"="+t.Value)
	}
	return fmt.Sprintf("%s,%s at %s of %s", p.wire.Name(), strings.Join(tags, ","), p.wire.Time().Format(time.RFC3339Nano), p.from)
}

// batch is what is written at once.
type batch struct {
	points []point
	oldest time.Time // of the entries they were made of
}

func (b *batch) entry(at time.Time) {
	if b.oldest.IsZero() || at.Before(b.oldest) {
		b.oldest = at
	}
}

// pointMaker turns runs and incident events into points.
type pointMaker struct {
	labels []label
}

// label is a label of checks and the tag that it becomes.
type label struct{ name, tag string }

// own are the tags and fields that Outrider itself writes, and "time", which
// InfluxDB does. A label of such a name becomes a tag with "label_" before it.
var own = []string{
	"check", "kind", "location", "outcome", "step", "cause", "severity", "state", "event", "time",
	"run", "up", "retries", "host_disturbance", "disturbed", "cpu_pressure", "cpu_throttled", "maintenance",
	"failure", "failed_step", "trace_id", "status", "redirects",
	"cls", "days_left", "verified", "incident", "number", "summary", "open",
	"score", "learned", "breach_probability", "objective", "good", "total", "budget_left",
	"requests", "long_tasks", "dom_elements", "console_messages",
}

func newPointMaker(labels []string) pointMaker {
	var m pointMaker
	for _, name := range labels {
		tag := tagText(name)
		if tag == "" || slices.ContainsFunc(m.labels, func(l label) bool { return l.name == name }) {
			continue
		}
		if slices.Contains(own, tag) || strings.HasPrefix(tag, "_") || hasUnit(tag) {
			tag = "label_" + tag
		}
		m.labels = append(m.labels, label{name, tag})
	}
	slices.SortFunc(m.labels, func(a, b label) int { return strings.Compare(a.tag, b.tag) })
	return m
}

// hasUnit tells whether a name ends as those of our fields do.
func hasUnit(name string) bool {
	return strings.HasSuffix(name, "_ms") || strings.HasSuffix(name, "_s") || strings.HasSuffix(name, "_bytes") || strings.HasSuffix(name, "_requests")
}

// draft is a point in the making.
type draft struct{ *write.Point }

func newDraft(measurement string, at time.Time) draft {
	if at.IsZero() {
		at = time.Unix(0, 0) // without a time the server would set one, and another each time
	}
	return draft{write.NewPointWithMeasurement(measurement).SetTime(at)}
}

// tag adds a tag unless it is empty.
func (d draft) tag(key, value string) draft {
	if value = tagText(value); value != "" {
		d.AddTag(key, value)
	}
	return d
}

// longestTag bounds tags, in bytes: an index of series is no place for texts.
const longestTag = 256

// tagText makes a text fit for a tag. Line protocol has no way to write line
// breaks in tags, and a backslash before a separator is read as part of the
// separator.
func tagText(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) > longestTag {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:longestTag], ""))
	}
	return s
}

// float adds a field unless the number says nothing.
func (d draft) float(key string, value float64) draft {
	if !math.IsNaN(value) && !math.IsInf(value, 0) {
		d.AddField(key, value)
	}
	return d
}

// ms adds a duration in milliseconds.
func (d draft) ms(key string, value time.Duration) draft {
	return d.float(key, float64(value)/float64(time.Millisecond))
}

func (d draft) int(key string, value int64) draft {
	d.AddField(key, value)
	return d
}

func (d draft) bool(key string, value bool) draft {
	d.AddField(key, value)
	return d
}

// longestField bounds string fields, in bytes (InfluxDB's limit is 64 KiB).
const longestField = 2_000

// text adds a string unless it is empty.
func (d draft) text(key, value string) draft {
	value = strings.Join(strings.Fields(strings.ToValidUTF8(value, "\uFFFD")), " ")
	if len(value) > longestField {
		value = strings.ToValidUTF8(value[:longestField], "")
	}
	if value != "" {
		d.AddField(key, value)
	}
	return d
}

// series starts a point of a run with the tags that all of them have.
func (m pointMaker) series(measurement string, run *probes.Run) draft {
	d := newDraft(measurement, run.Started).tag("check", run.CheckID).tag("kind", string(run.Kind)).tag("location", run.Location)
	for _, l := range m.labels {
		d.tag(l.tag, run.Labels[l.name])
	}
	return d
}

func (b *batch) add(d draft, from string) {
	d.SortTags().SortFields()
	b.points = append(b.points, point{d.Point, from})
}

// run adds the points of a run. All of them have the time at which the run
// started: no two runs of a check in a location start in the same nanosecond,
// and steps differ in their tags.
func (m pointMaker) run(b *batch, run probes.Run) {
	d := m.series("run", &run).tag("outcome", string(run.Outcome)).
		ms("start_delay_ms", run.StartDelay).ms("slot_wait_ms", run.SlotWait).
		int("retries", int64(len(run.Attempts))).float("host_disturbance", run.Disturbance).
		bool("disturbed", run.Disturbed != "").bool("maintenance", run.Maintenance).text("run", run.ID)
	if run.Failure != nil {
		d.text("failure", string(run.Failure.Kind)).text("failed_step", run.Failure.Step)
	}
	if up, known := isUp(run.Outcome); known {
		d.int("up", up).ms("duration_ms", run.Duration)
	}
	if run.Browser != "" {
		d.float("cpu_pressure", run.CPUPressure).float("cpu_throttled", run.CPUThrottled)
	}
	d.text("trace_id", run.TraceID)
	b.add(d, run.ID)
	for i := range run.Steps {
		m.step(b, &run, &run.Steps[i])
	}
}

// isUp is 1 for what worked and 0 for what did not; of what our own trouble
// ended nothing is known.
func isUp(o probes.Outcome) (up int64, known bool) {
	switch o {
	case probes.Passed, probes.Degraded:
		return 1, true
	case probes.Failed:
		return 0, true
	}
	return 0, false
}

func (m pointMaker) step(b *batch, run *probes.Run, step *probes.Step) {
	d := m.series("step", run).tag("step", step.Name).tag("outcome", string(step.Outcome)).text("run", run.ID)
	if up, known := isUp(step.Outcome); known {
		d.int("up", up).ms("duration_ms", step.Duration)
	}
	if h := step.HTTP; h != nil {
		d.ms("resolve_ms", h.Phases.Resolve).ms("connect_ms", h.Phases.Connect).ms("tls_ms", h.Phases.TLS).
			ms("first_byte_ms", h.Phases.FirstByte).ms("download_ms", h.Phases.Download).
			int("body_bytes", h.BodyBytes).int("transfer_bytes", h.TransferBytes).int("redirects", int64(h.Redirects))
		if h.Status > 0 {
			d.int("status", int64(h.Status))
		}
	}
	if step.SpeedIndex != nil {
		d.float("speed_index_ms", *step.SpeedIndex)
	}
	b.add(d.split(step.Split), run.ID)
	m.vitals(b, run, step)
	m.page(b, run, step)
	m.certificate(b, run, step)
}

func (m pointMaker) vitals(b *batch, run *probes.Run, step *probes.Step) {
	if step.Vitals == nil {
		return
	}
	d := m.series("vital", run).tag("step", step.Name)
	for key, value := range map[string]*float64{
		"lcp_ms": step.Vitals.LCP, "cls": step.Vitals.CLS, "inp_ms": step.Vitals.INP,
		"fcp_ms": step.Vitals.FCP, "ttfb_ms": step.Vitals.TTFB, "tbt_ms": step.Vitals.TBT,
	} {
		if value != nil {
			d.float(key, *value)
		}
	}
	if len(d.FieldList()) > 0 { // a point needs one
		b.add(d.text("run", run.ID), run.ID)
	}
}

func (m pointMaker) certificate(b *batch, run *probes.Run, step *probes.Step) {
	if step.HTTP == nil || step.HTTP.TLS == nil || step.HTTP.TLS.NotAfter.IsZero() {
		return
	}
	left := step.HTTP.TLS.NotAfter.Sub(run.Started)
	b.add(m.series("certificate", run).tag("step", step.Name).
		float("days_left", left.Hours()/24).bool("verified", step.HTTP.TLS.Verified).text("run", run.ID), run.ID)
}

// judgement adds the points of what was said of a run.
func (m pointMaker) judgement(b *batch, entry storage.JudgementEntry) {
	series := func(measurement string) draft {
		d := newDraft(measurement, entry.Started).tag("check", entry.CheckID).tag("kind", entry.Kind).tag("location", entry.Location)
		for _, l := range m.labels {
			d.tag(l.tag, entry.Labels[l.name])
		}
		return d
	}
	j := &entry.Judgement
	d := series("judgement").float("score", j.Score).float("learned", j.Learned).text("run", entry.ID)
	if j.ExpectedMS > 0 {
		d.float("expected_ms", j.ExpectedMS).float("lower_ms", j.LowerMS).float("upper_ms", j.UpperMS)
	}
	if j.BreachProbability != nil {
		d.float("breach_probability", *j.BreachProbability)
	}
	b.add(d, entry.ID)
	for _, o := range j.Objectives {
		b.add(series("objective").tag("objective", o.Name).
			int("good", o.Good).int("total", o.Total).float("budget_left", o.BudgetLeft).text("run", entry.ID), entry.ID)
	}
}

// event adds the point of an incident event.
func (m pointMaker) event(b *batch, entry storage.EventEntry) {
	i, e := entry.Incident, entry.Event
	state := incidents.Open
	if e.Kind == incidents.EventResolved {
		state = incidents.Resolved
	}
	severity := string(e.Severity)
	if severity == "" {
		severity = "none"
	}
	d := newDraft("incident", e.At).tag("check", i.CheckID).tag("location", i.Location).tag("cause", string(i.Cause)).
		tag("severity", severity).tag("state", string(state)).tag("event", string(e.Kind))
	for _, l := range m.labels {
		d.tag(l.tag, i.Labels[l.name])
	}
	d.text("incident", i.ID).int("number", int64(e.Number)).text("summary", e.Summary)
	if e.Kind == incidents.EventResolved {
		d.int("open", 0).float("duration_s", e.At.Sub(i.OpenedAt).Seconds())
	} else {
		d.int("open", 1)
	}
	b.add(d, i.ID)
}
