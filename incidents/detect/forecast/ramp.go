package forecast

import "math"

// Ramps are sought by fitting, for a number of possible onsets, a line that
// starts at the usual level and at the onset. The noise of each such fit is
// learned from the fit itself in calm times: autocorrelation, wandering
// and imperfect seasons are in it.
const (
	fineScales = 7
	midScales  = 7
	scales     = fineScales + midScales
	rampSteps  = 24
	// rampReach is how far ahead a ramp is followed.
	rampReach = 48.0 // hours
	midPer    = 6    // five-minute buckets in a half hour
	midSecs   = bucketSeconds * midPer
)

// The possible onsets, in buckets of five minutes and of half an hour.
var (
	fineLags = [fineScales]int{6, 9, 12, 18, 24, 36, 48}
	midLags  = [midScales]int{12, 16, 24, 36, 48, 72, 96}
)

const (
	anchorGain = 0.01
	freezeAt   = 3.5 // strength from which the anchor is held
	freezeMax  = 96  // hours for which it is held at most
	fineGain   = 1.0 / 3000
	midGainVar = 1.0 / 600
	strengthMC = 4.0 // above it a fit is no noise and not learned from
	// nullOdds is the logarithm of how much likelier no ramp is than one of
	// the scales before looking. It stands for the many looks.
	nullOdds = 8.0
	stepOdds = 0.0 // the same for a step
	lineOdds = 2.5 // the same for a line with a level of its own
	temper   = 0.7 // likelihoods of dependent data count less
	// persistence: a ramp that has lasted for a goes on for another u with
	// probability (a/(a+u))^persistence.
	persistence = 0.15
	reachAges   = 3.0 // a ramp is followed for at most so many times its age
)

// baseline is the usual value at a bucket, in fine space: of a latency the
// anchor with the season between the middles of the hours around it.
func (m *Model) baseline(bucket int64) float64 {
	s := &m.s
	if m.o.Kind == ErrorRate {
		return s.Anchor
	}
	return s.Anchor + m.seasonAt(bucket*bucketSeconds+bucketSeconds/2)
}

func (m *Model) seasonAt(sec int64) float64 {
	s := &m.s
	if s.Days == 0 {
		return 0
	}
	half := sec - hourSeconds/2
	hour := half / hourSeconds
	f := float64(half%hourSeconds) / hourSeconds
	return s.season(m.hourOfWeek(hour))*(1-f) + s.season(m.hourOfWeek(hour+1))*f
}

// closeBucket ends the current five minutes.
func (m *Model) closeBucket() {
	s := &m.s
	v := m.fineNow()
	r := nan32
	if !math.IsNaN(v) && s.AnchorN > 0 {
		r = float32(v - m.baseline(s.Bucket))
	}
	if s.BurstSeen > 0 {
		s.PerBucket += 0.01 * (float64(s.BurstSeen) - s.PerBucket)
		if s.PerBucket < 1 {
			s.PerBucket = 1
		}
	}
	mid := s.Bucket / midPer
	s.clearBurst()
	if last := s.Fine[ringed(s.Bucket-1, fineCount)]; !isNaN(last) && !isNaN(r) {
		d := float64(r - last)
		sq := d * d / 2
		if s.FineN > 100 {
			sq = min(sq, 9*s.FineVar)
		}
		s.FineN++
		s.FineVar += max(0.001, 1/s.FineN) * (sq - s.FineVar)
	}
	s.Fine[ringed(s.Bucket, fineCount)] = r
	midClosed := s.Bucket%midPer == midPer-1
	if midClosed {
		sum, n := 0.0, 0
		for i := range int64(midPer) {
			if f := s.Fine[ringed(s.Bucket-i, fineCount)]; !isNaN(f) {
				sum += float64(f)
				n++
			}
		}
		s.MidRing[ringed(mid, midCount)] = nan32
		s.MidRows[ringed(mid, midCount)] = uint8(math.Round(255 * s.rowsPerFailure()))
		s.MidFails, s.MidStarts = 0, 0
		if n > 0 {
			s.MidRing[ringed(mid, midCount)] = float32(sum / float64(n))
		}
	}
	m.learnScales(midClosed)
}

// moments of a window that ends at the newest bucket, with ages in buckets.
type moments struct{ n, sum, at, atSq, atSum float64 }

func (c *moments) add(i int, v float32) {
	if isNaN(v) {
		return
	}
	a, r := float64(i)+0.5, float64(v)
	c.n++
	c.sum += r
	c.at += a
	c.atSq += a * a
	c.atSum += a * r
}

// hinge gives Σt·r and Σt² for times t since an onset of n buckets ago.
func (c *moments) hinge(n int) (tr, tt float64) {
	f := float64(n)
	return f*c.sum - c.atSum, f*f*c.n - 2*f*c.at + c.atSq
}

// line gives Σ(x−x̄)·r and Σ(x−x̄)² for times x.
func (c *moments) line() (xy, xx float64) {
	return c.at*c.sum/c.n - c.atSum, c.atSq - c.at*c.at/c.n
}

