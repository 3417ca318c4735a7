package forecast

import "math"

// The three shapes that a seasonal profile may have, by increasing number of
// parameters: the hour of the day; the same, raised or lowered by day of the
// week; the hour of the week. Each is scored by what it says of hours it has
// not seen, and the profile in use is their average, weighted by the inverse
// of those errors.
const (
	shapeDaily = iota
	shapeWeekday
	shapeWeekly
)

const (
	dailyGain   = 0.06 // least weight of a new day: about a month is remembered
	weeklyGain  = 0.2
	shapeGain   = 0.008
	shapePower  = 20
	shapeMemory = 0.03
)

// shape is what one of the shapes expects of an hour of the week, relative to
// the level.
func (s *state) shape(which, k int) float64 {
	day := k / 24
	switch {
	case which == shapeDaily:
		return float64(s.Daily[k%24])
	case s.Weeks[day] == 0:
		return math.NaN()
	case which == shapeWeekday:
		return float64(s.Daily[k%24]) + float64(s.Offset[day])
	}
	return s.Weekly[k].value()
}

// season is the profile in use at an hour of the week: the shapes that are
// known there, mixed. It is nothing before there is one.
func (s *state) season(k int) float64 {
	sum, weight := 0.0, 0.0
	for j, w := range s.Mixture {
		if v := s.shape(j, k); w > 0 && !math.IsNaN(v) {
			sum += w * v
			weight += w
		}
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// mixShapes weighs the shapes, after they have learned.
func (s *state) mixShapes() {
	best := math.Inf(1)
	for j := range shapes {
		if s.ShapeN[j] > 0 {
			best = min(best, s.ShapeErr[j])
		}
	}
	w := &s.Mixture
	for j := range shapes {
		w[j] = 1e-9
		if s.ShapeN[j] >= 24 && s.ShapeErr[j] > 0 {
			w[j] = math.Pow(best/s.ShapeErr[j], shapePower)
		} else if j == shapeDaily {
			w[j] = 1e-3
		}
	}
	for day := range s.Offset {
		sum := 0.0
		for h := range 24 {
			sum += s.Weekly[day*24+h].value() - float64(s.Daily[h])
		}
		s.Offset[day] = float32(sum / 24)
	}
}

// scoreShapes compares what each shape says of an hour with what came.
func (s *state) scoreShapes(k int, y, scale float64) {
	for j := range shapes {
		v := s.shape(j, k)
		if math.IsNaN(v) || s.Days == 0 {
			continue
		}
		e := y - v
		if s.ShapeN[j] == 0 {
			s.ShapeLevel[j] = e
		}
		d := e - s.ShapeLevel[j]
		if scale > 0 {
			d = clip(d, 6*scale)
		}
		s.ShapeN[j]++
		s.ShapeErr[j] += max(shapeGain, 1/s.ShapeN[j]) * (math.Abs(d) - s.ShapeErr[j])
		s.ShapeLevel[j] += max(shapeMemory, 1/s.ShapeN[j]) * d
	}
}

// learnDay takes the day that ended with the given hour into the profile.
func (m *Model) learnDay(last int64) {
	s := &m.s
	sum, n := 0.0, 0
	for i := range int64(24) {
		if y := s.hour(last - i); !math.IsNaN(y) {
			sum += y
			n++
		}
	}
	if n < 18 {
		return
	}
	mean := sum / float64(n)
	s.DayMean[ringed(last/24, dayCount)] = levelOf(mean)
	s.Days++
	gain := max(dailyGain, 1/float64(s.Days))
	bound := s.dayBound()
	for i := range int64(24) {
		if y := s.hour(last - i); !math.IsNaN(y) {
			d := &s.Daily[m.hourOfWeek(last-i)%24]
			*d += float32(gain * clip(y-mean-float64(*d), bound))
		}
	}
	m.learnWeek(last, last)
	s.mixShapes()
}

// dayBound is how far an hour may be off for what is learned of it.
func (s *state) dayBound() float64 {
	if s.Days > 3 && s.Scale > 0 {
		return 4 * s.Scale
	}
	return math.Inf(1)
}

// learnWeek takes the middle day of the week that ended with the given hour
// into the profile; now is the last hour known. By then it is mostly known
// whether the level changed on it for good or only for a weekend. While that is
// open, nothing is learned.
func (m *Model) learnWeek(last, now int64) {
	s := &m.s
	base, have := s.weekMean(now)
	if !have || s.ShiftSize != 0 {
		return
	}
	last -= 72
	day := m.hourOfWeek(last-12) / 24 // the day of most of its hours
	gain := max(weeklyGain, 1/(float64(s.Weeks[day])+1))
	bound := 1.5 * s.dayBound()
	for i := range int64(24) {
		y, k := s.hour(last-i), m.hourOfWeek(last-i)
		if math.IsNaN(y) || k/24 != day || last-i <= now-hourCount {
			continue
		}
		w := &s.Weekly[k]
		if s.Weeks[day] == 0 {
			*w = smallOf(y - base)
		} else {
			was := w.value()
			*w = smallOf(was + gain*clip(y-base-was, bound))
		}
	}
	if s.Weeks[day] < 255 {
		s.Weeks[day]++
	}
}

// weekMean is the mean of the last seven days, if they are there.
func (s *state) weekMean(last int64) (float64, bool) {
	sum, n := 0.0, 0
	for i := range int64(hourCount) {
		if y := s.hour(last - i); !math.IsNaN(y) {
			sum += y
			n++
		}
	}
	return sum / float64(max(n, 1)), n >= hourCount*9/10
}

// hour is the median of an hour of the last week in hourly space, on the level
// of today.
func (s *state) hour(h int64) float64 {
	v := s.Hourly[ringed(h, hourCount)].value()
	if s.ShiftSize != 0 && h < s.ShiftHour {
		v += s.ShiftSize
	}
	return v
}

func clip(x, bound float64) float64 { return min(max(x, -bound), bound) }
