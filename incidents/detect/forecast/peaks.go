package forecast

import "math"

const (
	peakReach = 7    // days for which a growing peak is followed
	peakFloor = 4e-4 // least variance of a daily peak, logarithm squared
	peakSpike = 0.1
)

// How much likelier, in logarithms, no growth and a step are than a growth
// before looking.
const (
	peakOdds = 5.0
	peakStep = 1.0
)

// peakLags are the possible onsets of a growth of the daily peak, in days.
var peakLags = [...]int{3, 4, 5, 6, 7, 8, 10, 12, 14}

// closeDay takes note of the day that ended with an hour.
func (m *Model) closeDay(h int64) {
	s := &m.s
	i := ringed(s.Today, dayCount)
	s.DayHigh[i], s.DayPeak[i] = noFixed, noFixed
	if !math.IsInf(s.TodayHigh, -1) {
		s.DayHigh[i] = smallOf(s.TodayHigh)
	}
	if !math.IsInf(s.TodayPeak, -1) {
		s.DayPeak[i] = levelOf(s.TodayPeak)
	}
	s.TodayHigh, s.TodayPeak = math.Inf(-1), math.Inf(-1)
	m.s.PeakCurve = [peakReach]float32{}
	if m.o.Limit > 0 {
		m.s.PeakCurve = m.peakCurve(m.o.Kind.hourly(m.o.Limit)-m.tail(), s.Today)
	}
}

// tail is how far the quantile that the limit is about lies above the median.
func (m *Model) tail() float64 {
	if m.o.Kind == Latency && m.o.Quantile > 0.5 {
		return m.s.Tail
	}
	return 0
}

// peakOf is the peak of a day without what is usual for its day of the week.
func (m *Model) peakOf(day int64) float64 {
	return m.s.DayPeak[ringed(day, dayCount)].value() - m.weekdayOffset(day)
}

func (m *Model) weekdayOffset(day int64) float64 {
	s := &m.s
	// Day zero of the epoch was a Thursday.
	d := ringed(day+4, 7)
	sum := 0.0
	for h := range 24 {
		sum += s.season(d*24 + h)
	}
	return sum / 24
}

// growth is one explanation of the daily peaks: from a usual height they grow
// from an onset on.
type growth struct {
	evidence float64 // log-likelihood
	days     float64 // since the onset
	base     float64
	slope    float64 // a day
	variance float64 // of a day around the line
	meanX    float64
	sumXX    float64
	n        float64
	straight bool // the latency grows in a straight line, not its logarithm
}

// dayPeaks are the daily peaks, newest first, without single days that stand
// out of their neighbours.
func (m *Model) dayPeaks(today int64) (peaks [dayCount]float64, have int) {
	for i := range peaks {
		peaks[i] = m.peakOf(today - int64(i))
		if !math.IsNaN(peaks[i]) {
			have++
		}
	}
	for i := len(peaks) - 2; i > 0; i-- {
		if most := max(peaks[i-1], peaks[i+1]) + peakSpike; peaks[i] > most {
			peaks[i] = most
		}
	}
	return peaks, have
}

// explainPeaks fits a growth and a step from each onset to the peaks by least
// squares, and gives the log-likelihood of the best step and of nothing.
func explainPeaks(kind Kind, peaks *[dayCount]float64) (all [2 * len(peakLags)]growth, step, nothing float64) {
	likelihood := func(rss, n float64) float64 { return -n / 2 * math.Log(rss/n+peakFloor) }
	step = math.Inf(-1)
	for j := range all {
		all[j].evidence = math.Inf(-1)
	}
	for lag := 1; lag <= peakLags[len(peakLags)-1]; lag++ {
		rss, _, n := regress(peaks, func(i int) float64 {
			if i < lag {
				return 1
			}
			return 0
		})
		if n-float64(lag) >= 5 {
			step = max(step, likelihood(rss, n))
		}
	}
	// For lines of the latency itself: the same relative to its usual peak.
	_, usual, _ := regress(peaks, func(int) float64 { return 0 })
	var factors [dayCount]float64
	for i, y := range peaks {
		factors[i] = math.Exp(min(y-usual.base, 10))
	}
	for j := range all {
		lag := peakLags[j/2]
		x := func(i int) float64 { return max(float64(lag-i)-0.5, 0) }
		of := peaks
		if j%2 == 1 {
			if kind != Latency {
				continue
			}
			of = &factors
		}
		rss, g, n := regress(of, x)
		if n-float64(lag) < 5 || g.slope <= 0 || j%2 == 1 && g.base <= 0 {
			continue
		}
		if g.straight = j%2 == 1; g.straight {
			rss = 0
			for i, y := range peaks {
				if !math.IsNaN(y) {
					e := y - usual.base - math.Log(g.base+g.slope*x(i))
					rss += e * e
				}
			}
			// From here on in logarithms, but for the slope, which is relative
			// to the usual peak.
			g.slope /= g.base
			g.base = usual.base + math.Log(g.base)
		}
		g.evidence, g.days, g.variance = likelihood(rss, n), float64(lag), max(rss/(n-3), peakFloor)
		all[j] = g
	}
	rss, _, n := regress(peaks, func(int) float64 { return 0 })
	return all, step, likelihood(rss, n)
}

