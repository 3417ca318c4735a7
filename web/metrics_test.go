package web

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"outrider/probes"
)

func TestMetrics(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	get(t, s, "/metrics") // the counters begin here
	for _, o := range []probes.Outcome{probes.Passed, probes.Failed, probes.Failed} {
		w.store.add(probes.Run{ID: "x", CheckID: "home", Started: noon, Duration: 1500 * time.Millisecond, Outcome: o, StartDelay: 3 * time.Millisecond,
			Steps: []probes.Step{{Name: `GET "/"` + "\xff", Duration: time.Second, HTTP: &probes.HTTP{Phases: probes.Phases{TLS: 20 * time.Millisecond}}}}})
	}
	body := get(t, s, "/metrics").Body.String()
	for _, want := range []string{
		`outrider_build_info{location="fra-1",version="1.0.0"} 1`,
		`outrider_store_up 1`,
		`outrider_check_info{check="home",kind="http",name="Front page"} 1`,
		`outrider_check_up{check="home"} 0`,
		`outrider_check_up{check="search-api"} 1`,
		`outrider_check_degraded{check="home"} 0`,
		`outrider_check_last_duration_seconds{check="home"} 1.5`,
		`outrider_check_last_run_timestamp_seconds{check="home"} 1.7733168e+09`,
		`outrider_check_runs_total{check="home",outcome="failed"} 2`,
		`outrider_check_runs_total{check="home",outcome="passed"} 1`,
		`outrider_check_missed_starts_total{check="partner-feed"} 3`,
		`outrider_step_duration_seconds{check="home",step="GET \"/\"` + "\ufffd" + `"} 1`,
		`outrider_step_phase_duration_seconds{check="home",phase="tls",step="GET \"/\"` + "\ufffd" + `"} 0.02`,
		`outrider_start_delay_seconds_count 3`,
		`outrider_start_delay_seconds_bucket{le="0.005"} 3`,
		`outrider_incidents_open{check="checkout",severity="critical"} 1`,
		`outrider_notifications_pending{endpoint="responders/pager"} 1`,
		`outrider_influx_connected 0`,
		`outrider_influx_lag_seconds 1200`,
		`outrider_influx_rejected_total 2`,
		`outrider_slots{kind="browser"} 1`,
		`outrider_slots_waiting{kind="browser"} 2`,
		`outrider_browsers 1`,
		`outrider_browser_processes 7`,
		`outrider_browser_memory_bytes 3e+08`,
		`outrider_browser_journeys_total 41`,
		`outrider_definitions_refused 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, `outrider_check_up{check="new-check"}`) {
		t.Error("a check that never ran is up or down")
	}
	again := get(t, s, "/metrics").Body.String()
	if !strings.Contains(again, `outrider_check_runs_total{check="home",outcome="failed"} 2`) {
		t.Error("runs are counted twice")
	}
	w.defs.Checks = w.defs.Checks[:1]
	if gone := get(t, s, "/metrics").Body.String(); strings.Contains(gone, `check="home"`) {
		t.Error("a check that is no longer defined still has series")
	}
}

func TestMetricsFollowConventions(t *testing.T) {
	w := newWorld(noon)
	reg := prometheus.NewRegistry()
	s := w.server(t, func(o *Options) { o.Registry = reg })
	w.store.add(probes.Run{ID: "x", CheckID: "home", Started: noon, Outcome: probes.Passed})
	body := get(t, s, "/metrics").Body
	problems, err := promlint.New(body).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if _, err := New(Options{Runs: w.store, Incidents: w.store, Status: w.status, Definitions: s.definitions, Registry: reg}); err == nil {
		t.Error("two servers share a registry")
	}
}

// TestMetricsWithoutStore checks that a broken store leaves the rest.
func TestMetricsWithoutStore(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	w.store.fail = errors.New("disk full")
	rec := get(t, s, "/metrics")
	if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, "outrider_store_up 0") || !strings.Contains(body, "outrider_influx_lag_seconds 1200") {
		t.Errorf("%d %s", rec.Code, cut(body, 500))
	}
}
