package baseline

import (
	"math"
	"time"
)

// How a moment is described to the seasonal regression. Everything follows
// the wall clock, so that nine o'clock stays nine o'clock when summer time
// begins; a holiday is described as the day that it behaves like.
const (
	dailyHarmonics   = 6 // 24 h to 4 h
	weeklyHarmonics  = 2 // 7 d and 84 h
	weekendHarmonics = 2 // how days off have another shape than working days

	atDaily   = 1
	atWeekly  = atDaily + 2*dailyHarmonics
	atDay     = atWeekly + 2*weeklyHarmonics
	atWeekend = atDay + 7
	dimension = atWeekend + 1 + 2*weekendHarmonics
)

// features is a moment as the regression sees it; the first one is constant.
type features [dimension]float64

// at describes a moment, and gives which ten minutes of the week it lies in.
func (x *features) at(t time.Time, c *Config) (slot int64) {
	local := t.In(c.Zone)
	hour, minute, second := local.Clock()
	day := local.Weekday()
	if len(c.Holidays) > 0 {
		y, m, d := local.Date()
		if like, ok := c.Holidays[dateKey(y, m, d)]; ok {
			day = ((like % 7) + 7) % 7
		}
	}
	ofDay := (float64(hour) + float64(minute)/60 + float64(second)/3600) / 24
	ofWeek := (float64(day) + ofDay) / 7
	*x = features{}
	x[0] = 1
	sin, cos := math.Sincos(2 * math.Pi * ofDay)
	harmonics(x[atDaily:atWeekly], sin, cos)
	if day == time.Saturday || day == time.Sunday {
		x[atWeekend] = 1
		copy(x[atWeekend+1:], x[atDaily:atDaily+2*weekendHarmonics])
	}
	sin, cos = math.Sincos(2 * math.Pi * ofWeek)
	harmonics(x[atWeekly:atDay], sin, cos)
	x[atDay+int(day)] = 1
	return int64(day)*slotsPerDay + int64(hour)*6 + int64(minute)/10
}

// dateKey writes a date as time.DateOnly. Conversions from a byte array in a
// map look-up do not allocate, but a function's result does: holidays are
// looked up only if there are any.
func dateKey(y int, m time.Month, d int) string {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// harmonics fills in sines and cosines of the multiples of an angle by the
// addition theorem.
func harmonics(to []float64, sin, cos float64) {
	s, c := sin, cos
	for i := 0; i+1 < len(to); i += 2 {
		to[i], to[i+1] = s, c
		s, c = s*cos+c*sin, c*cos-s*sin
	}
}

// priorSD is how large each coefficient is thought to be before anything was
// seen, in log latency: cycles of some ten per cent, fine detail less.
func priorSD(i int) float64 {
	switch {
	case i == 0:
		return 1
	case i < atWeekly:
		return 0.3 / float64(1+(i-atDaily)/2)
	case i < atDay:
		return 0.12 / float64(1+(i-atWeekly)/2)
	case i < atWeekend:
		return 0.08
	case i == atWeekend:
		return 0.25 // the first weekend is a leap in the dark
	default:
		return 0.1 / float64(1+(i-atWeekend-1)/2)
	}
}
