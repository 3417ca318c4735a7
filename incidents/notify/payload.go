package notify

import (
	_ "embed"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

// payloadVersion is data.version. It changes when a receiver that was written
// for the one before would misread the payload; new properties do not change it.
const payloadVersion = 1

// maxPayload bounds a payload, in bytes.
const maxPayload = 256 << 10

//go:embed payload.schema.json
var payloadSchema []byte

// PayloadSchema gives the JSON Schema of payloads.
func PayloadSchema() []byte { return append([]byte(nil), payloadSchema...) }

// Composer makes the payloads of notifications, as payload.schema.json
// describes them.
type Composer struct {
	// BaseURL is where people find Outrider's pages; empty: there is no link.
	BaseURL string
	// Redactor takes secrets out of every text; nil: there are none.
	Redactor func() *checks.Redactor
}

// Compose is an incidents.ComposeFunc. The same message gives the same bytes.
func (c *Composer) Compose(m incidents.Message) []byte {
	return c.compose("incident."+string(m.Event.Kind), m)
}

// compose makes a payload of at most maxPayload bytes, with less and less
// detail if need be.
func (c *Composer) compose(kind string, m incidents.Message) []byte {
	var body []byte
	for _, b := range [...]bounds{
		{procedure: 32 << 10, text: 2000, name: 500, items: 100},
		{procedure: 4 << 10, text: 500, name: 200, items: 30},
		{procedure: 500, text: 200, name: 100, items: 10},
	} {
		w := writer{bounds: b, base: strings.TrimRight(c.BaseURL, "/")}
		if c.Redactor != nil {
			w.redactor = c.Redactor()
		}
		var err error
		body, err = json.Marshal(payload{
			Type:      kind,
			Timestamp: stamp(m.Event.At),
			Data: data{
				Version:  payloadVersion,
				Incident: w.incident(&m.Incident),
				Event:    w.event(&m.Event),
				Run:      w.run(m.Run),
			},
		})
		if err != nil {
			panic("compose a notification: " + err.Error()) // strings and finite numbers always marshal
		}
		if len(body) <= maxPayload {
			break
		}
	}
	return body
}

// What a payload consists of; payload.schema.json says what each part means.
type (
	payload struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      data   `json:"data"`
	}
	data struct {
		Version  int          `json:"version"`
		Incident incidentPart `json:"incident"`
		Event    eventPart    `json:"event"`
		Run      *runPart     `json:"run,omitempty"`
	}
	incidentPart struct {
		ID         string          `json:"id"`
		Check      checkPart       `json:"check"`
		Location   string          `json:"location"`
		Cause      detect.Cause    `json:"cause"`
		Severity   detect.Severity `json:"severity"`
		State      incidents.State `json:"state"`
		Summary    string          `json:"summary"`
		OpenedAt   string          `json:"opened_at"`
		ResolvedAt string          `json:"resolved_at,omitempty"`
		Impact     impactPart      `json:"impact"`
		Procedure  *procedurePart  `json:"procedure,omitempty"`
		URL        string          `json:"url,omitempty"`
	}
	checkPart struct {
		ID     string            `json:"id"`
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels,omitempty"`
	}
	impactPart struct {
		BadRuns int    `json:"bad_runs"`
		Since   string `json:"since"`
	}
	procedurePart struct {
		Text string `json:"text,omitempty"`
		URL  string `json:"url,omitempty"`
	}
	eventPart struct {
		Number   int                 `json:"number"`
		At       string              `json:"at"`
		Kind     incidents.EventKind `json:"kind"`
		Severity detect.Severity     `json:"severity"`
		Summary  string              `json:"summary"`
		Findings []string            `json:"findings,omitempty"`
	}
	runPart struct {
		ID         string         `json:"id"`
		StartedAt  string         `json:"started_at"`
		Outcome    probes.Outcome `json:"outcome"`
		DurationMS float64        `json:"duration_ms"`
		Failure    *failurePart   `json:"failure,omitempty"`
		Exceeded   []exceededPart `json:"exceeded,omitempty"`
		Steps      []stepPart     `json:"steps"`
		StepsCut   int            `json:"steps_cut,omitempty"`
		TraceID    string         `json:"trace_id,omitempty"`
	}
	failurePart struct {
		Step     string             `json:"step,omitempty"`
		Kind     probes.FailureKind `json:"kind"`
		Message  string             `json:"message"`
		Expected string             `json:"expected,omitempty"`
		Got      string             `json:"got,omitempty"`
	}
	exceededPart struct {
		Step    string         `json:"step,omitempty"`
		Measure string         `json:"measure"`
		Level   probes.Outcome `json:"level"`
		Limit   float64        `json:"limit"`
		Got     float64        `json:"got"`
	}
	stepPart struct {
		Name       string         `json:"name"`
		Verb       string         `json:"verb"`
		Outcome    probes.Outcome `json:"outcome"`
		DurationMS float64        `json:"duration_ms"`
	}
)

