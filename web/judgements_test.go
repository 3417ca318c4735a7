package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"outrider/incidents"
	"outrider/incidents/detect"
)

// judged adds what judges say to a world: an expected band over the last runs
// of checkout, a deployment, a change and a prediction that came true.
func (w *world) judged() {
	w.store.judgements = map[string]detect.Judgement{}
	chance := 0.42
	for _, e := range w.store.entries {
		if e.Run.CheckID == "checkout" {
			w.store.judgements[e.Run.ID] = detect.Judgement{Score: 0.25, ExpectedMS: 1500, LowerMS: 1200, UpperMS: 2100, Learned: 0.5, BreachProbability: &chance}
		}
	}
	note := func(id, check string, kind detect.NoteKind, ago time.Duration, text string) {
		w.store.notes = append(w.store.notes, incidents.Note{ID: id, CheckID: check, Note: detect.Note{Kind: kind, At: w.now.Add(-ago), Text: text, CameTrue: true}})
	}
	note("1", "", detect.NoteDeploy, 2*time.Hour, "shop 1.42 "+hostile)
	note("2", "checkout", detect.NoteChange, time.Hour, "p50 from 1.2 s to 1.5 s")
	note("3", "checkout", detect.NoteOutcome, 30*time.Minute, "the threshold of 2.5 s was broken, as predicted")
	w.store.incidents[0].Events[0].Findings = []string{"82 % of the extra 1.4 s is waiting for the first byte in step Pay " + hostile}
}

func TestJudgementsAreShown(t *testing.T) {
	w := newWorld(noon)
	w.judged()
	server := w.server(t, func(o *Options) {
		o.Planned = func(id string) []PlannedEvent {
			return map[string][]PlannedEvent{"checkout": {{Name: "Black Friday " + hostile, Text: "at 5x a typical run takes 4.1 s", Made: noon}}}[id]
		}
	})
	page := body(t, server, "/checks/checkout")
	for _, want := range []string{`class="expected"`, "1.20\u00a0s – 2.10\u00a0s", "50\u00a0% learnt", "0.25", "42\u00a0%", "1 of 1", "change of level", "p50 from 1.2 s to 1.5 s", "note-deploy", "shop 1.42", "Planned events", "Black Friday", "4.1 s"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a check lacks %q", want)
		}
	}
	if other := body(t, server, "/checks/home"); strings.Contains(other, `class="expected"`) || strings.Contains(other, "p50 from") || !strings.Contains(other, "shop 1.42") {
		t.Error("the page of another check shows what it should not, or not the deployment")
	}
	incident := body(t, server, "/incidents/"+w.store.incidents[0].ID)
	if !strings.Contains(incident, "82 % of the extra 1.4 s") {
		t.Error("the page of an incident lacks its findings")
	}
	for _, p := range []string{page, incident} {
		if strings.Contains(p, "<script>alert") || strings.Contains(p, "<img src=x") {
			t.Error("a hostile text reached a page")
		}
	}
	var said struct{ Judgements []map[string]any }
	decode(t, body(t, server, "/api/v1/checks/checkout/judgements?since="+noon.Add(-time.Hour).Format(time.RFC3339)), &said)
	if len(said.Judgements) != 15 || said.Judgements[0]["expected_ms"] != 1500.0 {
		t.Errorf("judgements: %d %v", len(said.Judgements), said.Judgements)
	}
	var notes struct{ Notes []incidents.Note }
	decode(t, body(t, server, "/api/v1/notes?check=checkout&kind=change"), &notes)
	if len(notes.Notes) != 1 || notes.Notes[0].ID != "2" {
		t.Errorf("notes: %+v", notes)
	}
}

func TestMarks(t *testing.T) {
	w := newWorld(noon)
	var marked []incidents.Note
	server := w.server(t, func(o *Options) {
		o.Mark = func(_ context.Context, n incidents.Note) error {
			marked = append(marked, n)
			return nil
		}
	})
	const asJSON = "application/json"
	for _, c := range []struct {
		name, method, kind, site, body string
		status                         int
		tells                          string
	}{
		{"deployment", "POST", asJSON, "", `{"name": " deploy\n1.42 "}`, 201, `"text":"deploy 1.42"`},
		{"of a check, earlier", "POST", asJSON + "; charset=utf-8", "same-origin", `{"name": "x", "check": "checkout", "at": "2026-03-12T11:00:00+01:00"}`, 201, `"at":"2026-03-12T10:00:00Z"`},
		{"unknown check", "POST", asJSON, "", `{"name": "x", "check": "nope"}`, 400, "no check"},
		{"no name", "POST", asJSON, "", `{"name": " "}`, 400, "name is missing"},
		{"long name", "POST", asJSON, "", `{"name": "` + strings.Repeat("x", 201) + `"}`, 400, "too long"},
		{"future", "POST", asJSON, "", `{"name": "x", "at": "2027-01-01T00:00:00Z"}`, 400, "ahead"},
		{"unknown key", "POST", asJSON, "", `{"title": "x"}`, 400, "cannot be read"},
		{"no JSON", "POST", asJSON, "", `hello`, 400, "cannot be read"},
		{"huge", "POST", asJSON, "", `{"name": "` + strings.Repeat("x", 1<<20) + `"}`, 400, "cannot be read"},
		{"a form of another site", "POST", "text/plain", "", `{"name": "x"}`, 415, "application/json"},
		{"a script of another site", "POST", asJSON, "cross-site", `{"name": "x"}`, 403, "other sites"},
		{"reading", "GET", asJSON, "", ``, 405, "use POST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(marked)
			r := httptest.NewRequest(c.method, "http://localhost/api/v1/marks", strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.kind)
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			rec := httptest.NewRecorder()
			server.ServeHTTP(rec, r)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.tells) {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			if got := len(marked) - before; got != map[bool]int{true: 1}[c.status == 201] {
				t.Errorf("%d marks were stored", got)
			}
		})
	}
	none := w.server(t)
	r := httptest.NewRequest("POST", "http://localhost/api/v1/marks", strings.NewReader(`{"name": "x"}`))
	r.Header.Set("Content-Type", asJSON)
	rec := httptest.NewRecorder()
	none.ServeHTTP(rec, r)
	if rec.Code != http.StatusNotFound {
		t.Errorf("without a store: %d", rec.Code)
	}
}

func body(t *testing.T, server http.Handler, path string) string {
	t.Helper()
	rec := get(t, server, path)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, rec.Code)
	}
	return rec.Body.String()
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
