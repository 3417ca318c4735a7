package forecast

import (
	"math"
	"slices"
	"time"
)

const (
	target    = 0.05 // share of hours that may lie outside
	aciGain   = 0.008
	errGain   = 0.01
	errPower  = 8
	coverGain = 0.006
	// Each day of the week has its own adaptive widening, once there were some.
	widenGain             = 0.04
	widenFrom             = 300 // hours
	widenLeast, widenMost = -0.3, 0.8
	firstGuess            = 0.5 // half-width before anything is known, hourly space
)

// Hour is the forecast of one hour.
type Hour struct {
	At time.Time // its start, UTC
	// Median is the expected hourly median in milliseconds (for an error rate
	// the expected share of failed runs); Lower and Upper bound 95 % of such
	// hours.
	Median, Lower, Upper float64
}

// weights of the candidates at the measured horizons.
type weights [horizons][candidates]float64

func (s *state) weights() (w weights) {
	for g := range horizons {
		best := math.Inf(1)
		for c := range candidates {
			if e := float64(s.Err[g*candidates+c]); e > 0 {
				best = min(best, e)
			}
		}
		for c := range candidates {
			e := float64(s.Err[g*candidates+c])
			switch {
			case e > 0:
				w[g][c] = math.Pow(best/e, errPower)
			case math.IsInf(best, 1) && c >= slowLevel:
				w[g][c] = 1 // nothing is known of any
			default:
				w[g][c] = 1e-6
			}
		}
	}
	return w
}

// between gives the two measured horizons around a number of hours and how far
// it is from the first to the second, on a scale of logarithms.
func between(ahead int64) (a, b int, f float64) {
	switch {
	case ahead <= 1:
		return 0, 0, 0
	case ahead < 6:
		return 0, 1, math.Log(float64(ahead)) / math.Log(6)
	case ahead < 24:
		return 1, 2, math.Log(float64(ahead)/6) / math.Log(4)
	}
	return 2, 2, 1
}

// outlook is a forecast in the making: what all hours of one origin share.
type outlook struct {
	m      *Model
	origin int64
	w      weights
	drift  float64
	half   [horizons]float64
	last   float64 // share of what the last hours say of the level
}

func (m *Model) outlook(origin int64) outlook {
	o := outlook{m: m, origin: origin, w: m.s.weights(), drift: m.drift(origin), last: m.s.lasting()}
	for g := range horizons {
		o.half[g] = m.s.halfWidth(g)
	}
	return o
}

// mean is the combined forecast of an hour; values gets those of the
// candidates.
func (o *outlook) mean(ahead int64, values *[candidates]float64) float64 {
	s := &o.m.s
	season := s.season(o.m.hourOfWeek(o.origin + ahead))
	a, b, f := between(ahead)
	sum, weight := 0.0, 0.0
	for c := range candidates {
		v := s.candidate(c, o.origin, ahead, season, o.drift)
		values[c] = v
		if math.IsNaN(v) {
			continue
		}
		w := o.w[a][c]*(1-f) + o.w[b][c]*f
		sum += w * v
		weight += w
	}
	if weight == 0 {
		return math.NaN()
	}
	if o.last > 0 {
		return (1-o.last)*sum/weight + o.last*(season+s.LastX)
	}
	return sum / weight
}

// interval is the combined forecast with its bounds, in hourly space.
func (o *outlook) interval(ahead int64, values *[candidates]float64) (low, mean, high float64) {
	s := &o.m.s
	mean = o.mean(ahead, values)
	a, b, f := between(ahead)
	half := o.half[a]*(1-f) + o.half[b]*f
	if b == 2 {
		// Days that begin or end a weekend are harder to tell a day ahead.
		half *= math.Exp(f * s.Widen[o.m.hourOfWeek(o.origin+ahead)/24])
	}
	if ahead > 24 {
		half *= math.Pow(float64(ahead)/24, 0.25)
	}
	if n := s.LevelN; n > 0 && n < 48 && n < float64(s.Hours) {
		half *= math.Sqrt(1 + 1/n) // the new level is known from n hours only
	}
	low, high = mean-half, mean+half
	if s.Suspects > 0 && !math.IsNaN(s.LastX) {
		// The last hours were far off. Whether that is a new level is not
		// known yet: both must fit.
		season := s.season(o.m.hourOfWeek(o.origin + ahead))
		low = min(low, season+min(s.Mid, s.LastX)-half)
		high = max(high, season+max(s.Mid, s.LastX)+half)
	}
	return low, mean, high
}

// halfWidth is the conformal half-width of the interval at one of the measured
// horizons.
func (s *state) halfWidth(g int) float64 {
	n := int(min(s.ScoreN[g], scoreCount))
	if n == 0 {
		if s.Scale > 0 {
			return 3 * s.Scale
		}
		return firstGuess
	}
	var sorted [scoreCount]float64
	for i := range n {
		sorted[i] = math.Abs(s.Scores[g*scoreCount+i].value())
	}
	slices.Sort(sorted[:n])
	// The (n+1)th score is the one to come: conformal quantiles count it.
	pos := (1-s.Alpha[g])*float64(n+1) - 1
	switch {
	case pos >= float64(n-1):
		return sorted[n-1] * (1.1 + 0.5*min(pos-float64(n-1), 2))
	case pos <= 0:
		return sorted[0]
	}
	i := int(pos)
	f := pos - float64(i)
	return sorted[i]*(1-f) + sorted[i+1]*f
}

