package shop

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// view is what every page is made from.
type view struct {
	Title string
	// CSRF is set on pages with a form.
	CSRF     string
	Pieces   int    // in the cart
	Customer string // name; empty: not signed in
	Query    string
	Shelves  []category
	Broken   broken
	Data     any
}

// pages are the parsed templates, by name.
type pages map[string]*template.Template

// parsePages panics on a template that does not parse: they are compiled in.
func parsePages() pages {
	layout := template.Must(template.New("").Funcs(template.FuncMap{
		"clock": func(t time.Time) string { return t.UTC().Format("2 Jan 15:04:05 UTC") },
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}).ParseFS(assets, "assets/pages/parts.html", "assets/pages/layout.html"))
	parsed := pages{}
	names, err := assets.ReadDir("assets/pages")
	if err != nil {
		panic(err)
	}
	for _, entry := range names {
		name := strings.TrimSuffix(entry.Name(), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		parsed[name] = template.Must(template.Must(layout.Clone()).ParseFS(assets, path.Join("assets/pages", entry.Name())))
	}
	return parsed
}

// render answers with a page in its frame.
func (s *Shop) render(w http.ResponseWriter, r *http.Request, status int, page string, v view) {
	visitor := s.sessions.of(r)
	v.Pieces = visitor.pieces()
	if visitor.customer == demoEmail {
		v.Customer = demoName
	}
	v.Shelves = s.goods.categories
	v.Broken = s.faults.on(r.URL.Path)
	s.write(w, status, page, "layout", v)
}

// renderForm renders a page that has a form of its own.
func (s *Shop) renderForm(w http.ResponseWriter, r *http.Request, status int, page string, v view) {
	visitor := s.sessions.ensure(w, r)
	v.CSRF = visitor.csrf
	s.render(w, r, status, page, v)
}

// renderPart answers with one part of a page.
func (s *Shop) renderPart(w http.ResponseWriter, page, part string, v view) {
	s.write(w, http.StatusOK, page, part, v)
}

// write renders completely before it answers, so that a page is whole or a 500.
func (s *Shop) write(w http.ResponseWriter, status int, page, part string, v view) {
	var b bytes.Buffer
	if err := s.pages[page].ExecuteTemplate(&b, part, v); err != nil {
		s.log.Error("render page", "page", page, "error", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // fails only if the client left
}

// notice shows a page with nothing but a heading and a sentence.
func (s *Shop) notice(w http.ResponseWriter, r *http.Request, status int, heading, text string) {
	s.render(w, r, status, "notice", view{Title: heading, Data: text})
}

func (s *Shop) notFound(w http.ResponseWriter, r *http.Request) {
	s.notice(w, r, http.StatusNotFound, "Not on our shelves", "There is nothing at this address. The kiln may have eaten it.")
}

// expired answers a form whose token is not, or no longer, the visitor's.
func (s *Shop) expired(w http.ResponseWriter, r *http.Request) {
	s.notice(w, r, http.StatusForbidden, "This form has expired", "Please go back, reload the page and try again.")
}

// serveStatic answers with a file that is kept whole in memory; browsers ask
// again each time, so that a fault on it is felt at once.
func serveStatic(name string, content []byte) http.HandlerFunc {
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	}
}

// assetRoutes serves the style sheet and the scripts below a folder.
func assetRoutes(mux *http.ServeMux, folder string, names ...string) {
	for _, name := range names {
		content, err := assets.ReadFile(path.Join("assets", name))
		if err != nil {
			panic(err) // names a file that is not compiled in
		}
		mux.Handle("GET "+path.Join(folder, name), serveStatic(name, content))
	}
}

// problem is the body of every JSON answer that tells of an error.
type problem struct {
	Error string `json:"error"`
}

// writeJSON answers with JSON; the value must be one that can be marshalled.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, `{"error":"this answer cannot be written"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // fails only if the client left
}
