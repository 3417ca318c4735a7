package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"outrider/probes"
	"outrider/probes/report"
)

// outrider runs the program to its end.
func outrider(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "outrider"), args...)
	// What is slow here may be so since tests share the machine.
	cmd.Env = append(append(os.Environ(), "OUTRIDER_TOLERANCE=1"), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// write puts a definition file into a folder of the test's own.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checks.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// site answers 200 to everything but /broken and /slow.
func site(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/slow":
			time.Sleep(20 * time.Millisecond)
		}
		fmt.Fprintln(w, "<!doctype html><title>Site</title><h1>Hello</h1>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestRunExitCodes(t *testing.T) {
	url := site(t)
	good := fmt.Sprintf("checks:\n  - id: good\n    http:\n      - get: %s/\n", url)
	degraded := fmt.Sprintf("checks:\n  - id: slow\n    thresholds: {degraded: 10ms}\n    http:\n      - get: %s/slow\n", url)
	broken := fmt.Sprintf("checks:\n  - id: broken\n    http:\n      - get: %s/broken\n", url)
	browser := fmt.Sprintf("checks:\n  - id: page\n    browser:\n      - goto: %s/\n      - expect: {text: Hello}\n", url)
	tests := []struct {
		name string
		text string
		env  []string
		args []string
		code int
		says string // on either stream
	}{
		{name: "passed", text: good, code: 0, says: "1 passed"},
		{name: "browser passed", text: browser, code: 0, says: "1 passed"},
		{name: "degraded counts as passed", text: degraded, code: 0, says: "1 degraded"},
		{name: "degraded fails when strict", text: degraded, args: []string{"--strict"}, code: 1, says: "1 degraded"},
		{name: "failed", text: broken, code: 1, says: "503"},
		{name: "bad definition", text: "checks:\n  - id: x\n    htpp: []\n", code: 2, says: "did you mean \"http\""},
		{name: "no such check", text: good, args: []string{"--check", "other"}, code: 2, says: "there are: good"},
		{name: "no such format", text: good, args: []string{"--format", "yaml"}, code: 2, says: "text, json or junit"},
		{name: "no such flag", text: good, args: []string{"--frmat", "text"}, code: 2, says: "unknown flag"},
		{name: "bad setting", text: good, env: []string{"OUTRIDER_HTTP_SLOTS=many"}, code: 2, says: "OUTRIDER_HTTP_SLOTS"},
		{name: "we could not probe", text: browser, env: []string{"OUTRIDER_CHROMIUM=/bin/false", "OUTRIDER_CHROMIUM_FULL=/bin/false"}, code: 3, says: "1 unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"run", write(t, test.text)}, test.args...)
			out, errs, code := outrider(t, test.env, args...)
			if code != test.code || !strings.Contains(out+errs, test.says) {
				t.Errorf("exit code %d, want %d, saying %q:\n%s%s", code, test.code, test.says, out, errs)
			}
		})
	}
}

