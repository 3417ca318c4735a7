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

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage/sqlite"
	"outrider/storage/storagetest"
)

// aWeek is a week of runs, one in five minutes: an outage of 40 minutes on the
// third day, and two hours three times as slow on the fifth.
func aWeek(from time.Time) (runs []probes.Run, outage, slow time.Time) {
	r := rand.New(rand.NewPCG(1, 1))
	outage, slow = from.Add(57*time.Hour), from.Add(109*time.Hour)
	for i := range 7 * 288 {
		at := from.Add(time.Duration(i) * 5 * time.Minute)
		ms := 400 * math.Exp(0.15*r.NormFloat64())
		if !at.Before(slow) && at.Before(slow.Add(2*time.Hour)) {
			ms *= 3
		}
		run := storagetest.NewRun("checkout", at.Add(20*time.Second), time.Duration(ms*1e6))
		switch {
		case !at.Before(outage) && at.Before(outage.Add(40*time.Minute)):
			run = storagetest.Failed(run)
		case i%400 == 200:
			run = storagetest.Unknown(run)
		}
		runs = append(runs, run)
	}
	return runs, outage, slow
}

func TestBacktest(t *testing.T) {
	from := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	runs, outage, slow := aWeek(from)
	folder := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "outrider.db"), Now: func() time.Time { return from.AddDate(0, 0, 7) }})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() // as "outrider serve" has it open meanwhile
	if err := store.Record(t.Context(), runs...); err != nil {
		t.Fatal(err)
	}
	was := storagetest.Resolve(storagetest.NewIncident("checkout", outage.Add(6*time.Minute)), outage.Add(50*time.Minute))
	gone := storagetest.Resolve(storagetest.NewIncident("checkout", from.Add(30*time.Hour)), from.Add(31*time.Hour))
	if err := store.Advance(t.Context(), incidents.Change{Seq: 1, Incidents: []incidents.Incident{was, gone}}); err != nil {
		t.Fatal(err)
	}
	mark := incidents.Note{ID: "1", Note: detect.Note{Kind: detect.NoteDeploy, At: slow.Add(-time.Minute), Text: "shop 1.42"}}
	if err := store.Mark(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	definition := "checks:\n  - id: checkout\n    name: Customers buy\n    every: 5m\n    notify: []\n    detection: false\n    thresholds: {degraded: %s}\n    http: [get: 'http://127.0.0.1/']\n"
	definitions := write(t, fmt.Sprintf(definition, "900ms"))
	env := []string{"OUTRIDER_DATA=" + folder}

	t.Run("text", func(t *testing.T) {
		out, errs, code := outrider(t, env, "backtest", "--check", "checkout", "--checks", definitions)
		for _, says := range []string{
			"checkout (Customers buy): what would have alerted", "2,016 runs, 2026-11-02 00:00 to 2026-11-08 23:55 UTC (7 days)", "8 failed", "unknown",
			"degraded over 900 ms", "deployment shop 1.42", "2 alerts (1 failure, 1 latency)", timeOf(outage.Add(5 * time.Minute)), timeOf(slow.Add(5 * time.Minute)),
			"1 incident matched, 1 only recorded, 1 only in the backtest",
		} {
			if !strings.Contains(out, says) {
				t.Errorf("does not say %q", says)
			}
		}
		if code != 0 || t.Failed() {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("another threshold, part of the time", func(t *testing.T) {
		out, errs, code := outrider(t, env, "backtest", "--check", "checkout", "--checks", definitions, "--degraded", "2s",
			"--from", "2026-11-04", "--to", "2026-11-07 12:00", "--location", "local")
		if code != 0 || !strings.Contains(out, "1 alert (1 failure)") || !strings.Contains(out, "576 runs before were learnt from") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("without definitions", func(t *testing.T) {
		out, errs, code := outrider(t, env, "backtest", "--check", "checkout")
		if code != 0 || !strings.Contains(out, "thresholds as they were") || !strings.Contains(out, "No definitions were given") || !strings.Contains(out, "failure") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("suggest", func(t *testing.T) {
		tight := write(t, fmt.Sprintf(definition, "480ms"))
		out, errs, code := outrider(t, env, "backtest", "--check", "checkout", "--checks", tight, "--suggest", "--format", "json")
		var answer struct {
			Backtest   struct{ Totals detectTotals }
			Suggestion struct {
				DegradedMS   float64 `json:"degraded_ms"`
				False        int     `json:"false_alerts"`
				PresentFalse int     `json:"present_false_alerts"`
				YAML         string
				Backtest     struct{ Totals detectTotals }
			}
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
			t.Fatalf("exit code %d, %v:\n%s%s", code, err, out, errs)
		}
		s := answer.Suggestion
		if answer.Backtest.Totals.Alerts < 20 || s.PresentFalse < 20 || s.False != 0 || s.Backtest.Totals.Alerts != 2 || s.DegradedMS < 500 || s.DegradedMS > 900 {
			t.Errorf("%+v", answer)
		}
		pasted := write(t, "checks:\n"+s.YAML+"  http: [get: 'http://127.0.0.1/']\n  notify: []\n")
		if out, errs, code := outrider(t, nil, "validate", pasted); code != 0 {
			t.Errorf("the suggestion is no definition: %s%s\n%s", out, errs, s.YAML)
		}
		out, errs, code = outrider(t, env, "backtest", "--check", "checkout", "--suggest", "--false-alarm-every", "2w")
		if code != 0 || !strings.Contains(out, "at most one false alert in 14 days") || !strings.Contains(out, "as recorded") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
		out, _, code = outrider(t, env, "backtest", "--check", "checkout", "--checks", tight, "--suggest", "--from", "2026-11-07")
		if code != 0 || !strings.Contains(out, "There is too little to suggest") {
			t.Errorf("exit code %d:\n%s", code, out)
		}
	})
	t.Run("report", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "report.html")
		_, errs, code := outrider(t, env, "backtest", "--check", "checkout", "--checks", definitions, "--suggest", "--report", path)
		page, err := os.ReadFile(path)
		if code != 0 || err != nil || !strings.Contains(string(page), "<svg") || strings.Contains(string(page), "<script") {
			t.Errorf("exit code %d, %v: %s\n%s", code, err, errs, page)
		}
		if _, errs, code := outrider(t, env, "backtest", "--check", "checkout", "--report", "/nowhere/report.html"); code != 3 {
			t.Errorf("exit code %d: %s", code, errs)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for name, test := range map[string]struct {
			args []string
			env  []string
			code int
			says string
		}{
			"nothing":         {code: 2, says: "--check"},
			"both":            {args: []string{"--check", "checkout", "--csv", "x"}, code: 2, says: "exclude each other"},
			"bad format":      {args: []string{"--check", "checkout", "--format", "xml"}, code: 2, says: "text or json"},
			"bad time":        {args: []string{"--check", "checkout", "--from", "yesterday"}, code: 2, says: `"yesterday"`},
			"no span":         {args: []string{"--check", "checkout", "--from", "2026-11-07", "--to", "2026-11-05"}, code: 2, says: "--from must be before --to"},
			"bad thresholds":  {args: []string{"--check", "checkout", "--degraded", "2s", "--failed", "1s"}, code: 2, says: "below"},
			"bad together":    {args: []string{"--check", "checkout", "--checks", definitions, "--failed", "800ms"}, code: 2, says: "below"},
			"bad days":        {args: []string{"--check", "checkout", "--suggest", "--false-alarm-every", "0d"}, code: 2, says: "more than 0"},
			"bad threshold":   {args: []string{"--check", "checkout", "--degraded", "800"}, code: 2, says: "a number with a unit"},
			"unknown check":   {args: []string{"--check", "chekout", "--checks", definitions}, code: 2, says: "there are: checkout"},
			"bad definition":  {args: []string{"--check", "checkout", "--checks", write(t, "checks: 1\n")}, code: 2, says: "checks"},
			"column":          {args: []string{"--check", "checkout", "--column", "x"}, code: 2, says: "--csv"},
			"no database":     {args: []string{"--check", "checkout"}, env: []string{"OUTRIDER_DATA=" + t.TempDir()}, code: 3, says: "there is no database"},
			"no such check":   {args: []string{"--check", "other"}, code: 3, says: `no run of check "other"`},
			"no such place":   {args: []string{"--check", "checkout", "--location", "moon"}, code: 3, says: `at location "moon"`},
			"nothing in span": {args: []string{"--check", "checkout", "--from", "2027-01-01"}, code: 3, says: "no history"},
		} {
			out, errs, code := outrider(t, append(env, test.env...), append([]string{"backtest"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.says) {
				t.Errorf("%s: exit code %d, want %d, saying %q:\n%s%s", name, code, test.code, test.says, out, errs)
			}
		}
	})
}

// detectTotals is what the tests look at.
type detectTotals struct {
	Alerts  int
	ByCause map[detect.Cause]int `json:"by_cause"`
}

func timeOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func TestBacktestCSV(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("timestamp,value,other,outcome\n")
	r := rand.New(rand.NewPCG(2, 2))
	from := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range 5 * 288 {
		ms, outcome := 400*math.Exp(0.1*r.NormFloat64()), ""
		switch {
		case i >= 600 && i < 620:
			ms *= 3
		case i >= 900 && i < 910:
			outcome = "timeout"
		}
		fmt.Fprintf(&rows, "%s,%.1f,7,%s\n", from.Add(time.Duration(i)*5*time.Minute).Format(time.RFC3339), ms, outcome)
	}
	path := filepath.Join(t.TempDir(), "shop.csv")
	if err := os.WriteFile(path, []byte(rows.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	out, errs, code := outrider(t, nil, "backtest", "--csv", path, "--degraded", "800ms", "--failed", "2s", "--suggest")
	for _, says := range []string{"shop.csv", "1,440 runs", "degraded over 800 ms, failed over 2 s", timeOf(from.Add(601 * 5 * time.Minute)), timeOf(from.Add(901 * 5 * time.Minute)), "took too long and was cut off", "To paste"} {
		if !strings.Contains(out, says) {
			t.Errorf("does not say %q", says)
		}
	}
	if code != 0 || t.Failed() || strings.Contains(out, "Against what was recorded") {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
	if out, errs, code := outrider(t, nil, "backtest", "--csv", path, "--column", "other", "--degraded", "5ms", "--format", "json"); code != 0 || !strings.Contains(out, `"degraded": 1430`) {
		t.Errorf("another column: exit code %d:\n%s%s", code, out, errs)
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no file":    {[]string{"--csv", "nowhere.csv"}, "nowhere.csv"},
		"no column":  {[]string{"--csv", path, "--column", "latency"}, `no column "latency"`},
		"bad row":    {[]string{"--csv", write(t, "timestamp,value\n2026-11-02,fast\n")}, "line 2"},
		"no row":     {[]string{"--csv", path, "--to", "2020-01-01"}, "no row in the span"},
		"checks":     {[]string{"--csv", path, "--checks", "x.yaml"}, "--check"},
		"a location": {[]string{"--csv", path, "--location", "x"}, "--location"},
	} {
		if out, errs, code := outrider(t, nil, append([]string{"backtest"}, test.args...)...); code != 2 || !strings.Contains(errs, test.says) {
			t.Errorf("%s: exit code %d, saying %q:\n%s%s", name, code, test.says, out, errs)
		}
	}
}
