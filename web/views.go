package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

//go:embed templates assets
var embedded embed.FS

// views are the parsed templates by the name of the page, and a fingerprint
// of the assets, so that browsers may keep them until they change.
type views struct {
	pages map[string]*template.Template
	print string
}

// parseViews parses every page together with the layout and the shared parts.
func parseViews() (views, error) {
	v := views{pages: map[string]*template.Template{}}
	shared, err := template.New("layout.html").Funcs(functions()).ParseFS(embedded, "templates/layout.html", "templates/part_*.html")
	if err != nil {
		return v, fmt.Errorf("parse templates: %w", err)
	}
	files, err := fs.Glob(embedded, "templates/*.html")
	if err != nil {
		return v, err
	}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || strings.HasPrefix(name, "part_") {
			continue
		}
		t, err := shared.Clone()
		if err == nil {
			t, err = t.ParseFS(embedded, f)
		}
		if err != nil {
			return v, fmt.Errorf("parse template %s: %w", name, err)
		}
		v.pages[name] = t
	}
	v.print, err = fingerprint()
	return v, err
}

// fingerprint is short and changes with any asset.
func fingerprint() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(embedded, "assets", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := embedded.ReadFile(p)
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:6]), err
}

// functions are what templates may call.
func functions() template.FuncMap {
	return template.FuncMap{
		"dur":      showDuration,
		"span":     showSpan,
		"ms":       showMilliseconds,
		"bytes":    showBytes,
		"percent":  showPercent,
		"whole":    func(share float64) string { return fmt.Sprintf("%d%s%%", int(math.Floor(share*100+1e-6)), nbsp) },
		"stamp":    showTime,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"pathseg":  url.PathEscape,
		"glyph":    glyph,
		"word":     word,
		"pct":      func(f float64) string { return fmt.Sprintf("%.3f%%", f) },
		"markdown": newProcedures().render,
		"safelink": webLink,
		"plural":   plural,
		"says":     says,
		"noteword": noteWord,
		"chance":   showChance,
	}
}

// page is what a handler hands to the layout.
type page struct {
	View    string // name of the template
	Title   string
	Nav     string // the section of the navigation that the page belongs to
	Content any

	// The layout's own; filled in when the page is rendered.
	Notices  []notice
	Version  string
	Location string
	Print    string
	Now      time.Time
}

// page makes a handler of a function that collects what the page shows.
func (s *Server) page(f func(*http.Request) (page, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		p, err := f(r)
		if err == nil {
			err = s.show(w, status, p)
		}
		if err == nil {
			return
		}
		status, text := s.answer(r, err)
		p = page{View: "error", Title: http.StatusText(status), Content: errorView{status, http.StatusText(status), text}}
		if err := s.show(w, status, p); err != nil {
			s.log.Error("render error page", "error", err)
			s.refuse(w, r, status, text)
		}
	}
}

// errorView is what the error page shows.
type errorView struct {
	Status int
	Name   string
	Text   string
}

// show renders a page into memory first, so that an error in the middle never
// leaves half a page behind.
func (s *Server) show(w http.ResponseWriter, status int, p page) error {
	p.Notices, p.Version, p.Location = notices(s.status.Health(), s.now()), s.version, s.location
	p.Print, p.Now = s.views.print, s.now()
	t, ok := s.views.pages[p.View]
	if !ok {
		return fmt.Errorf("render page: no template %q", p.View)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("render page %s: %w", p.View, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(disarmBidi(b.Bytes())) // the client may be gone
	return nil
}

// asset serves the style sheet, the script and the icon.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	b, err := embedded.ReadFile("assets/" + path.Base(name))
	if err != nil {
		s.refuse(w, r, http.StatusNotFound, "not found")
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	if r.URL.Query().Get("v") == s.views.print {
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}
