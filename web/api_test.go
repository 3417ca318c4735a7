package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/probes"
)

// fetch asks the API and decodes the answer.
func fetch(t *testing.T, h http.Handler, path string, into any) {
	t.Helper()
	rec := get(t, h, path)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%s: %d %s %s", path, rec.Code, rec.Header().Get("Content-Type"), cut(rec.Body.String(), 300))
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestAPIChecks(t *testing.T) {
	s := newWorld(noon).server(t)
	var all struct{ Checks []map[string]any }
	fetch(t, s, "/api/v1/checks", &all)
	if len(all.Checks) != 8 || all.Checks[0]["id"] != "checkout" {
		t.Fatalf("checks: %v", all.Checks)
	}
	c := all.Checks[0]
	for key, want := range map[string]any{
		"state": "failed", "kind": "browser", "enabled": true, "defined": true, "every_ns": 60e9,
		"degraded_over_ns": 2.5e9, "failed_over_ns": 12e9, "schedule": "every 1\u00a0min", "next": "2026-03-12T12:00:05Z",
	} {
		if c[key] != want {
			t.Errorf("%s = %v, want %v", key, c[key], want)
		}
	}
	if got := fmt.Sprint(c["open_incidents"]); got != "[inc-open]" {
		t.Errorf("open incidents: %s", got)
	}
	goal := c["objectives"].([]any)[0].(map[string]any)
	if goal["name"] != "availability" || goal["good"] != 0.995 || goal["runs"] != float64(perDay) || goal["budget_left"].(float64) >= 0 {
		t.Errorf("objective: %v", goal)
	}
	var some struct{ Checks []map[string]any }
	fetch(t, s, "/api/v1/checks?label=tier=gold&state=passed", &some)
	if len(some.Checks) != 1 || some.Checks[0]["id"] != "search-api" {
		t.Errorf("filtered checks: %v", some.Checks)
	}
	var one map[string]any
	fetch(t, s, "/api/v1/checks/checkout", &one)
	if len(one["recent"].([]any)) != stripRuns || len(one["steps"].([]any)) != 5 {
		t.Errorf("one check: %d recent runs, %v", len(one["recent"].([]any)), one["steps"])
	}
}

func TestAPIRunsPages(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	type answer struct {
		Runs []struct {
			Seq int64 `json:"seq"`
			probes.Run
		} `json:"runs"`
		Next int64 `json:"next_before"`
	}
	seen, last := 0, int64(1<<62)
	for path := "/api/v1/checks/home/runs?limit=250"; path != ""; {
		var a answer
		fetch(t, s, path, &a)
		for _, r := range a.Runs {
			if r.Seq >= last {
				t.Fatalf("seq %d after %d", r.Seq, last)
			}
			last = r.Seq
			seen++
		}
		path = ""
		if a.Next > 0 {
			path = fmt.Sprintf("/api/v1/checks/home/runs?limit=250&before=%d", a.Next)
		}
	}
	if seen != perDay {
		t.Errorf("%d runs, want %d", seen, perDay)
	}
	var a answer
	fetch(t, s, "/api/v1/checks/checkout/runs?outcome=failed&outcome=degraded&since=2026-03-12T11:44:00Z&until=2026-03-12T11:56:00Z", &a)
	if len(a.Runs) != 3 || a.Runs[0].Outcome != probes.Failed || a.Runs[0].Failure.Step != "Pay" {
		t.Errorf("failed runs: %+v", a.Runs)
	}
	a = answer{}
	fetch(t, s, "/api/v1/checks/new-check/runs", &a)
	if a.Runs == nil || len(a.Runs) != 0 {
		t.Errorf("runs of a check without runs: %v", a.Runs)
	}
}

func TestAPIShapes(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	var hours struct {
		Hours []struct {
			Start  time.Time
			Passed int
			P95    time.Duration `json:"p95_ns"`
		}
	}
	fetch(t, s, "/api/v1/checks/home/hours?since=2026-03-12T08:00:00Z", &hours)
	if len(hours.Hours) != 4 || hours.Hours[0].Passed != perDay/24 || hours.Hours[0].P95 == 0 {
		t.Errorf("hours: %+v", hours)
	}
	var run map[string]any
	fetch(t, s, "/api/v1/runs/"+lastRun(w, "search-api", probes.Degraded), &run)
	if run["seq"] == nil || run["check"] != "search-api" || len(run["steps"].([]any)) != 2 {
		t.Errorf("run: %v", run)
	}
	var list struct {
		Incidents []map[string]any
		Next      string `json:"next_before"`
	}
	fetch(t, s, "/api/v1/incidents?state=resolved&limit=10", &list)
	if len(list.Incidents) != 10 || list.Next == "" {
		t.Errorf("incidents: %d, next %q", len(list.Incidents), list.Next)
	}
	first := list.Incidents[9]["id"]
	fetch(t, s, "/api/v1/incidents?state=resolved&limit=10&before="+list.Next, &list)
	if list.Incidents[0]["id"] == first {
		t.Error("paging repeats an incident")
	}
	var in map[string]any
	fetch(t, s, "/api/v1/incidents/inc-open", &in)
	if len(in["events"].([]any)) != 2 || len(in["notifications"].([]any)) != 2 {
		t.Errorf("incident: %v", in)
	}
	var st map[string]any
	fetch(t, s, "/api/v1/status", &st)
	if st["ready"] != true || st["influx"].(map[string]any)["lag_ns"] != 1.2e12 || len(st["endpoints"].([]any)) != 2 || st["version"] != "1.0.0" {
		t.Errorf("status: %v", st)
	}
}

func TestAPIErrors(t *testing.T) {
	w := newWorld(noon)
	s := w.server(t)
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/api/v1/nothing", 404, "not found"},
		{"/api/v1/checks/nothing", 404, "not found"},
		{"/api/v1/checks/nothing/runs", 404, "not found"},
		{"/api/v1/checks/nothing/hours", 404, "not found"},
		{"/api/v1/runs/nothing", 404, "not found"},
		{"/api/v1/runs/0195ffff-hostile-run/artifacts/nothing", 404, "not found"},
		{"/api/v1/incidents/nothing", 404, "not found"},
		{"/api/v1/checks?state=x", 400, "parameter state"},
		{"/api/v1/checks/home/runs?limit=0", 400, "a whole number from 1 to 1000"},
		{"/api/v1/checks/home/runs?limit=5000", 400, "a whole number from 1 to 1000"},
		{"/api/v1/checks/home/runs?before=-3", 400, "parameter before"},
		{"/api/v1/checks/home/runs?since=yesterday", 400, "2026-01-31T18:00:00Z"},
		{"/api/v1/checks/home/runs?outcome=bad", 400, "passed, degraded, failed, unknown"},
		{"/api/v1/checks/home/hours?since=2026-03-12T13:00:00Z", 400, "a time before until"},
		{"/api/v1/incidents?state=closed", 400, "open or resolved"},
		{"/api/v1/incidents?before=1", 400, "parameter before"},
	} {
		t.Run(c.path, func(t *testing.T) {
			rec := get(t, s, c.path)
			var body map[string]string
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
				t.Fatalf("%v: %s", err, rec.Body)
			}
			if rec.Code != c.status || !strings.Contains(body["error"], c.want) {
				t.Errorf("%d %v", rec.Code, body)
			}
		})
	}
	w.store.fail = errors.New("disk full at /var/lib/secret")
	if rec := get(t, s, "/api/v1/checks"); rec.Code != 500 || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("store error: %d %s", rec.Code, rec.Body)
	}
}

// TestArtifactsAreHarmless checks that evidence never becomes a document of
// ours, whatever type it claims.
func TestArtifactsAreHarmless(t *testing.T) {
	s := newWorld(noon).server(t)
	for _, c := range []struct{ name, kind, disposition string }{
		{"page.html", "application/octet-stream", "attachment"},
		{"vector.svg", "application/octet-stream", "attachment"},
		{"page.txt", "text/plain; charset=utf-8", "inline"},
		{`na"me?x=/..\.png`, "image/png", "inline"},
	} {
		rec := get(t, s, artifactURL("0195ffff-hostile-run", c.name))
		h := rec.Header()
		if rec.Code != 200 || h.Get("Content-Type") != c.kind || !strings.HasPrefix(h.Get("Content-Disposition"), c.disposition) {
			t.Errorf("%s: %d %s %s", c.name, rec.Code, h.Get("Content-Type"), h.Get("Content-Disposition"))
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", c.name, h)
		}
	}
}