func TestRunFormats(t *testing.T) {
	url := site(t)
	path := write(t, fmt.Sprintf("checks:\n  - id: good\n    http: [{get: %[1]s/}]\n  - id: broken\n    http: [{get: %[1]s/broken}]\n", url))
	t.Run("json", func(t *testing.T) {
		out, _, _ := outrider(t, nil, "run", path, "--format", "json")
		var answer struct {
			Summary report.Summary
			Runs    []probes.Run
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if want := (report.Summary{Passed: 1, Failed: 1}); answer.Summary != want {
			t.Errorf("got %+v, want %+v", answer.Summary, want)
		}
		if len(answer.Runs) != 2 || answer.Runs[0].CheckID != "good" || answer.Runs[1].Failure == nil {
			t.Errorf("runs are not in the order of the definitions, or lack the failure: %s", out)
		}
	})
	t.Run("junit", func(t *testing.T) {
		out, _, _ := outrider(t, nil, "run", path, "--format", "junit")
		var suites struct {
			XMLName  xml.Name `xml:"testsuites"`
			Failures int      `xml:"failures,attr"`
		}
		if err := xml.Unmarshal([]byte(out), &suites); err != nil || suites.Failures == 0 {
			t.Errorf("%v, %d failures:\n%s", err, suites.Failures, out)
		}
	})
}

func TestRunKeepsArtifacts(t *testing.T) {
	path := write(t, fmt.Sprintf("checks:\n  - id: page\n    timeout: 5s\n    browser:\n      - goto: %s/\n      - expect: {text: Goodbye}\n        timeout: 500ms\n", site(t)))
	folder := filepath.Join(t.TempDir(), "evidence")
	_, _, code := outrider(t, nil, "run", path, "--artifacts", folder)
	files, _ := filepath.Glob(filepath.Join(folder, "page", "*"))
	if code != 1 || len(files) == 0 {
		t.Errorf("exit code %d, files %v: want 1 and a screenshot", code, files)
	}
}

func TestValidate(t *testing.T) {
	t.Run("fine", func(t *testing.T) {
		out, errs, code := outrider(t, nil, "validate", filepath.Join("..", "..", "configs", "examples"))
		if code != 0 {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("every problem", func(t *testing.T) {
		path := write(t, "checks:\n  - id: a\n    every: soon\n    http:\n      - gte: http://localhost/\n  - id: a\n    http: []\n")
		_, errs, code := outrider(t, nil, "validate", path)
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		place := regexp.MustCompile(`^` + regexp.QuoteMeta(path) + `:\d+:\d+: .`)
		for _, l := range lines {
			if !place.MatchString(l) {
				t.Errorf("not file:line:col: message: %q", l)
			}
		}
		if code != 2 || len(lines) < 3 {
			t.Errorf("exit code %d with %d problems, want 2 with at least 3:\n%s", code, len(lines), errs)
		}
	})
	t.Run("no such file", func(t *testing.T) {
		_, errs, code := outrider(t, nil, "validate", "nowhere.yaml")
		if code != 2 || !strings.Contains(errs, "nowhere.yaml") {
			t.Errorf("exit code %d:\n%s", code, errs)
		}
	})
	t.Run("no path", func(t *testing.T) {
		if _, _, code := outrider(t, nil, "validate"); code != 2 {
			t.Errorf("exit code %d, want 2", code)
		}
	})
}

func TestSchemaIsTheCommittedOne(t *testing.T) {
	out, _, code := outrider(t, nil, "schema")
	committed, err := os.ReadFile(filepath.Join("..", "..", "configs", "outrider.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if code != 0 || out != string(committed) {
		t.Errorf("exit code %d, or the printed schema differs from configs/outrider.schema.json", code)
	}
}

func TestVersion(t *testing.T) {
	out, _, code := outrider(t, nil, "version")
	if code != 0 || !strings.HasPrefix(out, "outrider ") {
		t.Errorf("exit code %d: %q", code, out)
	}
}

func TestNotifyTest(t *testing.T) {
	r := newReceiver(t)
	text := fmt.Sprintf("audiences:\n  - id: ops\n    webhooks:\n      - url: http://%s/\n        secret: ${secret:HOOK}\n", r.address)
	env := []string{"HOOK=" + webhookSecret}
	out, errs, code := outrider(t, env, "notify", "test", write(t, text))
	if code != 0 || len(r.deliveries) != 1 || r.deliveries[0].Type != "test" {
		t.Errorf("exit code %d, deliveries %+v:\n%s%s", code, r.deliveries, out, errs)
	}
	r.down()
	if out, _, code := outrider(t, env, "notify", "test", write(t, text)); code != 1 || !strings.Contains(out, "NOT delivered") {
		t.Errorf("receiver down: exit code %d:\n%s", code, out)
	}
	if _, _, code := outrider(t, env, "notify", "test", write(t, text), "--audience", "nobody"); code != 2 {
		t.Errorf("unknown audience: exit code %d, want 2", code)
	}
}

func TestServeRefusesToListenBeyondLoopbackWithoutAuth(t *testing.T) {
	path := write(t, fmt.Sprintf("checks:\n  - id: good\n    http: [{get: %s/}]\n", site(t)))
	_, errs, code := outrider(t, []string{"OUTRIDER_LISTEN=0.0.0.0:0", "OUTRIDER_DATA=" + t.TempDir()}, "serve", "--checks", path)
	if code != 2 || !strings.Contains(errs, "OUTRIDER_TOKEN") {
		t.Errorf("exit code %d:\n%s", code, errs)
	}
}

func TestReload(t *testing.T) {
	url := site(t)
	path := write(t, fmt.Sprintf("checks:\n  - id: first\n    every: 1s\n    http: [{get: %s/}]\n", url))
	listen := freeAddress(t)
	startProgram(t, []string{"OUTRIDER_LISTEN=" + listen, "OUTRIDER_DATA=" + t.TempDir()}, "outrider", "serve", "--checks", path)
	eventually(t, "ready", func() error { return get("http://"+listen+"/readyz", nil) })
	status := func() (s struct {
		DefinitionsError string `json:"definitions_error"`
	}, err error) {
		return s, get("http://"+listen+"/api/v1/status", &s)
	}

	replace(t, path, "checks:\n  - id: first\n    evry: 1s\n")
	eventually(t, "the bad version is refused on the page", func() error {
		s, err := status()
		if err == nil && !strings.Contains(s.DefinitionsError, `did you mean "every"`) {
			err = fmt.Errorf("definitions_error is %q", s.DefinitionsError)
		}
		return err
	})
	if err := get("http://"+listen+"/api/v1/checks/first", nil); err != nil {
		t.Errorf("the old version does not go on: %v", err)
	}

	replace(t, path, fmt.Sprintf("checks:\n  - id: second\n    every: 1s\n    http: [{get: %s/}]\n", url))
	eventually(t, "the new check runs", func() error {
		var page struct{ Runs []probes.Run }
		err := get("http://"+listen+"/api/v1/checks/second/runs", &page)
		if err == nil && len(page.Runs) == 0 {
			err = errors.New("no run yet")
		}
		return err
	})
	if s, err := status(); err != nil || s.DefinitionsError != "" {
		t.Errorf("the refusal is still shown: %q, %v", s.DefinitionsError, err)
	}
}

// replace writes a file as editors do: beside it, then over it.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestReadmeNamesEverySetting(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:OUTRIDER|INFLUXDB)_[A-Z_]+)` \\|").FindAllStringSubmatch(string(readme), -1) {
		documented[m[1]] = true
	}
	for _, s := range allSettings() {
		if s.description == "" {
			t.Errorf("%s has no description", s.name)
		}
		if !documented[s.name] {
			t.Errorf("README.md does not document %s", s.name)
		}
		delete(documented, s.name)
	}
	for name := range documented {
		t.Errorf("README.md documents %s, which is no setting", name)
	}
}

// TestReadmeExampleIsValid holds the definition that newcomers copy against
// the loader.
func TestReadmeExampleIsValid(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no YAML example")
	}
	path := write(t, string(block[1]))
	procedure := filepath.Join(filepath.Dir(path), "procedures", "checkout.md")
	if err := os.MkdirAll(filepath.Dir(procedure), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(procedure, []byte("# Nobody can buy\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"SHOP_URL=http://127.0.0.1:1", "TEST_CARD=4242424242424242", "WEBHOOK_SECRET=" + webhookSecret}
	if out, errs, code := outrider(t, env, "validate", path); code != 0 {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
}
