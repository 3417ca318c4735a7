package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// filmView is the film of a run, step by step.
type filmView struct {
	URL           string // of the picture with all frames
	Width, Height int    // of a frame
	Sheet         filmSheet
	Steps         []filmStep
	LeftOut       int
}

// filmSheet is the size of the picture.
type filmSheet struct{ Width, Height int }

// filmStep is the frames of a step.
type filmStep struct {
	Step       string
	SpeedIndex string // empty: it has none
	Frames     []filmFrame
}

// filmFrame is one frame and where it is in the picture.
type filmFrame struct {
	X, Y     int
	At       time.Duration
	Progress string // empty: not known
}

// film reads the film of a run, or nil. What cannot be read is left out.
func (s *Server) film(ctx context.Context, run probes.Run) (*filmView, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(run.Artifacts, func(a probes.Artifact) bool { return a.Name == name })
	}
	if !has(probes.FilmName) || !has(probes.FilmPictureName) {
		return nil, nil
	}
	full, err := s.runs.Artifact(ctx, run.ID, probes.FilmName)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil // retention has removed it
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	film, err := probes.ParseFilm(full.Data)
	if err != nil {
		s.log.Warn("the film of a run cannot be read", "run", run.ID, "error", err)
		return nil, nil
	}
	return newFilmView(film, run), nil
}

func newFilmView(film *probes.Film, run probes.Run) *filmView {
	rows := (len(film.Frames) + film.Columns - 1) / film.Columns
	v := &filmView{
		URL: artifactURL(run.ID, probes.FilmPictureName), Width: film.Width, Height: film.Height, LeftOut: film.LeftOut,
		Sheet: filmSheet{film.Width * min(film.Columns, max(len(film.Frames), 1)), film.Height * max(rows, 1)},
	}
	for i, f := range film.Frames {
		if len(v.Steps) == 0 || v.Steps[len(v.Steps)-1].Step != f.Step {
			st := filmStep{Step: f.Step}
			for _, done := range run.Steps {
				if done.Name == f.Step && done.SpeedIndex != nil {
					st.SpeedIndex = showMilliseconds(*done.SpeedIndex, "speed_index")
				}
			}
			v.Steps = append(v.Steps, st)
		}
		frame := filmFrame{X: i % film.Columns * film.Width, Y: i / film.Columns * film.Height, At: f.At}
		if f.Progress != nil && *f.Progress >= 0 && *f.Progress <= 1 {
			frame.Progress = fmt.Sprintf("%d%s%%", int(*f.Progress*100), nbsp)
		}
		st := &v.Steps[len(v.Steps)-1]
		st.Frames = append(st.Frames, frame)
	}
	return v
}
