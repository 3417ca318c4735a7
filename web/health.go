package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"outrider/storage"
)

// readyTimeout bounds how long the store may take to prove that it answers.
const readyTimeout = 2 * time.Second

// healthz says that the process is alive and serves.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// readyz says whether the monitor can do its work: the store answers,
// definitions are loaded, and the monitor itself says so. The reason is short
// and holds nothing of the definitions, since anyone may ask.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	reason := s.notReady(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if reason != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "not ready: "+reason)
		return
	}
	fmt.Fprintln(w, "ready")
}

// notReady gives the reason, or nothing if the monitor is ready.
func (s *Server) notReady(ctx context.Context) string {
	if s.definitions() == nil {
		return "no definitions are loaded"
	}
	if h := s.status.Health(); !h.Ready {
		if h.NotReady != "" {
			return h.NotReady
		}
		return "the monitor is starting"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if _, err := s.runs.Runs(ctx, storage.RunQuery{Limit: 1}); err != nil {
		s.log.Warn("readiness: read store", "error", err)
		return "the store cannot be read"
	}
	return ""
}
