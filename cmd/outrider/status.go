package main

import (
	"context"
	"net/url"
	"sync"
	"time"

	"outrider/web"
)

// status tells the pages how the rooms are doing.
type status struct {
	app     *app
	started time.Time

	mu        sync.Mutex
	endpoints []web.EndpointStatus
	asked     time.Time
}

var _ web.Status = (*status)(nil)

func newStatus(a *app) *status { return &status{app: a, started: time.Now().UTC()} }

// Checks implements web.Status.
func (s *status) Checks() []web.CheckStatus {
	var list []web.CheckStatus
	for _, c := range s.app.monitor.Status().Checks {
		list = append(list, web.CheckStatus(c))
	}
	return list
}

// Health implements web.Status.
func (s *status) Health() web.Health {
	now := s.app.monitor.Status()
	h := web.Health{DefinitionsLoaded: now.Loaded, Started: s.started, Ready: true, Endpoints: s.endpointStatus()}
	if now.Refused != nil {
		h.DefinitionsError = now.Refused.Error()
	}
	for _, slot := range now.Slots {
		h.Slots = append(h.Slots, web.SlotStatus{Kind: slot.Kind, InUse: slot.InUse, Size: slot.Size, Waiting: slot.Waiting})
	}
	if e := s.app.exporter; e != nil {
		x := e.Status()
		h.Influx = &web.ExportStatus{
			Target: target(s.app.settings.InfluxURL), Connected: x.Connected, LastError: x.LastError,
			Lag: x.Lag, Exported: x.Exported, Rejected: x.Rejected,
		}
	}
	return h
}

// endpointsFresh is how old the state of deliveries may be: counting what is
// pending reads the store, and a page must not wait for that every time.
const endpointsFresh = 2 * time.Second

func (s *status) endpointStatus() []web.EndpointStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.asked) < endpointsFresh {
		return s.endpoints
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	all, err := s.app.notifier.Status(ctx)
	if err != nil {
		s.app.log.Warn("read the state of deliveries", "error", err)
		return s.endpoints
	}
	s.asked, s.endpoints = time.Now(), nil
	for _, e := range all {
		s.endpoints = append(s.endpoints, web.EndpointStatus{
			Endpoint: e.Endpoint, Pending: e.Pending, LastSuccess: e.LastSuccess, LastError: e.LastError,
		})
	}
	return s.endpoints
}

// target is an InfluxDB's address without credentials.
func target(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
