package pixels

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
)

// maxPixels bounds a picture: a large screen at three times the scale has about
// as many. Four bytes of memory go with each.
const maxPixels = 25_000_000

// Decode reads a PNG. Its size is looked at first, since a small file can hold
// a picture that fills all memory.
func Decode(data []byte) (*image.NRGBA, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return nil, fmt.Errorf("the picture has %d × %d pixels, more than %d million", config.Width, config.Height, maxPixels/1_000_000)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	return plain(decoded), nil
}

// plain gives a picture in the one form that is worked on, with its corner at
// the origin.
func plain(from image.Image) *image.NRGBA {
	if p, ok := from.(*image.NRGBA); ok && p.Rect.Min == (image.Point{}) && p.Stride == 4*p.Rect.Dx() {
		return p
	}
	size := from.Bounds().Size()
	to := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(to, to.Rect, from, from.Bounds().Min, draw.Src)
	return to
}

// Encode writes a PNG.
func Encode(p *image.NRGBA) ([]byte, error) {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, p); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return out.Bytes(), nil
}

// Cut gives a part of a picture.
func Cut(p *image.NRGBA, area image.Rectangle) (*image.NRGBA, error) {
	area = area.Intersect(p.Rect)
	if area.Empty() {
		return nil, errors.New("nothing of it is in the picture")
	}
	return plain(p.SubImage(area)), nil
}

// cover is the colour of what is covered: one that no page has by chance.
var cover = color.NRGBA{R: 255, B: 255, A: 255}

// Cover paints over parts of a picture.
func Cover(p *image.NRGBA, areas []image.Rectangle) {
	for _, area := range areas {
		draw.Draw(p, area.Intersect(p.Rect), image.NewUniform(cover), image.Point{}, draw.Src)
	}
}
