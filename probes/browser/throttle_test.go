package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// A connection with a latency can only add to what a page takes; that it adds
// at least once the latency is no matter of how busy the machine is.
func TestThrottle(t *testing.T) {
	server := shop(t, map[string]http.HandlerFunc{"/big": html(strings.Repeat("<p>text</p>", 10_000))})
	probe := newProbe(t, Options{})
	check := journeyOf(goTo(server.URL + "/big"))
	check.Journey.Browser.Network = checks.Network{Download: 200_000, Latency: 150 * time.Millisecond}
	check.Journey.Browser.CPU = 2
	r := run(t, probe, check)
	mustPass(t, r)
	const least = 150*time.Millisecond + 400*time.Millisecond // of 110 kB
	if r.Duration < least {
		t.Errorf("the page took %s over a connection that needs %s", r.Duration, least)
	}
	check.Journey.Browser.Network = checks.Network{Offline: true}
	check.Timeout = 5 * time.Second
	r = run(t, probe, check)
	mustFail(t, r, probes.FailConnect, "ERR_INTERNET_DISCONNECTED")
}
