package surge

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"outrider/checks"
)

func report(t *testing.T, s server) *Report {
	t.Helper()
	targets, err := ParseTargets("2x,5x")
	if err != nil {
		t.Fatal(err)
	}
	r := NewReport("check<out>", "/min", fitted(t, s.pairs(1)), Alignment{Step: time.Minute, Matched: s.runs, Failed: 3},
		targets, []Bound{{"threshold degraded", time.Second, 0.5}, {"objective", 2 * time.Second, 0.95}},
		[]checks.Event{{Name: "Black Friday", From: start, To: start.Add(time.Hour), Load: checks.PlannedLoad{Factor: 3}}})
	return &r
}

func TestReport(t *testing.T) {
	for name, test := range map[string]struct {
		server server
		says   []string
	}{
		"saturates":   {server{median: mm1(0.4, 1000), low: 50, high: 900, noise: 0.2, runs: 250}, []string{"saturates", "extrapolat", "M/M/1", "Threshold degraded 1 s: From ", "only 23 hours"}},
		"no relation": {server{median: flat(0.4), low: 50, high: 900, noise: 0.2, runs: 250}, []string{"cannot tell", "no relation", "5x is"}},
		"narrow":      {server{median: flat(0.4), low: 310, high: 340, noise: 0.2, runs: 120}, []string{"hardly varied", "only 120 runs"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, test.server)
			var text bytes.Buffer
			if err := r.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			for _, says := range test.says {
				if !strings.Contains(text.String(), says) {
					t.Errorf("does not say %q:\n%s", says, text.String())
				}
			}
			if strings.Contains(text.String(), "NaN") || strings.Contains(text.String(), "Inf") {
				t.Errorf("no numbers:\n%s", text.String())
			}
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var back struct {
				Check       string
				Projections []struct {
					Median *float64 `json:"median_ms"`
					Says   string   `json:"sentence"`
				}
				Events []struct {
					Name  string
					Risks map[string]float64
				}
				Breaks []struct {
					Name string
					Load *float64
				}
			}
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			if back.Check != "check<out>" || len(back.Projections) != 2 || len(back.Breaks) != 2 || len(back.Events) != 1 || len(back.Events[0].Risks) != 2 || back.Projections[0].Says == "" {
				t.Errorf("%s", data)
			}
			var picture bytes.Buffer
			if err := r.WriteChart(&picture); err != nil {
				t.Fatal(err)
			}
			for d := xml.NewDecoder(&picture); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("no XML: %v", err)
				}
			}
		})
	}
}

func TestFormat(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1234567: "1.23 ms", 480 * time.Millisecond: "480 ms", 1900 * time.Millisecond: "1.9 s", 2 * time.Second: "2 s",
		42 * time.Second: "42 s", 5 * time.Minute: "5 min", 0: "0 ms", 30 * time.Hour: "30 h", 999700 * time.Microsecond: "1 s",
	} {
		if got := FormatLatency(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
	for v, want := range map[float64]string{1700: "1,700", 340: "340", 34.52: "34.5", 0.0213: "0.0213", 1234567: "1,230,000", 0: "0", 5: "5"} {
		if got := FormatLoad(v, ""); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
}
