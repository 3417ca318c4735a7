package shop

import (
	"bytes"
	"fmt"
	"net/http"
	"text/template"
)

// scene is a picture of several pieces in a room.
type scene struct {
	Width, Height int
	Boards        []board
	Pieces        []piece
	Speckles      []speckle
}

// board is a shelf's board or a table's top.
type board struct{ X, Y, Width int }

// piece is a product at a place of a scene; Scale 1 is 400 units square.
type piece struct {
	product
	X, Y  float64
	Scale float64
}

// speckle is a dot of glaze on the wall.
type speckle struct{ X, Y, R int }

// pictureRoutes draws every picture once. They are SVG: crisp, and some
// kilobytes each, enough to count as a page's largest paint (Chromium ignores
// images below 0.05 bits a pixel).
func pictureRoutes(mux *http.ServeMux, goods catalogue) {
	shapes := template.Must(template.ParseFS(assets, "assets/pictures/*.svg"))
	draw := func(name string, data any) http.HandlerFunc {
		var b bytes.Buffer
		if err := shapes.ExecuteTemplate(&b, name, data); err != nil {
			panic(err) // a template that is compiled in does not fit its data
		}
		return serveStatic("picture.svg", b.Bytes())
	}
	for _, p := range goods.products {
		mux.Handle("GET /images/products/"+p.ID+".svg", draw("product.svg", piece{product: p, Scale: 1}))
	}
	mux.Handle("GET /images/hero.svg", draw("scene.svg", arrange(goods, 1200, 420, []board{{420, 356, 740}}, 4)))
	mux.Handle("GET "+workshopImage, draw("scene.svg", arrange(goods, 1200, 600,
		[]board{{60, 190, 1080}, {60, 372, 1080}, {60, 554, 1080}}, 7)))
	mux.Handle("GET /images/icon.svg", draw("icon.svg", nil))
}

// arrange puts pieces on boards in the order of the catalogue.
func arrange(goods catalogue, width, height int, boards []board, perBoard int) scene {
	s := scene{Width: width, Height: height, Boards: boards}
	next := 0
	for row, b := range boards {
		room := float64(b.Width) / float64(perBoard)
		scale := min(room/400*1.06, float64(b.Y)/float64(row+1)/400*0.92)
		for i := range perBoard {
			p := goods.products[next%len(goods.products)]
			next += 4 // has no common factor with 11 products: all get their turn
			s.Pieces = append(s.Pieces, piece{p, float64(b.X) + room*float64(i) + room/2 - 200*scale, float64(b.Y) - 336*scale, scale})
		}
	}
	// A fixed scatter, the same in every picture of the same size.
	seed := uint32(width*31 + height)
	roll := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for range 160 {
		s.Speckles = append(s.Speckles, speckle{roll(width), roll(height), 1 + roll(3)})
	}
	return s
}

// Place is the SVG transform that puts the piece in its place.
func (p piece) Place() string {
	return fmt.Sprintf("translate(%.1f %.1f) scale(%.3f)", p.X, p.Y, p.Scale)
}
