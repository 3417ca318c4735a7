package forecast

import "math"

// Shares of failed runs are looked at as what they are, counts: a rise from one
// failed run in two hundred to one in thirty is four failures where one was
// usual, long before means of shares show it. The counts of the last two days
// are held against a grid of explanations, each with its likelihood as Poisson
// counts: nothing changed; the share is another one since an onset; it rises
// since an onset, in a straight line or exponentially. What is counted are
// disturbances, not failed runs: runs that fail one after the other fail for
// one reason, and say as much as a run that fails alone. What the explanations
// say of the coming hours, weighed by their likelihood, is the forecast.
const (
	rateLevels = 12  // shares now, from the usual one to somewhat over the limit
	rateOver   = 1.3 // how far over it
	rateParts  = 12  // parts of the time since an onset
	rateReach  = 6.0 // a rise is followed for at most so many times its age
	rateGain   = 0.003
	// leastRate is the least that a usual share is taken for: where nothing has
	// failed so far, a first failure must not prove a rise.
	leastRate  = 0.003
	negligible = 1e-4
	// worthIt is by how much the limit must be over the usual share: what is
	// closer is broken by chance.
	worthIt = 1.2
	// usualSpread is about what clustering finds in counts of single failures:
	// what was learned from left out the largest.
	usualSpread = 0.9
)

// rateOnsets are the possible onsets of a rise, in half hours.
var rateOnsets = [...]float64{4, 6, 8, 12, 16, 24, 32, 48, 64, 96}

// How likely a rise and a step are before looking, for each hour in which they
// may have begun, and what rises are looked for, in hours from the usual share
// to the limit. Steps are commoner than rises in truth; but a creeping rise that
// is taken for a step is told too late, a step that is taken for a rise costs a
// notice that is withdrawn after some hours. From the few failures that there
// are in time the two can hardly be told apart, whatever the rule: hazards that
// spare two of three steps the notice cost rises half of their lead.
const (
	riseHazard = 1.0 / 2000
	stepHazard = 1.0 / 6000
	stepBefore = 240.0 // hours before those looked at in which there may have been one that is not usual yet
	// From such a usual share on failures may creep up.
	creeping      = 0.001
	leastCreeping = 0.2
	shortestRise  = 6.0
	longestRise   = 120.0
)

// rateCounts are half hours of runs, newest first; the first may be a part of
// one.
type rateCounts struct {
	// bad are disturbances, times the failed runs that each usually has; age is
	// that of the middle, in half hours.
	bad, runs, age [midCount + 1]float64
	n              int
	temper         float64 // share of a likelihood that counts
}

func (m *Model) rateCounts(bucket int64, c *rateCounts) {
	s := &m.s
	per := max(s.PerBucket, 1)
	length := s.rowLength()
	put := func(share, buckets, age, rows float64) {
		c.bad[c.n], c.runs[c.n], c.age[c.n] = max(share+s.Anchor, 0)*buckets*per*rows*length, buckets*per, age
		c.n++
	}
	last := (bucket+1)/midPer - 1
	part := bucket + 1 - (last+1)*midPer
	if mean, n := s.fineMean(bucket, int(part)); n > 0 {
		put(mean, float64(n), float64(part)/midPer/2, s.rowsPerFailure())
	}
	for i := range int64(midCount - 1) {
		if v := s.MidRing[ringed(last-i, midCount)]; !isNaN(v) {
			put(float64(v), midPer, float64(part)/midPer+float64(i)+0.5, float64(s.MidRows[ringed(last-i, midCount)])/255)
		}
	}
	c.temper = 1 / m.clustering()
}

const (
	rowMost  = 20        // more failed runs in a row are an outage of its own
	rowGain  = 1.0 / 200 // of the rows that are remembered
	rowTrust = 5.0       // failed runs that came alone, before any was seen
)

