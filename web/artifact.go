package web

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// contentType gives the type under which an artifact is served, and whether a
// browser may show it. The list is closed: a page that was monitored must
// never become a document of ours, whatever it claims to be.
func contentType(claimed string) (served string, inline bool) {
	kind, _, err := mime.ParseMediaType(claimed)
	if err == nil {
		switch kind {
		case "image/png", "image/jpeg":
			return kind, true
		case "text/plain":
			return "text/plain; charset=utf-8", true
		}
	}
	return "application/octet-stream", false
}

// artifactURL gives the address of an artifact.
func artifactURL(run, name string) string {
	return "/api/v1/runs/" + url.PathEscape(run) + "/artifacts/" + url.PathEscape(name)
}

// artifact serves the bytes of a piece of evidence.
func (s *Server) artifact(w http.ResponseWriter, r *http.Request) {
	a, err := s.runs.Artifact(r.Context(), r.PathValue("id"), r.PathValue("name"))
	if err != nil {
		status, text := s.answer(r, fmt.Errorf("read artifact: %w", err))
		s.refuse(w, r, status, text)
		return
	}
	h := w.Header()
	kind, inline := contentType(a.MediaType)
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", evidencePolicy)
	h.Set("Cache-Control", "private, max-age=3600") // evidence never changes
	disposition := "inline"
	if !inline {
		disposition = "attachment"
	}
	if d := mime.FormatMediaType(disposition, map[string]string{"filename": a.Name}); d != "" {
		disposition = d
	}
	h.Set("Content-Disposition", disposition)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Data))
}
