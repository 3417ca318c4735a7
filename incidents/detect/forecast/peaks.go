package forecast

import "math"

const (
	peakReach = 7 // days for which a growing peak is followed
	peakOdds  = 5.0
	peakFloor = 4e-4 // least variance of a daily peak, logarithm squared
)

// peakLags are the possible onsets of a growth of the daily peak, in days.
var peakLags = [...]int{3, 4, 5, 6, 7, 8, 10, 12, 14}

// closeDay takes note of the day that ended with an hour.
func (m *Model) closeDay(h int64) {
	s := &m.s
	i := ringed(s.Today, dayCount)
	s.DayHigh[i], s.DayPeak[i] = nan32, nan32
	if !math.IsInf(s.TodayHigh, -1) {
		s.DayHigh[i] = float32(s.TodayHigh)
	}
	if !math.IsInf(s.TodayPeak, -1) {
		s.DayPeak[i] = float32(s.TodayPeak)
	}
	s.TodayHigh, s.TodayPeak = math.Inf(-1), math.Inf(-1)
	m.s.PeakCurve = [peakReach]float64{}
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
	return float64(m.s.DayPeak[ringed(day, dayCount)]) - m.weekdayOffset(day)
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

// peakCurve is the probability that the peak of one of the days after the
// given one breaks a limit in hourly space, if the peaks have been growing.
func (m *Model) peakCurve(limit float64, today int64) (p [peakReach]float64) {
	var peaks [dayCount]float64
	have := 0
	for i := range peaks {
		peaks[i] = m.peakOf(today - int64(i))
		if !math.IsNaN(peaks[i]) {
			have++
		}
	}
	if have < 8 {
		return p
	}
	type growth struct{ z, slope, slopeVar, base, noise, days, weight float64 }
	var all [len(peakLags)]growth
	best, bestStep, bestLag := 0.0, 0.0, 0
	for j, lag := range peakLags {
		base, noise, n := usualPeak(peaks[lag:])
		if n < 5 {
			break
		}
		var c moments
		for i := range lag {
			c.add(i, float32(peaks[i]-base))
		}
		tr, tt := c.hinge(lag)
		if c.n < 3 || tt <= 0 {
			continue
		}
		// The level before is known from few days only.
		v := noise * (1 + 2/n)
		g := growth{z: tr / math.Sqrt(tt*v), slope: tr / tt, slopeVar: v / tt, base: base, noise: noise, days: float64(lag)}
		all[j] = g
		if g.z > best {
			best, bestLag = g.z, lag
		}
		if c.sum > 0 {
			bestStep = max(bestStep, c.sum/math.Sqrt(c.n*v))
		}
	}
	if best <= 0 {
		return p
	}
	chance := logistic(best*best/2-peakOdds) * logistic(temper*(best*best-bestStep*bestStep)/2)
	if chance < 0.02 {
		return p
	}
	var trend [dayCount]float32
	n := 0
	for i := bestLag + 1; i >= 0; i-- {
		if !math.IsNaN(peaks[i]) {
			trend[n] = float32(peaks[i])
			n++
		}
	}
	if mannKendall(trend[:n]) < 1.6 {
		chance *= 0.2
	}
	sum := 0.0
	for j := range all {
		if all[j].z > 0 {
			all[j].weight = math.Exp(temper * (all[j].z*all[j].z - best*best) / 2)
			sum += all[j].weight
		}
	}
	for u := range p {
		room := limit - m.weekdayOffset(today+int64(u)+1)
		for _, g := range all {
			if g.weight == 0 {
				continue
			}
			ahead := float64(u + 1)
			if ahead > reachAges*g.days {
				continue
			}
			mean, variance := g.base+g.slope*(g.days+ahead-0.5), g.slopeVar*(g.days+ahead)*(g.days+ahead)+g.noise
			p[u] += g.weight / sum * normalAbove(room, mean, variance) * math.Pow(g.days/(g.days+ahead), persistence)
		}
		p[u] *= chance
		if u > 0 {
			p[u] = max(p[u], p[u-1])
		}
	}
	return p
}

// usualPeak is the robust middle of peaks and the variance around it.
func usualPeak(peaks []float64) (base, variance, n float64) {
	var v [dayCount]float64
	k := 0
	for _, p := range peaks {
		if !math.IsNaN(p) && k < 14 {
			v[k] = p
			k++
		}
	}
	if k == 0 {
		return 0, 0, 0
	}
	base = median(v[:k])
	for i := range k {
		v[i] = math.Abs(v[i] - base)
	}
	sd := 1.4826 * median(v[:k])
	return base, max(sd*sd, peakFloor), float64(k)
}
