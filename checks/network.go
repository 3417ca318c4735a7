package checks

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Network is a connection that a browser makes believe it has. The zero value
// is the host's own.
type Network struct {
	// Name is that of the preset, empty for one given by its numbers.
	Name    string
	Offline bool
	// Download and Upload are bytes per second for all requests together;
	// zero: as fast as the host's own.
	Download, Upload float64
	// Latency is added between a request and the start of its answer.
	Latency time.Duration
}

// IsZero tells whether nothing is emulated.
func (n Network) IsZero() bool { return n == Network{} }

// The presets: slow-3g, fast-3g (which newer browsers call slow 4G) and 4g are
// those of Chrome's developer tools, numbers included, since people compare
// with what they see there; dsl and cable are WebPageTest's.
var networkPresets = []Network{
	{Name: "slow-3g", Download: 50_000, Upload: 50_000, Latency: 2 * time.Second},
	{Name: "fast-3g", Download: 180_000, Upload: 84_375, Latency: 562500 * time.Microsecond},
	{Name: "4g", Download: 1_012_500, Upload: 168_750, Latency: 165 * time.Millisecond},
	{Name: "dsl", Download: 187_500, Upload: 48_000, Latency: 50 * time.Millisecond},
	{Name: "cable", Download: 625_000, Upload: 125_000, Latency: 28 * time.Millisecond},
	{Name: "offline", Offline: true},
}

// networkNames are the names of the presets.
func networkNames() []string {
	var names []string
	for _, n := range networkPresets {
		names = append(names, n.Name)
	}
	return names
}

// parseNetwork finds a preset.
func parseNetwork(s string) (Network, error) {
	i := slices.IndexFunc(networkPresets, func(n Network) bool { return n.Name == s })
	if i < 0 {
		return Network{}, errors.New(strings.TrimPrefix(strings.TrimPrefix(suggestion(s, networkNames()), ", "), ": "))
	}
	return networkPresets[i], nil
}

var rateUnits = [...]unit{
	{"bit/s", 1. / 8}, {"kbit/s", 1e3 / 8}, {"Mbit/s", 1e6 / 8}, {"Gbit/s", 1e9 / 8},
	{"kbps", 1e3 / 8}, {"Mbps", 1e6 / 8}, {"Gbps", 1e9 / 8},
	{"B/s", 1}, {"kB/s", 1e3}, {"MB/s", 1e6},
}

// parseRate reads a speed as bytes per second: 1.6Mbit/s, 200kB/s.
func parseRate(s string) (float64, error) {
	errForm := errors.New("write a speed such as 750kbit/s, 1.6Mbit/s or 200kB/s")
	number, rest, ok := cutNumber(strings.TrimSpace(s))
	if !ok {
		return 0, errForm
	}
	rest = strings.TrimSpace(rest)
	for _, u := range rateUnits {
		if u.name != rest {
			continue
		}
		const least, most = 100, 10e9
		if v := number * u.size; v >= least && v <= most {
			return v, nil
		}
		return 0, errors.New("write a speed from 1kbit/s to 80Gbit/s")
	}
	return 0, errForm
}

// The bounds of a slowed processor.
const maxCPUSlowdown = 100

// parseSlowdown reads how many times slower a processor is: 4x.
func parseSlowdown(s string) (float64, error) {
	number, rest, ok := cutNumber(strings.TrimSpace(s))
	if rest = strings.TrimSpace(rest); !ok || rest != "x" && rest != "" || number < 1 || number > maxCPUSlowdown {
		return 0, errors.New("write how many times slower, from 1x to 100x, such as 4x")
	}
	return number, nil
}

// Stub is an answer that takes the place of one from the network, for a third
// party that a journey must not depend on.
type Stub struct {
	// Pattern is of URLs; see MatchesURL.
	Pattern string
	Status  int
	Type    string // media type, empty for none
	Body    []byte
	Headers []Field // constant
}

// The bounds of what a journey blocks and stubs.
const (
	maxURLPatterns = 500
	maxURLPattern  = 1000
	maxStubs       = 50
	maxStubBody    = 2 << 20
)

// MatchesURL tells whether a whole URL fits a pattern, in which * stands for
// any text, none included, and everything else for itself. The part of a URL
// after # is never sent and does not count.
func MatchesURL(pattern, url string) bool {
	url, _, _ = strings.Cut(url, "#")
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(url, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
