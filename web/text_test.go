package web

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestShowDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 420 * time.Microsecond: "0.42 ms", 4200 * time.Microsecond: "4.2 ms", 9999 * time.Microsecond: "10 ms",
		823 * time.Millisecond: "823 ms", 999600 * time.Microsecond: "1.00 s", 1240 * time.Millisecond: "1.24 s", 9996 * time.Millisecond: "10.0 s",
		59 * time.Second: "59.0 s", 59970 * time.Millisecond: "1 min", 192 * time.Second: "3 min 12 s", -time.Second: "-1.00 s",
	} {
		if got := strings.ReplaceAll(showDuration(d), nbsp, " "); got != want {
			t.Errorf("%v: %q, want %q", time.Duration(d), got, want)
		}
	}
}

func TestShowSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 800 * time.Millisecond: "800 ms", 2500 * time.Millisecond: "2.5 s", 45 * time.Second: "45 s", 90 * time.Second: "1 min 30 s",
		time.Hour: "1 h", 90 * time.Minute: "1 h 30 min", 30 * 24 * time.Hour: "30 d", 26 * time.Hour: "1 d 2 h", -time.Minute: "-1 min", 250 * time.Microsecond: "0.25 ms",
	} {
		if got := strings.ReplaceAll(showSpan(d), nbsp, " "); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestShowPercent(t *testing.T) {
	for share, want := range map[float64]string{
		1: "100 %", 0.995: "99.5 %", 0.999: "99.9 %", 0.99996: "99.996 %", 0.9999999: "99.999 %", 0.12345: "12.34 %", 0: "0 %", math.NaN(): "?", math.Inf(-1): "?",
	} {
		if got := strings.ReplaceAll(showPercent(share), nbsp, " "); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestShowBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 18342: "18.3 kB", 4210000: "4.2 MB", 999_999: "1 MB", 5e15: "5000 TB"} {
		if got := strings.ReplaceAll(showBytes(n), nbsp, " "); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "now", 12900 * time.Millisecond: "12 s ago", 185 * time.Second: "3 min ago", 5*time.Hour + time.Minute: "5 h ago", 26 * time.Hour: "1 d 2 h ago",
		80 * time.Hour: "3 d ago", -15 * time.Second: "in 15 s",
	} {
		if got := strings.ReplaceAll(ago(noon.Add(-d), noon), nbsp, " "); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestWebLink(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.org/x?y=1#z": "https://example.org/x?y=1#z", " http://example.org ": "http://example.org", "HTTPS://example.org": "https://example.org",
		"javascript:alert(1)": "", "JavaScript://example.org/%0aalert(1)": "", "java\tscript:alert(1)": "", "data:text/html,x": "", "//example.org": "", "/x": "", "": "",
		"file:///etc/passwd": "", "https:example.org": "", "vbscript:x": "", "\x01javascript:alert(1)": "",
	} {
		if got := webLink(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	if got := cut("añb", 3); got != "añb" {
		t.Errorf("%q", got)
	}
	if got := cut("añbc", 3); got != "añ…" {
		t.Errorf("%q", got)
	}
}

func TestDisarmBidi(t *testing.T) {
	got := string(disarmBidi([]byte("a\u202eb\u2066c\u061cd…é")))
	if got != "a\ufffdb\ufffdc\ufffdd…é" {
		t.Errorf("%q", got)
	}
}
