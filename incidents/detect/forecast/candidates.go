package forecast

import (
	"math"
	"slices"
)

// The candidates. Each gives the coming hours from few numbers; none is good
// for every series, which is why they are combined by their errors.
const (
	// seasonalNaive repeats the last day: the floor that others must beat.
	seasonalNaive = iota
	// weeklyNaive repeats the last week.
	weeklyNaive
	// slowLevel, midLevel and fastLevel are simple exponential smoothing of
	// the deseasonalised hours.
	slowLevel
	midLevel
	fastLevel
	// dampedTrend is Holt's method with a trend that dies out (Gardner &
	// McKenzie 1985).
	dampedTrend
	// theta is smoothing with half of the drift of the last two weeks, as in
	// the Theta method (Assimakopoulos & Nikolopoulos 2000).
	theta
	// rho is a first-order autoregression of the deseasonalised hours, delta
	// one of the differences from the day before (after the Rho and Delta
	// methods that did best on hourly series of the M4 competition: Doornik,
	// Castle & Hendry 2020).
	rho
	delta
)

const (
	slowGain  = 0.015
	midGain   = 0.06
	fastGain  = 0.3
	holtGain  = 0.12
	trendGain = 0.05
	damping   = 0.985 // of the trend, per hour
	covGain   = 0.006
	scaleGain = 0.02
	// suspicion is how many usual distances an hour must be off to speak for
	// a new level, and settled how many such hours in a row make one.
	suspicion = 4.0
	settled   = 3
)

// horizonHours are the horizons at which errors are measured.
var horizonHours = [horizons]int64{1, 6, 24}

// closeHour ends the current hour.
func (m *Model) closeHour() {
	s := &m.s
	h := s.Hour
	y, tail := m.hourNow()
	s.clearHour()
	y = float64(float32(y))
	k := m.hourOfWeek(h)
	m.score(h, y, k)
	s.Hourly[ringed(h, hourCount)] = levelOf(y)
	if !math.IsNaN(y) {
		s.scoreShapes(k, y, s.Scale)
		m.learnLevel(h, y-s.season(k), y)
		s.TailN++
		s.Tail += max(0.01, 1/s.TailN) * (tail - s.Tail)
		s.TodayPeak = max(s.TodayPeak, y)
		m.learnAnchor(h, k, y)
	} else {
		s.LastX, s.LastY = math.NaN(), math.NaN()
	}
	if h-s.ShiftHour >= mostVisit && s.ShiftSize != 0 {
		m.settleShift(h, m.stays(h))
	}
	if day := m.localDay(h + 1); day != s.Today {
		before := s.season(k)
		m.learnDay(h)
		s.rebaseLast(s.season(k) - before)
		m.closeDay(h)
		s.Today = day
	}
	m.issue(h)
	m.planPaths(h)
}

// rebaseLast keeps the last deseasonalised hour in step with the profile.
func (s *state) rebaseLast(change float64) {
	if !math.IsNaN(s.LastX) {
		s.LastX -= change
	}
}

// learnLevel takes a deseasonalised hour into the levels.
func (m *Model) learnLevel(h int64, x, y float64) {
	s := &m.s
	s.Hours++
	s.LevelN++
	if s.LevelN == 1 {
		s.Slow, s.Mid, s.Fast, s.Holt, s.Trend = x, x, x, x, 0
		s.LastX, s.LastY = x, y
		return
	}
	d := x - s.Mid
	bound := math.Inf(1)
	if s.Hours > 24 && s.Scale > 0 {
		bound = 3 * s.Scale
	}
	s.learnDependence(h, x, y, bound)
	s.Slow += max(slowGain, 1/s.LevelN) * clip(x-s.Slow, bound)
	s.Mid += max(midGain, 1/s.LevelN) * clip(d, bound)
	s.Fast += max(fastGain, 1/s.LevelN) * (x - s.Fast)
	ahead := s.Holt + damping*s.Trend
	gain := max(holtGain, 1/s.LevelN)
	e := clip(x-ahead, bound)
	s.Holt = ahead + gain*e
	s.Trend = damping*s.Trend + holtGain*trendGain*e
	s.LastX, s.LastY = x, y
	m.suspect(h, d)
	m.stepped(h)
	s.Scale += max(scaleGain, 1/float64(s.Hours)) * (1.2533*math.Abs(clip(d, 1.3*bound)) - s.Scale)
}