// endRow takes in that some runs in a row failed.
func (s *state) endRow() {
	n := float64(s.Row)
	s.RowCount += 1 - rowGain*s.RowCount
	s.RowLength += n - rowGain*s.RowLength
	s.RowSquares += n*n - rowGain*s.RowSquares
	s.Row = 0
}

// rowLength is how many runs one disturbance usually fails.
func (s *state) rowLength() float64 {
	return (s.RowLength + rowTrust) / (s.RowCount + rowTrust)
}

// rowsPerFailure is the share of the failed runs of the current half hour that
// began a row; one if none failed.
func (s *state) rowsPerFailure() float64 {
	if s.MidFails == 0 {
		return 1
	}
	return float64(s.MidStarts) / float64(s.MidFails)
}

// clustering is by how much less a likelihood counts: for the runs that one
// disturbance fails in a row, and for what counts vary more than Poisson's do
// even so, as when a disturbance fails every other run. That comes from the
// fits over some hours in calm times.
func (m *Model) clustering() float64 {
	s := &m.s
	usual := max(s.Anchor, 1e-4)
	single := usual * (1 - usual) / max(s.PerBucket, 1)
	sum, n := 0.0, 0.0
	for j := range scales {
		v, least := float64(s.HingeVar[j]), 500.0
		if j >= fineScales {
			v, least = v*midPer, 100
		}
		if j >= fineScales-3 && j < fineScales+3 && float64(s.ScaleN[j]) > least {
			sum += v / single
			n++
		}
	}
	inRows := (s.RowSquares + rowTrust) / (s.RowLength + rowTrust)
	return s.rowLength() * max(sum/max(n, 1)/usualSpread/inRows, 1)
}

// riseHazard is how likely a rise is to begin in an hour. What creeps was there
// before; failures of what hardly ever failed are a new fault, and that begins
// with a step.
func (m *Model) riseHazard() float64 {
	return riseHazard * min(max(m.s.Anchor/creeping, leastCreeping), 1)
}

// rateDoubt is the standard error of the logarithm of the usual share.
func (m *Model) rateDoubt(usual float64) float64 {
	failed := usual * max(m.s.PerBucket, 1) * hourSeconds / bucketSeconds * min(m.s.AnchorN, 1/rateGain)
	return 1 / math.Sqrt(failed/m.clustering()+1)
}

// nothing is the likelihood that the share is the same all the time, relative
// to its being the usual one: that is known with some doubt only. It is
// integrated over by three points (Gauss & Hermite).
func (c *rateCounts) nothing(usual, doubt float64) float64 {
	bad, runs := 0.0, 0.0
	for i := range c.n {
		bad += c.bad[i]
		runs += c.runs[i]
	}
	sum := 2.0 / 3
	for _, z := range [...]float64{-math.Sqrt(3) * doubt, math.Sqrt(3) * doubt} {
		sum += math.Exp(c.temper*(bad*z-runs*usual*math.Expm1(z))) / 6
	}
	return sum
}

// steps is the likelihood of a step, with every onset, relative to that of
// nothing. The share after it is integrated over by the method of Laplace: it
// is the one counted, give or take its standard error, out of a span of
// logarithms.
func (c *rateCounts) steps(usual, span float64) (sum float64) {
	bad, runs := 0.0, 0.0
	for i := range c.n {
		bad += c.bad[i]
		runs += c.runs[i]
		if bad <= usual*runs {
			continue
		}
		hours := 0.5
		if i == c.n-1 {
			hours = stepBefore
		}
		gain := bad*math.Log(bad/(usual*runs)) - bad + usual*runs
		sum += math.Exp(c.temper*gain) * stepHazard * hours * min(math.Sqrt(2*math.Pi/(bad*c.temper))/span, 1)
	}
	return sum
}

// rateWindow are the counts since an onset.
type rateWindow struct {
	parts     [rateParts]float64 // failed runs, oldest first
	bad, runs float64
	at        float64 // sum of when runs failed: 0 is the onset, 1 is now
}

