package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/storage"
)

// indexView is what the list of checks shows.
type indexView struct {
	Filter   filter
	States   []string
	Tiles    []tile
	Rows     []indexRow
	Defined  int
	Open     []incidents.Incident
	Warnings int
	Now      time.Time
}

// tile counts the checks of one state, and filters by it.
type tile struct {
	State  string
	Count  int
	URL    string
	Active bool
}

// indexRow is one check of the list. Everything but the check itself is
// prepared here, since the template runs a thousand times.
type indexRow struct {
	ID       string
	Name     string
	State    string
	Severity detect.Severity
	Incident string // id of the incident to look at first
	Labels   []labelLink
	Kind     checks.Kind
	Note     string // "paused: disabled", "running", …
	LastID   string
	Last     moment
	Duration time.Duration
	Strip    strip
	Spark    spark
	// Budget is the tightest of so many.
	Budget  *budget
	Budgets int
}

// labelLink is a label that filters the list when clicked.
type labelLink struct {
	Text string
	URL  string
}

// indexPage collects the list of checks.
func (s *Server) indexPage(r *http.Request) (page, error) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		return page{}, err
	}
	ctx := r.Context()
	list, err := s.overviewOf(ctx)
	if err != nil {
		return page{}, err
	}
	hours, err := s.board.lastDay(ctx)
	if err != nil {
		return page{}, err
	}
	v := indexView{Filter: f, States: states[:], Defined: len(list), Tiles: tiles(list, f), Now: s.now()}
	for i := range list {
		c := &list[i]
		v.Open = append(v.Open, c.Open...)
		if !f.matches(c) {
			continue
		}
		row, err := s.indexRow(r, c, hours[c.Check.ID])
		if err != nil {
			return page{}, err
		}
		v.Rows = append(v.Rows, row)
	}
	if defs := s.definitions(); defs != nil {
		v.Warnings = len(defs.Warnings)
	}
	return page{View: "index", Title: indexTitle(v), Nav: "checks", Content: v}, nil
}

// indexTitle tells the worst in the browser's tab.
func indexTitle(v indexView) string {
	if n := len(v.Open); n > 0 {
		return "(" + plural(n, "incident", "incidents") + ") Checks"
	}
	return "Checks"
}

// indexRow prepares one check for the list.
func (s *Server) indexRow(r *http.Request, c *checkState, hours []storage.Hour) (indexRow, error) {
	now := s.now()
	budgets, err := s.budgetsOf(r.Context(), &c.Check)
	if err != nil {
		return indexRow{}, err
	}
	row := indexRow{
		ID: c.Check.ID, Name: c.Check.Name, State: c.State, Severity: c.Severity(), Kind: c.Check.Journey.Kind,
		Note: note(c.Status), Strip: newStrip(c.Recent), Spark: newSpark(hours, now),
		Budget: tightest(budgets), Budgets: len(budgets),
	}
	for _, l := range sortedLabels(c.Check.Labels) {
		row.Labels = append(row.Labels, labelLink{l.String(), "/?" + url.Values{"label": {l.String()}}.Encode()})
	}
	for _, i := range c.Open {
		if row.Incident == "" || i.Severity == row.Severity {
			row.Incident = i.ID
			if i.Severity == row.Severity {
				break
			}
		}
	}
	if last := c.Last(); last != nil {
		row.LastID, row.Last, row.Duration = last.ID, moment{last.Started, now}, last.Duration
	}
	return row, nil
}

// note is what is worth knowing of a check's schedule in a word or two.
func note(st CheckStatus) string {
	switch {
	case st.Paused != "":
		return st.Paused
	case st.Running:
		return "running"
	case st.Queued:
		return "waiting for a slot"
	}
	return ""
}

// tiles counts checks by state. Each tile is a link that keeps the rest of
// the filter; that of the active state takes it away again.
func tiles(list []checkState, f filter) []tile {
	counts := map[string]int{}
	for i := range list {
		counts[list[i].State]++
	}
	var out []tile
	for _, st := range states {
		t := tile{State: st, Count: counts[st], Active: slices.Contains(f.States, st)}
		q := url.Values{}
		if f.Text != "" {
			q.Set("q", f.Text)
		}
		for _, l := range f.Labels {
			q.Add("label", l.String())
		}
		if !t.Active {
			q.Set("state", st)
		}
		t.URL = "/"
		if len(q) > 0 {
			t.URL += "?" + q.Encode()
		}
		out = append(out, t)
	}
	return out
}