// eachFine and eachMid call do with the moments of every window of their ring,
// from the shortest to the longest.
func (s *state) eachFine(bucket int64, do func(lag int, c *moments)) {
	var c moments
	spread := float32(spikes * math.Sqrt(s.FineVar))
	for i := range fineCount {
		c.add(i, s.calmFine(bucket-int64(i), bucket, spread))
		do(i+1, &c)
	}
}

func (s *state) eachMid(bucket int64, do func(lag int, c *moments)) {
	var c moments
	last := (bucket+1)/midPer - 1
	for i := range midCount {
		c.add(i, s.MidRing[ringed(last-int64(i), midCount)])
		do(i+1, &c)
	}
}

// spikes is how many standard deviations a bucket may stand out of its
// neighbours.
const spikes = 2.5

// calmFine is a value of the ring without what stands out of its neighbours:
// a single slow five minutes are no ramp.
func (s *state) calmFine(i, newest int64, spread float32) float32 {
	v := s.Fine[ringed(i, fineCount)]
	if i == newest {
		i--
	}
	a, b, c := s.Fine[ringed(i-1, fineCount)], s.Fine[ringed(i, fineCount)], s.Fine[ringed(i+1, fineCount)]
	if isNaN(v) || isNaN(a) || isNaN(b) || isNaN(c) {
		return v
	}
	mid := max(min(a, b), min(max(a, b), c))
	return min(max(v, mid-spread), mid+spread)
}

// learnScales learns how large fits are when nothing happens, and takes note
// of the strongest.
func (m *Model) learnScales(mids bool) {
	s := &m.s
	calm := s.Strength < strengthMC && s.Phase == int32(phaseIdle)
	strongest := math.Inf(-1)
	learn := func(j, lag int, c *moments, gain float64) {
		tr, tt := c.hinge(lag)
		if tt <= 0 || c.n < float64(lag)/3 {
			return
		}
		u := tr / math.Sqrt(tt)
		v := m.noise(j)
		strongest = max(strongest, u/math.Sqrt(v))
		if calm && gain > 0 {
			s.ScaleN[j]++
			was, n := float64(s.HingeVar[j]), float64(s.ScaleN[j])
			s.HingeVar[j] = float32(was + max(gain, 1/n)*(min(u*u, 9*v)-was))
		}
	}
	j := 0
	s.eachFine(s.Bucket, func(lag int, c *moments) {
		if lag == fineLags[j] {
			learn(j, lag, c, fineGain)
			j = min(j+1, fineScales-1)
		}
	})
	gain := 0.0
	if mids {
		gain = midGainVar
	}
	j = 0
	s.eachMid(s.Bucket, func(lag int, c *moments) {
		if lag == midLags[j] {
			learn(fineScales+j, lag, c, gain)
			j = min(j+1, midScales-1)
		}
	})
	if math.IsInf(strongest, -1) {
		strongest = 0
	}
	s.Strength = strongest
}

