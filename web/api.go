package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"outrider/incidents"
	"outrider/probes"
	"outrider/storage"
)

// api makes a handler of a function that collects an answer.
func (s *Server) api(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			status, text := s.answer(r, err)
			s.refuse(w, r, status, text)
			return
		}
		b, err := json.Marshal(v)
		if err != nil {
			status, text := s.answer(r, fmt.Errorf("encode answer: %w", err))
			s.refuse(w, r, status, text)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(append(b, '\n')) // the client may be gone
	}
}

// apiEntry is a run with its place in the log.
type apiEntry struct {
	Seq int64 `json:"seq"`
	probes.Run
}

// apiRuns is a page of runs. NextBefore, given as before, gives the next one;
// zero: there is none.
type apiRuns struct {
	Runs       []apiEntry `json:"runs"`
	NextBefore int64      `json:"next_before,omitempty"`
}

// apiCheckRuns answers /api/v1/checks/{id}/runs.
func (s *Server) apiCheckRuns(r *http.Request) (any, error) {
	q := r.URL.Query()
	before, err := number(q, "before", 0, 1<<62)
	limit, errLimit := number(q, "limit", 100, 1000)
	since, errSince := instant(q, "since")
	until, errUntil := instant(q, "until")
	only, errOnly := outcomes(q)
	if err := errors.Join(err, errLimit, errSince, errUntil, errOnly); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	entries, err := s.runs.Runs(r.Context(), storage.RunQuery{
		CheckID: id, Outcomes: only, Since: since, Until: until, Before: before, Limit: int(limit)})
	if err != nil {
		return nil, fmt.Errorf("read runs of check %s: %w", id, err)
	}
	if len(entries) == 0 {
		if err := s.known(r, id); err != nil {
			return nil, err
		}
	}
	out := apiRuns{Runs: make([]apiEntry, len(entries))}
	for i, e := range entries {
		out.Runs[i] = apiEntry{e.Seq, e.Run}
	}
	if len(entries) == int(limit) {
		out.NextBefore = entries[len(entries)-1].Seq
	}
	return out, nil
}

// known gives ErrNotFound unless the check is defined or has runs.
func (s *Server) known(r *http.Request, id string) error {
	if defs := s.definitions(); defs != nil {
		if _, ok := defs.Check(id); ok {
			return nil
		}
	}
	runs, err := s.overview.Summaries(r.Context(), storage.RunQuery{CheckID: id, Limit: 1})
	if err == nil && len(runs) == 0 {
		return storage.ErrNotFound
	}
	return err
}

// span reads since and until; without them it is the last day.
func (s *Server) span(q url.Values) (since, until time.Time, err error) {
	since, err = instant(q, "since")
	until, errUntil := instant(q, "until")
	if err := errors.Join(err, errUntil); err != nil {
		return since, until, err
	}
	if until.IsZero() {
		until = s.now().UTC()
	}
	if since.IsZero() {
		since = until.Add(-24 * time.Hour)
	}
	if !since.Before(until) {
		return since, until, &paramError{"since", since.Format(time.RFC3339), "a time before until"}
	}
	return since, until, nil
}

// apiCheckHours answers /api/v1/checks/{id}/hours.
func (s *Server) apiCheckHours(r *http.Request) (any, error) {
	q, id := r.URL.Query(), r.PathValue("id")
	since, until, err := s.span(q)
	if err != nil {
		return nil, err
	}
	if q.Get("since") == "" {
		since = since.Truncate(time.Hour)
	}
	if err := s.known(r, id); err != nil {
		return nil, err
	}
	hours, err := s.runs.Hours(r.Context(), id, since, until)
	if err != nil {
		return nil, fmt.Errorf("read hours of check %s: %w", id, err)
	}
	if hours == nil {
		hours = []storage.Hour{}
	}
	return map[string]any{"hours": hours}, nil
}

// apiRun answers /api/v1/runs/{id}.
func (s *Server) apiRun(r *http.Request) (any, error) {
	e, err := s.runs.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	return apiEntry{e.Seq, e.Run}, nil
}

