package checks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write makes files below a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load loads one text that must be fine.
func load(t *testing.T, text string, opts Options) *Definitions {
	t.Helper()
	defs, err := LoadBytes("test.yaml", []byte(text), opts)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return defs
}

// refused loads one text that must not be fine, and gives what is said.
func refused(t *testing.T, text string, opts Options) string {
	t.Helper()
	defs, err := LoadBytes("test.yaml", []byte(text), opts)
	if err == nil {
		t.Fatalf("took it: %+v", defs)
	}
	return err.Error()
}

func TestLoadDetection(t *testing.T) {
	defs := load(t, `
defaults: {detection: {horizon: 1h}}
checks:
  - {id: default, http: [get: http://127.0.0.1/]}
  - {id: nothing, detection: false, http: [get: http://127.0.0.1/]}
  - {id: half, detection: {forecast: false}, http: [get: http://127.0.0.1/]}
`, testOptions(nil, nil))
	want := DefaultDetection()
	want.Horizon = time.Hour
	for id, change := range map[string]func(*Detection){
		"default": func(*Detection) {},
		"nothing": func(d *Detection) { d.Degradation, d.Forecast = false, false },
		"half":    func(d *Detection) { d.Forecast = false },
	} {
		want := want
		change(&want)
		if c, _ := defs.Check(id); c.Detection != want {
			t.Errorf("%s: %+v, want %+v", id, c.Detection, want)
		}
	}
}

func TestLoadCheck(t *testing.T) {
	defs := load(t, `
audiences:
  - {id: responders, name: On call, webhooks: [{url: "http://127.0.0.1/hook", secret: "${secret:HOOK}"}]}
checks:
  - id: everything
    name: All of it
    description: Two words
    labels: {tier: gold, version: 2}
    enabled: false
    every: 1m30s
    zone: Europe/Berlin
    active: [mon-fri 08:00-18:00, 22:00-06:00]
    maintenance:
      - {from: 2030-07-01 02:00, to: 2030-07-01T04:00:00Z, reason: Upgrade}
      - {cron: 0 2 * * sun, for: 2h}
    timeout: 45s
    retries: {count: 2, backoff: 500ms}
    confirm: {failures: 3 of 5, recovery: 4}
    thresholds: {degraded: 4s, failed: 12s, phases: {first_byte: {degraded: 300ms}}, vitals: {lcp: {degraded: 2.5s}, cls: {degraded: 0.1, failed: 0.25}}}
    objective: {good: 99.5%, over: 1w, latency: 800ms}
    detection: {degradation: true, false_alarm_every: 2w, smallest_change: 25%, smallest_delay: 50ms, accept_after: 12h, forecast: false, horizon: 1d}
    locations: [berlin, tokyo]
    notify: responders
    procedure: {text: Look, url: "https://example.com/look"}
    http:
      - get: http://127.0.0.1/
        timeout: 5s
        thresholds: {failed: 3s}
`, testOptions(nil, map[string]string{"HOOK": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24))}))
	c, ok := defs.Check("everything")
	if !ok {
		t.Fatal("check is not there")
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	weekdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	for _, m := range c.Schedule.Maintenance {
		if m.Cron != "" && m.cron == nil {
			t.Error("the cron expression of a maintenance window was not parsed")
		}
	}
	journey := c.Journey
	c.Journey = Journey{}
	want := Check{
		ID: "everything", Name: "All of it", Description: "Two words", Labels: map[string]string{"tier": "gold", "version": "2"},
		Schedule: Schedule{
			Every:  90 * time.Second,
			Zone:   berlin,
			Active: []ActiveHours{{Days: weekdays, From: 8 * time.Hour, To: 18 * time.Hour}, {From: 22 * time.Hour, To: 6 * time.Hour}},
			Maintenance: []Maintenance{
				{Reason: "Upgrade", From: time.Date(2030, 7, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2030, 7, 1, 4, 0, 0, 0, time.UTC)},
				{Cron: "0 2 * * sun", For: 2 * time.Hour},
			},
		},
		Timeout: 45 * time.Second,
		Retries: Retries{2, 500 * time.Millisecond},
		Confirm: Confirm{3, 5, 4},
		Thresholds: Thresholds{
			Total:  Limit{4 * time.Second, 12 * time.Second},
			Phases: map[Phase]Limit{PhaseFirstByte: {Degraded: 300 * time.Millisecond}},
			Vitals: map[Vital]VitalLimit{VitalLCP: {Degraded: 2500}, VitalCLS: {Degraded: 0.1, Failed: 0.25}},
		},
		Objectives: []Objective{{Name: "latency", Good: 0.995, Over: 7 * 24 * time.Hour, Latency: 800 * time.Millisecond}},
		Detection: Detection{
			Degradation: true, FalseAlarmEvery: 14 * 24 * time.Hour, SmallestChange: 0.25, SmallestDelay: 50 * time.Millisecond,
			AcceptAfter: 12 * time.Hour, Horizon: 24 * time.Hour,
		},
		Locations: []string{"berlin", "tokyo"},
		Notify:    []string{"responders"},
		Procedure: Procedure{Text: "Look", URL: "https://example.com/look"},
		Pos:       Position{"test.yaml", 5, 5},
	}
	ignoreParsedCron := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".cron" }, cmp.Ignore())
	if diff := cmp.Diff(want, c, ignoreParsedCron, cmp.AllowUnexported(Schedule{}, Maintenance{}),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("check (-want +got):\n%s", diff)
	}
	step := journey.Steps[0]
	if step.Name != "GET /" || step.Timeout != 5*time.Second || step.Thresholds.Total.Failed != 3*time.Second || step.Pos.Line != 26 {
		t.Errorf("step: %+v", step)
	}
	if len(defs.Secrets) == 0 || defs.Secrets[0].Reveal() != "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" {
		t.Error("the webhook's secret is not among the secrets")
	}
	if len(defs.Warnings) != 0 {
		t.Errorf("warnings: %v", defs.Warnings)
	}
}