// issue makes the forecasts that will be scored, at the end of an hour.
func (m *Model) issue(h int64) {
	s := &m.s
	o := m.outlook(h)
	for g, ahead := range horizonHours {
		var values [candidates]float64
		low, mean, high := o.interval(ahead, &values)
		waiting, mean32, below, above := s.pending(g, h+ahead)
		for c := range candidates {
			waiting[c] = smallOf(values[c] - mean)
		}
		*mean32, *below, *above = float32(mean), smallOf(low-mean), smallOf(high-mean)
	}
}

// pending is where forecasts of an hour wait for it.
func (s *state) pending(g int, hour int64) (values []small, mean *float32, low, high *small) {
	n := int(horizonHours[g])
	i := ringed(hour, n)
	switch g {
	case 0:
		return s.Pend1[i*candidates:][:candidates], &s.Mean1[i], &s.Low1[i], &s.High1[i]
	case 1:
		return s.Pend6[i*candidates:][:candidates], &s.Mean6[i], &s.Low6[i], &s.High6[i]
	}
	return s.Pend24[i*candidates:][:candidates], &s.Mean24[i], &s.Low24[i], &s.High24[i]
}

// score compares the forecasts of an hour with what came.
func (m *Model) score(h int64, y float64, k int) {
	s := &m.s
	if math.IsNaN(y) {
		return
	}
	far := s.Hours > 24 && s.Scale > 0 && math.Abs(y-s.season(k)-s.Mid) >= suspicion*s.Scale
	for g := range horizons {
		values, mean, low, high := s.pending(g, h)
		if isNaN(*mean) || h-horizonHours[g] < s.ShiftHour && s.ShiftSize != 0 {
			continue
		}
		miss := 0.0
		off := y - float64(*mean)
		if off < low.value() || off > high.value() {
			miss = 1
		}
		s.ErrN[g]++
		s.Coverage[g] += max(coverGain, 1/s.ErrN[g]) * (1 - miss - s.Coverage[g])
		// Adaptive conformal inference: a miss makes the next interval wider,
		// a hit a little narrower.
		if s.ScoreN[g] >= 24 {
			s.Alpha[g] = min(max(s.Alpha[g]+aciGain*(target-miss), 0.001), 0.25)
		}
		if g == 2 && s.ErrN[g] > widenFrom {
			w := &s.Widen[k/24]
			*w = min(max(*w+widenGain*(miss-target), widenLeast), widenMost)
		}
		if far {
			continue
		}
		s.Scores[g*scoreCount+ringed(s.ScoreN[g], scoreCount)] = smallOf(off)
		s.ScoreN[g]++
		m.scoreCandidates(g, off, values)
	}
}

func (m *Model) scoreCandidates(g int, off float64, values []small) {
	s := &m.s
	errs := s.Err[g*candidates:][:candidates]
	best := math.Inf(1)
	for _, e := range errs {
		if e > 0 {
			best = min(best, float64(e))
		}
	}
	gain := max(errGain, 1/s.ErrN[g])
	for c, v := range values {
		if v == noFixed {
			continue
		}
		e := max(math.Abs(off-v.value()), 1e-9)
		if errs[c] == 0 {
			if !math.IsInf(best, 1) && s.ErrN[g] > 1 {
				e = max(e, 1.3*best)
			}
			errs[c] = float32(e)
			continue
		}
		was := float64(errs[c])
		errs[c] = float32(was + gain*(e-was))
	}
}

// Forecast gives the coming hours, starting with the one after the last that
// was closed, until the horizon is reached (at most a week). It is empty
// before the first hour was closed.
func (m *Model) Forecast(horizon time.Duration) []Hour {
	s := &m.s
	if s.LevelN == 0 || horizon <= 0 {
		return nil
	}
	n := min(int64((horizon+time.Hour-1)/time.Hour), hourCount)
	o := m.outlook(s.Hour - 1)
	hours := make([]Hour, 0, n)
	for ahead := int64(1); ahead <= n; ahead++ {
		var values [candidates]float64
		low, mean, high := o.interval(ahead, &values)
		if math.IsNaN(mean) {
			return hours
		}
		k := m.o.Kind
		hours = append(hours, Hour{
			At:     time.Unix((s.Hour-1+ahead)*hourSeconds, 0).UTC(),
			Median: k.value(mean), Lower: k.value(low), Upper: k.value(high),
		})
	}
	return hours
}

// Coverage is the rolling share of hours that came to lie inside their 95 %
// intervals, 1, 6 and 24 hours ahead.
func (m *Model) Coverage() [3]float64 { return m.s.Coverage }

// median sorts v and gives its median.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}
