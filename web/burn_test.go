package web

import (
	"strings"
	"testing"
	"time"

	"outrider/checks"
)

func TestFacts_TellWhatBecameOfBurnRates(t *testing.T) {
	told := func(every time.Duration) string {
		c := checks.Check{
			Schedule:   checks.Schedule{Every: every},
			Objectives: []checks.Objective{{Name: "availability", Good: 0.999, Over: 30 * 24 * time.Hour}},
		}
		for _, f := range facts(&c) {
			if f.Name == "Objective" {
				return f.Value
			}
		}
		return ""
	}
	if got := told(time.Hour); !strings.Contains(got, "left out") && !strings.Contains(got, "widened") {
		t.Errorf("a run an hour: %q", got)
	}
	if got := told(time.Minute); strings.Contains(got, "left out") || strings.Contains(got, "widened") {
		t.Errorf("a run a minute: %q", got)
	}
}
