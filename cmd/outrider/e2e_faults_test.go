package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
)

// faultDefinitions are the demo's checks (configs/demo/shop.yaml) at a pace
// that a test has patience for. What is slower than usual on a busy machine is
// left out of account by a delay that no busy machine reaches and every fault
// does.
const faultDefinitions = `
defaults:
  every: 1s
  timeout: 10s
  retries: 0
  confirm: {failures: 2 of 2, recovery: 1}
  detection: {smallest_delay: 400ms, smallest_change: 50%}

checks:
  - id: search-api
    name: The search finds mugs
    labels: {component: search}
    timeout: 6s
    thresholds: {degraded: 1s, failed: 2s}
    objective: {good: 99.9%, over: 30d}
    http:
      - name: search
        get: ${SHOP_URL}/api/search?q=mug
        expect: {status: 200, json: {$.total: ">= 1"}}
        capture: {product: "json $.items[0].id"}
      - name: first product
        get: ${SHOP_URL}/api/products/${product}
        expect: {status: 200}

  - id: orders-api
    name: A customer signs in and sees the orders
    timeout: 6s
    thresholds: {degraded: 1s, failed: 3s}
    http:
      - name: sign in
        post: ${SHOP_URL}/api/session
        json: {email: sam@example.com, password: mugs-and-more}
        expect: {status: 201}
        capture: {token: json $.token}
      - name: list orders
        get: ${SHOP_URL}/api/orders
        bearer: ${token}
        expect: {status: 200}

  - id: health
    name: The shop is up
    timeout: 2s
    objective: {good: 99.9%, over: 30d}
    http:
      - name: health
        get: ${SHOP_URL}/api/health
        expect: {status: 200, json: {$.status: ok}}

  # So many failures in a row that it takes an outage: what comes and goes is
  # the budget's.
  - id: account
    name: A customer finds the way in
    confirm: {failures: 8 of 8, recovery: 1}
    objective: {good: 99.9%, over: 30d}
    http:
      - name: sign-in page
        get: ${SHOP_URL}/sign-in
        expect: {status: 200}

  - id: checkout
    name: A customer buys a mug
    every: 3s
    timeout: 20s
    thresholds: {degraded: 10s, failed: 15s}
    objective: {good: 99.5%, over: 30d}
    browser:
      - goto: ${SHOP_URL}/
      - click: {role: link, name: Mugs}
      - click: {role: link, name: Indigo Mug}
      - click: {role: button, name: Add to cart}
      - click: {role: link, name: Checkout}
        timeout: 4s
      - fill: {label: Name, value: Robin Rider}
      - fill: {label: Address, value: 1 Mill Road}
      - fill: {label: City, value: Clayton}
      - fill: {label: Card number, value: 4242 4242 4242 4242}
      - fill: {label: Expiry date, value: 04/30}
      - fill: {label: Security code, value: "123"}
      - click: {role: button, name: Pay}
      - expect: {text: Thank you}
        timeout: 4s

  - id: search
    name: A customer searches for a mug
    labels: {component: search}
    every: 3s
    objective: {good: 99%, over: 30d}
    browser:
      - goto: ${SHOP_URL}/
      - fill: {label: Search the shop, value: mug}
      - press: Enter
      - name: results are shown
        expect: {visible: {role: link, name: Indigo Mug}}
        timeout: 5s
        thresholds: {degraded: 2s}

  - id: workshop
    name: The workshop page is drawn fast and stands still
    every: 3s
    timeout: 12s
    thresholds:
      vitals:
        lcp: {degraded: 2.5s, failed: 4s}
        cls: {degraded: 0.1, failed: 0.25}
    browser:
      - goto: ${SHOP_URL}/story
      - expect: {text: Our workshop, title: contains Kiln}
      - wait: 700ms
`

// goodRuns is how many runs of every check make known what is usual. Package
// baseline says what is expected from the 31st on; before it raises an alarm it
// wants to be surer.
var goodRuns = map[string]int{
	"search-api": 35, "orders-api": 35, "health": 35, "account": 35, "checkout": 8, "search": 8, "workshop": 8,
}

// promised are the checks with an objective.
var promised = map[string]bool{"search-api": true, "health": true, "account": true, "checkout": true, "search": true}

// expected is an incident that a fault has to open.
type expected struct {
	id       string
	cause    detect.Cause
	severity detect.Severity
	// culprit are the words that the first finding has to have: where the
	// trouble comes from.
	culprit []string
}

func (e expected) String() string { return fmt.Sprintf("%s of %s", e.cause, e.id) }

const deployment = "shop 1.42"

// injection is a fault, and what it has to lead to.
type injection struct {
	name, set string
	deploy    bool // something is deployed right before
	past      int  // good runs of the check that have to be there, if more than goodRuns
	end       ending
	want      []expected
}

// ending is when the incidents of a fault end.
type ending int

// The endings.
const (
	soon   ending = iota // with the first good runs
	later                // with many good runs
	beyond               // later than a test can wait
)

