package probes_test

import (
	"testing"

	"outrider/probes"
)

func FuzzParseFilm(f *testing.F) {
	f.Add([]byte(`{"width":320,"height":200,"columns":6,"frames":[{"at_ns":1,"step":"goto /","progress":0.5}]}`))
	f.Add([]byte(`{"width":0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		film, err := probes.ParseFilm(data)
		if err == nil && (len(film.Frames) > probes.MaxFilmFrames || film.Columns < 1 || film.Width < 1 || film.Height < 1) {
			t.Errorf("%+v", film)
		}
	})
}
