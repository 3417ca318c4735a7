package web

import (
	"net/http"
	"time"

	"outrider/checks"
)

// statusView is what the page about the monitor itself shows.
type statusView struct {
	Health   Health
	Ready    string // why not; empty: ready
	Checks   int
	Files    []string
	Warnings []checks.Problem
	Missed   []CheckStatus // checks that missed starts
	Now      time.Time
}

// Since gives a time seen from now, for the template.
func (v statusView) Since(t time.Time) moment { return moment{t, v.Now} }

// statusPage collects the page about the monitor itself.
func (s *Server) statusPage(r *http.Request) (page, error) {
	v := statusView{Health: s.status.Health(), Ready: s.notReady(r.Context()), Now: s.now()}
	if defs := s.definitions(); defs != nil {
		v.Checks, v.Files, v.Warnings = len(defs.Checks), defs.Files, defs.Warnings
	}
	for _, c := range s.status.Checks() {
		if c.Missed > 0 {
			v.Missed = append(v.Missed, c)
		}
	}
	return page{View: "status", Title: "Monitor", Nav: "status", Content: v}, nil
}