// injections are the faults that the shop's panel offers, and two that no
// threshold sees. Each opens one incident for each check that suffers.
var injections = []injection{
	{
		name: "slow search", set: `{"kind": "slow_endpoint", "path": "/api/search", "delay_ms": 3000}`,
		want: []expected{
			{"search-api", detect.CauseLatency, detect.Critical, []string{"search", "first byte"}},
			{"search", detect.CauseLatency, detect.Warning, []string{"results are shown", "/api/search"}},
		},
	},
	{
		name: "orders fail", set: `{"kind": "error_rate", "path": "/api/orders", "percent": 100, "status": 500}`, deploy: true,
		want: []expected{{"orders-api", detect.CauseFailure, detect.Critical, []string{"list orders", "500"}}},
	},
	{
		name: "hanging health", set: `{"kind": "hanging_response", "path": "/api/health"}`,
		want: []expected{{"health", detect.CauseFailure, detect.Critical, []string{"health", "first byte"}}},
	},
	{
		name: "dead pay button", set: `{"kind": "broken_button", "button": "pay"}`,
		want: []expected{{"checkout", detect.CauseFailure, detect.Critical, []string{`"Pay"`, "leads to no page"}}},
	},
	{
		name: "dead cart button", set: `{"kind": "broken_button", "button": "add_to_cart"}`,
		want: []expected{{"checkout", detect.CauseFailure, detect.Critical, []string{`"Add to cart"`, "leads to no page"}}},
	},
	{
		name: "search crashes", set: `{"kind": "javascript_exception"}`,
		want: []expected{{"search", detect.CauseFailure, detect.Critical, []string{"script", "threw", "search.js"}}},
	},
	{
		name: "slow photo", set: `{"kind": "slow_image", "delay_ms": 5000}`,
		want: []expected{{"workshop", detect.CauseLatency, detect.Critical, []string{"/images/workshop.svg"}}},
	},
	{
		name: "jumping page", set: `{"kind": "layout_shift", "path": "/story"}`,
		want: []expected{{"workshop", detect.CauseLatency, detect.Warning, []string{"layout shift"}}},
	},
	{
		// Never often enough in a row for a failure. Its burn rate calms down
		// only once its windows have forgotten it.
		name: "some sign-ins fail", set: `{"kind": "error_rate", "path": "/sign-in", "percent": 25, "status": 503}`, end: beyond,
		want: []expected{{"account", detect.CauseBudget, detect.Critical, []string{"sign-in page", "503"}}},
	},
}

// TestFaultsEndToEnd breaks the shop in every way that its panel offers while
// the real program watches it. Each fault is opened by the judge whose matter it
// is, once for each check that suffers, with the right cause first among the
// findings.
func TestFaultsEndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes of browser journeys")
	}
	s := newSystem(t, faultDefinitions)
	for check, n := range goodRuns {
		eventually(t, "enough is known of "+check, func() error { return s.wantGood(check, n) })
	}
	known := map[string]bool{} // the incidents that are accounted for
	s.account(known, injection{name: "no fault"})
	lingering := map[string]string{} // what ends later, by the incident's id
	deployed := false
	for _, f := range injections {
		if f.past > 0 {
			eventually(t, f.name+": enough is known", func() error { return s.wantGood(f.want[0].id, f.past) })
		}
		began := time.Now()
		if f.deploy {
			s.mark(deployment)
			deployed = true
		}
		s.fault(f.set)
		found := make([]incidents.Incident, len(f.want))
		for i, w := range f.want {
			eventually(t, f.name+": "+w.String()+" is open", func() (err error) {
				found[i], err = s.opened(w, known)
				return err
			})
		}
		opened := time.Since(began)
		s.fault("")
		for i, w := range f.want {
			w.check(t, f.name, &found[i], deployed)
			switch f.end {
			case soon:
				eventually(t, f.name+": "+w.String()+" ends", func() error { return s.wantResolved(found[i].ID) })
			case later:
				lingering[found[i].ID] = f.name + ": " + w.String()
			}
		}
		s.account(known, f)
		t.Logf("%s: open after %s, over after %s", f.name,
			opened.Round(100*time.Millisecond), time.Since(began).Round(100*time.Millisecond))
	}
	for id, what := range lingering {
		eventually(t, what+" ends", func() error { return s.wantResolved(id) })
	}
	s.account(known, injection{name: "after all faults"})
	for _, check := range slices.Sorted(maps.Keys(goodRuns)) {
		eventually(t, "InfluxDB has what was said of "+check, func() error { return s.wantJudged(check) })
	}
}

// check tells what is wrong with the incident that a fault opened.
func (e expected) check(t *testing.T, fault string, i *incidents.Incident, deployed bool) {
	t.Helper()
	first := i.Events[0]
	t.Logf("%s: %s\n\t%s", fault, first.Summary, strings.Join(first.Findings, "\n\t"))
	if len(first.Findings) == 0 {
		t.Errorf("%s: no finding", fault)
		return
	}
	for _, word := range e.culprit {
		if !strings.Contains(first.Findings[0], word) {
			t.Errorf("%s: the first finding does not speak of %q: %s", fault, word, first.Findings[0])
		}
	}
	told := slices.ContainsFunc(first.Findings, func(f string) bool { return strings.Contains(f, deployment) })
	if told != deployed {
		t.Errorf("%s: deployed before: %t, told so: %t", fault, deployed, told)
	}
}

