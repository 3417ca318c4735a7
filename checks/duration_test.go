package checks

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := map[string]time.Duration{
		"800ms": 800 * time.Millisecond, "4s": 4 * time.Second, "2m": 2 * time.Minute, "1h": time.Hour, "30d": 720 * time.Hour,
		"1w": 168 * time.Hour, "1m30s": 90 * time.Second, "1.5s": 1500 * time.Millisecond, "0.1s": 100 * time.Millisecond, "0": 0, "0s": 0,
		" 1 m 30 s ": 90 * time.Second, "250us": 250 * time.Microsecond, "250µs": 250 * time.Microsecond, "7ns": 7, "1d12h": 36 * time.Hour,
	}
	for text, want := range tests {
		if got, err := ParseDuration(text); got != want || err != nil {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "s", "1 fortnight", "-1s", "1s1m", "1s1s", "1e3s", "1..5s", ".5s", "300y", "99999999w", "1s,", "1S", "１s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q: took it as %s", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for _, d := range []time.Duration{0, 1, time.Microsecond, 1500 * time.Millisecond, 90 * time.Second, 36 * time.Hour, 30 * 24 * time.Hour} {
		if got, err := ParseDuration(formatDuration(d)); got != d || err != nil {
			t.Errorf("%s is written %s and read %s, %v", d, formatDuration(d), got, err)
		}
	}
}

func TestParseBytes(t *testing.T) {
	tests := map[string]float64{"512": 512, "10B": 10, "1kB": 1000, "1KB": 1000, "1.5MB": 1.5e6, "2 GB": 2e9, "1KiB": 1024, "1MiB": 1 << 20, "1GiB": 1 << 30}
	for text, want := range tests {
		if got, err := parseBytes(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "kB", "1TB", "-1", "1mb", "1k"} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q: took it as %v", text, got)
		}
	}
}

func TestParsePercent(t *testing.T) {
	for text, want := range map[string]float64{"99.5%": 0.995, "99 %": 0.99, "100%": 1} {
		if got, err := parsePercent(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "99", "0.99", "%", "99.5%%", "-1%"} {
		if got, err := parsePercent(text); err == nil {
			t.Errorf("%q: took it as %v", text, got)
		}
	}
}
