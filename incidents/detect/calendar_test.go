package detect

import (
	"maps"
	"testing"
	"time"

	"outrider/checks"
)

func TestCalendarOf(t *testing.T) {
	holidays := []checks.Holiday{
		{Year: 2026, Month: time.January, Day: 6, Like: time.Sunday},
		{Year: 2026, Month: time.December, Day: 24, Like: time.Saturday, Selector: checks.Selector{Checks: []string{"other"}}},
	}
	check := &checks.Check{ID: "checkout"}
	if got, want := CalendarOf(holidays, check), (Calendar{"2026-01-06": time.Sunday}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := CalendarOf(holidays[1:], check); got != nil {
		t.Errorf("got %v of another check", got)
	}
}
