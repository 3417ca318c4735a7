package incidents_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

// opened gives the findings of the event that opened the newest incident.
func (w *world) opened() []string {
	w.t.Helper()
	all := w.store.all()
	if len(all) == 0 {
		w.t.Fatal("no incident was opened")
	}
	return all[len(all)-1].Events[0].Findings
}

func (w *world) take(runs ...probes.Run) {
	w.t.Helper()
	for _, run := range runs {
		w.seq++
		if err := w.keeper.Judge(context.Background(), w.seq, run); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.keeper.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func says(findings []string, part string) bool {
	return slices.ContainsFunc(findings, func(f string) bool { return strings.Contains(f, part) })
}

func TestFindingsNameTheCulprit(t *testing.T) {
	w := newWorld(t)
	w.judge("ppppppppff")
	if got := w.opened(); len(got) == 0 || !strings.Contains(got[0], "pay") {
		t.Errorf("findings %q", got)
	}
}

func TestFindingsNameTheDeployment(t *testing.T) {
	deploy := func(check string, minutes int) incidents.Note {
		return incidents.Note{ID: "1", CheckID: check, Note: detect.Note{Kind: detect.NoteDeploy, At: start.Add(time.Duration(minutes) * time.Minute), Text: "shop 1.42"}}
	}
	for _, tt := range []struct {
		name   string
		marked []incidents.Note
		plan   []checks.Deploy
		want   string // part of a finding; empty: none speaks of a deployment
	}{
		{"shortly before", []incidents.Note{deploy("", 5)}, nil, `began 4 min after the deployment "shop 1.42"`},
		{"of this check", []incidents.Note{deploy("checkout", 9)}, nil, `with the deployment "shop 1.42"`},
		{"of another check", []incidents.Note{deploy("search", 9)}, nil, ""},
		{"long before", []incidents.Note{deploy("", -70)}, nil, ""},
		{"long after", []incidents.Note{deploy("", 40)}, nil, ""},
		{"in the definitions", nil, []checks.Deploy{{Name: "shop 1.43", At: start.Add(7 * time.Minute)}}, `2 min after the deployment "shop 1.43"`},
		{"the nearest of several", []incidents.Note{deploy("", 1)}, []checks.Deploy{{Name: "shop 1.43", At: start.Add(7 * time.Minute)}}, "shop 1.43"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.store.deployed, w.defs.Deploys = tt.marked, tt.plan
			w.judge("ppppppppff")
			got := w.opened()
			if tt.want == "" && says(got, "deployment") || tt.want != "" && !says(got, tt.want) {
				t.Errorf("findings %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFindingsSayFromWhere(t *testing.T) {
	w := newWorld(t)
	w.defs.Checks[0].Schedule.Every = time.Minute
	at := func(letter rune, location string, n int) probes.Run { return runOf(letter, "checkout", location, n) }
	for n := range 5 {
		w.take(at('p', "berlin", n), at('p', "home", n), at('p', "tokyo", n))
	}
	w.take(at('f', "berlin", 5), at('p', "home", 5), at('p', "tokyo", 5), at('f', "berlin", 6))
	if got := w.opened(); !says(got, "1 of 3 locations") || !says(got, "berlin") {
		t.Errorf("findings %q", got)
	}
}

func TestFindingsOfSeveralChecks(t *testing.T) {
	w := newWorld(t)
	other := w.defs.Checks[0]
	other.ID, other.Name = "search", "Search"
	w.defs.Checks = append(w.defs.Checks, other)
	refused := func(check string, n int) probes.Run {
		run := runOf('f', check, "home", n)
		run.Failure = &probes.Failure{Step: "home", Kind: probes.FailConnect, Message: "shop.example refused the connection"}
		run.Steps = []probes.Step{{Name: "home", Outcome: probes.Failed, Failure: run.Failure, HTTP: &probes.HTTP{URL: "https://shop.example/home"}}}
		return run
	}
	for n := range 6 {
		w.take(runOf('p', "checkout", "home", n), runOf('p', "search", "home", n))
	}
	w.take(refused("checkout", 6), refused("search", 6), refused("checkout", 7))
	if got := w.opened(); says(got, "2 checks") {
		t.Errorf("the first of them knows of the second: %q", got)
	}
	w.take(refused("search", 7))
	if got := w.opened(); !says(got, "2 checks") || !says(got, "shop.example") {
		t.Errorf("findings %q", got)
	}
}

func TestAudiencesHearFromTheirSeverityOn(t *testing.T) {
	w := newWorld(t)
	w.defs.Audiences[0].Severity = "critical"
	w.defs.Audiences = append(w.defs.Audiences, checks.Audience{ID: "curious", Severity: "notice", Channels: []checks.Channel{{Name: "chat"}}})
	w.defs.Checks[0].Notify = append(w.defs.Checks[0].Notify, "curious")
	w.judge("pdd")
	if got := w.heard(); strings.Join(got, " ") != "curious/chat" {
		t.Errorf("of a warning heard: %q", got)
	}
	w.judge("cc") // escalates
	if got := w.heard(); !slices.Contains(got, "responders/pager") {
		t.Errorf("of the escalation heard: %q", got)
	}
}

// heard are the endpoints that were told of anything.
func (w *world) heard() []string {
	var list []string
	for _, n := range w.store.notifications {
		if !slices.Contains(list, n.Endpoint()) {
			list = append(list, n.Endpoint())
		}
	}
	return list
}
