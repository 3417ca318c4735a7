package forecast

import "math"

// shapeOf is one of three explanations of what rose lately.
type shapeOf uint8

const (
	hinge shapeOf = iota // a line from the usual level, from an onset on
	line                 // a line from another level, from an onset on
	step                 // another level from an onset on, and no trend
	shapesOf
)

// trend is one explanation with its onset.
type trend struct {
	age      float64 // hours since the onset
	evidence float64 // log-likelihood over that of nothing
	level    float64 // now, above the usual, in fine space
	slope    float64 // per hour
	tangent  float64 // per hour, now, if the latency and not its logarithm rises in a line
	load     float64 // per hour, now, if it is the inverse of the latency that falls in a line
	q0, q1   float64 // the variance u hours ahead is q0 + q1·(centre+u)²
	centre   float64
}

// trends are the explanations of what rose lately: those with about every
// onset, weighed by their likelihood.
type trends struct {
	all  [2][fineCount/2 + midCount/4]trend // hinges and lines
	n    [2]int
	best [shapesOf]float64
}

const (
	leastFine = 6  // buckets of the shortest window
	leastRare = 24 // the same for error rates: few runs fail
	leastMid  = 8  // half hours; shorter windows are seen better in buckets
)

// findTrends fits the windows: a step from every onset, hinges and lines
// from every second or fourth.
func (m *Model) findTrends(bucket int64, t *trends) {
	s := &m.s
	shortest := leastFine
	if m.o.Kind == ErrorRate {
		shortest = leastRare
	}
	v := 0.0
	for j := range fineScales {
		v = max(v, m.noise(j))
	}
	s.eachFine(bucket, func(lag int, c *moments) {
		if lag >= shortest {
			m.fit(t, lag, c, v, bucketSeconds, lag%2 == 0)
		}
	})
	v = 0
	for j := range midScales {
		v = max(v, m.noise(fineScales+j))
	}
	s.eachMid(bucket, func(lag int, c *moments) {
		if lag >= leastMid {
			m.fit(t, lag, c, v, midSecs, lag%4 == 0)
		}
	})
}

// leastBad is how many failed runs there must be in a ramp of failures.
const leastBad = 4.5

// fit adds the explanations with an onset of lag buckets of some seconds ago;
// v is the variance of a bucket. Hinges and lines are left out if not rising is
// asked for.
func (m *Model) fit(t *trends, lag int, c *moments, v float64, seconds int, rising bool) {
	if c.n < float64(lag)/3 || c.n < 3 || c.sum <= 0 {
		return
	}
	dt := float64(seconds) / hourSeconds
	trust := 1.0
	if m.o.Kind == ErrorRate {
		if (c.sum+c.n*m.s.Anchor)*m.s.PerBucket*float64(seconds/bucketSeconds) < leastBad {
			return
		}
		v, trust = m.failureNoise(c.sum/c.n, v)
	}
	t.best[step] = max(t.best[step], trust*c.sum*c.sum/c.n/(2*v)-stepOdds)
	if !rising {
		return
	}
	tr, tt := c.hinge(lag)
	if tr > 0 && tt > 0 {
		b := tr / tt / dt
		age := float64(lag) * dt
		h := trend{age: age, evidence: trust * tr * tr / tt / (2 * v), level: b * age, slope: b, centre: age, q1: v / tt / (dt * dt)}
		h.evidence -= suddenness(age)
		h.tangent = -math.Expm1(-h.level) / age
		h.load = math.Expm1(h.level) / age
		t.put(hinge, h)
	}
	xy, xx := c.line()
	if c.n >= 4 && xy > 0 && xx > 0 {
		b, centre := xy/xx, c.at/c.n
		l := trend{age: float64(lag) * dt, evidence: trust*(c.sum*c.sum/c.n+xy*xy/xx)/(2*v) - lineOdds,
			level: c.sum/c.n + b*centre, slope: b / dt, centre: centre * dt, q0: v / c.n, q1: v / xx / (dt * dt)}
		l.evidence -= suddenness(l.age)
		l.tangent, l.load = l.slope, l.slope
		t.put(line, l)
	}
}

// suddenness is what speaks against a rise of an age before looking: what
// changes within minutes is rather a step, such as a deploy makes.
func suddenness(age float64) float64 {
	return sudden * max(math.Log(suddenAge/age), 0)
}

