package probes_test

import (
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// assessed is a run of two steps: a request of 300 ms and a page of 500 ms.
func assessed() probes.Run {
	lcp, cls := 2600.0, 0.3
	return probes.Run{Outcome: probes.Passed, Duration: ms(800), Steps: []probes.Step{
		{Name: "request", Outcome: probes.Passed, Duration: ms(300), HTTP: &probes.HTTP{Phases: probes.Phases{Connect: ms(20), FirstByte: ms(200)}}},
		{Name: "page", Outcome: probes.Passed, Duration: ms(500), Vitals: &probes.Vitals{LCP: &lcp, CLS: &cls}},
	}}
}

func TestAssess(t *testing.T) {
	type thresholds = checks.Thresholds
	type limits = map[checks.Phase]checks.Limit
	type vitals = map[checks.Vital]checks.VitalLimit
	degraded := func(d time.Duration) checks.Limit { return checks.Limit{Degraded: d} }
	both := func(d, f time.Duration) checks.Limit { return checks.Limit{Degraded: d, Failed: f} }

	for name, c := range map[string]struct {
		check, request, page thresholds
		outcome              probes.Outcome
		exceeded             []probes.Exceeded
		message              string
	}{
		"no thresholds":             {outcome: probes.Passed},
		"exactly the limit":         {check: thresholds{Total: both(ms(800), ms(800))}, outcome: probes.Passed},
		"journey degraded":          {check: thresholds{Total: both(ms(700), ms(900))}, outcome: probes.Degraded, exceeded: []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: 700, Got: 800}}},
		"journey failed":            {check: thresholds{Total: both(ms(100), ms(700))}, outcome: probes.Failed, exceeded: []probes.Exceeded{{Measure: "total", Level: probes.Failed, Limit: 700, Got: 800}}, message: "the journey took 800ms, over the limit of 700ms"},
		"step degraded":             {page: thresholds{Total: degraded(ms(499))}, outcome: probes.Degraded, exceeded: []probes.Exceeded{{Step: "page", Measure: "total", Level: probes.Degraded, Limit: 499, Got: 500}}},
		"phase of any step":         {check: thresholds{Phases: limits{checks.PhaseFirstByte: both(0, ms(100))}}, outcome: probes.Failed, exceeded: []probes.Exceeded{{Step: "request", Measure: "first_byte", Level: probes.Failed, Limit: 100, Got: 200}}, message: `first_byte of step "request" took 200ms, over the limit of 100ms`},
		"step has its own phase":    {check: thresholds{Phases: limits{checks.PhaseFirstByte: degraded(ms(100))}}, request: thresholds{Phases: limits{checks.PhaseFirstByte: degraded(ms(250))}}, outcome: probes.Passed},
		"and inherits the other":    {check: thresholds{Phases: limits{checks.PhaseFirstByte: both(ms(100), ms(150))}}, request: thresholds{Phases: limits{checks.PhaseFirstByte: degraded(ms(250))}}, outcome: probes.Failed, exceeded: []probes.Exceeded{{Step: "request", Measure: "first_byte", Level: probes.Failed, Limit: 150, Got: 200}}, message: "over the limit of 150ms"},
		"vital of any step":         {check: thresholds{Vitals: vitals{checks.VitalLCP: {Degraded: 2500, Failed: 4000}}}, outcome: probes.Degraded, exceeded: []probes.Exceeded{{Step: "page", Measure: "lcp", Level: probes.Degraded, Limit: 2500, Got: 2600}}},
		"score of a step":           {page: thresholds{Vitals: vitals{checks.VitalCLS: {Degraded: 0.1, Failed: 0.25}}}, outcome: probes.Failed, exceeded: []probes.Exceeded{{Step: "page", Measure: "cls", Level: probes.Failed, Limit: 0.25, Got: 0.3}}, message: `cls of step "page" was 0.3, over the limit of 0.25`},
		"a vital without its value": {check: thresholds{Vitals: vitals{checks.VitalINP: {Failed: 1}}}, outcome: probes.Passed},
		"several":                   {check: thresholds{Total: degraded(ms(1))}, page: thresholds{Total: both(0, ms(2))}, outcome: probes.Failed, exceeded: []probes.Exceeded{{Measure: "total", Level: probes.Degraded, Limit: 1, Got: 800}, {Step: "page", Measure: "total", Level: probes.Failed, Limit: 2, Got: 500}}, message: `step "page" took`},
	} {
		t.Run(name, func(t *testing.T) {
			check := checks.Check{Thresholds: c.check, Journey: checks.Journey{Steps: []checks.Step{{Name: "request", Thresholds: c.request}, {Name: "page", Thresholds: c.page}}}}
			run := assessed()
			probes.Assess(check, &run)
			if run.Outcome != c.outcome || len(run.Exceeded) != len(c.exceeded) {
				t.Fatalf("outcome %s, exceeded %+v", run.Outcome, run.Exceeded)
			}
			for i, e := range c.exceeded {
				if run.Exceeded[i] != e {
					t.Errorf("exceeded %+v instead of %+v", run.Exceeded[i], e)
				}
				for _, s := range run.Steps {
					if s.Name == e.Step && s.Outcome != e.Level {
						t.Errorf("step %s is %s", s.Name, s.Outcome)
					}
				}
			}
			if failed := run.Failure != nil; failed != (c.outcome == probes.Failed) {
				t.Fatalf("failure %+v", run.Failure)
			}
			if f := run.Failure; f != nil && (f.Kind != probes.FailThreshold || !strings.Contains(f.Message, c.message) || f.Expected == "" || f.Got == "") {
				t.Errorf("failure %+v", f)
			}
		})
	}
}

func TestAssessKeepsWorseOutcomes(t *testing.T) {
	for _, outcome := range []probes.Outcome{probes.Failed, probes.Unknown} {
		run := assessed()
		failure := &probes.Failure{Kind: probes.FailConnect}
		run.Outcome, run.Failure = outcome, failure
		probes.Assess(checks.Check{Thresholds: checks.Thresholds{Total: checks.Limit{Failed: 1}}}, &run)
		if run.Outcome != outcome || run.Failure != failure || len(run.Exceeded) != 1 {
			t.Errorf("outcome %s, failure %+v, exceeded %+v", run.Outcome, run.Failure, run.Exceeded)
		}
	}
}
