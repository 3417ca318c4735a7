package pixels

import (
	"bytes"
	"fmt"
	"image"
)

// Difference is how far two pictures of the same size are apart.
type Difference struct {
	// Pixels differ, of Total. Those on edges that were only smoothed in
	// another way are not counted.
	Pixels, Total int
	// Picture shows where: the second picture, faded, with the pixels that
	// differ in red and smoothed edges in yellow. It is nil if none differ.
	Picture *image.NRGBA
}

// Share is the share of pixels that differ, 0 to 1.
func (d Difference) Share() float64 {
	if d.Total == 0 {
		return 0
	}
	return float64(d.Pixels) / float64(d.Total)
}

// farthest is the distance of black and white, and noticed the distance from
// which on two colours are told apart: a tenth of the way, squared as all
// distances are here.
const (
	farthest = 35215
	noticed  = farthest / 100
)

// Compare compares two pictures. Its error says that their sizes differ.
func Compare(want, got *image.NRGBA) (Difference, error) {
	if want.Rect != got.Rect || want.Stride != got.Stride {
		return Difference{}, fmt.Errorf("it has %d × %d pixels, not %d × %d", got.Rect.Dx(), got.Rect.Dy(), want.Rect.Dx(), want.Rect.Dy())
	}
	d := Difference{Total: want.Rect.Dx() * want.Rect.Dy()}
	for y := range want.Rect.Dy() {
		row, other := line(want, y), line(got, y)
		if bytes.Equal(row, other) {
			continue // nearly all are
		}
		for x := range want.Rect.Dx() {
			at := 4 * x
			if [4]byte(row[at:]) == [4]byte(other[at:]) || distance(row[at:], other[at:]) < noticed {
				continue
			}
			if d.Picture == nil {
				d.Picture = faded(got)
			}
			mark := [4]byte{255, 0, 0, 255}
			if smoothed(want, got, x, y) || smoothed(got, want, x, y) {
				mark = [4]byte{255, 220, 0, 255}
			} else {
				d.Pixels++
			}
			copy(d.Picture.Pix[y*d.Picture.Stride+at:], mark[:])
		}
	}
	if d.Pixels == 0 {
		d.Picture = nil
	}
	return d, nil
}

// line gives the bytes of a row.
func line(p *image.NRGBA, y int) []byte { return p.Pix[y*p.Stride:][:4*p.Rect.Dx()] }

// onWhite gives a pixel's red, green and blue, 0 to 255, as it looks on white.
func onWhite(p []byte) (r, g, b float64) {
	a := float64(p[3]) / 255
	return 255 + (float64(p[0])-255)*a, 255 + (float64(p[1])-255)*a, 255 + (float64(p[2])-255)*a
}

// distance is how far two colours seem apart: the squared distance in YIQ, the
// colour space of NTSC, in which brightness counts most, weighted after
// Kotsarenko and Ramos, "Measuring perceived color difference using YIQ NTSC
// transmission color space in mobile applications" (2010).
func distance(p, q []byte) float64 {
	r1, g1, b1 := onWhite(p)
	r2, g2, b2 := onWhite(q)
	r, g, b := r1-r2, g1-g2, b1-b2
	y := 0.29889531*r + 0.58662247*g + 0.11448223*b
	i := 0.59597799*r - 0.27417610*g - 0.32180189*b
	c := 0.21147017*r - 0.52261711*g + 0.31114694*b
	return 0.5053*y*y + 0.299*i*i + 0.1957*c*c
}

// brightness is a colour's place between black and white, 0 to 255.
func brightness(p []byte) float64 {
	r, g, b := onWhite(p)
	return 0.29889531*r + 0.58662247*g + 0.11448223*b
}

// smoothed tells whether a pixel is one of an edge that was smoothed, after
// Vyšniauskas, "Anti-aliased pixel and intensity slope detector" (2009): it lies
// between a darker and a brighter neighbour, of which at least one belongs to a
// plain area in both pictures.
func smoothed(p, other *image.NRGBA, x, y int) bool {
	own := brightness(p.Pix[y*p.Stride+4*x:])
	var darkest, brightest float64
	var dark, bright image.Point
	alike := 0
	for _, n := range around(p, x, y) {
		diff := brightness(p.Pix[n.Y*p.Stride+4*n.X:]) - own
		switch {
		case diff == 0:
			if alike++; alike > 2 {
				return false
			}
		case diff < darkest:
			darkest, dark = diff, n
		case diff > brightest:
			brightest, bright = diff, n
		}
	}
	if darkest == 0 || brightest == 0 {
		return false
	}
	return level(p, dark) && level(other, dark) || level(p, bright) && level(other, bright)
}

// level tells whether a pixel is one of a plain area: at least three of its
// neighbours have its very colour.
func level(p *image.NRGBA, at image.Point) bool {
	own := [4]byte(p.Pix[at.Y*p.Stride+4*at.X:])
	same := 0
	for _, n := range around(p, at.X, at.Y) {
		if [4]byte(p.Pix[n.Y*p.Stride+4*n.X:]) == own {
			same++
		}
	}
	return same >= 3
}

// around gives the neighbours of a pixel, up to eight.
func around(p *image.NRGBA, x, y int) []image.Point {
	list := make([]image.Point, 0, 8)
	for ny := max(y-1, 0); ny <= min(y+1, p.Rect.Dy()-1); ny++ {
		for nx := max(x-1, 0); nx <= min(x+1, p.Rect.Dx()-1); nx++ {
			if nx != x || ny != y {
				list = append(list, image.Point{X: nx, Y: ny})
			}
		}
	}
	return list
}

// faded gives a picture in pale grey, so that marks on it stand out.
func faded(p *image.NRGBA) *image.NRGBA {
	pale := image.NewNRGBA(p.Rect)
	for i := 0; i+3 < len(p.Pix); i += 4 {
		v := byte(255 - (255-brightness(p.Pix[i:]))/5)
		pale.Pix[i], pale.Pix[i+1], pale.Pix[i+2], pale.Pix[i+3] = v, v, v, 255
	}
	return pale
}
