package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"outrider/checks"
	"outrider/incidents"
	"outrider/storage"
)

// maxIncidents is how many incidents the store gives at once.
const maxIncidents = 1000

// overviewOf brings definitions, schedule, recent runs and open incidents of
// all checks together, in the order of the list.
func (s *Server) overviewOf(ctx context.Context) ([]checkState, error) {
	recent, err := s.board.latest(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.openIncidents(ctx, "")
	if err != nil {
		return nil, err
	}
	status := s.statusByID()
	defs := s.definitions()
	if defs == nil {
		defs = &checks.Definitions{}
	}
	list := make([]checkState, len(defs.Checks))
	for i, c := range defs.Checks {
		st := statusFor(status, c)
		list[i] = checkState{
			Check: c, Status: st, Recent: recent[c.ID], State: stateOf(st, recent[c.ID]), Open: open[c.ID],
		}
	}
	slices.SortStableFunc(list, func(a, b checkState) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Check.Name, b.Check.Name), cmp.Compare(a.Check.ID, b.Check.ID))
	})
	return list, nil
}

// openIncidents gives the open incidents by check id, of one check or of all.
func (s *Server) openIncidents(ctx context.Context, check string) (map[string][]incidents.Incident, error) {
	list, err := s.incidents.Incidents(ctx, storage.IncidentQuery{CheckID: check, State: incidents.Open, Limit: maxIncidents})
	if err != nil {
		return nil, fmt.Errorf("read open incidents: %w", err)
	}
	out := map[string][]incidents.Incident{}
	for _, i := range list {
		out[i.CheckID] = append(out[i.CheckID], i)
	}
	return out, nil
}

// statusByID gives where each check is in its schedule.
func (s *Server) statusByID() map[string]CheckStatus {
	list := s.status.Checks()
	out := make(map[string]CheckStatus, len(list))
	for _, c := range list {
		out[c.Check.ID] = c
	}
	return out
}

// statusFor gives a check's status; one that the schedule does not know is
// paused for the reason that its definition gives.
func statusFor(known map[string]CheckStatus, c checks.Check) CheckStatus {
	st, ok := known[c.ID]
	if !ok {
		st = CheckStatus{Check: c}
		if c.Enabled {
			st.Paused = "not scheduled"
		}
	}
	if !c.Enabled && st.Paused == "" {
		st.Paused = "disabled"
	}
	return st
}

// stateOfCheck brings together what is known of one check. A check that is no
// longer defined, but still has runs, is shown from its runs.
func (s *Server) stateOfCheck(ctx context.Context, id string) (checkState, error) {
	recent, err := s.overview.Summaries(ctx, storage.RunQuery{CheckID: id, Limit: stripRuns})
	if err != nil {
		return checkState{}, fmt.Errorf("read recent runs of check %s: %w", id, err)
	}
	c, ok := checks.Check{}, false
	if defs := s.definitions(); defs != nil {
		c, ok = defs.Check(id)
	}
	if !ok {
		if len(recent) == 0 {
			return checkState{}, storage.ErrNotFound
		}
		last, err := s.runs.Run(ctx, recent[0].ID)
		if err != nil {
			return checkState{}, fmt.Errorf("read last run of check %s: %w", id, err)
		}
		c = checks.Check{ID: id, Name: last.Run.CheckName, Labels: last.Run.Labels, Journey: checks.Journey{Kind: last.Run.Kind}}
	}
	open, err := s.openIncidents(ctx, id)
	if err != nil {
		return checkState{}, err
	}
	st := checkState{Check: c, Recent: recent, Open: open[id], Undefined: !ok}
	if ok {
		st.Status = statusFor(s.statusByID(), c)
	}
	st.State = stateOf(st.Status, recent)
	return st, nil
}
