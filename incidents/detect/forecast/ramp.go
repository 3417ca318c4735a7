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
	stepOdds = 0.0
	temper   = 0.7 // likelihoods of dependent data count less
	// persistence: a ramp that has lasted for a goes on for another u with
	// probability (a/(a+u))^persistence.
	persistence = 0.15
	reachAges   = 3.0 // a ramp is followed for at most so many times its age
)

// fit is one line from an onset.
type fit struct {
	hours    float64 // since the onset
	slope    float64 // fine space per hour
	slopeVar float64
	z        float64 // strength in standard deviations
	step     float64 // strength of a step at the same onset
	weight   float64
}

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
	if s.Bucket%midPer == 0 {
		s.Bads[ringed(mid, midCount)] = 0
	}
	s.Bads[ringed(mid, midCount)] = uint8(min(int32(s.Bads[ringed(mid, midCount)])+s.BadBurst, 255))
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
		if n > 0 {
			s.MidRing[ringed(mid, midCount)] = float32(sum / float64(n))
		}
	}
	m.learnScales(midClosed)
}

// moments of a window that ends at the newest bucket.
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

// eachScale calls do for every onset with the moments of its window.
func (s *state) eachScale(bucket int64, mids bool, do func(j, lag int, c *moments)) {
	var c moments
	i := 0
	for j, lag := range fineLags {
		for ; i < lag; i++ {
			c.add(i, s.Fine[ringed(bucket-int64(i), fineCount)])
		}
		if c.n >= float64(lag)/3 {
			do(j, lag, &c)
		}
	}
	if !mids {
		return
	}
	c = moments{}
	i = 0
	last := (bucket+1)/midPer - 1
	for j, lag := range midLags {
		for ; i < lag; i++ {
			c.add(i, s.MidRing[ringed(last-int64(i), midCount)])
		}
		if c.n >= float64(lag)/3 {
			do(fineScales+j, lag, &c)
		}
	}
}