// regress is a straight line of the peaks on x by least squares.
func regress(peaks *[dayCount]float64, x func(i int) float64) (rss float64, g growth, n float64) {
	var sx, sy, sxx, sxy, syy float64
	for i, y := range peaks {
		if math.IsNaN(y) {
			continue
		}
		v := x(i)
		n++
		sx, sy, sxx, sxy, syy = sx+v, sy+y, sxx+v*v, sxy+v*y, syy+y*y
	}
	n = max(n, 1)
	g.n, g.meanX, g.base = n, sx/n, sy/n
	g.sumXX = sxx - sx*sx/n
	rss = syy - sy*sy/n
	if g.sumXX > 1e-9 {
		xy := sxy - sx*sy/n
		g.slope = xy / g.sumXX
		g.base -= g.slope * g.meanX
		rss -= xy * xy / g.sumXX
	}
	return max(rss, 0), g, n
}

// reaches is the probability that a day so many days ahead is over the room.
func (g *growth) reaches(room, ahead float64) float64 {
	x := g.days + ahead - 0.5
	variance := g.variance * (1 + 1/g.n + (x-g.meanX)*(x-g.meanX)/g.sumXX)
	if g.straight {
		return normalAbove(room, g.base+math.Log1p(g.slope*x), variance)
	}
	return normalAbove(room, g.base+g.slope*x, variance)
}

// peakCurve is the probability that the peak of one of the days after the
// given one breaks a limit in hourly space, if the peaks have been growing.
func (m *Model) peakCurve(limit float64, today int64) (p [peakReach]float32) {
	peaks, have := m.dayPeaks(today)
	if have < 10 {
		return p
	}
	all, step, nothing := explainPeaks(m.o.Kind, &peaks)
	best, bestLag := math.Inf(-1), 0
	for j := range all {
		if all[j].evidence > best {
			best, bestLag = all[j].evidence, peakLags[j/2]
		}
	}
	if math.IsInf(best, -1) {
		return p
	}
	chance := logistic(best-nothing-peakOdds) * logistic(temper*(best-step)-peakStep)
	var trend [dayCount]float32
	n := 0
	for i := min(bestLag+2, dayCount-1); i >= 0; i-- {
		if !math.IsNaN(peaks[i]) {
			trend[n] = float32(peaks[i])
			n++
		}
	}
	if mannKendall(trend[:n]) < 1.6 {
		chance *= 0.2
	}
	if chance < 0.02 {
		return p
	}
	sum := 0.0
	for j := range all {
		all[j].evidence = math.Exp(temper * (all[j].evidence - best)) // from here on a weight
		sum += all[j].evidence
	}
	for u := range p {
		room := limit - m.weekdayOffset(today+int64(u)+1)
		ahead, reached := float64(u+1), 0.0
		for j := range all {
			g := &all[j]
			if w := g.evidence / sum; w > 0.005 && ahead <= reachAges*g.days {
				reached += w * g.reaches(room, ahead) * math.Pow(g.days/(g.days+ahead), persistence)
			}
		}
		p[u] = float32(chance * reached)
		if u > 0 {
			p[u] = max(p[u], p[u-1])
		}
	}
	return p
}

// peakHour is the hour of the day with the highest usual value.
func (m *Model) peakHour(day int64) float64 {
	s := &m.s
	d := ringed(day+4, 7)
	best := 0
	for h := range 24 {
		if s.season(d*24+h) > s.season(d*24+best) {
			best = h
		}
	}
	return float64(best) + 0.5
}

// peaksBy is the part of a curve of days that lies within so many hours: a day
// counts when its usual peak does.
func (m *Model) peaksBy(p *[peakReach]float32, hours float64) float64 {
	s := &m.s
	into := m.hoursIntoDay()
	peak := m.peakHour(s.Today)
	sum, before, gone := 0.0, 0.0, 0.0
	for u, p := range p {
		q := float64(p)
		at := 24*float64(u) + peak - into // hours ahead
		if at < -1 {
			gone = q // it did not come, though it could have
		} else {
			sum += (q - before) * min(max((hours-at+2)/4, 0), 1)
		}
		before = q
	}
	return sum / max(1-gone, 0.01)
}

func (m *Model) hoursIntoDay() float64 {
	k := m.hourOfWeek(m.s.Hour) % 24
	return float64(k) + float64(m.s.Bucket*bucketSeconds-m.s.Hour*hourSeconds)/hourSeconds
}