// learnDependence updates the autocovariances.
func (s *state) learnDependence(h int64, x, y, bound float64) {
	if math.IsNaN(s.LastX) {
		return
	}
	gain := max(covGain, 1/float64(s.Hours))
	u, before := clip(x-s.Slow, 1.5*bound), clip(s.LastX-s.Slow, 1.5*bound)
	s.Var += gain * ((u*u+before*before)/2 - s.Var)
	s.Cov += gain * (u*before - s.Cov)
	v, vBefore := y-s.hour(h-24), s.LastY-s.hour(h-25)
	if math.IsNaN(v) || math.IsNaN(vBefore) {
		return
	}
	v, vBefore = clip(v, 2*bound), clip(vBefore, 2*bound)
	s.DiffVar += gain * ((v*v+vBefore*vBefore)/2 - s.DiffVar)
	s.DiffCov += gain * (v*vBefore - s.DiffCov)
}

// suspect counts hours that are far off on one side; enough of them in a row
// are a new level.
func (m *Model) suspect(h int64, d float64) {
	s := &m.s
	sign := int32(1)
	if d < 0 {
		sign = -1
	}
	near := s.Hours <= 24 || s.Scale <= 0 || math.Abs(d) < suspicion*s.Scale
	if s.Suspects > 0 && (near || sign != s.Sign || s.Suspects >= settled) {
		s.Suspects = 0
		s.Passed++
	}
	if near {
		return
	}
	s.Sign = sign
	s.Suspect[s.Suspects] = s.LastX
	s.Suspects++
	if s.Suspects < settled {
		return
	}
	level := middle(s.Suspect[0], s.Suspect[1], s.Suspect[2])
	m.shift(h, settled, level, level-s.Mid)
}

const (
	leastStep = 4 // hours in which a smaller change of level may show
	mostStep  = 12
	stepSize  = 1.5 // usual distances that it is at least
	stepProof = 4.0 // standard errors
	stepWeeks = 2   // that every day was seen before: a first weekend looks like a step
)

// stepped looks for a change of level that is too small for suspicion: the last
// hours against the day before them. A trend is no such change: within half a
// day it makes too little of a difference. Shares of failed runs are left out:
// in some hours few runs fail, or more, by luck.
func (m *Model) stepped(h int64) {
	s := &m.s
	if m.o.Kind != Latency || s.Suspects > 0 || s.LevelN < 48 || s.Scale <= 0 || s.Var <= 0 || slices.Min(s.Weeks[:]) < stepWeeks {
		return
	}
	var x [mostStep + 24]float64
	for i := range x {
		at := h - int64(i)
		if x[i] = s.hour(at) - s.season(m.hourOfWeek(at)); math.IsNaN(x[i]) {
			return
		}
	}
	r := min(max(s.Cov/s.Var, 0), 0.9)
	one := s.Scale * math.Sqrt((1+r)/(1-r))
	newer, best, hours, level, size := 0.0, stepProof, 0, 0.0, 0.0
	for k := 1; k <= mostStep; k++ {
		newer += x[k-1]
		if k < leastStep {
			continue
		}
		older := 0.0
		for _, v := range x[k : k+24] {
			older += v / 24
		}
		d := newer/float64(k) - older
		z := math.Abs(d) / (one * math.Sqrt(1/float64(k)+1.0/24))
		if z > best && math.Abs(d) > stepSize*s.Scale {
			best, hours, level, size = z, k, newer/float64(k), d
		}
	}
	if hours > 0 {
		m.shift(h, int64(hours), level, size)
	}
}

// shift accepts a new level. What is remembered of the time before is read as
// if it had been on that level, so that the seasons go on; forecasts made
// before it are not scored, since no forecaster could know. Whether it stays is
// open for some days: a level that comes and goes again was none but a part of
// a season, such as a weekend, and must be learned as one.
func (m *Model) shift(h, hours int64, level, size float64) {
	s := &m.s
	first := h - hours + 1
	returned := s.returns(first, size)
	m.settleShift(h, !returned)
	for i := range s.ShapeLevel {
		s.ShapeLevel[i] += size
	}
	s.Slow, s.Mid, s.Fast, s.Holt, s.Trend = level, level, level, level, 0
	s.LevelN = float64(hours)
	s.ShiftHour = first
	if !returned {
		s.ShiftSize = size
	}
	s.Suspects = 0
	if hours == settled {
		s.Lasted++
	}
}

const (
	leastVisit = 18 // hours; what is shorter was a disturbance, and no day
	mostVisit  = 72 // hours; what is longer is no part of a week
)

// returns tells whether a shift takes back one that is still open.
func (s *state) returns(first int64, size float64) bool {
	return first-s.ShiftHour >= leastVisit && size*s.ShiftSize < 0 && math.Abs(size+s.ShiftSize) < math.Abs(s.ShiftSize)/2
}