// bounds are how long the parts of a payload may be: texts in bytes, lists and
// labels in items.
type bounds struct{ procedure, text, name, items int }

// writer puts types of ours into the form of a payload.
type writer struct {
	bounds
	base     string
	redactor *checks.Redactor
}

func (w *writer) incident(i *incidents.Incident) incidentPart {
	p := incidentPart{
		ID:        i.ID,
		Check:     checkPart{ID: i.CheckID, Name: w.short(i.CheckName, w.name), Labels: w.labels(i.Labels)},
		Location:  w.short(i.Location, w.name),
		Cause:     i.Cause,
		Severity:  i.Severity,
		State:     i.State,
		Summary:   w.short(i.Summary, w.text),
		OpenedAt:  stamp(i.OpenedAt),
		Impact:    impactPart{BadRuns: i.Impact.BadRuns, Since: stamp(i.Impact.Since)},
		Procedure: w.procedureOf(i.Procedure),
	}
	if !i.ResolvedAt.IsZero() {
		p.ResolvedAt = stamp(i.ResolvedAt)
	}
	if w.base != "" {
		p.URL = w.base + "/incidents/" + i.ID
	}
	return p
}

func (w *writer) procedureOf(p incidents.Procedure) *procedurePart {
	if p == (incidents.Procedure{}) {
		return nil
	}
	part := &procedurePart{Text: w.short(p.Text, w.procedure), URL: w.redactor.Redact(p.URL)}
	if len(part.URL) > w.text {
		part.URL = "" // a part of a link leads nowhere
	}
	return part
}

func (w *writer) labels(all map[string]string) map[string]string {
	if len(all) == 0 || len(all) > w.items {
		return nil
	}
	labels := make(map[string]string, len(all))
	for k, v := range all {
		labels[w.short(k, w.name)] = w.short(v, w.name)
	}
	return labels
}

func (w *writer) event(e *incidents.Event) eventPart {
	p := eventPart{Number: e.Number, At: stamp(e.At), Kind: e.Kind, Severity: e.Severity, Summary: w.short(e.Summary, w.text)}
	for _, f := range e.Findings[:min(len(e.Findings), w.items)] {
		p.Findings = append(p.Findings, w.short(f, w.text))
	}
	return p
}

func (w *writer) run(r *probes.Run) *runPart {
	if r == nil {
		return nil
	}
	p := &runPart{
		ID: r.ID, StartedAt: stamp(r.Started), Outcome: r.Outcome, DurationMS: inMilliseconds(r.Duration),
		Failure: w.failure(r.Failure), Steps: []stepPart{}, TraceID: r.TraceID,
	}
	for _, e := range r.Exceeded[:min(len(r.Exceeded), w.items)] {
		p.Exceeded = append(p.Exceeded, exceededPart{w.short(e.Step, w.name), e.Measure, e.Level, finite(e.Limit), finite(e.Got)})
	}
	p.StepsCut = max(0, len(r.Steps)-w.items) // the last ones tell more: one of them failed
	for _, s := range r.Steps[p.StepsCut:] {
		p.Steps = append(p.Steps, stepPart{w.short(s.Name, w.name), s.Verb, s.Outcome, inMilliseconds(s.Duration)})
	}
	return p
}

func (w *writer) failure(f *probes.Failure) *failurePart {
	if f == nil {
		return nil
	}
	return &failurePart{
		Step: w.short(f.Step, w.name), Kind: f.Kind, Message: w.short(f.Message, w.text),
		Expected: w.short(f.Expected, w.text), Got: w.short(f.Got, w.text),
	}
}

// short takes secrets out of a text and then cuts it.
func (w *writer) short(text string, bytes int) string {
	return cut(w.redactor.Redact(text), bytes)
}

// cut shortens a text to at most so many bytes, and an ellipsis.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes] + "…"
}

// stamp writes a time as RFC 3339 does, in UTC, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// finite keeps out what JSON cannot say.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
