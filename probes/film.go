package probes

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The artifacts of a film: what it says, and one picture with all its frames.
const (
	FilmName        = "film.json"
	FilmPictureName = "film.jpg"
)

// The bounds of a film.
const (
	MaxFilmFrames = 48
	maxFilmBytes  = 64 << 10
)

// Film is how the page of a browser journey looked over time. Its frames are
// side by side in one picture, row after row.
type Film struct {
	// Width and Height are those of a frame, Columns the frames of a row.
	Width   int         `json:"width"`
	Height  int         `json:"height"`
	Columns int         `json:"columns"`
	Frames  []FilmFrame `json:"frames"`
	// LeftOut counts frames that could not be cleared of secrets.
	LeftOut int `json:"left_out,omitempty"`
}

// FilmFrame is one look at the page.
type FilmFrame struct {
	At   time.Duration `json:"at_ns"` // since the run's start
	Step string        `json:"step,omitempty"`
	// Progress is how much of what the step changed could be seen, 0 to 1; nil
	// for a step that opened no page.
	Progress *float64 `json:"progress,omitempty"`
}

// ParseFilm reads a film within the bounds.
func ParseFilm(data []byte) (*Film, error) {
	var f Film
	if len(data) > maxFilmBytes {
		return nil, errors.New("the film is too large")
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("read the film: %w", err)
	}
	const most = 4000
	if len(f.Frames) > MaxFilmFrames || f.Width < 1 || f.Width > most || f.Height < 1 || f.Height > most || f.Columns < 1 || f.Columns > MaxFilmFrames {
		return nil, errors.New("the film is out of shape")
	}
	return &f, nil
}