// apiIncidents answers /api/v1/incidents.
func (s *Server) apiIncidents(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := number(q, "limit", 100, 1000)
	since, errSince := instant(q, "since")
	before, errBefore := instant(q, "before")
	if err := errors.Join(err, errSince, errBefore); err != nil {
		return nil, err
	}
	state := incidents.State(q.Get("state"))
	if state != "" && state != incidents.Open && state != incidents.Resolved {
		return nil, &paramError{"state", string(state), "open or resolved"}
	}
	list, err := s.incidents.Incidents(r.Context(), storage.IncidentQuery{
		CheckID: q.Get("check"), State: state, Since: since, OpenedBefore: before, Limit: int(limit)})
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	out := map[string]any{"incidents": list}
	if list == nil {
		out["incidents"] = []incidents.Incident{}
	}
	if n := len(list); n == int(limit) {
		out["next_before"] = list[n-1].OpenedAt
	}
	return out, nil
}

// apiIncidentView is an incident with its notifications.
type apiIncidentView struct {
	incidents.Incident
	Notifications []incidents.Notification `json:"notifications"`
}

// apiIncident answers /api/v1/incidents/{id}.
func (s *Server) apiIncident(r *http.Request) (any, error) {
	in, sent, err := s.incidentOf(r)
	if err != nil {
		return nil, err
	}
	if sent == nil {
		sent = []incidents.Notification{}
	}
	return apiIncidentView{in, sent}, nil
}

// apiHealth is the answer of /api/v1/status.
type apiHealth struct {
	Version           string        `json:"version"`
	Location          string        `json:"location"`
	Ready             bool          `json:"ready"`
	NotReady          string        `json:"not_ready,omitempty"`
	Started           time.Time     `json:"started,omitzero"`
	DefinitionsLoaded time.Time     `json:"definitions_loaded,omitzero"`
	DefinitionsError  string        `json:"definitions_error,omitempty"`
	Warnings          []string      `json:"definition_warnings"`
	Influx            *apiExport    `json:"influx,omitempty"`
	Endpoints         []apiEndpoint `json:"endpoints"`
	Slots             []apiSlots    `json:"slots"`
}

type apiExport struct {
	Target    string        `json:"target,omitempty"`
	Connected bool          `json:"connected"`
	LastError string        `json:"last_error,omitempty"`
	Lag       time.Duration `json:"lag_ns"`
	Exported  int64         `json:"exported"`
	Rejected  int64         `json:"rejected"`
}

type apiEndpoint struct {
	Endpoint    string    `json:"endpoint"`
	Pending     int       `json:"pending"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
}

type apiSlots struct {
	Kind    string `json:"kind"`
	InUse   int    `json:"in_use"`
	Size    int    `json:"size"`
	Waiting int    `json:"waiting"`
}

// apiStatus answers /api/v1/status.
func (s *Server) apiStatus(r *http.Request) (any, error) {
	h := s.status.Health()
	reason := s.notReady(r.Context())
	out := apiHealth{
		Version: s.version, Location: s.location, Ready: reason == "", NotReady: reason, Started: h.Started.UTC(),
		DefinitionsLoaded: h.DefinitionsLoaded.UTC(), DefinitionsError: h.DefinitionsError,
		Warnings: []string{}, Endpoints: []apiEndpoint{}, Slots: []apiSlots{},
	}
	if h.Influx != nil {
		x := apiExport(*h.Influx)
		out.Influx = &x
	}
	for _, e := range h.Endpoints {
		out.Endpoints = append(out.Endpoints, apiEndpoint(e))
	}
	for _, sl := range h.Slots {
		out.Slots = append(out.Slots, apiSlots{string(sl.Kind), sl.InUse, sl.Size, sl.Waiting})
	}
	if defs := s.definitions(); defs != nil {
		for i, w := range defs.Warnings {
			if i == 100 {
				out.Warnings = append(out.Warnings, "and "+strconv.Itoa(len(defs.Warnings)-i)+" more")
				break
			}
			out.Warnings = append(out.Warnings, w.Error())
		}
	}
	return out, nil
}
