package storagetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

// NewRun makes a run of a check, complete in every field that a passed HTTP
// journey of two steps has. Every run has an ID of its own.
func NewRun(check string, started time.Time, duration time.Duration) probes.Run {
	step := func(name string, at time.Duration) probes.Step {
		return probes.Step{
			Name: name, Verb: "get", Started: at, Duration: duration / 2, Outcome: probes.Passed,
			HTTP: &probes.HTTP{
				Method: "GET", URL: "https://shop.example/" + name, Status: 200,
				Phases: probes.Phases{
					Resolve: time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond,
					FirstByte: duration / 4, Download: 500 * time.Microsecond,
				},
				Address: "192.0.2.7:443", Protocol: "HTTP/2.0",
				TLS: &probes.TLS{
					Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256", Issuer: "Example CA", Subject: "shop.example",
					NotAfter: started.Add(60 * 24 * time.Hour).Truncate(time.Second), Verified: true,
				},
				HeaderBytes: 412, BodyBytes: 18_204, TransferBytes: 5_310,
			},
		}
	}
	return probes.Run{
		ID: uuid.Must(uuid.NewV7()).String(), CheckID: check, CheckName: "Customers use " + check,
		Kind: checks.KindHTTP, Location: "local", Labels: map[string]string{"tier": "gold", "component": "shop"},
		Scheduled: started.Add(-3 * time.Millisecond), Started: started, Finished: started.Add(duration),
		Duration: duration, StartDelay: 3 * time.Millisecond, SlotWait: time.Millisecond,
		Outcome: probes.Passed, Steps: []probes.Step{step("home", 0), step("search", duration/2)},
		Disturbance: 0.01,
	}
}

// Failed turns a run into one whose last step failed.
func Failed(r probes.Run) probes.Run {
	last := len(r.Steps) - 1
	f := &probes.Failure{
		Step: r.Steps[last].Name, Kind: probes.FailAssertion, Message: "status is 500, expected 200",
		Expected: "200", Got: "500",
	}
	r.Outcome, r.Failure = probes.Failed, f
	r.Steps[last].Outcome, r.Steps[last].Failure = probes.Failed, f
	r.Attempts = []probes.Attempt{{Started: r.Started.Add(-time.Second), Duration: time.Millisecond, Failure: f}}
	return r
}

// Unknown turns a run into one that our own trouble ended.
func Unknown(r probes.Run) probes.Run {
	r.Outcome, r.Steps = probes.Unknown, nil
	r.Failure = &probes.Failure{Kind: probes.FailProber, Message: "no browser"}
	return r
}

// NewIncident makes an open incident with its first event.
func NewIncident(check string, opened time.Time) incidents.Incident {
	return incidents.Incident{
		ID: uuid.Must(uuid.NewV7()).String(), CheckID: check, CheckName: "Customers use " + check, Location: "local",
		Labels: map[string]string{"tier": "gold"}, Cause: detect.CauseFailure, Severity: detect.Critical,
		State: incidents.Open, Summary: "2 of 3 runs failed", OpenedAt: opened, UpdatedAt: opened,
		Impact:    incidents.Impact{BadRuns: 2, Since: opened.Add(-2 * time.Minute)},
		Procedure: incidents.Procedure{Text: "Look at the *shop*.", URL: "https://wiki.example/shop"},
		Events: []incidents.Event{{
			Number: 1, At: opened, Kind: incidents.EventOpened, Severity: detect.Critical, Summary: "2 of 3 runs failed",
			RunID: uuid.Must(uuid.NewV7()).String(),
		}},
	}
}

// Resolve gives the incident as it is after it ended.
func Resolve(i incidents.Incident, at time.Time) incidents.Incident {
	i.State, i.ResolvedAt, i.UpdatedAt, i.Summary = incidents.Resolved, at, at, "recovered"
	i.Events = append(i.Events[:len(i.Events):len(i.Events)], incidents.Event{
		Number: len(i.Events) + 1, At: at, Kind: incidents.EventResolved, Severity: i.Severity, Summary: "recovered",
	})
	return i
}

// NewNotification makes a pending notification of an incident's last event.
func NewNotification(i incidents.Incident, audience, channel string, due time.Time) incidents.Notification {
	event := i.Events[len(i.Events)-1].Number
	return incidents.Notification{
		ID: fmt.Sprintf("%s.%d.%s.%s", i.ID, event, audience, channel), IncidentID: i.ID, Event: event,
		Audience: audience, Channel: channel, Payload: []byte(`{"type":"incident"}`),
		CreatedAt: due, State: incidents.Pending, NextAttempt: due,
	}
}
