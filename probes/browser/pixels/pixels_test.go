package pixels

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"
)

// canvas is a white picture with something painted on it.
func canvas(paint func(*image.NRGBA)) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, 60, 40))
	draw.Draw(p, p.Rect, image.White, image.Point{}, draw.Src)
	if paint != nil {
		paint(p)
	}
	return p
}

func box(area image.Rectangle, c color.Color) func(*image.NRGBA) {
	return func(p *image.NRGBA) { draw.Draw(p, area, image.NewUniform(c), image.Point{}, draw.Src) }
}

// slope paints a black area whose edge is a slope; shift moves it by parts of a
// pixel, so that only the smoothing of the edge differs.
func slope(shift float64) func(*image.NRGBA) {
	return func(p *image.NRGBA) {
		for y := range p.Rect.Dy() {
			edge := 20 + float64(y)/3 + shift
			for x := range p.Rect.Dx() {
				covered := min(max(edge-float64(x), 0), 1)
				v := uint8(255 * (1 - covered))
				p.SetNRGBA(x, y, color.NRGBA{v, v, v, 255})
			}
		}
	}
}

func TestCompare(t *testing.T) {
	grey := func(v uint8) color.Color { return color.NRGBA{v, v, v, 255} }
	area := image.Rect(10, 10, 30, 20)
	for name, tt := range map[string]struct {
		want, got  func(*image.NRGBA)
		from, till int // pixels that differ
	}{
		"the same":              {box(area, grey(0)), box(area, grey(0)), 0, 0},
		"a shade apart":         {box(area, grey(100)), box(area, grey(110)), 0, 0},
		"clearly apart":         {box(area, grey(100)), box(area, grey(160)), 200, 200},
		"red and green":         {box(area, color.NRGBA{200, 80, 80, 255}), box(area, color.NRGBA{80, 140, 80, 255}), 200, 200},
		"a box is missing":      {box(area, grey(0)), nil, 200, 200},
		"a box has moved":       {box(area, grey(0)), box(area.Add(image.Pt(5, 0)), grey(0)), 100, 100},
		"smoothed edges":        {slope(0), slope(0.3), 0, 4},
		"an edge has moved":     {slope(0), slope(4), 120, 170},
		"nothing to see":        {box(area, color.NRGBA{0, 0, 0, 0}), box(area, color.NRGBA{255, 255, 255, 255}), 0, 0},
		"one pixel on a border": {nil, box(image.Rect(0, 0, 1, 1), grey(0)), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Compare(canvas(tt.want), canvas(tt.got))
			if err != nil || d.Pixels < tt.from || d.Pixels > tt.till || d.Total != 2400 {
				t.Errorf("%d pixels of %d differ, expected %d to %d; %v", d.Pixels, d.Total, tt.from, tt.till, err)
			}
			if (d.Picture != nil) != (d.Pixels > 0) {
				t.Errorf("%d pixels differ, and there is a picture: %v", d.Pixels, d.Picture != nil)
			}
		})
	}
	if _, err := Compare(canvas(nil), image.NewNRGBA(image.Rect(0, 0, 61, 40))); err == nil || !strings.Contains(err.Error(), "61 × 40 pixels, not 60 × 40") {
		t.Errorf("other sizes: %v", err)
	}
	d, err := Compare(canvas(nil), canvas(box(area, grey(0))))
	if err != nil || d.Share() != 200.0/2400 {
		t.Errorf("share %v, %v", d.Share(), err)
	}
	if at := d.Picture.NRGBAAt(15, 15); at != (color.NRGBA{255, 0, 0, 255}) {
		t.Errorf("the difference is shown in %v", at)
	}
}

func TestCutAndCover(t *testing.T) {
	p := canvas(box(image.Rect(10, 10, 20, 20), color.Black))
	Cover(p, []image.Rectangle{image.Rect(12, 12, 14, 14), image.Rect(-5, -5, 2, 2), image.Rect(100, 100, 200, 200)})
	part, err := Cut(p, image.Rect(10, 10, 500, 15))
	if err != nil || part.Rect != image.Rect(0, 0, 50, 5) || part.NRGBAAt(0, 0) != (color.NRGBA{0, 0, 0, 255}) || part.NRGBAAt(2, 2) != cover {
		t.Errorf("the part is %v, %v", part.Rect, err)
	}
	if p.NRGBAAt(1, 1) != cover {
		t.Error("what reaches over the border is not covered")
	}
	if _, err := Cut(p, image.Rect(60, 0, 70, 10)); err == nil {
		t.Error("cut out what is not there")
	}
}

func TestDecode(t *testing.T) {
	data, err := Encode(canvas(nil))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := Decode(data); err != nil || p.Rect.Dx() != 60 {
		t.Errorf("%v", err)
	}
	// A header that tells of more than there may be.
	huge := bytes.Clone(data)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0})
	for name, text := range map[string][]byte{"nothing": nil, "text": []byte("no picture"), "half": data[:len(data)/2], "huge": huge} {
		if _, err := Decode(text); err == nil {
			t.Errorf("took %s for a picture", name)
		}
	}
	var palette bytes.Buffer
	if err := png.Encode(&palette, image.NewPaletted(image.Rect(5, 5, 9, 9), color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	if p, err := Decode(palette.Bytes()); err != nil || p.Rect != image.Rect(0, 0, 4, 4) {
		t.Errorf("of a palette: %v", err)
	}
}

// Whatever a file holds, it is refused, or compared within bounds.
func FuzzCompare(f *testing.F) {
	data, err := Encode(canvas(slope(0)))
	if err != nil {
		f.Fatal(err)
	}
	other, err := Encode(canvas(slope(1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, other)
	f.Add(data, data[:40])
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)+len(b) > 64<<10 {
			return
		}
		want, err := Decode(a)
		if err != nil || len(want.Pix) > 1<<20 {
			return
		}
		got, err := Decode(b)
		if err != nil || len(got.Pix) > 1<<20 {
			return
		}
		d, err := Compare(want, got)
		if err == nil && (d.Pixels < 0 || d.Pixels > d.Total || d.Total != want.Rect.Dx()*want.Rect.Dy()) {
			t.Errorf("%d of %d", d.Pixels, d.Total)
		}
		if self, err := Compare(want, want); err != nil || self.Pixels != 0 {
			t.Errorf("a picture differs from itself in %d pixels, %v", self.Pixels, err)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	paint := func(shift float64) *image.NRGBA {
		p := image.NewNRGBA(image.Rect(0, 0, 1280, 800))
		slope(shift)(p)
		return p
	}
	want, got := paint(0), paint(0.5)
	for b.Loop() {
		if _, err := Compare(want, got); err != nil {
			b.Fatal(err)
		}
	}
}
