package checks

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNetworkOptions(t *testing.T) {
	dir := write(t, map[string]string{"stubs/chat.js": "chat = 1", "check.yaml": `
checks:
  - id: a
    browser_options:
      network: {download: 1.6 Mbit/s, upload: "${UP}", latency: 150ms}
      cpu: 4x
      block: ["*.ads.example/*", "https://t.example/p.gif?x=*"]
      stub:
        - {url: "https://chat.example/*.js", file: stubs/chat.js, headers: {X-A: "1"}}
        - {url: "*chat.example/api*", status: 503}
        - {url: "*/hello", body: Hi}
      trace: true
      keep: {har: always, film: 10 %, dom: never, chrome_trace: failure}
    browser:
      - goto: https://shop.example/
  - id: b
    browser_options: {network: fast-3g, cpu: 2, block: "*ads*", stub: {url: "https://x.example/a", type: image/png}}
    browser:
      - goto: https://shop.example/
`})
	defs, err := Load([]string{dir}, testOptions(map[string]string{"UP": "200kB/s"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	a := defs.Checks[0].Journey.Browser
	want := BrowserOptions{
		Width: DefaultViewportWidth, Height: DefaultViewportHeight,
		Network: Network{Download: 200_000, Upload: 200_000, Latency: 150 * time.Millisecond}, CPU: 4,
		Block: []string{"*.ads.example/*", "https://t.example/p.gif?x=*"},
		Stubs: []Stub{
			{Pattern: "https://chat.example/*.js", Status: 200, Type: a.Stubs[0].Type, Body: []byte("chat = 1"), Headers: a.Stubs[0].Headers},
			{Pattern: "*chat.example/api*", Status: 503},
			{Pattern: "*/hello", Status: 200, Type: "text/plain; charset=utf-8", Body: []byte("Hi")},
		},
		Trace: true,
		Keep:  Keep{HAR: keepAlways, Film: Keeping{Set: true, Failed: true, Share: .1}, DOM: keepNever, ChromeTrace: keepFailure},
	}
	if d := cmp.Diff(want, a, cmp.AllowUnexported(Field{}, Template{}, part{})); d != "" {
		t.Error(d)
	}
	if !strings.Contains(a.Stubs[0].Type, "javascript") || a.Stubs[0].Headers[0].Name != "X-A" {
		t.Errorf("stub: %+v", a.Stubs[0])
	}
	b := defs.Checks[1].Journey.Browser
	if b.Network.Name != "fast-3g" || b.Network.Latency != 562500*time.Microsecond || b.CPU != 2 || !slices.Equal(b.Block, []string{"*ads*"}) || b.Stubs[0].Type != "image/png" {
		t.Errorf("%+v", b)
	}
	if k := b.Keep.OrDefault(); k != defaultKeep {
		t.Errorf("keep %+v", k)
	}
	if !slices.Contains(defs.Files, filepath.Join(dir, "stubs", "chat.js")) {
		t.Errorf("a change of the stub's file is not noticed: %v", defs.Files)
	}
}

func TestKeeping(t *testing.T) {
	for text, want := range map[string]struct{ possible, failed, passed bool }{
		"always": {true, true, true}, "failure": {true, true, false}, "never": {}, "10 %": {true, true, false}, "60%": {true, true, true},
	} {
		k, err := parseKeeping(text)
		if err != nil {
			t.Fatal(err)
		}
		const draw = .5
		if k.Possible(draw) != want.possible || k.Wanted(true, draw) != want.failed || k.Wanted(false, draw) != want.passed {
			t.Errorf("%s: %+v", text, k)
		}
	}
	for _, text := range []string{"", "sometimes", "101%", "-1%", "10"} {
		if k, err := parseKeeping(text); err == nil {
			t.Errorf("%q is taken as %+v", text, k)
		}
	}
}

func TestMatchesURL(t *testing.T) {
	for _, c := range []struct {
		pattern, url string
		want         bool
	}{
		{"*.ads.example/*", "https://x.ads.example/a?b", true},
		{"*.ads.example/*", "https://ads.example/a", false},
		{"https://a.example/", "https://a.example/", true},
		{"https://a.example/", "https://a.example/#part", true},
		{"https://a.example/", "https://a.example/b", false},
		{"*", "", true},
		{"*a*a*", "a", false},
		{"*a*a*", "aa", true},
		{"a*a", "a", false},
		{"*/p?x=*", "https://a/p?x=1", true},
		{"*/p?x=*", "https://a/pyx=1", false},
		{`*\*`, `a\b`, true},
		{"*.js", "https://a/b.js?v=1", false},
		{"**b**", "abc", true},
	} {
		if got := MatchesURL(c.pattern, c.url); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.url, got)
		}
	}
}

func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"1.6Mbit/s", "200 kB/s", "4x", "10 %", "slow-3g", "always", "*a*b*"} {
		f.Add(s, "https://a.example/b")
	}
	f.Fuzz(func(t *testing.T, s, url string) {
		if v, err := parseRate(s); err == nil && !(v >= 100 && v <= 10e9) {
			t.Errorf("%q: %v B/s", s, v)
		}
		if v, err := parseSlowdown(s); err == nil && !(v >= 1 && v <= maxCPUSlowdown) {
			t.Errorf("%q: %v times", s, v)
		}
		if k, err := parseKeeping(s); err == nil && (!k.Set || !(k.Share >= 0 && k.Share <= 1)) {
			t.Errorf("%q: %+v", s, k)
		}
		if n, err := parseNetwork(s); err == nil && n.Name != s {
			t.Errorf("%q: %+v", s, n)
		}
		if bare, _, _ := strings.Cut(url, "#"); !strings.Contains(bare, "*") && !MatchesURL(bare, url) {
			t.Errorf("%q does not match itself", url)
		}
		MatchesURL(s, url)
	})
}
