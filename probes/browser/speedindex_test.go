package browser

import (
	"image"
	"image/color"
	"image/draw"
	"testing"
	"time"
)

// filled is a picture of which a share is black and the rest white.
func filled(share float64) image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 100, 100))
	draw.Draw(p, p.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(p, image.Rect(0, 0, 100, int(100*share)), image.NewUniform(color.Black), image.Point{}, draw.Src)
	return p
}

func TestSpeedIndex(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int, share float64) shot {
		p := filled(share)
		return shot{start.Add(time.Duration(ms) * time.Millisecond), p, coloursOf(p)}
	}
	for name, c := range map[string]struct {
		shots []shot
		want  float64
		seen  bool
	}{
		"all at once":      {[]shot{at(500, 1)}, 500, true},
		"in two halves":    {[]shot{at(200, .5), at(1000, 1)}, 200 + .5*800, true},
		"blank at first":   {[]shot{at(100, 0), at(400, .25), at(800, 1)}, 400 + .75*400, true},
		"after a page":     {[]shot{at(-50, .5), at(100, .5), at(300, 1)}, 300, true},
		"goes back":        {[]shot{at(100, 1), at(200, 0), at(300, 1)}, 100 + 0*100 + 1*100, true},
		"nothing changes":  {[]shot{at(-50, 1), at(100, 1)}, 0, false},
		"no frame":         {nil, 0, false},
		"later step":       {[]shot{at(100, 1), at(5000, .5)}, 100, true},
		"only before that": {[]shot{at(-50, 1)}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			progress := make([]*float64, len(c.shots))
			got, seen := speedIndex(c.shots, start, start.Add(2*time.Second), progress)
			if got != c.want || seen != c.seen {
				t.Errorf("%v, %v, expected %v", got, seen, c.want)
			}
			for i, p := range progress {
				if p != nil && (*p < 0 || *p > 1) {
					t.Errorf("frame %d: %v", i, *p)
				}
			}
		})
	}
}

func TestProgressOfWhatChangesOnTheWay(t *testing.T) {
	// A colour that neither the start nor the end has is no progress.
	red := image.NewRGBA(image.Rect(0, 0, 100, 100))
	draw.Draw(red, red.Bounds(), image.NewUniform(color.RGBA{200, 100, 50, 255}), image.Point{}, draw.Src)
	p, ok := progressOf(coloursOf(filled(0)), coloursOf(red), coloursOf(filled(1)))
	if !ok || p != .5 { // no white any more, but no black either
		t.Errorf("%v, %v", p, ok)
	}
}