const (
	sudden    = 1.5
	suddenAge = 2.0 // hours
)

func (t *trends) put(shape shapeOf, f trend) {
	t.best[shape] = max(t.best[shape], f.evidence)
	t.all[shape][t.n[shape]] = f
	t.n[shape]++
}

// failureNoise is the variance of a share that is now higher than usual, and
// how much less its rise proves than the variance says: the counts of rare
// failures are Poisson's, whose tail is longer than a normal one.
func (m *Model) failureNoise(above, v float64) (variance, trust float64) {
	base := min(max(m.s.Anchor, 0.003), 0.5)
	p := min(base+max(above, 0), 0.5)
	ratio := p / base
	if ratio < 1.01 {
		return v, 1
	}
	inflated := p * (1 - p) / (base * (1 - base))
	// The likelihood ratio of Poisson counts against that of normal ones, both
	// in terms of the larger variance.
	return v * inflated, inflated * 2 * (ratio*math.Log(ratio) - ratio + 1) / ((ratio - 1) * (ratio - 1))
}

// chance is the probability that something rose and that it goes on rising.
func (t *trends) chance() float64 {
	most := max(t.best[hinge], t.best[line], t.best[step])
	if t.n[hinge]+t.n[line] == 0 {
		return 0
	}
	rising := math.Exp(temper*(t.best[hinge]-most)) + math.Exp(temper*(t.best[line]-most))
	still := math.Exp(temper * (t.best[step] - most))
	return logistic(most-nullOdds) * rising / (rising + still)
}

// lightest is the weight, relative to the best, under which an explanation is
// left out.
const lightest = 0.03

// add adds the probability of a breach to a curve, given that something
// rises, and gives the mean level and age of what does. Room is what is left
// up to the limit from the usual level at the times of the curve.
func (t *trends) add(kind Kind, room *[rampSteps]float64, c *curve) (level, age float64) {
	most := max(t.best[hinge], t.best[line])
	sum := 0.0
	for shape := range t.all {
		for _, f := range t.all[shape][:t.n[shape]] {
			if w := math.Exp(temper * (f.evidence - most)); w > lightest {
				sum += w
			}
		}
	}
	for shape := range t.all {
		for _, f := range t.all[shape][:t.n[shape]] {
			w := math.Exp(temper * (f.evidence - most))
			if w <= lightest {
				continue
			}
			w /= sum
			level += w * f.level
			age += w * f.age
			f.add(kind, w, room, c)
		}
	}
	return level, age
}

// add adds the probability that one trend breaks the limit. Whether it goes on
// as a straight line, exponentially, or as the waiting time of a queue whose
// load grows (1/(1−load), so that its inverse falls in a straight line) cannot
// be told early; all three are given the same weight.
func (f *trend) add(kind Kind, weight float64, room *[rampSteps]float64, c *curve) {
	spent, p := 0.0, 0.0
	for i, h := range c.hours {
		if (h <= reachAges*f.age || i == 0) && spent < allBut {
			if reached := f.reached(kind, room[i], h); reached > spent {
				p += (reached - spent) * math.Pow(f.age/(f.age+h), persistence)
				spent = reached
			}
		}
		c.p[i] += weight * p
	}
}

// allBut is the probability at which a limit counts as reached.
const allBut = 0.999

// reached is the probability of being over a limit after so many hours.
func (f *trend) reached(kind Kind, room, hours float64) float64 {
	room -= f.level
	scale := 1 / math.Sqrt(2*(f.q0+f.q1*(f.centre+hours)*(f.centre+hours))+1e-12)
	reached := above((room - f.slope*hours) * scale)
	if kind != Latency {
		return reached
	}
	// The latency itself grows less than its logarithm would.
	if z := (room - f.tangent*hours) * scale; z < farOff {
		reached += above((room - math.Log1p(f.tangent*hours)) * scale)
	}
	return (reached + above((room+math.Log(max(1-f.load*hours, 0.05)))*scale)) / 3
}

// farOff is a distance in √2 standard deviations that is never reached.
const farOff = 3.2

// above is the probability that a normal variable exceeds its mean by z times
// √2 standard deviations.
func above(z float64) float64 {
	switch {
	case z > farOff:
		return 0
	case z < -farOff:
		return 1
	}
	return 0.5 * math.Erfc(z)
}
