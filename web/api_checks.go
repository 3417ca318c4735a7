package web

import (
	"context"
	"net/http"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/storage"
)

// apiCheckView is a check in the API.
type apiCheckView struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Kind        checks.Kind       `json:"kind"`
	Labels      map[string]string `json:"labels,omitempty"`
	Enabled     bool              `json:"enabled"`
	Defined     bool              `json:"defined"`
	State       string            `json:"state"` // passed, degraded, failed, unknown, never, paused
	Paused      string            `json:"paused,omitempty"`
	Running     bool              `json:"running"`
	Queued      bool              `json:"queued"`
	Missed      int64             `json:"missed"`
	Next        time.Time         `json:"next,omitzero"`
	LastRun     *apiSummary       `json:"last_run,omitempty"`
	// OpenIncidents are their ids.
	OpenIncidents []string `json:"open_incidents"`

	Schedule string        `json:"schedule,omitempty"` // in words
	Every    time.Duration `json:"every_ns,omitempty"`
	Timeout  time.Duration `json:"timeout_ns,omitempty"`
	Degraded time.Duration `json:"degraded_over_ns,omitempty"`
	Failed   time.Duration `json:"failed_over_ns,omitempty"`
	// Objectives are in the order of the definition.
	Objectives []apiObjective `json:"objectives"`
	Notify     []string       `json:"notify,omitempty"`
	Steps      []apiStep      `json:"steps"`
	Procedure  *apiProcedure  `json:"procedure,omitempty"`
	// Recent are the newest runs, newest first; only in the list of one check.
	Recent []apiSummary `json:"recent,omitempty"`
}

// apiSummary is a run in brief.
type apiSummary struct {
	ID          string         `json:"id"`
	Seq         int64          `json:"seq"`
	Started     time.Time      `json:"started"`
	Duration    time.Duration  `json:"duration_ns"`
	Outcome     probes.Outcome `json:"outcome"`
	Maintenance bool           `json:"maintenance,omitempty"`
}

// apiObjective is a promise and how it is kept. The figures of its window are
// absent while nothing has run.
type apiObjective struct {
	Name       string        `json:"name"`
	Good       float64       `json:"good"`
	Over       time.Duration `json:"over_ns"`
	Latency    time.Duration `json:"latency_ns,omitempty"`
	Runs       int           `json:"runs"`
	Share      *float64      `json:"share,omitempty"`
	BudgetLeft *float64      `json:"budget_left,omitempty"`
}

type apiStep struct {
	Name string `json:"name"`
	Verb string `json:"verb"`
}

type apiProcedure struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// apiChecks answers /api/v1/checks.
func (s *Server) apiChecks(r *http.Request) (any, error) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		return nil, err
	}
	list, err := s.overviewOf(r.Context())
	if err != nil {
		return nil, err
	}
	out := []apiCheckView{}
	for i := range list {
		if !f.matches(&list[i]) {
			continue
		}
		v, err := s.apiCheckView(r.Context(), &list[i])
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return map[string]any{"checks": out}, nil
}

// apiCheck answers /api/v1/checks/{id}.
func (s *Server) apiCheck(r *http.Request) (any, error) {
	c, err := s.stateOfCheck(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := s.apiCheckView(r.Context(), &c)
	if err != nil {
		return nil, err
	}
	for _, run := range c.Recent {
		v.Recent = append(v.Recent, newAPISummary(run))
	}
	return v, nil
}

// apiCheckView puts a check into the form of the API.
func (s *Server) apiCheckView(ctx context.Context, c *checkState) (apiCheckView, error) {
	d := &c.Check
	v := apiCheckView{
		ID: d.ID, Name: d.Name, Description: d.Description, Kind: d.Journey.Kind, Labels: d.Labels,
		Enabled: d.Enabled, Defined: !c.Undefined, State: c.State,
		Paused: c.Status.Paused, Running: c.Status.Running, Queued: c.Status.Queued, Missed: c.Status.Missed,
		Next: c.Status.Next.UTC(), OpenIncidents: []string{}, Objectives: []apiObjective{},
		Schedule: schedule(d.Schedule), Every: d.Schedule.Every, Timeout: d.Timeout,
		Degraded: d.Thresholds.Total.Degraded, Failed: d.Thresholds.Total.Failed, Notify: d.Notify,
		Steps: make([]apiStep, len(d.Journey.Steps)),
	}
	for i, st := range stepFacts(d) {
		v.Steps[i] = apiStep{st.Name, st.Verb}
	}
	if last := c.Last(); last != nil {
		sum := newAPISummary(*last)
		v.LastRun = &sum
	}
	for _, i := range c.Open {
		v.OpenIncidents = append(v.OpenIncidents, i.ID)
	}
	if p := d.Procedure; p.Text != "" || p.URL != "" {
		v.Procedure = &apiProcedure{p.Text, p.URL}
	}
	budgets, err := s.budgetsOf(ctx, d)
	if err != nil {
		return v, err
	}
	for i, o := range d.Objectives {
		v.Objectives = append(v.Objectives, newAPIObjective(o, budgets[i]))
	}
	return v, nil
}

func newAPIObjective(o checks.Objective, b *budget) apiObjective {
	v := apiObjective{Name: o.Name, Good: o.Good, Over: o.Over, Latency: o.Latency}
	if b != nil {
		v.Runs, v.Share, v.BudgetLeft = b.Runs, &b.Share, &b.Left
	}
	return v
}

func newAPISummary(r storage.Summary) apiSummary {
	return apiSummary{ID: r.ID, Seq: r.Seq, Started: r.Started, Duration: r.Duration, Outcome: r.Outcome, Maintenance: r.Maintenance}
}
