package web

import (
	"errors"
	"strings"
	"testing"
)

func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*world)
		status int
		want   string
	}{
		{"ready", func(*world) {}, 200, "ready"},
		{"not ready", func(w *world) { w.status.health.Ready, w.status.health.NotReady = false, "waiting for Chromium" }, 503, "waiting for Chromium"},
		{"starting", func(w *world) { w.status.health.Ready = false }, 503, "starting"},
		{"no definitions", func(w *world) { w.defs = nil }, 503, "no definitions"},
		{"store broken", func(w *world) { w.store.fail = errors.New("disk full at /var/lib/secret") }, 503, "store cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(noon)
			s := w.server(t)
			c.change(w)
			rec := get(t, s, "/readyz")
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) || strings.Contains(rec.Body.String(), "secret") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			if rec := get(t, s, "/healthz"); rec.Code != 200 {
				t.Errorf("not alive: %d", rec.Code)
			}
		})
	}
	w := newWorld(noon)
	w.defs = nil
	if rec := get(t, w.server(t), "/"); rec.Code != 200 {
		t.Errorf("list without definitions: %d", rec.Code)
	}
}
