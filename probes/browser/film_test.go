package browser

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
)

// filmOf gives the film of a run and its picture.
func filmOf(t *testing.T, r probes.Run) (*probes.Film, image.Image) {
	t.Helper()
	film, err := probes.ParseFilm(artifact(t, r, probes.FilmName))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(artifact(t, r, probes.FilmPictureName)))
	if err != nil {
		t.Fatal(err)
	}
	return film, picture
}

func TestFilm(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<style>body{margin:0}div{width:100vw;height:50vh}</style><div style="background:#226"></div>
		<script>setTimeout(() => { const d = document.createElement('div'); d.style.background = '#c30'; d.textContent = 'Done'; document.body.append(d) }, 1500)</script>`)}) // a busy machine takes its time for a picture
	probe := newProbe(t, Options{})
	for name, hidden := range map[string]string{"no secrets": "", "secrets": "geheim-geheim"} {
		t.Run(name, func(t *testing.T) {
			check := journeyOf(goTo(server.URL+"/page"), &checks.Expect{Text: lit("Done")}, &checks.Wait{For: 500 * time.Millisecond})
			if hidden != "" {
				check.Journey.Browser.Headers = []checks.Field{{Name: "X-A", Value: secretTemplate(t, hidden)}}
			}
			check.Journey.Browser.Keep.Film = always
			r := run(t, probe, check)
			mustPass(t, r)
			film, picture := filmOf(t, r)
			if len(film.Frames) < 2 || film.Width < 200 || film.Height < 100 {
				t.Fatalf("%+v", film)
			}
			if size := picture.Bounds().Size(); size.X < film.Width || size.Y < film.Height {
				t.Errorf("picture of %v for frames of %d x %d", size, film.Width, film.Height)
			}
			if !slices.IsSortedFunc(film.Frames, func(a, b probes.FilmFrame) int { return int(a.At - b.At) }) {
				t.Errorf("frames out of order: %+v", film.Frames)
			}
			if si := r.Steps[0].SpeedIndex; si == nil || *si <= 0 {
				t.Errorf("Speed Index %v", si)
			}
		})
	}
}

// TestFilmFollows checks that a film shows the page in front, also when that is
// one that was opened, and again the first once that is closed.
func TestFilmFollows(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{
		"/page": html(`<style>body{margin:0;background:#c00}</style><button onclick="window.open('/help')">Help</button><button onclick="document.body.style.background = '#0c0'">Go</button>`),
		"/help": html(`<style>body{margin:0;background:#00c}</style>Here to help`),
	})
	check := load(t, server.URL, "- goto: ${URL}/page\n- wait: 1s\n- {click: Help, popup: help}\n- expect: Here to help\n- wait: 1s\n- close: help\n- click: Go\n- wait: 1s\n", nil)
	check.Journey.Browser.Keep.Film = always
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	film, picture := filmOf(t, r)
	var seen []string
	for i := range film.Frames {
		at := image.Pt(i%film.Columns*film.Width+film.Width/2, i/film.Columns*film.Height+film.Height/2)
		red, green, blue, _ := picture.At(at.X, at.Y).RGBA()
		colour := "none"
		switch most := max(red, green, blue); {
		case red < most/2 && green < most/2:
			colour = "blue"
		case green < most/2 && blue < most/2:
			colour = "red"
		case red < most/2 && blue < most/2:
			colour = "green"
		}
		if colour != "none" && (len(seen) == 0 || seen[len(seen)-1] != colour) {
			seen = append(seen, colour)
		}
	}
	if first, last := slices.Index(seen, "blue"), slices.Index(seen, "green"); seen[0] != "red" || first < 1 || last < first {
		t.Errorf("the film shows %v, expected red, blue, green", seen)
	}
}

func TestFilmIsBounded(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1 id=n></h1><script>let n = 0; setInterval(() => { document.getElementById('n').textContent = ++n }, 5)</script>`)})
	f := &film{ctx: t.Context(), cadence: filmCadence, came: make(chan struct{}, 1)}
	check := journeyOf(goTo(server.URL+"/page"), &checks.Wait{For: time.Second})
	check.Journey.Browser.Keep.Film = always
	r := run(t, newProbe(t, Options{}), check)
	mustPass(t, r)
	if film, err := probes.ParseFilm(artifact(t, r, probes.FilmName)); err != nil || len(film.Frames) < 3 {
		t.Errorf("%+v, %v", film, err)
	}
	f.j = &journey{secrets: secretsOf(&check)}
	for i := range 1000 {
		f.take(filmed{frame: frameOf(byte(i), byte(i>>8))})
	}
	if len(f.taken) > probes.MaxFilmFrames || f.cadence <= filmCadence {
		t.Errorf("%d frames, cadence %s", len(f.taken), f.cadence)
	}
}

func frameOf(data ...byte) *page.EventScreencastFrame { return &page.EventScreencastFrame{Data: data} }
