package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/cmd/demoshop/shop"
	"outrider/probes"
	"outrider/probes/browser"
	probehttp "outrider/probes/http"
)

// TestFaultsAreNoticed does the demo's journeys with the real probes: all work
// on a whole shop, and for each fault that the panel offers there is a check
// that suffers from it, and works again once it is gone.
func TestFaultsAreNoticed(t *testing.T) {
	executor := newExecutor(t)
	// Most of the time is spent waiting for what never comes: the cases wait
	// side by side, each at a shop of its own.
	prepare := func(t *testing.T) (base string, run func(*testing.T, string) probes.Run) {
		base = openShop(t)
		defs := loadDemo(t, map[string]string{"DEMO_WEBHOOK_SECRET": testSecret, "SHOP_URL": base})
		return base, func(t *testing.T, id string) probes.Run {
			t.Helper()
			check, ok := defs.Check(id)
			if !ok {
				t.Fatalf("there is no check %q", id)
			}
			return executor.Execute(t.Context(), check, time.Now(), nil)
		}
	}
	for _, check := range loadDemo(t, map[string]string{"DEMO_WEBHOOK_SECRET": testSecret}).Checks {
		t.Run(check.ID+" on a whole shop", func(t *testing.T) {
			t.Parallel()
			_, run := prepare(t)
			// A busy machine may be slow; it must not break anything.
			if got := run(t, check.ID); got.Outcome != probes.Passed && got.Outcome != probes.Degraded {
				t.Errorf("run is %s", describe(got))
			}
		})
	}
	for _, c := range []struct {
		fault, check, step string
		outcome            probes.Outcome
	}{
		{`{"kind":"slow_endpoint","path":"/api/search","delay_ms":3000}`, "search-api", "", probes.Failed},
		{`{"kind":"slow_endpoint","path":"/api/search","delay_ms":3000}`, "search", "", probes.Degraded},
		{`{"kind":"error_rate","path":"/api/orders","percent":100,"status":500}`, "orders-api", "list orders", probes.Failed},
		{`{"kind":"broken_button","button":"pay"}`, "checkout", "expect", probes.Failed},
		{`{"kind":"broken_button","button":"add_to_cart"}`, "checkout", "Checkout", probes.Failed},
		{`{"kind":"javascript_exception"}`, "search", "results are shown", probes.Failed},
		{`{"kind":"slow_image","delay_ms":5000}`, "workshop", "", probes.Failed},
		{`{"kind":"hanging_response","path":"/api/health"}`, "health", "health", probes.Failed},
		{`{"kind":"layout_shift","path":"/story"}`, "workshop", "", probes.Degraded},
	} {
		t.Run(c.check+" with "+c.fault, func(t *testing.T) {
			t.Parallel()
			base, run := prepare(t)
			remove := breakShop(t, base, c.fault)
			got := run(t, c.check)
			// What is slow anyway may fail on a busy machine.
			if got.Outcome != c.outcome && !(c.outcome == probes.Degraded && got.Outcome == probes.Failed) {
				t.Errorf("run is %s, want %s", describe(got), c.outcome)
			}
			if c.step != "" && (got.Failure == nil || !strings.Contains(got.Failure.Step, c.step)) {
				t.Errorf("failure is %+v, want one at step %q", got.Failure, c.step)
			}
			remove()
			if got := run(t, c.check); got.Outcome != probes.Passed && got.Outcome != probes.Degraded {
				t.Errorf("without the fault the run is %s", describe(got))
			}
		})
	}
}

func describe(run probes.Run) string {
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return fmt.Sprintf("%+v", run)
	}
	return string(run.Outcome) + "\n" + string(text)
}

// openShop serves a shop for the length of the test.
func openShop(t *testing.T) string {
	t.Helper()
	s, err := shop.New(shop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

// newExecutor has both kinds of probes, as the monitor has.
func newExecutor(t *testing.T) *probes.Executor {
	t.Helper()
	options := browser.Options{Logger: slog.New(slog.DiscardHandler), TempDir: t.TempDir()}
	if os.Getuid() == 0 {
		options.Sandbox = browser.SandboxOff
	}
	chromium, err := browser.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	return &probes.Executor{
		Location:  "test",
		Tolerance: 1, // tests share the machine
		Probes: map[checks.Kind]probes.Probe{
			checks.KindHTTP:    probehttp.New(probehttp.Options{}),
			checks.KindBrowser: chromium,
		},
	}
}

// breakShop sets a fault and gives what removes it.
func breakShop(t *testing.T, base, fault string) func() {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	send := func(method, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, base+"/panel/api/faults", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s", method, body, resp.Status)
		}
	}
	send(http.MethodPut, fault)
	return func() { send(http.MethodDelete, "") }
}