// wantGood tells whether a check has so many good runs.
func (s *system) wantGood(check string, n int) error {
	runs, err := s.runs(check)
	if err != nil {
		return err
	}
	good := 0
	for i := range runs {
		if runs[i].Outcome == probes.Passed {
			good++
		}
	}
	if good < n {
		return fmt.Errorf("%d of %d runs passed, want %d", good, len(runs), n)
	}
	return nil
}

// incidents gives all incidents with their events.
func (s *system) incidents() ([]incidents.Incident, error) {
	var answer struct {
		Incidents []incidents.Incident `json:"incidents"`
	}
	err := get(s.outrider+"/api/v1/incidents?limit=1000", &answer)
	return answer.Incidents, err
}

// opened gives the incident that is expected, not being one of those known, once
// it has the severity that is expected.
func (s *system) opened(want expected, known map[string]bool) (incidents.Incident, error) {
	all, err := s.incidents()
	if err != nil {
		return incidents.Incident{}, err
	}
	var others []string
	for _, i := range all {
		switch {
		case known[i.ID]:
		case i.CheckID == want.id && i.Cause == want.cause && i.Severity == want.severity:
			return i, nil
		default:
			others = append(others, fmt.Sprintf("%s %s of %s", i.Severity, i.Cause, i.CheckID))
		}
	}
	runs, err := s.runs(want.id)
	if err != nil {
		return incidents.Incident{}, err
	}
	var last []string
	for _, r := range runs[:min(len(runs), 5)] {
		last = append(last, fmt.Sprintf("%s after %s, disturbed %.2f", r.Outcome, r.Duration.Round(time.Millisecond), r.Disturbance))
	}
	return incidents.Incident{}, fmt.Errorf("it is not there; new are %q; the last runs: %q", others, last)
}

// wantResolved tells whether an incident is over.
func (s *system) wantResolved(id string) error {
	var i incidents.Incident
	if err := get(s.outrider+"/api/v1/incidents/"+id, &i); err != nil {
		return err
	}
	if i.State != incidents.Resolved {
		return fmt.Errorf("it is %s: %s", i.State, i.Summary)
	}
	return nil
}

// account tells of incidents that a fault must not lead to, and adds all to the
// known ones. That a check which the fault does not touch is slow may be: the
// machine may be busy.
func (s *system) account(known map[string]bool, f injection) {
	s.t.Helper()
	all, err := s.incidents()
	if err != nil {
		s.t.Fatal(err)
	}
	left := slices.Clone(f.want)
	for _, i := range all {
		if known[i.ID] {
			continue
		}
		known[i.ID] = true
		at := slices.IndexFunc(left, func(w expected) bool { return w.id == i.CheckID && w.cause == i.Cause })
		touched := slices.ContainsFunc(f.want, func(w expected) bool { return w.id == i.CheckID })
		switch {
		case at >= 0:
			left = slices.Delete(left, at, at+1)
		case touched || i.Cause != detect.CauseLatency:
			s.t.Errorf("%s: one incident too many: %s of %s: %s", f.name, i.Cause, i.CheckID, i.Events[0].Summary)
		default:
			s.t.Logf("%s: meanwhile: %s", f.name, i.Events[0].Summary)
		}
	}
}

// mark tells the monitor of a deployment, as a pipeline does.
func (s *system) mark(name string) {
	s.t.Helper()
	dir, err := build()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "outrider"), "mark", name)
	cmd.Env = append(os.Environ(), s.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("mark %s: %v\n%s", name, err, out)
	}
}

// wantJudged tells whether InfluxDB has what was said of the runs of a check,
// and how its promises stand.
func (s *system) wantJudged(check string) error {
	client := influxdb2.NewClient(s.influx.URL, s.influx.Token())
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, err := client.QueryAPI("").Query(ctx, fmt.Sprintf(
		`from(bucket: %q) |> range(start: -2h) |> filter(fn: (r) => r.check == %q and (r._measurement == "judgement" or r._measurement == "objective")) |> group(columns: ["_measurement", "_field"])`,
		s.bucket, check))
	if err != nil {
		return err
	}
	defer result.Close()
	points := map[string]int{}
	for result.Next() {
		points[result.Record().Measurement()+"."+result.Record().Field()]++
	}
	if err := result.Err(); err != nil {
		return err
	}
	fields := []string{"judgement.score", "judgement.learned", "judgement.run"}
	if goodRuns[check] > 30 {
		fields = append(fields, "judgement.expected_ms", "judgement.lower_ms", "judgement.upper_ms")
	}
	if promised[check] {
		fields = append(fields, "objective.good", "objective.total", "objective.budget_left")
	}
	for _, f := range fields {
		if points[f] < 5 {
			return fmt.Errorf("%d points of %s; there are %v", points[f], f, points)
		}
	}
	return nil
}
