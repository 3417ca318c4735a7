package shop

import (
	"net/http"
	"unicode/utf8"
)

// maxQuery is the longest search, in characters.
const maxQuery = 100

func (s *Shop) storefrontRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.showHome)
	mux.HandleFunc("GET /category/{id}", s.showCategory)
	mux.HandleFunc("GET /products/{id}", s.showProduct)
	mux.HandleFunc("GET /search", s.showSearch)
	mux.HandleFunc("GET /story", func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, http.StatusOK, "story", view{Title: "Our workshop"})
	})
	mux.HandleFunc("GET /", s.notFound)
	assetRoutes(mux, "/assets", "shop.css", "shop.js", "search.js")
	pictureRoutes(mux, s.goods)
}

func (s *Shop) showHome(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "home", view{Title: "Stoneware from a small kiln", Data: s.goods.featured()})
}

func (s *Shop) showCategory(w http.ResponseWriter, r *http.Request) {
	shelf, ok := s.goods.category(r.PathValue("id"))
	if !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "category", view{Title: shelf.Name, Data: struct {
		Shelf    category
		Products []product
	}{shelf, s.goods.in(shelf.ID)}})
}

func (s *Shop) showProduct(w http.ResponseWriter, r *http.Request) {
	p, ok := s.goods.product(r.PathValue("id"))
	if !ok {
		s.notFound(w, r)
		return
	}
	shelf, _ := s.goods.category(p.Category)
	s.renderForm(w, r, http.StatusOK, "product", view{Title: p.Name, Data: struct {
		Product product
		Shelf   category
		Beside  []product
	}{p, shelf, s.goods.beside(p)}})
}

// showSearch gives an empty page: its script asks the API for the results.
func (s *Shop) showSearch(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("q")
	if utf8.RuneCountInString(query) > maxQuery {
		s.notice(w, r, http.StatusBadRequest, "That is a long search", "Please use fewer words.")
		return
	}
	s.render(w, r, http.StatusOK, "search", view{Title: "Search", Query: query})
}
