package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	influxwrite "github.com/influxdata/influxdb-client-go/v2/api/write"

	"outrider/probes"
	"outrider/storage/influx/influxtest"
	"outrider/storage/sqlite"
	"outrider/storage/storagetest"
)

// surgeHistory is a check on a server that can do 1,000 requests a minute, of
// which it has seen up to about 700: its load series and its runs.
func surgeHistory() (load map[time.Time]float64, runs []probes.Run) {
	const minutes = 900
	from := time.Now().UTC().Truncate(time.Minute).Add(-(minutes + 10) * time.Minute)
	r := rand.New(rand.NewPCG(1, 1))
	load = map[time.Time]float64{}
	for i := range minutes {
		at := from.Add(time.Duration(i) * time.Minute)
		x := 50 + 650*math.Pow(math.Sin(float64(i)/minutes*math.Pi), 2)*(0.8+0.2*r.Float64())
		load[at] = math.Round(x)
		latency := (0.2 + 0.2/(1-x/1000)) * math.Exp(0.15*r.NormFloat64())
		run := storagetest.NewRun("checkout", at.Add(20*time.Second), time.Duration(latency*float64(time.Second)))
		switch {
		case i%100 == 50: // cut off
			run.Outcome, run.Duration = probes.Failed, 30*time.Second
			run.Failure = &probes.Failure{Kind: probes.FailTimeout, Message: "took too long"}
		case i%100 == 51: // ended early
			run.Outcome, run.Duration = probes.Failed, 5*time.Millisecond
			run.Failure = &probes.Failure{Kind: probes.FailAssertion, Message: "status 503"}
		case i%100 == 52:
			run.Maintenance, run.Duration = true, time.Minute
		}
		runs = append(runs, run)
	}
	return load, runs
}

