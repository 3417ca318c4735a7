package notify

import (
	"testing"
	"time"

	"outrider/incidents"
)

func TestNextAttempt(t *testing.T) {
	created := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name     string
		attempts int
		age      time.Duration // at the beginning of the failed attempt
		min, max time.Duration // of the next attempt, since creation; zero: give up
	}{
		{"first", 1, 0, 5 * time.Second, 6 * time.Second},
		{"second", 2, 5 * time.Second, 5*time.Minute + 5*time.Second, 6*time.Minute + 5*time.Second},
		{"second, late by jitter", 2, 6 * time.Second, 5*time.Minute + 5*time.Second, 6*time.Minute + 5*time.Second},
		{"just before a planned one", 2, 4999 * time.Millisecond, 5 * time.Second, 6 * time.Second},
		{"attempts in between use up nothing", 40, 6 * time.Second, 5*time.Minute + 5*time.Second, 6*time.Minute + 5*time.Second},
		{"before the last", 9, 60 * time.Hour, 75*time.Hour + 35*time.Minute + 5*time.Second, 80*time.Hour + 23*time.Minute + 5*time.Second},
		{"last", 10, 76 * time.Hour, 0, 0},
		{"Outrider was off for long", 1, 100 * time.Hour, 100*time.Hour + 5*time.Second, 100*time.Hour + 6*time.Second},
		{"and long after", 9, 200 * time.Hour, 224 * time.Hour, 228*time.Hour + 48*time.Minute},
		{"the clock was set back", 1, -time.Hour, 5*time.Second - time.Hour, 6*time.Second - time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := incidents.Notification{CreatedAt: created, Attempts: tt.attempts}
			for chance, want := range map[float64]time.Duration{0: tt.min, 1: tt.max} {
				at, ok := nextAttempt(&n, created.Add(tt.age), chance)
				if ok != (tt.max != 0) {
					t.Fatalf("goes on: got %v", ok)
				}
				if !ok {
					continue
				}
				if got := at.Sub(created); got != want {
					t.Errorf("chance %v: got %s, want %s", chance, got, want)
				}
			}
		})
	}
}

func TestPauseAfter(t *testing.T) {
	tests := []struct {
		failures int
		asked    time.Duration
		chance   float64
		want     time.Duration
	}{
		{1, 0, 0, 5 * time.Second},
		{1, 0, 1, 6 * time.Second},
		{2, 0, 0, 10 * time.Second},
		{4, 0, 0, 40 * time.Second},
		{5, 0, 0, time.Minute},
		{1 << 40, 0, 1, 72 * time.Second},
		{1, 3 * time.Second, 0, 5 * time.Second},
		{1, 90 * time.Second, 0, 90 * time.Second},
		{1, 90 * time.Hour, 0, time.Hour},
	}
	for _, tt := range tests {
		if got := pauseAfter(tt.failures, tt.asked, tt.chance); got != tt.want {
			t.Errorf("pauseAfter(%d, %s, %v): got %s, want %s", tt.failures, tt.asked, tt.chance, got, tt.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"", "0", "120", "-1", "1e9", "Sun, 01 Mar 2026 12:10:00 GMT", "Sunday", "99999999999999999999"} {
		f.Add(v)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if d := retryAfter(value, now); d < 0 {
			t.Errorf("%q: got %s", value, d)
		}
	})
}
