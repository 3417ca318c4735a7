package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

// validate checks a payload against the schema, formats included, and that it
// has no property that the schema does not describe.
func validate(t *testing.T, payload []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(PayloadSchema()))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:outrider:notification:1", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:outrider:notification:1")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		t.Fatalf("payload is no JSON: %v", err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("payload does not match the schema: %v\n%s", err, payload)
	}
}

// closeObjects makes every object with properties refuse others.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"]; ok && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner)
		}
	}
}

func message() incidents.Message {
	at := time.Date(2026, 3, 1, 13, 5, 6, 789_000_000, time.FixedZone("CET", 3600))
	event := incidents.Event{
		Number: 1, At: at, Kind: incidents.EventOpened, Severity: detect.Critical,
		Summary: `A customer buys a mug failed in 2 of the last 3 runs: step click button "Pay": no element matches`,
		RunID:   "019c0000-0000-7000-8000-000000000001",
	}
	failure := &probes.Failure{Step: `click button "Pay"`, Kind: probes.FailElement, Message: "no element matches", Expected: "one", Got: "none"}
	return incidents.Message{
		Incident: incidents.Incident{
			ID: "019c0000-0000-8000-8000-000000000002", CheckID: "checkout", CheckName: "A customer buys a mug",
			Location: "home", Labels: map[string]string{"component": "shop", "tier": "gold"}, Cause: detect.CauseFailure,
			Severity: event.Severity, State: incidents.Open, Summary: event.Summary, OpenedAt: at, UpdatedAt: at,
			Impact:    incidents.Impact{BadRuns: 2, Since: at.Add(-2 * time.Minute)},
			Procedure: incidents.Procedure{Text: "1. Look at the *till*.", URL: "https://wiki.test/till"},
			Events:    []incidents.Event{event},
		},
		Event: event,
		Run: &probes.Run{
			ID: event.RunID, Started: at.Add(-3 * time.Second), Duration: 2345678 * time.Microsecond,
			Outcome: probes.Failed, Failure: failure,
			Exceeded: []probes.Exceeded{{Step: "goto /", Measure: "lcp", Level: probes.Degraded, Limit: 2500, Got: 3100.5}},
			Steps: []probes.Step{
				{Name: "goto /", Verb: "goto", Duration: 345678 * time.Microsecond, Outcome: probes.Degraded},
				{Name: failure.Step, Verb: "click", Duration: 2 * time.Second, Outcome: probes.Failed, Failure: failure},
			},
		},
	}
}

func TestComposeGolden(t *testing.T) {
	resolved := message()
	resolved.Incident.State = incidents.Resolved
	resolved.Incident.ResolvedAt = resolved.Event.At.Add(time.Hour)
	resolved.Event = incidents.Event{Number: 2, At: resolved.Incident.ResolvedAt, Kind: incidents.EventResolved, Severity: detect.Critical,
		Summary: "A customer buys a mug was removed from the definitions: the incident ends without a confirmed recovery"}
	resolved.Incident.Summary = resolved.Event.Summary
	resolved.Incident.Labels, resolved.Incident.Procedure, resolved.Run = nil, incidents.Procedure{}, nil

	c := Composer{BaseURL: "https://outrider.test/"}
	for name, body := range map[string][]byte{
		"opened":   c.Compose(message()),
		"resolved": (&Composer{}).Compose(resolved),
		"sample":   c.Sample(message().Event.At),
	} {
		t.Run(name, func(t *testing.T) {
			validate(t, body)
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden := filepath.Join("testdata", "payload-"+name+".json")
			if *update {
				if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func TestComposeEveryKind(t *testing.T) {
	for _, kind := range []incidents.EventKind{incidents.EventOpened, incidents.EventUpdated, incidents.EventEscalated, incidents.EventResolved} {
		m := message()
		m.Event.Kind = kind
		validate(t, (&Composer{}).Compose(m))
	}
}

// Whatever comes from a page, a payload is small, valid and the same again.
func TestComposeIsBounded(t *testing.T) {
	for _, text := range []string{"x", "\x00", "é", "\"", "<script>", "\xff\xfe", "\u2028"} {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			long := strings.Repeat(text, 1<<20/len(text))
			m := message()
			i := &m.Incident
			i.CheckName, i.Location, i.Summary, i.Procedure = long, long, long, incidents.Procedure{Text: long, URL: long}
			i.Labels = map[string]string{}
			for n := range 500 {
				i.Labels[fmt.Sprintf("%d%s", n, long[:10_000])] = long
			}
			m.Event.Summary = long
			failure := &probes.Failure{Step: long, Kind: probes.FailPage, Message: long, Expected: long, Got: long}
			m.Run.Failure = failure
			m.Run.Steps, m.Run.Exceeded = nil, nil
			for range 5000 {
				m.Run.Steps = append(m.Run.Steps, probes.Step{Name: long, Verb: "click", Outcome: probes.Failed, Failure: failure})
				m.Run.Exceeded = append(m.Run.Exceeded, probes.Exceeded{Step: long, Measure: "total", Level: probes.Failed, Got: math.Inf(1), Limit: math.NaN()})
			}
			body := (&Composer{}).Compose(m)
			if len(body) > maxPayload {
				t.Errorf("payload has %d bytes", len(body))
			}
			validate(t, body)
			if !bytes.Equal(body, (&Composer{}).Compose(m)) {
				t.Error("the same message gives another payload")
			}
		})
	}
}

func TestComposeRedacts(t *testing.T) {
	m := message()
	const leak = "hunter22"
	i := &m.Incident
	i.CheckName += leak
	i.Labels["token"] = leak
	i.Summary += leak
	i.Location += leak
	i.Procedure = incidents.Procedure{Text: "use " + leak, URL: "https://wiki.test/?key=" + leak}
	m.Event.Summary += leak
	m.Run.Failure.Message, m.Run.Failure.Expected, m.Run.Failure.Got = leak, leak, leak
	m.Run.Failure.Step = leak
	m.Run.Steps[0].Name = leak
	m.Run.Exceeded[0].Step = leak
	redactor := checks.NewRedactor(checks.NewSecret(leak))
	body := (&Composer{Redactor: func() *checks.Redactor { return redactor }}).Compose(m)
	if bytes.Contains(body, []byte(leak)) {
		t.Errorf("the secret is in %s", body)
	}
	if n := bytes.Count(body, []byte(checks.Redacted)); n != 13 {
		t.Errorf("redacted %d times, want 13: %s", n, body)
	}
	validate(t, body)
}
