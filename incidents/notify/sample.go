package notify

import (
	"context"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"

	"github.com/google/uuid"
)

// typeTest is the type of a sample's payload.
const typeTest = "test"

// TestResult is what a channel did with a sample.
type TestResult struct {
	Channel string
	Answer  Answer
	Err     error // nil: delivered
}

// SendTest sends a sample to every channel of an audience, one after the
// other, without the outbox and without repeating anything. A sample has the
// type "test" and else looks like the opening of an incident.
func SendTest(ctx context.Context, senders []Sender, composer *Composer, audience checks.Audience, now time.Time) []TestResult {
	results := make([]TestResult, 0, len(audience.Channels))
	payload := composer.Sample(now)
	for _, c := range audience.Channels {
		r := TestResult{Channel: c.Name}
		n := incidents.Notification{
			ID: uuid.NewString(), Audience: audience.ID, Channel: c.Name,
			Payload: payload, CreatedAt: now, State: incidents.Pending,
		}
		if s := senderFor(senders, c); s != nil {
			r.Answer, r.Err = s.Send(ctx, Endpoint{Audience: audience.ID, Channel: c}, n)
		} else {
			r.Err = errNoSender
		}
		results = append(results, r)
	}
	return results
}

// Sample gives the payload of a sample.
func (c *Composer) Sample(now time.Time) []byte {
	since := now.Add(-2 * time.Minute)
	summary := `Sample failed in 2 of the last 3 runs: step click button "Pay": this is a test, nothing is wrong`
	event := incidents.Event{
		Number: 1, At: now, Kind: incidents.EventOpened, Severity: detect.Critical, Summary: summary,
		RunID: "00000000-0000-7000-8000-000000000000",
	}
	failure := &probes.Failure{Step: `click button "Pay"`, Kind: probes.FailElement, Message: "this is a test, nothing is wrong"}
	return c.compose(typeTest, incidents.Message{
		Incident: incidents.Incident{
			ID: "00000000-0000-8000-8000-000000000000", CheckID: "sample", CheckName: "Sample", Location: "sample",
			Cause: detect.CauseFailure, Severity: detect.Critical, State: incidents.Open, Summary: summary,
			OpenedAt: now, UpdatedAt: now,
			Impact:    incidents.Impact{BadRuns: 2, Since: since},
			Procedure: incidents.Procedure{Text: "Nothing has to be done: this is a test."},
		},
		Event: event,
		Run: &probes.Run{
			ID: event.RunID, CheckID: "sample", Started: now.Add(-2 * time.Second), Duration: 1800 * time.Millisecond,
			Outcome: probes.Failed, Failure: failure,
			Steps: []probes.Step{
				{Name: "goto /", Verb: "goto", Duration: 800 * time.Millisecond, Outcome: probes.Passed},
				{Name: failure.Step, Verb: "click", Duration: time.Second, Outcome: probes.Failed, Failure: failure},
			},
		},
	})
}
