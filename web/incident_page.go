package web

import (
	"fmt"
	"net/http"
	"time"

	"outrider/incidents"
	"outrider/storage"
)

// incidentsPerPage is how many resolved incidents a page lists.
const incidentsPerPage = 50

// incidentsView is what the list of incidents shows.
type incidentsView struct {
	Open     []incidentRow
	Resolved []incidentRow
	Older    string
	Newest   string
}

// incidentRow is an incident in a table.
type incidentRow struct {
	incidents.Incident
	Opened moment
	Lasted time.Duration // until now, while it is open
}

// IsOpen tells whether it is still open.
func (r incidentRow) IsOpen() bool { return r.State == incidents.Open }

// incidentRows prepares incidents for a table.
func incidentRows(list []incidents.Incident, now time.Time) []incidentRow {
	out := make([]incidentRow, len(list))
	for i, in := range list {
		out[i] = incidentRow{in, moment{in.OpenedAt, now}, lasted(in, now)}
	}
	return out
}

// lasted is how long an incident has been, or was, open.
func lasted(in incidents.Incident, now time.Time) time.Duration {
	end := in.ResolvedAt
	if end.IsZero() {
		end = now
	}
	return end.Sub(in.OpenedAt).Truncate(time.Second)
}

// incidentsPage collects the list of incidents.
func (s *Server) incidentsPage(r *http.Request) (page, error) {
	before, err := instant(r.URL.Query(), "before")
	if err != nil {
		return page{}, err
	}
	ctx := r.Context()
	open, err := s.incidents.Incidents(ctx, storage.IncidentQuery{State: incidents.Open, Limit: maxIncidents})
	if err != nil {
		return page{}, fmt.Errorf("read open incidents: %w", err)
	}
	past, err := s.incidents.Incidents(ctx, storage.IncidentQuery{
		State: incidents.Resolved, OpenedBefore: before, Limit: incidentsPerPage + 1})
	if err != nil {
		return page{}, fmt.Errorf("read resolved incidents: %w", err)
	}
	v := incidentsView{Open: incidentRows(open, s.now())}
	if len(past) > incidentsPerPage {
		past = past[:incidentsPerPage]
		v.Older = with(r.URL, "before", past[incidentsPerPage-1].OpenedAt.UTC().Format(time.RFC3339Nano))
	}
	if !before.IsZero() {
		v.Newest = with(r.URL, "before", "")
	}
	v.Resolved = incidentRows(past, s.now())
	title := "Incidents"
	if len(open) > 0 {
		title = fmt.Sprintf("(%d open) Incidents", len(open))
	}
	return page{View: "incidents", Title: title, Nav: "incidents", Content: v}, nil
}

// incidentView is what the page of an incident shows.
type incidentView struct {
	incidentRow
	Timeline      []timelineEntry
	Notifications []notificationRow
	Since         moment
}

// timelineEntry is an event with the distance to the first one.
type timelineEntry struct {
	incidents.Event
	After time.Duration
}

// notificationRow is a notification in a table.
type notificationRow struct {
	incidents.Notification
	EventKind incidents.EventKind
	Next      moment
}

// incidentPage collects the page of an incident.
func (s *Server) incidentPage(r *http.Request) (page, error) {
	in, sent, err := s.incidentOf(r)
	if err != nil {
		return page{}, err
	}
	now := s.now()
	v := incidentView{incidentRow: incidentRows([]incidents.Incident{in}, now)[0], Since: moment{in.Impact.Since, now}}
	kinds := map[int]incidents.EventKind{}
	for _, e := range in.Events {
		kinds[e.Number] = e.Kind
		v.Timeline = append(v.Timeline, timelineEntry{e, e.At.Sub(in.Events[0].At).Truncate(time.Second)})
	}
	for _, n := range sent {
		v.Notifications = append(v.Notifications, notificationRow{n, kinds[n.Event], moment{n.NextAttempt, now}})
	}
	return page{View: "incident", Title: "Incident: " + in.CheckName, Nav: "incidents", Content: v}, nil
}

// incidentOf reads the incident that the path names, and its notifications.
func (s *Server) incidentOf(r *http.Request) (incidents.Incident, []incidents.Notification, error) {
	in, err := s.incidents.Incident(r.Context(), r.PathValue("id"))
	if err != nil {
		return in, nil, fmt.Errorf("read incident: %w", err)
	}
	sent, err := s.incidents.Notifications(r.Context(), in.ID)
	if err != nil {
		return in, nil, fmt.Errorf("read notifications of incident %s: %w", in.ID, err)
	}
	return in, sent, nil
}
