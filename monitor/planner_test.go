package monitor

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/surge"
	"outrider/probes"
	"outrider/storage"
)

// recorded is a history whose latency follows load as a queue's does.
type recorded struct{ runs []storage.Summary }

func (r recorded) Summaries(_ context.Context, q storage.RunQuery) ([]storage.Summary, error) {
	var out []storage.Summary
	for _, s := range r.runs {
		if s.CheckID == q.CheckID && !s.Started.Before(q.Since) && s.Started.Before(q.Until) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (r recorded) Runs(context.Context, storage.RunQuery) ([]storage.Entry, error) {
	return []storage.Entry{{Run: probes.Run{Outcome: probes.Failed, Failure: &probes.Failure{Kind: probes.FailAssertion}}}}, nil
}

func TestPlanner(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(1, 1))
	var load []surge.Point
	var history recorded
	for at := now.Add(-5 * 24 * time.Hour); at.Before(now); at = at.Add(5 * time.Minute) {
		v := 50 + 700*rng.Float64()
		load = append(load, surge.Point{Time: at, Value: v})
		took := time.Duration(200 / (1 - v/1000) * (0.9 + 0.2*rng.Float64()) * float64(time.Millisecond))
		history.runs = append(history.runs, storage.Summary{CheckID: "checkout", Started: at.Add(time.Second), Duration: took, Outcome: probes.Passed})
	}
	event := checks.Event{Name: "Black Friday", From: now.Add(7 * 24 * time.Hour), To: now.Add(8 * 24 * time.Hour), Load: checks.PlannedLoad{Factor: 5}}
	past := event
	past.From, past.To = now.Add(-48*time.Hour), now.Add(-24*time.Hour)
	check := func(id string, l *checks.LoadSeries) checks.Check {
		return checks.Check{ID: id, Name: id, Enabled: true, Load: l, Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: time.Second}}}
	}
	defs := &checks.Definitions{Events: []checks.Event{event, past}, Checks: []checks.Check{
		check("checkout", &checks.LoadSeries{CSV: "load.csv", Unit: "/min"}),
		check("search", &checks.LoadSeries{CSV: "missing.csv"}),
		check("home", nil),
	}}
	p := NewPlanner(PlannerOptions{
		Definitions: func() *checks.Definitions { return defs }, History: history, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now },
		Load: func(_ context.Context, l checks.LoadSeries) ([]surge.Point, error) {
			if l.CSV == "missing.csv" {
				return nil, errors.New("no such file")
			}
			return load, nil
		},
	})
	if _, ok := p.Plan("checkout"); ok {
		t.Error("there is a plan before anything was projected")
	}
	p.Update(t.Context())
	plan, ok := p.Plan("checkout")
	if !ok || plan.Problem != "" || len(plan.Outlooks) != 1 {
		t.Fatalf("plan %+v", plan)
	}
	if text := plan.Outlooks[0].Sentence; !strings.Contains(text, "Black Friday") || !strings.Contains(text, "saturates") {
		t.Errorf("outlook: %s", text)
	}
	if plan, _ := p.Plan("search"); !strings.Contains(plan.Problem, "no such file") {
		t.Errorf("problem: %+v", plan)
	}
	if _, ok := p.Plan("home"); ok {
		t.Error("a check without a load has a plan")
	}

	defs = &checks.Definitions{Checks: defs.Checks}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	p.Wake()
	for {
		if _, ok := p.Plan("checkout"); !ok {
			break
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
}
