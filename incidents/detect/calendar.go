package detect

import (
	"time"

	"outrider/checks"
)

// CalendarOf gives the holidays of a check; nil if it has none.
func CalendarOf(holidays []checks.Holiday, check *checks.Check) Calendar {
	var c Calendar
	for i := range holidays {
		h := &holidays[i]
		if !h.Covers(check) {
			continue
		}
		if c == nil {
			c = Calendar{}
		}
		c[time.Date(h.Year, h.Month, h.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)] = h.Like
	}
	return c
}