// noise is the variance of a bucket as the fit at a scale sees it: what was
// learned, leaning on a guess while that is little, and never nothing.
func (m *Model) noise(j int) float64 {
	s := &m.s
	guess, n0, floor := 3*s.FineVar, 100.0, 4e-4
	if j >= fineScales {
		guess, n0, floor = 3*s.AnchorVar, 40, 1e-4
	}
	if m.o.Kind == ErrorRate {
		p := min(max(s.Anchor, 0.003), 0.5)
		per := max(s.PerBucket, 1)
		if j >= fineScales {
			per *= midPer
		}
		floor = p * (1 - p) / per
	}
	seen, n := float64(s.HingeVar[j]), float64(s.ScaleN[j])
	v := (seen*n + guess*n0) / (n + n0)
	return max(v, floor)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// normalAbove is the probability that a normal variable exceeds x.
func normalAbove(x, mean, variance float64) float64 {
	if variance <= 0 {
		if mean >= x {
			return 1
		}
		return 0
	}
	return 0.5 * math.Erfc((x-mean)/math.Sqrt(2*variance))
}

// curve is the probability of a breach up to each of some times ahead.
type curve struct {
	hours [rampSteps]float64
	p     [rampSteps]float64
}

// by is the probability of a breach within so many hours.
func (c *curve) by(hours float64) float64 {
	before, pBefore := 0.0, 0.0
	for i, h := range c.hours {
		if h >= hours {
			return pBefore + (c.p[i]-pBefore)*(hours-before)/(h-before)
		}
		before, pBefore = h, c.p[i]
	}
	return pBefore
}

// when is the time until a share of the whole probability is spent.
func (c *curve) when(share float64) float64 {
	want := share * c.p[rampSteps-1]
	before, pBefore := 0.0, 0.0
	for i, p := range c.p {
		if p >= want && p > pBefore {
			return before + (c.hours[i]-before)*(want-pBefore)/(p-pBefore)
		}
		before, pBefore = c.hours[i], p
	}
	return before
}

// rampCurve is the probability that a ramp takes the series over a limit (in
// fine space), at a bucket that was just closed.
func (m *Model) rampCurve(limit float64, bucket int64) (c curve) {
	s := &m.s
	for i := range c.hours {
		f := float64(i+1) / rampSteps
		c.hours[i] = rampReach * f * f
	}
	if s.Days < 2 || s.AnchorN == 0 {
		return c
	}
	if m.o.Kind == ErrorRate {
		level := m.rateCurve(limit, bucket, &c)
		chance := m.rateNovelty(level, limit-s.Anchor)
		for i := range c.p {
			c.p[i] *= chance
		}
		return c
	}
	var t trends
	m.findTrends(bucket, &t)
	chance := t.chance()
	if chance < 0.02 {
		return c
	}
	var room [rampSteps]float64
	for i, h := range c.hours {
		at := bucket + 1 + int64(h*hourSeconds/bucketSeconds)
		room[i] = limit - m.baseline(at)
	}
	level, age := t.add(m.o.Kind, &room, &c)
	chance *= m.agreement(bucket, age)
	chance *= m.novelty(level, room[0])
	for i := range c.p {
		c.p[i] *= chance
	}
	return c
}

// agreement is the word of a second test, which does not believe in lines: the
// rank test for a trend (Mann 1945, Kendall 1975) over the age of the ramp, on
// means of up to twelve parts of it.
func (m *Model) agreement(bucket int64, age float64) float64 {
	s := &m.s
	var parts [12]float32
	count := int(math.Round(age * hourSeconds / bucketSeconds))
	at := func(i int) float32 { return s.Fine[ringed(bucket-int64(i), fineCount)] }
	if count > fineCount {
		last := (bucket+1)/midPer - 1
		at = func(i int) float32 { return s.MidRing[ringed(last-int64(i), midCount)] }
		count = min(count/midPer, midCount)
	}
	count = max(count, 6)
	n := 0
	most := min(count, len(parts))
	for p := most - 1; p >= 0; p-- {
		sum, k := float32(0), 0
		for i := p * count / most; i < (p+1)*count/most; i++ {
			if f := at(i); !isNaN(f) {
				sum += f
				k++
			}
		}
		if k > 0 {
			parts[n] = sum / float32(k)
			n++
		}
	}
	if mannKendall(parts[:n]) < trendZ {
		return 0.2
	}
	return 1
}

// trendZ is the least Mann-Kendall statistic of what counts as rising.
const trendZ = 1.3

// mannKendall is the standardised Mann-Kendall statistic: positive for rising
// values, about normal if there is no trend.
func mannKendall(v []float32) float64 {
	n := float64(len(v))
	if n < 4 {
		return 0
	}
	sum := 0
	for i := range v {
		for j := i + 1; j < len(v); j++ {
			switch {
			case v[j] > v[i]:
				sum++
			case v[j] < v[i]:
				sum--
			}
		}
	}
	if sum > 0 {
		sum--
	}
	return float64(sum) / math.Sqrt(n*(n-1)*(2*n+5)/18)
}

// novelty is near zero while the series has been as high before without
// breaking the limit: a sawtooth rises every time and resets every time.
// What was reached since the rise was first seen is its own doing.
func (m *Model) novelty(level, room float64) float64 {
	if room <= 0 {
		return 1
	}
	own := math.Ceil((float64(m.s.Frozen) - m.hoursIntoDay()) / 24)
	high := m.highBefore(room, int64(max(own, 0)))
	fresh := (level - high) / (noveltyMargin * room)
	if y, fell := m.yesterday(); m.o.Kind == Latency && fell > 0.3*level {
		fresh = min(fresh, (level-y)/(freshMargin*room))
	}
	return min(max(fresh, 0.02), 1)
}

// yesterday is how high the series was a day ago at this time, and how far it
// fell from there since: if it was about as high and fell, what rises now is no
// ramp but a daily peak that grows.
func (m *Model) yesterday() (level, fell float64) {
	s := &m.s
	last := s.Bucket/midPer - 1
	level, n := s.midMean(last-46, 3)
	if n == 0 {
		return 0, 0
	}
	lowest := level
	for i := int64(0); i < 42; i += 6 {
		if v, n := s.midMean(last-i, 6); n > 0 {
			lowest = min(lowest, v)
		}
	}
	return level, level - lowest
}

// How far above what was reached before a rise must be, as a share of the way
// from the usual level to the limit: on other days, and a day ago.
const (
	noveltyMargin = 0.1
	freshMargin   = 0.5
)

// highBefore is the highest distance of an hour from the anchor on days that
// ended before so many days ago and did not reach the limit.
func (m *Model) highBefore(room float64, days int64) float64 {
	s := &m.s
	high := 0.0
	for i := days; i < dayCount; i++ {
		d := s.DayHigh[ringed(s.Today-1-i, dayCount)].value()
		if !math.IsNaN(d) && d < 0.97*room {
			high = max(high, d)
		}
	}
	return high
}
