package checks

import "time"

// Holiday is a day on which customers behave as on another day of the week.
type Holiday struct {
	Name string
	Year int
	// Month and Day are those of the calendar where the check's zone is.
	Month time.Month
	Day   int
	Like  time.Weekday
	Selector
	Pos Position
}

// On tells whether a moment is on the holiday, by the clock of its location.
func (h *Holiday) On(t time.Time) bool {
	year, month, day := t.Date()
	return year == h.Year && month == h.Month && day == h.Day
}

// DayLike gives the day of the week that a moment's day is like for a check,
// by the clock of the check's zone, and whether that is because of a holiday.
func (d *Definitions) DayLike(c *Check, t time.Time) (day time.Weekday, holiday bool) {
	local := t.In(c.Schedule.zone())
	for i := range d.Holidays {
		if h := &d.Holidays[i]; h.On(local) && h.Covers(c) {
			return h.Like, true
		}
	}
	return local.Weekday(), false
}
