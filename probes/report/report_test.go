package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/checks"
	"outrider/probes"
)

var update = flag.Bool("update", false, "write the golden files")

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

func vital(x float64) *float64 { return &x }

// runs has one run of each outcome.
func runs() []probes.Run {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	failure := &probes.Failure{Step: "GET /cart", Kind: probes.FailAssertion, Message: `status is 503 <"&>`, Expected: "200", Got: "503"}
	return []probes.Run{
		{
			CheckID: "search", Kind: checks.KindHTTP, Started: at, Duration: ms(41.5), Outcome: probes.Passed,
			Steps: []probes.Step{{Name: "GET /api/search", Verb: "get", Duration: ms(41.5), Outcome: probes.Passed, HTTP: &probes.HTTP{
				Status: 200, Phases: probes.Phases{Resolve: ms(0.4), Connect: ms(1.2), FirstByte: ms(38), Download: ms(1.9)},
			}}},
		},
		{
			CheckID: "home", Kind: checks.KindBrowser, Started: at, Duration: ms(5200), Outcome: probes.Degraded,
			Exceeded: []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: 4000, Got: 5200}, {Step: "goto /", Measure: "cls", Level: probes.Degraded, Limit: 0.1, Got: 0.31}},
			Steps:    []probes.Step{{Name: "goto /", Verb: "goto", Duration: ms(5200), Outcome: probes.Passed, Vitals: &probes.Vitals{LCP: vital(2100), CLS: vital(0.31)}}},
		},
		{
			CheckID: "cart", Kind: checks.KindHTTP, Started: at, Duration: ms(12), Outcome: probes.Failed, Failure: failure,
			Steps:    []probes.Step{{Name: "GET /cart", Verb: "get", Duration: ms(12), Outcome: probes.Failed, Failure: failure}},
			Attempts: []probes.Attempt{{Started: at}},
		},
		{
			CheckID: "pay", Kind: checks.KindBrowser, Started: at, Outcome: probes.Unknown,
			Failure: &probes.Failure{Kind: probes.FailProber, Message: "no Chromium found"},
		},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	for _, r := range runs() {
		if err := WriteText(&b, r, Style{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteSummary(&b, runs()); err != nil {
		t.Fatal(err)
	}
	golden(t, "runs.txt", b.Bytes())
}

func TestJUnit(t *testing.T) {
	for name, strict := range map[string]bool{"runs.xml": false, "strict.xml": true} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := WriteJUnit(&b, runs(), strict); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			var back junitSuites
			if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
				t.Fatal("not well-formed:", err)
			}
			wantFailures := 2 // the step, and the journey as a whole
			if strict {
				wantFailures = 3
			}
			if back.Failures != wantFailures || back.Errors != 1 || back.Tests != 7 {
				t.Errorf("counts: %d tests, %d failures, %d errors", back.Tests, back.Failures, back.Errors)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, runs()); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Summary Summary
		Runs    []probes.Run
	}
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := (Summary{1, 1, 1, 1}); back.Summary != want {
		t.Errorf("summary: got %+v, want %+v", back.Summary, want)
	}
	if diff := cmp.Diff(runs(), back.Runs); diff != "" {
		t.Errorf("runs do not survive (-want +got):\n%s", diff)
	}
	b.Reset()
	if err := WriteJSON(&b, nil); err != nil || !bytes.Contains(b.Bytes(), []byte(`"runs": []`)) {
		t.Errorf("no runs should be an empty list, got %s (%v)", b.Bytes(), err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, name := range []string{"text", "json", "junit"} {
		if f, err := ParseFormat(name); err != nil || string(f) != name {
			t.Errorf("ParseFormat(%q) = %q, %v", name, f, err)
		}
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml was taken for a format")
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", ms(0.25): "0.25 ms", ms(3.14): "3.1 ms", ms(412): "412 ms", ms(4120): "4.12 s", ms(41200): "41.2 s", 2 * time.Minute: "2m0s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}