func TestLoadDefaults(t *testing.T) {
	defs := load(t, "checks: [{id: a, http: [get: http://127.0.0.1/]}]", Options{})
	c := defs.Checks[0]
	if c.Name != "a" || !c.Enabled || c.Schedule.Every != DefaultEvery || c.Schedule.Zone != time.UTC || c.Timeout != DefaultTimeout {
		t.Errorf("check: %+v", c)
	}
	if c.Confirm != (Confirm{2, 3, 2}) || c.Retries != (Retries{1, DefaultRetryBackoff}) || c.Objectives != nil || !c.Procedure.IsZero() {
		t.Errorf("check: %+v", c)
	}
	r := c.Journey.Steps[0].Action.(*Request)
	if r.MaxRedirects != DefaultMaxRedirects || r.MaxBody != DefaultMaxBody || r.MaxHeader != DefaultMaxHeader || r.Auth != nil || r.Body != nil {
		t.Errorf("request: %+v", r)
	}
	if len(r.Expect) != 1 || r.Expect[0].Subject != SubjectStatus {
		t.Fatalf("expect: %+v", r.Expect)
	}
	for status, want := range map[float64]bool{200: true, 399: true, 400: false, 503: false} {
		if got, err := r.Expect[0].Condition.Holds(status, nil); got != want || err != nil {
			t.Errorf("status %v: %v, %v", status, got, err)
		}
	}
}

