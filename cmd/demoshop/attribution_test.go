package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/attribution"
	"outrider/probes"
)

// TestFaultsAreAttributed does the demo's journeys with the real probes: after
// a few good runs, the cause of each fault that the panel offers is ranked
// first. Nothing is asserted of how long anything takes: the faults are large
// against what a busy machine does to the runs.
func TestFaultsAreAttributed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes many browser journeys")
	}
	type want struct {
		kind       attribution.Kind
		step, part string // contained
	}
	type fault struct {
		set  string
		want want
	}
	executor := newExecutor(t)
	for check, faults := range map[string][]fault{
		"search-api": {
			{`{"kind":"slow_endpoint","path":"/api/search","delay_ms":1000}`, want{attribution.KindPhase, "search", "first_byte"}},
			{`{"kind":"slow_endpoint","path":"/api/products","delay_ms":1000}`, want{attribution.KindPhase, "first product", "first_byte"}},
			{`{"kind":"slow_endpoint","path":"/api/","delay_ms":700}`, want{attribution.KindPhase, "", "first_byte"}},
			{`{"kind":"error_rate","path":"/api/search","percent":100,"status":503}`, want{attribution.KindStatus, "search", "503"}},
			{`{"kind":"hanging_response","path":"/api/products"}`, want{attribution.KindTimeout, "first product", "first_byte"}},
		},
		"orders-api": {
			{`{"kind":"error_rate","path":"/api/orders","percent":100,"status":500}`, want{attribution.KindStatus, "list orders", "500"}},
			{`{"kind":"error_rate","path":"/api/session","percent":100,"status":401}`, want{attribution.KindStatus, "sign in", "401"}},
		},
		"health": {
			{`{"kind":"hanging_response","path":"/api/health"}`, want{attribution.KindTimeout, "health", "first_byte"}},
		},
		"checkout": {
			{`{"kind":"broken_button","button":"pay"}`, want{attribution.KindAction, "Pay", "page"}},
			{`{"kind":"broken_button","button":"add_to_cart"}`, want{attribution.KindAction, "Add to cart", "page"}},
			{`{"kind":"slow_endpoint","path":"/category","delay_ms":2000}`, want{attribution.KindPhase, "Mugs", "first_byte"}},
			{`{"kind":"error_rate","path":"/category","percent":100,"status":502}`, want{attribution.KindStatus, "Mugs", "502"}},
		},
		"search": {
			{`{"kind":"javascript_exception"}`, want{attribution.KindException, "Enter", ""}},
			{`{"kind":"slow_endpoint","path":"/api/search","delay_ms":2000}`, want{attribution.KindResource, "results are shown", "/api/search"}},
			{`{"kind":"hanging_response","path":"/api/search"}`, want{attribution.KindResource, "results are shown", "/api/search"}},
			{`{"kind":"error_rate","path":"/api/search","percent":100,"status":500}`, want{attribution.KindResource, "", "/api/search"}},
		},
		"workshop": {
			{`{"kind":"slow_image","delay_ms":2000}`, want{attribution.KindResource, "/story", "/images/workshop.svg"}},
			{`{"kind":"layout_shift","path":"/story"}`, want{attribution.KindVital, "/story", "cls"}},
			{`{"kind":"hanging_response","path":"/story"}`, want{attribution.KindResource, "/story", "/story"}},
		},
	} {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			base := openShop(t)
			defs := loadDemo(t, map[string]string{"DEMO_WEBHOOK_SECRET": testSecret, "SHOP_URL": base})
			definition, ok := defs.Check(check)
			if !ok {
				t.Fatalf("there is no check %q", check)
			}
			// On a busy machine it may be that we cannot probe: that is no fault
			// of the shop.
			run := func(definition checks.Check) *probes.Run {
				var r probes.Run
				for range 5 {
					if r = executor.Execute(t.Context(), definition, time.Now(), nil); r.Outcome != probes.Unknown {
						break
					}
				}
				return &r
			}
			var profile attribution.Profile
			for range 8 {
				r := run(definition)
				if r.Outcome != probes.Passed && r.Outcome != probes.Degraded {
					t.Fatalf("on a whole shop the run is %s", describe(*r))
				}
				profile.Observe(r, false)
			}
			hasty := impatient(definition)
			for _, f := range faults {
				remove := breakShop(t, base, f.set)
				bad := []*probes.Run{run(hasty), run(hasty)}
				if bad[0].Outcome != probes.Failed {
					bad = append(bad, run(hasty)) // it did not wait in vain
				}
				remove()
				culprits := profile.Rank(bad)
				if len(culprits) == 0 {
					t.Errorf("%s: no culprit for %s", f.set, describe(*bad[0]))
					continue
				}
				first := culprits[0]
				t.Logf("%s: %s", f.set, first.Sentence)
				if first.Kind != f.want.kind || !strings.Contains(first.Step, f.want.step) || !strings.Contains(first.Part, f.want.part) {
					text, _ := json.MarshalIndent(culprits, "", "  ")
					t.Errorf("%s: want %+v first, got %s\nof %s", f.set, f.want, text, describe(*bad[0]))
				}
			}
		})
	}
}

// impatient gives a check that does not wait long for what never comes.
func impatient(check checks.Check) checks.Check {
	if check.Journey.Kind == checks.KindHTTP {
		check.Timeout = 2 * time.Second
		return check
	}
	if len(check.Journey.Steps) < 5 {
		check.Timeout = 5 * time.Second
	}
	check.Journey.Steps = slices.Clone(check.Journey.Steps)
	for i := range check.Journey.Steps {
		step := &check.Journey.Steps[i]
		if _, ok := step.Action.(*checks.Expect); ok || step.Timeout > 0 {
			step.Timeout = 3 * time.Second
		}
	}
	return check
}