// stays tells whether the last day was nearer to the level of the open shift
// than to that of the day before it.
func (m *Model) stays(h int64) bool {
	s := &m.s
	var sum, n [2]float64
	for i := range int64(24) {
		for j, at := range [2]int64{h - i, s.ShiftHour - 1 - i} {
			if y := s.hour(at) - s.season(m.hourOfWeek(at)); !math.IsNaN(y) {
				sum[j] += y
				n[j]++
			}
		}
	}
	if n[0] == 0 || n[1] == 0 {
		return true
	}
	// As it is read, the time before is on the level of the shift.
	return math.Abs(sum[0]/n[0]-sum[1]/n[1]) < math.Abs(s.ShiftSize)/2
}

// settleShift ends what is open about a shift: what is remembered of the time
// before is moved for good if it stays. Then the days can be learned that had
// to wait for that.
func (m *Model) settleShift(h int64, stays bool) {
	s := &m.s
	if s.ShiftSize == 0 {
		return
	}
	if stays {
		for i := range int64(hourCount) {
			s.Hourly[ringed(h-i, hourCount)] = levelOf(s.hour(h - i))
		}
		for i := range int64(dayCount) {
			s.DayMean[ringed(h/24-i, dayCount)] = levelOf(m.dayMean(h/24 - i))
		}
	}
	s.ShiftSize = 0
	yesterday := h - int64(m.hourOfWeek(h)%24) - 1
	for i := int64(mostVisit/24 + 1); i >= 0; i-- {
		if last := yesterday - 24*i; last >= s.ShiftHour {
			m.learnWeek(last, h)
		}
	}
}

// dayMean is the mean of a day in hourly space; days are counted as in DayMean.
func (m *Model) dayMean(day int64) float64 {
	s := &m.s
	v := s.DayMean[ringed(day, dayCount)].value()
	if s.ShiftSize != 0 && day < (s.ShiftHour+int64(23-m.hourOfWeek(s.ShiftHour)%24))/24 {
		v += s.ShiftSize
	}
	return v
}

// lasting is how far the forecast goes to the level of the last hours when
// those were far off: not at all if such hours mostly passed in this series, the
// whole way if they mostly lasted.
func (s *state) lasting() float64 {
	if s.Suspects == 0 || math.IsNaN(s.LastX) {
		return 0
	}
	p := (s.Lasted + 0.6) / (s.Lasted + s.Passed + 1)
	p = 1 - (1-p)/float64(s.Suspects)
	return min(max((p-0.35)/0.3, 0), 1)
}

func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// drift is the median change per hour between daily means of the last two
// weeks (Theil 1950, Sen 1968).
func (m *Model) drift(h int64) float64 {
	var means [14]float64
	for i := range means {
		means[i] = m.dayMean(h/24 - int64(i))
	}
	var slopes [91]float64
	n := 0
	for i, a := range means {
		for j := i + 1; j < len(means); j++ {
			if slope := (a - means[j]) / float64(24*(j-i)); !math.IsNaN(slope) {
				slopes[n] = slope
				n++
			}
		}
	}
	if n < 10 {
		return 0
	}
	return median(slopes[:n])
}

// candidate is what one of them says, at the end of an hour, of the hour
// ahead, whose hour of the week is k.
func (s *state) candidate(c int, origin, ahead int64, season, drift float64) float64 {
	n := float64(ahead)
	switch c {
	case seasonalNaive:
		return s.hour(origin + ahead - 24*((ahead+23)/24))
	case weeklyNaive:
		return s.hour(origin + ahead - 168*((ahead+167)/168))
	}
	if s.LevelN == 0 {
		return math.NaN()
	}
	switch c {
	case slowLevel:
		return season + s.Slow
	case midLevel:
		return season + s.Mid
	case fastLevel:
		return season + s.Fast
	case dampedTrend:
		return season + s.Holt + s.Trend*damping*(1-math.Pow(damping, n))/(1-damping)
	case theta:
		// Smoothing lags behind a drift by the inverse of its gain.
		lag := min(1/midGain, s.LevelN/2)
		return season + s.Mid + drift*lag + drift/2*min(n, 7*24)
	case rho:
		if math.IsNaN(s.LastX) || s.Var <= 0 {
			return season + s.Slow
		}
		r := min(max(s.Cov/s.Var, 0), 0.98)
		return season + s.Slow + math.Pow(r, n)*(s.LastX-s.Slow)
	case delta:
		if math.IsNaN(s.LastY) || s.DiffVar <= 0 {
			return math.NaN()
		}
		r := min(max(s.DiffCov/s.DiffVar, 0), 0.98)
		base := s.hour(origin + ahead - 24*((ahead+23)/24))
		return base + math.Pow(r, n)*(s.LastY-s.hour(origin-24))
	}
	return math.NaN()
}
