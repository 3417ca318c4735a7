package browser

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"outrider/checks"
)

func TestChromeTrace(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/page": html(`<h1>Hi</h1><script>performance.mark('geheim-geheim'); performance.mark('own mark')</script>`)})
	probe := newProbe(t, Options{})
	check := journeyOf(goTo(server.URL + "/page"))
	check.Journey.Browser.Keep.ChromeTrace = always
	check.Journey.Browser.Headers = []checks.Field{{Name: "X-A", Value: secretTemplate(t, "geheim-geheim")}}
	r := run(t, probe, check)
	mustPass(t, r)
	packed, err := gzip.NewReader(bytes.NewReader(artifact(t, r, chromeTraceName)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	var trace struct {
		TraceEvents []struct {
			Name string `json:"name"`
		} `json:"traceEvents"`
	}
	if err := json.Unmarshal(text, &trace); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	if len(trace.TraceEvents) < 50 || !strings.Contains(string(text), "own mark") || !strings.Contains(string(text), "ParseHTML") {
		t.Errorf("the trace has %d events", len(trace.TraceEvents))
	}
	if strings.Contains(string(text), "geheim-geheim") {
		t.Error("the trace tells a secret")
	}
	probe.mu.Lock()
	defer probe.mu.Unlock()
	if len(probe.pools) != 0 {
		t.Errorf("browsers of traced runs are left: %v", probe.pools)
	}
}