func TestProject(t *testing.T) {
	load, runs := surgeHistory()
	folder := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "outrider.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() // as "outrider serve" has it open meanwhile
	if err := store.Record(t.Context(), runs...); err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	rows.WriteString("timestamp,value\n")
	for at, x := range load {
		fmt.Fprintf(&rows, "%s,%g\n", at.Format(time.RFC3339), x)
	}
	series := filepath.Join(folder, "load.csv")
	if err := os.WriteFile(series, []byte(rows.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	definitions := write(t, "checks:\n  - id: checkout\n    notify: []\n    objective: {good: 95%, latency: 2s}\n    thresholds: {degraded: 1s}\n    http: [get: 'http://127.0.0.1/']\n")
	env := []string{"OUTRIDER_DATA=" + folder}

	t.Run("text", func(t *testing.T) {
		picture := filepath.Join(t.TempDir(), "fit.svg")
		out, errs, code := outrider(t, env, "project", "--check", "checkout", "--load", series, "--at", "5x,400", "--unit", "/min", "--checks", definitions, "--chart", picture)
		for _, says := range []string{"saturates", "this is extrapolation", "400/min is within what was seen", "Threshold degraded 1 s: From", "Objective 2 s", "9 runs timed out", "9 failed runs are left out"} {
			if !strings.Contains(out, says) {
				t.Errorf("does not say %q", says)
			}
		}
		if code != 0 || t.Failed() {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
		if svg, err := os.ReadFile(picture); err != nil || !strings.HasPrefix(string(svg), "<svg") {
			t.Errorf("no chart: %v", err)
		}
	})
	t.Run("planned in the definitions", func(t *testing.T) {
		text, err := os.ReadFile(definitions)
		if err != nil {
			t.Fatal(err)
		}
		to := time.Now().UTC().Add(48 * time.Hour).Format(time.RFC3339)
		planned := write(t, string(text)+fmt.Sprintf("    load: {csv: %s, unit: /min}\nevents:\n  - {name: Black Friday, from: 2026-01-01, to: %s, load: 3x}\n", series, to))
		out, errs, code := outrider(t, env, "project", "--check", "checkout", "--checks", planned)
		if code != 0 || !strings.Contains(out, "Black Friday, 2026-01-01 00:00 to ") || !strings.Contains(out, "/min") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
		if _, errs, code := outrider(t, env, "project", "--check", "checkout", "--checks", definitions, "--at", "2x"); code != 2 || !strings.Contains(errs, "has no load") {
			t.Errorf("without load: exit code %d: %s", code, errs)
		}
		if _, errs, code := outrider(t, env, "project", "--check", "checkout", "--checks", definitions, "--load", series); code != 2 || !strings.Contains(errs, "no event is planned") {
			t.Errorf("without event: exit code %d: %s", code, errs)
		}
	})
	t.Run("json", func(t *testing.T) {
		out, errs, code := outrider(t, env, "project", "--check", "checkout", "--load", series, "--at", "400", "--threshold", "1s", "--format", "json")
		var answer struct {
			Fit         struct{ Runs int }
			Projections []struct {
				Median float64 `json:"median_ms"`
			}
			Breaks []struct{ Low, Load, High *float64 }
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
			t.Fatalf("exit code %d, %v:\n%s%s", code, err, out, errs)
		}
		if answer.Fit.Runs != 882 || len(answer.Projections) != 1 || answer.Projections[0].Median < 480 || answer.Projections[0].Median > 590 {
			t.Errorf("%s", out)
		}
		if b := answer.Breaks; len(b) != 1 || b[0].Low == nil || b[0].High == nil || *b[0].Low > 750 || *b[0].High < 750 {
			t.Errorf("1 s breaks at 750:\n%s", out)
		}
	})
	t.Run("InfluxDB", func(t *testing.T) {
		server := influxtest.Start(t, influxtest.Options{User: "project", Password: influxPassword})
		bucket := server.NewBucket(t, 0)
		client := influxdb2.NewClient(server.URL, server.Token())
		defer client.Close()
		var points []*influxwrite.Point
		for at, x := range load {
			points = append(points, influxdb2.NewPoint("requests", nil, map[string]any{"rate": x}, at))
		}
		if err := client.WriteAPIBlocking("", bucket).WritePoint(t.Context(), points...); err != nil {
			t.Fatal(err)
		}
		query := filepath.Join(t.TempDir(), "load.flux")
		flux := fmt.Sprintf(`from(bucket: %q) |> range(start: -2d) |> filter(fn: (r) => r._measurement == "requests")`, bucket)
		if err := os.WriteFile(query, []byte(flux), 0o644); err != nil {
			t.Fatal(err)
		}
		settings := append(env, "INFLUXDB_URL="+server.URL, "INFLUXDB_TOKEN="+server.Token(), "INFLUXDB_BUCKET="+bucket)
		for _, source := range []string{"flux:" + flux, "flux:@" + query} {
			out, errs, code := outrider(t, settings, "project", "--check", "checkout", "--load", source, "--at", "400")
			if code != 0 || !strings.Contains(out, "882 runs") {
				t.Errorf("%s: exit code %d:\n%s%s", source, code, out, errs)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		far := filepath.Join(t.TempDir(), "far.csv")
		if err := os.WriteFile(far, []byte("2020-01-01T00:00:00Z,5\n2020-01-01T00:01:00Z,5\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			args []string
			env  []string
			code int
			says string
		}{
			"no check":      {args: []string{"--load", series, "--at", "5x"}, code: 2, says: "--check is missing"},
			"no load":       {args: []string{"--check", "checkout", "--at", "5x"}, code: 2, says: "--load is missing"},
			"no target":     {args: []string{"--check", "checkout", "--load", series}, code: 2, says: "--at is missing"},
			"bad target":    {args: []string{"--check", "checkout", "--load", series, "--at", "much"}, code: 2, says: `"much"`},
			"bad format":    {args: []string{"--check", "checkout", "--load", series, "--at", "5x", "--format", "xml"}, code: 2, says: "text or json"},
			"unknown check": {args: []string{"--check", "chekout", "--load", series, "--at", "5x", "--checks", definitions}, code: 2, says: "there are: checkout"},
			"no series":     {args: []string{"--check", "checkout", "--load", "nowhere.csv", "--at", "5x"}, code: 2, says: "nowhere.csv"},
			"no InfluxDB":   {args: []string{"--check", "checkout", "--load", "flux:from()", "--at", "5x"}, code: 2, says: "INFLUXDB_URL is not set"},
			"no runs":       {args: []string{"--check", "checkout", "--load", far, "--at", "5x"}, code: 3, says: "no history"},
			"no database":   {args: []string{"--check", "checkout", "--load", series, "--at", "5x"}, env: []string{"OUTRIDER_DATA=" + t.TempDir()}, code: 3, says: "there is no database"},
			"no such check": {args: []string{"--check", "other", "--load", series, "--at", "5x"}, code: 3, says: `no run of check "other"`},
		} {
			out, errs, code := outrider(t, append(env, test.env...), append([]string{"project"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.says) {
				t.Errorf("%s: exit code %d, want %d, saying %q:\n%s%s", name, code, test.code, test.says, out, errs)
			}
		}
	})
}
