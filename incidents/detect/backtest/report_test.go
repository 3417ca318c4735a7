package backtest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect"
)

var update = flag.Bool("update", false, "write golden files")

// aReport has something in each part.
func aReport(t *testing.T) *Report {
	t.Helper()
	check := aCheck(900*time.Millisecond, 4*time.Second)
	source := Samples(check, faulty().samples())
	r := mustReplay(t, source, Options{Check: check})
	r.Notes = append(r.Notes, Note{"csv", detect.Note{Kind: detect.NoteChange, At: start.AddDate(0, 0, 3), Text: "p50 went from 500 ms to 620 ms"}})
	recorded := []Recorded{
		{ID: "1", Location: "csv", Cause: "failure", Severity: "critical", Opened: start.AddDate(0, 0, 2).Add(9 * time.Hour), Since: start.AddDate(0, 0, 2).Add(9 * time.Hour), Resolved: start.AddDate(0, 0, 2).Add(10 * time.Hour), BadRuns: 9, Summary: "it failed"},
		{ID: "2", Location: "csv", Cause: "latency", Severity: "warning", Opened: start.AddDate(0, 0, 3), Resolved: start.AddDate(0, 0, 3).Add(time.Hour), Summary: "it was slow"},
	}
	s, err := Suggest(source, Options{Check: check}, month, r, recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, alerts := range [][]Alert{r.Alerts, s.Result.Alerts} {
		for i := range alerts { // how judges put it is not what is tested
			alerts[i].Summary, alerts[i].Findings = "checkout: "+string(alerts[i].Cause), nil
		}
	}
	r.Alerts[0].Findings = []string{"step pay: 9 of 9 runs failed there"}
	return &Report{Check: check.ID, Name: check.Name, Source: "shop.csv", Result: r, Comparison: Compare(r, recorded, 15*time.Minute),
		Suggestion: s, Remarks: []string{"This is a test."}}
}

func TestReportText(t *testing.T) {
	var b bytes.Buffer
	if err := aReport(t).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("differs from %s (-update writes it):\n%s", golden, got)
	}
}

func TestReportJSON(t *testing.T) {
	text, err := json.Marshal(aReport(t))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Backtest struct {
			Setting struct {
				DegradedMS float64 `json:"degraded_ms"`
				Confirm    string
			}
			Alerts []struct {
				Cause   string
				LastedS float64 `json:"lasted_s"`
				Open    bool
			}
			Notes []struct{ Text string }
		}
		Recorded struct {
			Matched      []struct{ Recorded, Backtest struct{ Cause string } }
			OnlyRecorded []struct{ Summary string } `json:"only_recorded"`
		}
		Suggestion struct {
			DegradedMS float64 `json:"degraded_ms"`
			YAML       string
			Backtest   struct{ Alerts []struct{ Cause string } }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if b := got.Backtest; b.Setting.DegradedMS != 900 || b.Setting.Confirm != "2 of 3" || len(b.Alerts) < 3 || b.Alerts[0].LastedS <= 0 || len(b.Notes) != 1 {
		t.Errorf("%+v", b)
	}
	if c := got.Recorded; len(c.Matched) != 1 || c.Matched[0].Backtest.Cause != "failure" || len(c.OnlyRecorded) != 1 {
		t.Errorf("%+v", c)
	}
	if s := got.Suggestion; s.DegradedMS <= 0 || s.YAML == "" || len(s.Backtest.Alerts) != 3 {
		t.Errorf("%+v", s)
	}
}

const hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`</title></svg></style>\x1b[31m\u202e"

func hostileReport(t *testing.T) *Report {
	r := aReport(t)
	r.Check, r.Name, r.Source, r.Remarks = hostile, hostile, hostile, []string{hostile}
	for _, alerts := range [][]Alert{r.Result.Alerts, r.Suggestion.Result.Alerts, r.Comparison.OnlyBacktest} {
		for i := range alerts {
			alerts[i].Summary, alerts[i].Location, alerts[i].Findings = hostile, hostile, []string{hostile}
		}
	}
	r.Result.Notes[0].Text, r.Result.Notes[0].Location = hostile, hostile
	r.Result.Profiles[0].Location = hostile
	r.Comparison.OnlyRecorded[0].Summary = hostile
	r.Suggestion.YAML += "# <script>\"'</pre>"
	r.Suggestion.Remarks = append(r.Suggestion.Remarks, hostile)
	return r
}

func TestReportHTML(t *testing.T) {
	var b bytes.Buffer
	if err := hostileReport(t).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if strings.Contains(page, "ZgotmplZ") || strings.ContainsAny(page, "\x1b\u202e") || !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("a name is gone, or got through as it is")
	}
	for _, part := range []string{"<svg ", "What would have alerted", "Against what was recorded", "To paste into the definitions", "Notes", "Mind"} {
		if !strings.Contains(page, part) {
			t.Errorf("has no %q", part)
		}
	}
	wellFormed(t, page)
}

// wellFormed reads the page, but for its head, as XML, and finds nothing in it
// that could run or load anything.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	_, body, _ := strings.Cut(page, "</head>")
	d := xml.NewDecoder(strings.NewReader("<html>" + body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.Contains([]string{"script", "img", "link", "iframe", "object", "embed", "base", "form", "a", "style"}, e.Name.Local) {
			t.Errorf("has <%s>", e.Name.Local)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "src" {
				t.Errorf("<%s> has %s=%q", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
}

func TestReportTextIsPlain(t *testing.T) {
	var b bytes.Buffer
	if err := hostileReport(t).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	yaml := strings.Index(b.String(), "To paste") // what was put there has no other way in
	if text := b.String()[:yaml]; strings.ContainsAny(text, "\x1b\u202e") {
		t.Error("control characters got through")
	}
}

func TestReportOfAlmostNothing(t *testing.T) {
	check := aCheck(0, 0)
	for name, samples := range map[string][]Sample{
		"one run":  {{At: start, Latency: time.Second}},
		"failures": {{At: start, Failed: true}, {At: start.Add(time.Minute), Failed: true}, {At: start.Add(2 * time.Minute), Failed: true}},
		"instant":  {{At: start}, {At: start.Add(time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			source := Samples(check, samples)
			result := mustReplay(t, source, Options{Check: check})
			s, err := Suggest(source, Options{Check: check}, month, result, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := Report{Check: "x", Result: result, Suggestion: s}
			var b bytes.Buffer
			if err := errors.Join(r.WriteText(&b), r.WriteHTML(&b)); err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(r); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
				t.Errorf("%v\n%s", err, b.String())
			}
		})
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{latencyText(1500 * time.Microsecond), "1.5 ms"}, {latencyText(800 * time.Millisecond), "800 ms"}, {latencyText(1200 * time.Millisecond), "1.2 s"},
		{latencyText(125 * time.Second), "2 min 5 s"}, {lengthText(45 * time.Second), "45 s"}, {lengthText(125 * time.Minute), "2 h 5 min"},
		{lengthText(24 * time.Hour), "1 day"}, {lengthText(36 * time.Hour), "1.5 days"}, {lengthText(-time.Minute), "−1 min"},
		{count(1234567), "1,234,567"}, {count(-1234), "-1,234"}, {count(12), "12"}, {percent(0.0005), "0.05 %"}, {percent(0.995), "99.5 %"},
		{definitionDuration(790 * time.Millisecond), "790ms"}, {definitionDuration(1200 * time.Millisecond), "1.2s"}, {definitionDuration(month), "30d"},
		{line("a\tb\nc\x00\u202e"), "a b c\ufffd\ufffd"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