func (c *rateCounts) since(onset float64) (w rateWindow) {
	for i := range c.n {
		if c.age[i] >= onset {
			break
		}
		at := 1 - c.age[i]/onset
		w.parts[min(int(at*rateParts), rateParts-1)] += c.bad[i]
		w.bad += c.bad[i]
		w.runs += c.runs[i]
		w.at += at * c.bad[i]
	}
	return w
}

// rateCurve adds to a curve the probability that the share of failed runs rises
// over a limit, as seen when a bucket was just closed, and gives how high over
// the usual share it is if it rises.
func (m *Model) rateCurve(limit float64, bucket int64, c *curve) (level float64) {
	usual := min(max(m.s.Anchor, leastRate), 0.5)
	if limit <= worthIt*usual {
		return 0
	}
	// What shares now, and on the way to them in a straight line, are in
	// logarithms relative to the usual one.
	var ends [rateLevels]float64
	var ways [rateLevels][rateParts]float64
	span, harmonic := math.Log(rateOver*limit/usual), 0.0
	for i := range ends {
		ends[i] = span * float64(i+1) / rateLevels
		harmonic += 1 / float64(i+1)
		more := math.Expm1(ends[i])
		for p := range rateParts {
			ways[i][p] = math.Log1p(more * (float64(p) + 0.5) / rateParts)
		}
	}
	var counts rateCounts
	m.rateCounts(bucket, &counts)
	still := counts.nothing(usual, m.rateDoubt(usual)) + counts.steps(usual, span)
	rising, levels, before := 0.0, 0.0, 0.0
	for _, onset := range rateOnsets {
		w := counts.since(onset)
		hours := (onset - before) * midSecs / hourSeconds
		before = onset
		age := onset * midSecs / hourSeconds
		for i, end := range ends {
			more := usual * math.Expm1(end)
			line := -more * w.runs / 2
			for p, l := range ways[i] {
				line += w.parts[p] * l
			}
			exponential := w.at*end - w.runs*(more/end-usual)
			// Long rises and short ones are as likely on a scale of logarithms:
			// that makes low shares more likely, in proportion to 1/i.
			prior := hours * m.riseHazard() / harmonic / float64(i+1) / 2
			for _, shape := range [...]struct{ evidence, ahead float64 }{
				{line, age * (limit - usual - more) / more},
				{exponential, age * (math.Log(limit/usual) - end) / end},
			} {
				if whole := age + shape.ahead; whole < shortestRise || whole > longestRise {
					continue
				}
				weight := prior * math.Exp(counts.temper*shape.evidence)
				rising += weight
				levels += more * weight
				if weight > negligible*still {
					c.reach(weight, age, shape.ahead)
				}
			}
		}
	}
	for i := range c.p {
		c.p[i] /= still + rising
	}
	return levels / max(rising, 1e-300)
}

// reach adds the weight of a rise that reaches its limit after so many hours, if
// it goes on.
func (c *curve) reach(weight, age, hours float64) {
	if hours > rateReach*age {
		return
	}
	hours = max(hours, 0)
	p := weight * math.Pow(age/(age+hours), persistence)
	for i := rampSteps - 1; i >= 0 && c.hours[i] >= hours; i-- {
		c.p[i] += p
	}
}

// beyondChance is how many standard errors a share of failed runs of former days
// is taken to have been high by chance.
const beyondChance = 2.0

// rateNovelty is near zero while the share of failed runs has been as high
// before, over four hours and beyond chance, without breaking the limit.
func (m *Model) rateNovelty(level, room float64) float64 {
	own := math.Ceil((float64(m.s.Frozen) - m.hoursIntoDay()) / 24)
	high := m.highBefore(room, int64(max(own, 0)))
	runs := max(m.s.PerBucket, 1) * 4 * hourSeconds / bucketSeconds
	high -= beyondChance * math.Sqrt((m.s.Anchor+high)/runs)
	return min(max((level-high)/(noveltyMargin*room), 0.02), 1)
}
