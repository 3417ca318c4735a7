package probes_test

import (
	"testing"

	"outrider/checks"
	"outrider/probes"
)

func TestBecause(t *testing.T) {
	x := 1.0
	tests := []struct {
		name   string
		vital  checks.Vital
		causes probes.Causes
		soft   string
		want   string
	}{
		{"nothing known", checks.VitalLCP, probes.Causes{}, "", ""},
		{"a late picture", checks.VitalLCP, probes.Causes{LCP: &probes.LCPCause{Target: "#hero", URL: "https://shop.example/hero.jpg", TTFB: 100, LoadDelay: 1230, LoadDuration: 20}}, "",
			"the image /hero.jpg began to load 1.2 s late"},
		{"a slow picture of another host", checks.VitalLCP, probes.Causes{LCP: &probes.LCPCause{URL: "https://cdn.example/a.jpg", LoadDuration: 340.4}}, "",
			"the image cdn.example/a.jpg took 340 ms to load"},
		{"a text with a strange name", checks.VitalLCP, probes.Causes{LCP: &probes.LCPCause{Target: "#100%s", RenderDelay: 80, TTFB: 20}}, "",
			"the text in #100%s was painted 80 ms after the first byte"},
		{"a slow server", checks.VitalLCP, probes.Causes{LCP: &probes.LCPCause{Target: "h1", TTFB: 800, RenderDelay: 3}}, "",
			"the text in h1 is the largest; the first byte came after 800 ms"},
		{"a shift", checks.VitalCLS, probes.Causes{CLS: &probes.CLSCause{Target: "#ad", Shift: 0.1234, At: 1500, State: "complete"}}, "",
			"#ad moved by 0.12, 1.5 s after the start, when the page was loaded"},
		{"a slow click", checks.VitalINP, probes.Causes{INP: &probes.INPCause{Target: "#pay", Event: "pointer", Processing: 120, Script: &probes.ScriptCause{URL: "https://shop.example/shop.js", Function: "pay", Duration: 118}}}, "",
			"handling the click on #pay took 120 ms; pay in /shop.js ran 118 ms"},
		{"a key that waits", checks.VitalINP, probes.Causes{INP: &probes.INPCause{Event: "keyboard", InputDelay: 90}}, "",
			"the key waited 90 ms for other work of the page"},
		{"first paint", checks.VitalFCP, probes.Causes{FCP: &probes.FCPCause{TTFB: 20, RenderDelay: 300}}, "", "the first paint came 300 ms after the first byte"},
		{"first byte", checks.VitalTTFB, probes.Causes{TTFB: &probes.TTFBCause{Resolve: 400, Request: 300}}, "", "resolving the name took 400 ms"},
		{"a view of an application", checks.VitalLCP, probes.Causes{LCP: &probes.LCPCause{Target: "h2", RenderDelay: 160}}, "https://shop.example/mugs",
			"the text in h2 was painted 160 ms after the interaction"},
		{"blocked", checks.VitalTBT, probes.Causes{TBT: &probes.TBTCause{Tasks: 2, Longest: 140, Script: &probes.ScriptCause{Invoker: "TimerHandler:setTimeout", Duration: 118}}}, "",
			"the longest of 2 long tasks took 140 ms; TimerHandler:setTimeout ran 118 ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := probes.Run{Steps: []probes.Step{
				{HTTP: &probes.HTTP{URL: "https://shop.example/"}},
				{Vitals: &probes.Vitals{LCP: &x, CLS: &x, INP: &x, FCP: &x, TTFB: &x, TBT: &x, SoftNavigation: tt.soft, Causes: &tt.causes}},
			}}
			if got := run.Because(1, tt.vital); got != tt.want {
				t.Errorf("%q instead of %q", got, tt.want)
			}
			if got := run.Because(0, tt.vital); got != "" {
				t.Errorf("a step without vitals: %q", got)
			}
		})
	}
}
