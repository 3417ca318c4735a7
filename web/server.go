package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"

	"outrider/checks"
	"outrider/incidents"
	"outrider/storage"
)

// Options is what a Server shows and how.
type Options struct {
	Runs      storage.Runs
	Overview  storage.Overview // nil: Runs, which must then be one
	Incidents storage.Incidents
	// Judgements is what was said of runs; nil: Runs, if it is one, else nothing
	// was.
	Judgements storage.Judgements
	// Mark stores a deployment that somebody marked through the API; nil: it
	// takes none.
	Mark func(context.Context, incidents.Note) error
	// Planned gives what planned events will do to a check; nil: nobody knows.
	Planned func(checkID string) []PlannedEvent
	Status  Status
	// Definitions gives the definitions in force, or nil while there are none.
	Definitions func() *checks.Definitions
	// Auth is who may look; the zero value lets everyone. Call RequireAuth
	// with the address before listening.
	Auth Auth
	// BaseURL is the address under which people reach the server; its host is
	// accepted in requests besides the loopback names. May be empty.
	BaseURL  string
	Version  string
	Location string           // of this monitor
	Now      func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil: slog.Default()
	// Browsers tells what browsers hold of the machine, at each scrape of the
	// metrics; nil: there are none.
	Browsers func() BrowserUsage
	// Registry is where the metrics are registered; nil makes one that also
	// has those of the Go runtime and of the process.
	Registry *prometheus.Registry
}

// Server answers requests for pages, the API, health and metrics. It is safe
// for concurrent use and starts no goroutine.
type Server struct {
	runs        storage.Runs
	overview    storage.Overview
	incidents   storage.Incidents
	judgements  storage.Judgements
	mark        func(context.Context, incidents.Note) error
	planned     func(checkID string) []PlannedEvent
	status      Status
	definitions func() *checks.Definitions
	auth        Auth
	version     string
	location    string
	now         func() time.Time
	log         *slog.Logger

	browsers func() BrowserUsage

	board   *board
	views   views
	handler http.Handler
}

// New makes a server. It fails if a required option is missing, the base URL
// is not one, or the registry already has metrics of the same names.
func New(o Options) (*Server, error) {
	if o.Overview == nil {
		o.Overview, _ = o.Runs.(storage.Overview)
	}
	if o.Judgements == nil {
		o.Judgements, _ = o.Runs.(storage.Judgements)
	}
	if o.Judgements == nil {
		o.Judgements = noJudgements{}
	}
	if o.Runs == nil || o.Overview == nil || o.Incidents == nil || o.Status == nil || o.Definitions == nil {
		return nil, errors.New("make web server: runs, overview, incidents, status and definitions are required")
	}
	base, err := baseHost(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	if err := o.Auth.check(); err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	if o.Planned == nil {
		o.Planned = func(string) []PlannedEvent { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	views, err := parseViews()
	if err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	s := &Server{
		runs: o.Runs, overview: o.Overview, incidents: o.Incidents, judgements: o.Judgements, mark: o.Mark, planned: o.Planned, status: o.Status,
		definitions: o.Definitions, browsers: o.Browsers, auth: o.Auth, version: o.Version, location: o.Location,
		now: o.Now, log: o.Logger, views: views,
		board: newBoard(o.Overview, o.Runs, o.Now),
	}
	metrics, err := newMetrics(s, o.Registry)
	if err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.ExceptContentTypes([]string{"image/png", "image/jpeg"}))
	if err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	h := compress(s.routes(metrics))
	s.handler = s.recovered(secured(s.readOnly(s.hostChecked(base, s.authenticated(h)))))
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes maps paths to handlers; methods are settled before, by readOnly, but
// for marksPath.
func (s *Server) routes(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	mux.Handle("/metrics", metrics)
	mux.HandleFunc("/assets/{name}", s.asset)

	mux.HandleFunc("/{$}", s.page(s.indexPage))
	mux.HandleFunc("/checks/{id}", s.page(s.checkPage))
	mux.HandleFunc("/runs/{id}", s.page(s.runPage))
	mux.HandleFunc("/incidents", s.page(s.incidentsPage))
	mux.HandleFunc("/incidents/{id}", s.page(s.incidentPage))
	mux.HandleFunc("/status", s.page(s.statusPage))
	mux.HandleFunc("/", s.page(func(*http.Request) (page, error) { return page{}, storage.ErrNotFound }))

	mux.HandleFunc("/api/v1/checks", s.api(s.apiChecks))
	mux.HandleFunc("/api/v1/checks/{id}", s.api(s.apiCheck))
	mux.HandleFunc("/api/v1/checks/{id}/runs", s.api(s.apiCheckRuns))
	mux.HandleFunc("/api/v1/checks/{id}/hours", s.api(s.apiCheckHours))
	mux.HandleFunc("/api/v1/checks/{id}/judgements", s.api(s.apiCheckJudgements))
	mux.HandleFunc("/api/v1/notes", s.api(s.apiNotes))
	mux.HandleFunc(marksPath, s.marks)
	mux.HandleFunc("/api/v1/runs/{id}", s.api(s.apiRun))
	mux.HandleFunc("/api/v1/runs/{id}/artifacts/{name}", s.artifact)
	mux.HandleFunc("/api/v1/incidents", s.api(s.apiIncidents))
	mux.HandleFunc("/api/v1/incidents/{id}", s.api(s.apiIncident))
	mux.HandleFunc("/api/v1/status", s.api(s.apiStatus))
	mux.HandleFunc("/api/", s.api(func(*http.Request) (any, error) { return nil, storage.ErrNotFound }))
	return mux
}

// baseHost gives the host of a base URL; empty for none.
func baseHost(base string) (string, error) {
	if base == "" {
		return "", nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("base URL %q: write http:// or https:// and a host, such as https://outrider.example.org", base)
	}
	return u.Hostname(), nil
}
