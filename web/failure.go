package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"outrider/storage"
)

// paramError is a query parameter that cannot be read. It says what to write.
type paramError struct{ name, got, want string }

func (e *paramError) Error() string {
	return fmt.Sprintf("parameter %s: %q cannot be read, write %s", e.name, cut(e.got, 80), e.want)
}

// answer gives the status and the sentence for an error. Errors that are ours
// are logged here and told in general terms only.
func (s *Server) answer(r *http.Request, err error) (int, string) {
	var bad *paramError
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, bad.Error()
	case errors.Is(err, storage.ErrNotFound):
		return http.StatusNotFound, "not found: there is no such thing here, or retention has removed it"
	case r.Context().Err() != nil:
		return http.StatusServiceUnavailable, "the request was given up" // by the client: nothing to log
	case errors.Is(err, context.DeadlineExceeded):
		s.log.Warn("answer request", "path", r.URL.Path, "error", err)
		return http.StatusServiceUnavailable, "the store is too slow at the moment; try again"
	}
	s.log.Error("answer request", "path", r.URL.Path, "error", err)
	return http.StatusInternalServerError, "internal error; the log says more"
}

// refuse answers with an error in the form that the path speaks: JSON for the
// API, text for machines' paths, a page otherwise.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": text}) // the client may be gone
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintln(w, text)
	}
}
