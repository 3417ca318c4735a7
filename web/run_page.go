package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// maxShownText is how much of a text artifact the page shows, in bytes.
const maxShownText = 64 << 10

// runView is what the page of a run shows.
type runView struct {
	Run       probes.Run
	Seq       int64
	Started   moment
	Exceeded  []exceededRow
	Waterfall waterfall
	Vitals    []vitalsRow
	HTTP      []probes.Step // steps with a request
	TLS       []tlsRow
	Artifacts []artifactView
	Busy      bool           // the measuring machine was
	Requests  []requestsStep // of the archive, if it was kept
	Film      *filmView      // nil: there is none
	PageSide  *pageSide      // nil: no browser
}

// AttemptNumber counts the attempt that the run shows, from 1.
func (v runView) AttemptNumber() int { return len(v.Run.Attempts) + 1 }

// exceededRow is a threshold that was gone over.
type exceededRow struct {
	Where string
	What  string
	Level probes.Outcome
	Limit string
	Got   string
}

// tlsRow is the TLS connection of a step.
type tlsRow struct {
	Step string
	TLS  probes.TLS
	Left int // days until the earliest certificate expires
}

// artifactView is a piece of evidence.
type artifactView struct {
	probes.Artifact
	URL     string
	Image   bool
	Text    string
	IsText  bool
	Cut     bool
	Missing bool // retention has removed it
}

// busy is the disturbance from which on the page says that the measuring
// machine was busy. From when on its figures are not trusted at all, the run
// itself tells.
const busy = 0.05

// runPage collects the page of a run.
func (s *Server) runPage(r *http.Request) (page, error) {
	e, err := s.runs.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, fmt.Errorf("read run: %w", err)
	}
	run := e.Run
	v := runView{
		Run: run, Seq: e.Seq, Started: moment{run.Started, s.now()}, Waterfall: newWaterfall(run),
		Busy: run.Disturbance >= busy || run.Disturbed != "", Vitals: vitalsRows(&run),
		PageSide: newPageSide(run.Steps),
	}
	for _, x := range run.Exceeded {
		row := exceededRow{Where: x.Step, What: measureName(x.Measure), Level: x.Level,
			Limit: showMilliseconds(x.Limit, x.Measure), Got: showMilliseconds(x.Got, x.Measure)}
		if x.Step == "" {
			row.Where = "whole journey"
		}
		if x.Measure == "total" {
			row.What = "duration"
		}
		v.Exceeded = append(v.Exceeded, row)
	}
	for _, st := range run.Steps {
		if st.HTTP == nil {
			continue
		}
		v.HTTP = append(v.HTTP, st)
		if t := st.HTTP.TLS; t != nil {
			left := int(t.NotAfter.Sub(run.Started) / (24 * time.Hour))
			v.TLS = append(v.TLS, tlsRow{st.Name, *t, left})
		}
	}
	if v.Requests, err = s.requestSteps(r.Context(), run); err != nil {
		return page{}, err
	}
	if v.Film, err = s.film(r.Context(), run); err != nil {
		return page{}, err
	}
	if v.Artifacts, err = s.artifactViews(r.Context(), run); err != nil {
		return page{}, err
	}
	return page{View: "run", Title: string(run.Outcome) + ": " + run.CheckName, Nav: "checks", Content: v}, nil
}

// artifactViews prepares the evidence; texts are read and cut.
func (s *Server) artifactViews(ctx context.Context, run probes.Run) ([]artifactView, error) {
	var out []artifactView
	for _, a := range run.Artifacts {
		v := artifactView{Artifact: a, URL: artifactURL(run.ID, a.Name)}
		switch kind, inline := contentType(a.MediaType); {
		case a.Name == probes.FilmPictureName: // it is shown frame by frame
		case inline && strings.HasPrefix(kind, "image/"):
			v.Image = true
		case inline:
			v.IsText = true
			full, err := s.runs.Artifact(ctx, run.ID, a.Name)
			switch {
			case errors.Is(err, storage.ErrNotFound):
				v.Missing = true
			case err != nil:
				return nil, fmt.Errorf("read artifact: %w", err)
			}
			text := full.Data
			if len(text) > maxShownText {
				text, v.Cut = text[:maxShownText], true
			}
			v.Text = strings.ToValidUTF8(string(text), "\ufffd")
		}
		out = append(out, v)
	}
	return out, nil
}