// Defaults come from the folders above, then the file, then the check.
func TestLoadDefaultsOfFolders(t *testing.T) {
	const get = "http: [get: http://127.0.0.1/]}"
	dir := write(t, map[string]string{
		"defaults.yaml":            "defaults: {every: 10m, timeout: 9s, labels: {level: root, root: yes}, thresholds: {degraded: 1s, phases: {tls: {failed: 1s}}}}",
		"top.yaml":                 "checks: [{id: top, " + get + "]",
		"shop/defaults.yml":        "defaults: {every: 20m, labels: {level: shop}, http_options: {max_body: 1kB, headers: {A: shop, B: shop}}}\nchecks: [{id: inside, " + get + "]",
		"shop/deep/er/search.yaml": "defaults: {cron: 0 1 * * *, thresholds: {phases: {tls: {degraded: 1ms}}}}\nchecks:\n  - {id: cron, " + get + "\n  - {id: every, every: 30m, labels: {mine: 1}, http: [{get: 'http://127.0.0.1/', headers: {a: step}, max_body: 2kB}]}",
	})
	defs, err := Load([]string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	get1 := func(id string) Check {
		c, ok := defs.Check(id)
		if !ok {
			t.Fatalf("check %s is not there", id)
		}
		return c
	}
	top, inside, cronCheck, every := get1("top"), get1("inside"), get1("cron"), get1("every")
	if top.Schedule.Every != 10*time.Minute || inside.Schedule.Every != 20*time.Minute || cronCheck.Schedule.Every != 0 || cronCheck.Schedule.Cron != "0 1 * * *" || every.Schedule.Every != 30*time.Minute || every.Schedule.Cron != "" {
		t.Errorf("schedules: %v, %v, %v, %v", top.Schedule, inside.Schedule, cronCheck.Schedule, every.Schedule)
	}
	for _, c := range defs.Checks {
		if c.Timeout != 9*time.Second || c.Thresholds.Total.Degraded != time.Second {
			t.Errorf("check %s: timeout %s, thresholds %v", c.ID, c.Timeout, c.Thresholds)
		}
	}
	if diff := cmp.Diff(map[string]string{"level": "shop", "root": "yes", "mine": "1"}, every.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"level": "root", "root": "yes"}, top.Labels); diff != "" {
		t.Errorf("labels of the check above must stay as they are (-want +got):\n%s", diff)
	}
	if got := every.Thresholds.Phases[PhaseTLS]; got != (Limit{time.Millisecond, time.Second}) {
		t.Errorf("phase thresholds: %v", got)
	}
	if got := top.Thresholds.Phases[PhaseTLS]; got != (Limit{0, time.Second}) {
		t.Errorf("phase thresholds of the check above: %v", got)
	}
	r := every.Journey.Steps[0].Action.(*Request)
	headers := map[string]string{}
	for _, h := range r.Headers {
		headers[h.Name], _ = h.Value.Constant()
	}
	if diff := cmp.Diff(map[string]string{"B": "shop", "a": "step"}, headers); diff != "" || r.MaxBody != 2000 {
		t.Errorf("max_body %d, headers (-want +got):\n%s", r.MaxBody, diff)
	}

	// A file that is given alone has its folder's defaults and no others.
	alone, err := Load([]string{filepath.Join(dir, "top.yaml")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if alone.Checks[0].Schedule.Every != 10*time.Minute {
		t.Errorf("alone: %v", alone.Checks[0].Schedule)
	}
	if want := []string{filepath.Join(dir, "defaults.yaml"), filepath.Join(dir, "top.yaml")}; !slices.Equal(alone.Files, want) {
		t.Errorf("files: %v, want %v", alone.Files, want)
	}
}

func TestLoadFiles(t *testing.T) {
	const check = "checks: [{id: %s, http: [get: http://127.0.0.1/]}]"
	dir := write(t, map[string]string{
		"b.yaml":            fmt.Sprintf(check, "b"),
		"a.yml":             fmt.Sprintf(check, "a"),
		"sub/c.yaml":        fmt.Sprintf(check, "c"),
		"..data/d.yaml":     fmt.Sprintf(check, "d"), // a config map's own folder
		".hidden.yaml":      "nonsense",
		"notes.txt":         "nonsense",
		"folder.yaml/x.yml": fmt.Sprintf(check, "x"),
		"empty.yaml":        "# nothing yet\n",
	})
	if err := os.Symlink(filepath.Join("..data", "d.yaml"), filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	defs, err := Load([]string{dir, filepath.Join(dir, "b.yaml"), dir + "/sub/../b.yaml"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range defs.Checks {
		ids = append(ids, c.ID)
	}
	if want := []string{"a", "b", "x", "d", "c"}; !slices.Equal(ids, want) {
		t.Errorf("checks %v, want %v", ids, want)
	}
	if len(defs.Warnings) != 1 || !strings.Contains(defs.Warnings[0].Message, "defines nothing") {
		t.Errorf("warnings: %v", defs.Warnings)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"fine.yaml":       "checks: [{id: a, http: [get: http://127.0.0.1/]}]",
		"same.yaml":       "checks: [{id: b, http: [get: http://127.0.0.1/]}, {id: a, http: [get: http://127.0.0.1/]}]",
		"nothing/a.txt":   "",
		"huge/h.yaml":     "",
		"pipes/keep":      "",
		"unread/u.yaml":   "checks: [{id: a, procedure: pipe.md, http: [get: http://127.0.0.1/]}]",
		"big/procs.yaml":  "checks: [{id: a, procedure: big.md, http: [get: http://127.0.0.1/]}]",
		"big/big.md":      strings.Repeat("x", maxProcedure+1),
		"folder/p.yaml":   "checks: [{id: a, procedure: sub.md, http: [get: http://127.0.0.1/]}]",
		"folder/sub.md/x": "",
	})
	// A sparse file: 100 MB that must be refused without being read.
	if err := os.Truncate(filepath.Join(dir, "huge/h.yaml"), 100<<20); err != nil {
		t.Fatal(err)
	}
	for _, pipe := range []string{"pipes/p.yaml", "unread/pipe.md"} {
		if err := syscall.Mkfifo(filepath.Join(dir, pipe), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"missing", []string{"gone.yaml"}, "gone.yaml: no such file or directory"},
		{"empty folder", []string{"nothing"}, "nothing: holds no definition file"},
		{"same id", []string{"fine.yaml", "same.yaml"}, `same.yaml:1:52: id: check "a" is already defined at ` + filepath.Join(dir, "fine.yaml") + ":1:11"},
		{"100 MB", []string{"huge"}, "huge/h.yaml: is larger than 1024 KiB"},
		{"pipe", []string{"pipes"}, "pipes/p.yaml: is not a regular file"},
		{"device", []string{"/dev/zero"}, "/dev/zero: is not a regular file"},
		{"procedure that is a pipe", []string{"unread"}, "pipe.md is not a regular file"},
		{"long procedure", []string{"big"}, "big.md is larger than 256 KiB"},
		{"procedure that is a folder", []string{"folder"}, "sub.md is not a regular file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var paths []string
			for _, p := range test.paths {
				if !filepath.IsAbs(p) {
					p = filepath.Join(dir, p)
				}
				paths = append(paths, p)
			}
			before := time.Now()
			_, err := Load(paths, Options{})
			var problems Problems
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			t.Logf("took %s", time.Since(before))
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	l := newLoader(Options{})
	l.read = func(string, int64) ([]byte, error) {
		return nil, &fs.PathError{Op: "read", Path: "x.yaml", Err: fs.ErrPermission}
	}
	l.loadFiles([]file{{path: "x.yaml", root: "."}})
	_, err := l.finish()
	if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "permission") {
		t.Errorf("got %v", err)
	}
}

func TestLoadAnchors(t *testing.T) {
	defs := load(t, `
x-common: &common
  every: 5m
  labels: &labels {a: "1", b: "2"}
x-more: &more {timeout: 3s}
checks:
  - <<: [*common, *more]
    id: a
    http: &steps [get: http://127.0.0.1/]
  - <<: *common
    id: b
    every: 7m
    labels: {<<: *labels, b: "3"}
    http: *steps
`, Options{})
	a, b := defs.Checks[0], defs.Checks[1]
	if a.Schedule.Every != 5*time.Minute || a.Timeout != 3*time.Second || a.Labels["b"] != "2" {
		t.Errorf("a: %+v", a)
	}
	if b.Schedule.Every != 7*time.Minute || b.Labels["a"] != "1" || b.Labels["b"] != "3" || len(b.Journey.Steps) != 1 {
		t.Errorf("b: %+v", b)
	}
}

func TestLoadEnvironment(t *testing.T) {
	opts := testOptions(map[string]string{"EVERY": "3m", "ON": "false", "N": "3", "BAD": "often", "EMPTY": ""}, nil)
	defs := load(t, `
checks:
  - id: a
    every: ${EVERY}
    enabled: ${ON}
    retries: ${N}
    objective: "${SHARE:-99}%"
    description: ${EMPTY:-none} ${EMPTY}
    http:
      - get: http://127.0.0.1/
        max_body: ${SIZE:-5MB}
        expect: {latency: "< ${LIMIT:-2s}", status: "${STATUS:-200}"}
`, opts)
	c := defs.Checks[0]
	r := c.Journey.Steps[0].Action.(*Request)
	if c.Schedule.Every != 3*time.Minute || c.Enabled || c.Retries.Count != 3 || c.Objectives[0].Good != 0.99 || r.MaxBody != 5e6 || c.Description != "none" {
		t.Errorf("check: %+v, request: %+v", c, r)
	}
	if ok, err := r.Expect[0].Condition.Holds(time.Second, nil); !ok || err != nil {
		t.Errorf("latency: %v, %v", ok, err)
	}
	if got := refused(t, "checks: [{id: a, every: '${BAD}', http: [get: http://127.0.0.1/]}]", opts); !strings.Contains(got, `"${BAD}", which is "often"`) {
		t.Errorf("message: %s", got)
	}
}

func TestWarnings(t *testing.T) {
	const get = "http: [get: http://127.0.0.1/]"
	tests := []struct{ name, text, want string }{
		{"skip_verify of a journey", "checks: [{id: a, http_options: {skip_verify: true}, " + get + "}]", "1:46: skip_verify accepts any certificate"},
		{"skip_verify of a step", "checks: [{id: a, http: [{get: 'http://127.0.0.1/', skip_verify: true}]}]", "skip_verify accepts"},
		{"skip_verify of a browser", "checks: [{id: a, browser_options: {skip_verify: true}, browser: [goto: http://127.0.0.1/]}]", "skip_verify accepts"},
		{"nobody", "audiences: [{id: x, webhooks: [{url: 'http://127.0.0.1/'}]}]\nchecks: [{id: a, " + get + "}]", `check "a" notifies nobody`},
		{"unsigned", "audiences: [{id: x, webhooks: [{url: 'http://127.0.0.1/'}]}]", "is not signed"},
		{"password", "checks: [{id: a, http: [{get: 'http://127.0.0.1/', basic: {username: a, password: hunter2}}]}]", "password stands in the file"},
		{"token", "checks: [{id: a, http: [{get: 'http://127.0.0.1/', bearer: abcdef}]}]", "token stands in the file"},
		{"timeout", "checks: [{id: a, every: 10s, timeout: 20s, " + get + "}]", "timeout: 20s is longer than every 10s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defs := load(t, test.text, Options{})
			if !slices.ContainsFunc(defs.Warnings, func(w Problem) bool { return strings.Contains(w.Error(), test.want) }) {
				t.Errorf("warnings %v, want %q", defs.Warnings, test.want)
			}
			for _, w := range defs.Warnings {
				if strings.Contains(w.Message, "hunter2") || strings.Contains(w.Message, "abcdef") {
					t.Errorf("the warning shows the secret: %s", w)
				}
			}
		})
	}
	quiet := load(t, "audiences: [{id: x, webhooks: [{url: 'http://127.0.0.1/', secret: '${S:-whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}'}]}]\nchecks: [{id: a, notify: [], "+get+"}, {id: b, enabled: false, "+get+"}]", Options{})
	if len(quiet.Warnings) > 0 {
		t.Errorf("warnings: %v", quiet.Warnings)
	}
}

// A message never shows a secret, even if what is wrong is the secret's value.
func TestProblemsHideSecrets(t *testing.T) {
	opts := testOptions(nil, map[string]string{"KEY": "s3cr3t-value"})
	for _, text := range []string{
		"checks: [{id: a, every: '${secret:KEY}', http: [get: http://127.0.0.1/]}]",
		"checks: [{id: a, http: [get: '${secret:KEY}']}]",
		"checks: [{id: a, http: [{get: 'http://127.0.0.1/', capture: {x: 'json ${secret:KEY}'}}]}]",
		"checks: [{id: a, http: [{get: 'http://127.0.0.1/', expect: {body: 'matches (${secret:KEY}'}}]}]",
		"checks: [{id: a, procedure: '${secret:KEY}.md', http: [get: 'http://127.0.0.1/']}]",
		"audiences: [{id: a, webhooks: [{url: '${secret:KEY}', secret: '${secret:KEY}'}]}]",
	} {
		if got := refused(t, text, opts); strings.Contains(got, "s3cr3t") {
			t.Errorf("%s\ngives %s", text, got)
		}
	}
}
