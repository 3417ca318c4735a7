package probes

import (
	"strings"
	"testing"
	"time"
)

func TestTolerance(t *testing.T) {
	for name, tt := range map[string]struct {
		load      load
		wait      time.Duration
		tolerance float64
		tells     string // empty: not disturbed
	}{
		"calm":                    {load{late: time.Millisecond, lateness: 0.03, waits: 0.6}, 0, 0, ""},
		"late":                    {load{late: time.Second, lateness: 0.25}, 0, 0, "25 % of the time"},
		"late within a tolerance": {load{late: time.Second, lateness: 0.25}, 0, 0.5, ""},
		"trusted, whatever is":    {load{late: time.Second, lateness: 1, throttled: 1, waits: 1}, time.Minute, 1, ""},
		"late in a short run":     {load{late: time.Millisecond, lateness: 0.5}, 0, 0, ""},
		"throttled":               {load{throttled: 0.3}, 0, 0, "CPU quota"},
		"crowded":                 {load{waits: 0.97, cores: 2}, 0, 0, "waited for one 97 % of the time"},
		"crowded by itself":       {load{waits: 0.97, cores: 1}, 0, 0, ""},
		"slow start":              {load{}, 12 * time.Second, 0, "a browser took 12s to start"},
		"quick start":             {load{}, time.Second, 0, ""},
	} {
		run := Run{BrowserWait: tt.wait}
		tt.load.note(&run, tt.tolerance)
		if run.Disturbed == "" != (tt.tells == "") || !strings.Contains(run.Disturbed, tt.tells) {
			t.Errorf("%s: %q, expected %q", name, run.Disturbed, tt.tells)
		}
		if run.Disturbance != tt.load.lateness || run.CPUPressure != tt.load.waits || run.CPUThrottled != tt.load.throttled {
			t.Errorf("%s: not noted as measured: %+v", name, run)
		}
	}
}

func TestHopelessHostExcusesTimeouts(t *testing.T) {
	for name, tt := range map[string]struct {
		lateness float64
		kind     FailureKind
		want     Outcome
	}{
		"busy":     {0.3, FailTimeout, Failed},
		"hopeless": {0.6, FailTimeout, Unknown},
		"refused":  {0.6, FailConnect, Failed},
	} {
		l := load{late: time.Second, lateness: tt.lateness}
		run := Run{Outcome: Failed, Failure: &Failure{Kind: tt.kind, Message: "not finished within 30s"}}
		l.note(&run, 0)
		l.excuse(&run)
		if run.Outcome != tt.want || run.Disturbed == "" {
			t.Errorf("%s: %s (%s), expected %s", name, run.Outcome, run.Failure.Message, tt.want)
		}
	}
}