// learnScales learns how large fits are when nothing happens, and takes note
// of the strongest.
func (m *Model) learnScales(mids bool) {
	s := &m.s
	calm := s.Strength < strengthMC && s.Phase == int32(phaseIdle)
	strongest := math.Inf(-1)
	s.eachScale(s.Bucket, true, func(j, lag int, c *moments) {
		tr, tt := c.hinge(lag)
		if tt <= 0 {
			return
		}
		u := tr / math.Sqrt(tt)
		v := m.noise(j)
		strongest = max(strongest, u/math.Sqrt(v))
		if !calm || j >= fineScales && !mids {
			return
		}
		gain := fineGain
		if j >= fineScales {
			gain = midGainVar
		}
		s.ScaleN[j]++
		s.HingeVar[j] += max(gain, 1/s.ScaleN[j]) * (min(u*u, 9*v) - s.HingeVar[j])
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
	v := (s.HingeVar[j]*s.ScaleN[j] + guess*n0) / (s.ScaleN[j] + n0)
	return max(v, floor)
}

// fits gives the line for each onset, weighted by how well it explains what
// came since, and the probability that there is a ramp at all and not only a
// higher level.
func (m *Model) fits(bucket int64) (all [scales]fit, chance float64) {
	s := &m.s
	best, bestStep := 0.0, 0.0
	s.eachScale(bucket, true, func(j, lag int, c *moments) {
		tr, tt := c.hinge(lag)
		if tt <= 0 {
			return
		}
		v := m.noise(j)
		dt := float64(bucketSeconds) / hourSeconds
		if j >= fineScales {
			dt *= midPer
		}
		slope := tr / tt
		f := fit{hours: float64(lag) * dt, slope: slope / dt, slopeVar: v / tt / (dt * dt), z: tr / math.Sqrt(tt*v)}
		if c.sum > 0 {
			f.step = c.sum / math.Sqrt(c.n*v)
		}
		if m.o.Kind == ErrorRate {
			// More failures make more noise.
			p, base := min(slope*float64(lag)/2+s.Anchor, 0.5), min(max(s.Anchor, 0.003), 0.5)
			f.slopeVar *= max(1, p*(1-p)/(base*(1-base)))
			if m.badsSince(bucket, f.hours) < leastBad {
				f.z = 0
			}
		}
		all[j] = f
		best, bestStep = max(best, f.z), max(bestStep, f.step)
	})
	sum := 0.0
	for j := range all {
		if all[j].z > 0 {
			all[j].weight = math.Exp(temper * (all[j].z*all[j].z - best*best) / 2)
			sum += all[j].weight
		}
	}
	if sum == 0 {
		return all, 0
	}
	for j := range all {
		all[j].weight /= sum
	}
	ramp := logistic(best*best/2 - nullOdds)
	notStep := logistic(temper*(best*best-bestStep*bestStep)/2 + stepOdds)
	return all, ramp * notStep
}

// leastBad is how many failed runs there must be in a ramp of failures.
const leastBad = 5

func (m *Model) badsSince(bucket int64, hours float64) int {
	n := 0
	for i := range int64(math.Ceil(hours * 2)) {
		n += int(m.s.Bads[ringed(bucket/midPer-i, midCount)])
	}
	return n
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
	all, chance := m.fits(bucket)
	if chance < 0.02 {
		return c
	}
	var room [rampSteps]float64
	for i, h := range c.hours {
		at := bucket + 1 + int64(h*hourSeconds/bucketSeconds)
		room[i] = limit - m.baseline(at)
	}
	for _, f := range all {
		if f.weight < 0.01 {
			continue
		}
		need, spent, p := math.Inf(1), 0.0, 0.0
		for i, h := range c.hours {
			if h > reachAges*f.hours {
				h = reachAges * f.hours
			}
			need = min(need, room[i]/(f.hours+h))
			if c.hours[i] <= reachAges*f.hours || i == 0 {
				reached := normalAbove(need, f.slope, f.slopeVar)
				goesOn := math.Pow(f.hours/(f.hours+h), persistence)
				p += max(reached-spent, 0) * goesOn
				spent = max(spent, reached)
			}
			c.p[i] += f.weight * p
		}
	}
	chance *= m.agreement(bucket, all)
	chance *= m.novelty(all, room[0])
	for i := range c.p {
		c.p[i] *= chance
	}
	return c
}

// agreement is the word of a second test, which does not believe in lines: the
// rank test for a trend (Mann 1945, Kendall 1975) over the best window.
func (m *Model) agreement(bucket int64, all [scales]fit) float64 {
	s := &m.s
	best := 0
	for j := range all {
		if all[j].weight > all[best].weight {
			best = j
		}
	}
	var v [midCount]float32
	n := 0
	if best < fineScales {
		for i := fineLags[best] - 1; i >= 0; i-- {
			if f := s.Fine[ringed(bucket-int64(i), fineCount)]; !isNaN(f) {
				v[n] = f
				n++
			}
		}
	} else {
		last := (bucket+1)/midPer - 1
		for i := midLags[best-fineScales] - 1; i >= 0; i-- {
			if f := s.MidRing[ringed(last-int64(i), midCount)]; !isNaN(f) {
				v[n] = f
				n++
			}
		}
	}
	if mannKendall(v[:n]) < trendZ {
		return 0.2
	}
	return 1
}

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
func (m *Model) novelty(all [scales]fit, room float64) float64 {
	if room <= 0 {
		return 1
	}
	level, hours := 0.0, 0.0
	for _, f := range all {
		level += f.weight * f.slope * f.hours
		hours += f.weight * f.hours
	}
	high := m.highBefore(room, int64(math.Ceil(hours/24)))
	return min(max((level-high)/(noveltyMargin*room), 0.02), 1)
}

const noveltyMargin = 0.1

// highBefore is the highest distance of an hour from the anchor on days that
// ended before so many days ago and did not reach the limit.
func (m *Model) highBefore(room float64, days int64) float64 {
	s := &m.s
	high := 0.0
	for i := days; i < dayCount; i++ {
		d := float64(s.DayHigh[ringed(s.Today-1-i, dayCount)])
		if !math.IsNaN(d) && d < 0.97*room {
			high = max(high, d)
		}
	}
	return high
}

// learnAnchor takes an hour into the level from which ramps depart.
func (m *Model) learnAnchor(h int64, k int, y float64) {
	s := &m.s
	x := y
	if m.o.Kind == ErrorRate {
		x = m.o.Kind.value(y)
	} else if s.Days > 0 {
		x -= s.season(k)
	}
	s.AnchorN++
	if s.AnchorN == 1 {
		s.Anchor = x
		return
	}
	d := x - s.Anchor
	s.TodayHigh = max(s.TodayHigh, d)
	bound := math.Inf(1)
	if s.AnchorN > 24 && s.AnchorVar > 0 {
		bound = 2.5 * math.Sqrt(s.AnchorVar)
	}
	if s.Strength > freezeAt && s.AnchorN > 48 && s.Frozen < freezeMax {
		s.Frozen++
	} else {
		s.Frozen = 0
		gain := max(anchorGain, 1/s.AnchorN)
		s.Anchor += gain * clip(d, bound)
		c := clip(d, 1.4*bound)
		s.AnchorVar += gain * (c*c - s.AnchorVar)
	}
	m.settleAnchor(h)
}

// settleAnchor moves the anchor to a level that has been the new one for a
// day, without going on.
func (m *Model) settleAnchor(h int64) {
	s := &m.s
	last := ((h+1)*hourSeconds/bucketSeconds)/midPer - 1
	newer, n := s.midMean(last, 24)
	older, o := s.midMean(last-24, 24)
	if n < 16 || o < 16 || s.AnchorN < 48 {
		return
	}
	if math.Abs(newer) < 2.5*math.Sqrt(s.AnchorVar) || math.Abs(newer-older) > 0.25*math.Abs(newer) {
		return
	}
	move := (newer + older) / 2
	s.Anchor += move
	for i := range s.Fine {
		s.Fine[i] -= float32(move)
	}
	for i := range s.MidRing {
		s.MidRing[i] -= float32(move)
	}
	for i := range s.DayHigh {
		s.DayHigh[i] -= float32(move)
	}
	s.TodayHigh -= move
	s.Frozen = 0
}

func (s *state) midMean(last int64, count int) (mean float64, n int) {
	sum := 0.0
	for i := range int64(count) {
		if v := s.MidRing[ringed(last-i, midCount)]; !isNaN(v) {
			sum += float64(v)
			n++
		}
	}
	return sum / float64(max(n, 1)), n
}
