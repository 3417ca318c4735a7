package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/probes"
)

func TestFilmOfRun(t *testing.T) {
	w := newWorld(noon)
	r := withRequests(t, w, loadedPage(5, "Open the shop"))
	index, half := 812., .5
	film := probes.Film{Width: 320, Height: 200, Columns: 2, LeftOut: 1, Frames: []probes.FilmFrame{
		{At: 0}, {At: 300 * time.Millisecond, Step: "Open the shop", Progress: &half}, {At: time.Second, Step: "Open the shop"}, {At: 2 * time.Second, Step: hostile},
	}}
	text, err := json.Marshal(film)
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Steps[0].SpeedIndex = "0195eeee-film", &index
	r.Artifacts = append(r.Artifacts, probes.Artifact{Name: probes.FilmName, MediaType: "application/json", Bytes: int64(len(text)), Data: text},
		probes.Artifact{Name: probes.FilmPictureName, MediaType: "image/jpeg", Bytes: int64(len(screenshot)), Data: screenshot})
	w.store.add(r)
	rec := get(t, w.server(t), "/runs/"+r.ID)
	body := rec.Body.String()
	if rec.Code != http.StatusOK || strings.Contains(body, "<script>alert") {
		t.Fatalf("%d: %s", rec.Code, body)
	}
	for _, part := range []string{`viewBox="0 200 320 200"`, "Speed Index 812\u00a0ms", "50\u00a0%", "after 300\u00a0ms", "1 frame is left out", `width="640" height="400"`} {
		if !strings.Contains(body, part) {
			t.Errorf("the page does not have %q", part)
		}
	}
	if n := strings.Count(body, "/artifacts/"+probes.FilmPictureName+`" alt`); n != 0 {
		t.Errorf("the picture is shown as a whole, too")
	}
	r.ID, r.Artifacts[1].Data = "0195eeee-broken", []byte(`{"columns": 0}`)
	w.store.add(r)
	if rec := get(t, w.server(t), "/runs/"+r.ID); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), `id="film"`) {
		t.Errorf("a film that cannot be read: %d", rec.Code)
	}
}
