package anomaly

import (
	"math"
	"time"
)

// The spans, in samples, over which the measures look.
const (
	levels     = 4
	changes    = 2
	roughs     = 3
	quiets     = 2
	ranges     = 3
	dayMeans   = 5
	weekMeans  = 3
	measures   = levels + changes + roughs + quiets + ranges + dayMeans + weekMeans
	fromChange = levels
	fromRough  = fromChange + changes
	fromQuiet  = fromRough + roughs
	fromRange  = fromQuiet + quiets
	fromDay    = fromRange + ranges
	fromWeek   = fromDay + dayMeans
)

// spans are those of all measures, in their order. A measure over a span moves
// slowly: an event shows in so many readings, and is rarer than they are.
var spans = [measures]float64{
	1, 5, 12, 50, // level
	5, 20, // change of level
	3, 10, 30, // rougher
	10, 30, // smoother
	12, 24, longest, // range
	1, 4, 10, 30, 90, // time of day
	1, 10, 30, // time of week
}

// longest is the longest span of a range, whose samples are kept.
const longest = 48

// slower is how much longer the slow average of a change is.
const slower = 10

// unseen is the reading of a measure that has nothing to say.
var unseen = math.NaN()

// memory is what the measures remember of a series.
type memory struct {
	n       float64 // samples taken in
	last    float64 // value of the latest
	level   level
	means   [levels]average
	changes [changes]struct{ fast, slow, usual average }
	roughs  [roughs]average
	rough   average          // in the long run
	recent  [longest]float32 // sample i at i modulo its length
	ranges  [ranges]average  // in the long run
	reach   float64          // furthest from the usual level
	day     [dayBins]bin
	week    [weekBins]bin
	days    seasonal[[dayMeans]average]
	weeks   seasonal[[weekMeans]average]
}

// seasonal are the running means of the deviation from a profile.
type seasonal[T any] struct {
	n     float64 // deviations
	usual average // distance from the profile over all times
	means T
}

// read takes in a sample and gives the readings of all measures, made before
// the sample could change what is usual.
func (m *memory) read(at time.Time, x float64, r *[measures]float64, s *settings) (salience float64) {
	m.n++
	day, week := dayBin(at), weekBin(at)
	salience = m.salience(x, day, week, s)
	m.readLevel(x, r, s)
	m.readChange(x, r, s)
	m.readRough(x, r, s)
	m.readRange(x, r, s)
	readProfile(&m.day[day], x, &m.days.n, &m.days.usual, m.days.means[:], r[fromDay:fromWeek], spans[fromDay:fromWeek], s)
	readProfile(&m.week[week], x, &m.weeks.n, &m.weeks.usual, m.weeks.means[:], r[fromWeek:], spans[fromWeek:], s)
	m.last = x
	return salience
}

// salience is the logarithm of how far x is from what was expected, by the time
// of the day or of the week, whichever comes closer, beside the furthest that
// the series ever was from its usual level.
func (m *memory) salience(x float64, day, week int, s *settings) float64 {
	off := math.Abs(x - float64(m.level.centre))
	missed := min(nearest(m.day[:], day, x), nearest(m.week[:], week, x))
	if math.IsInf(missed, 1) {
		missed = off
	}
	before := m.reach
	if m.n > levelStart {
		m.reach = max(m.reach*(1-1/s.reachMemory), off)
	}
	if before == 0 {
		return 0
	}
	return math.Log(max(s.salienceLeast, min(s.salienceMost, missed/before)))
}

// readLevel: how far running means are from the usual level.
func (m *memory) readLevel(x float64, r *[measures]float64, s *settings) {
	scale := m.level.scale(s)
	for i := range m.means {
		m.means[i].follow(x, 1/spans[i], m.n)
		r[i] = math.Abs(float64(m.means[i]-m.level.centre)) / scale
	}
	m.level.add(x, m.n, s)
}

// readChange: how far a fast running mean is from a slow one that ends just
// before.
func (m *memory) readChange(x float64, r *[measures]float64, s *settings) {
	for i := range m.changes {
		c, span := &m.changes[i], spans[fromChange+i]
		c.fast.follow(x, 1/span, m.n)
		d := math.Abs(float64(c.fast - c.slow))
		r[fromChange+i] = d / (float64(c.usual) + grain(x))
		const wild = 6 // usual distances
		c.usual.follow(min(d, wild*float64(c.usual)+grain(x)+d/m.n), 1/s.changeMemory, m.n)
		c.slow.follow(x, 1/(slower*span), m.n)
	}
}

// readRough: how much larger, or smaller, the steps from sample to sample have
// become.
func (m *memory) readRough(x float64, r *[measures]float64, s *settings) {
	step := 0.0
	if m.n > 1 {
		step = math.Abs(x - m.last)
	}
	m.rough.follow(step, 1/s.roughMemory, m.n)
	least := grain(x)
	for i := range m.roughs {
		m.roughs[i].follow(step, 1/spans[fromRough+i], m.n)
		ratio := (float64(m.roughs[i]) + 1e-6*float64(m.rough) + least) / (float64(m.rough) + least)
		r[fromRough+i] = ratio
		if quiet := i - (roughs - quiets); quiet >= 0 {
			r[fromQuiet+quiet] = 1 / ratio
		}
	}
}

// readRange: how much wider the range of the latest samples is than usual.
func (m *memory) readRange(x float64, r *[measures]float64, s *settings) {
	newest := int(m.n-1) % longest
	m.recent[newest] = float32(x)
	x = float64(m.recent[newest])                           // the same precision for all
	older, oldest := m.recent[:newest], m.recent[newest+1:] // the newest of each last
	if m.n < longest {
		oldest = nil
	}
	low, high, have := x, x, 1
	for k := range ranges {
		for span := int(spans[fromRange+k]); have < span && len(older)+len(oldest) > 0; have++ {
			if len(older) == 0 {
				older, oldest = oldest, nil
			}
			v := float64(older[len(older)-1])
			older = older[:len(older)-1]
			low, high = min(low, v), max(high, v)
		}
		width, usual := high-low, float64(m.ranges[k])
		r[fromRange+k] = (width + 1e-6*usual + grain(x)) / (usual + grain(x))
		m.ranges[k].follow(width, 1/s.roughMemory, m.n)
	}
}

// readProfile: how far running means of the deviation from the profile are
// from zero.
func readProfile(b *bin, x float64, n *float64, usual *average, means []average, r, spans []float64, s *settings) {
	z, ok := b.deviation(x, *usual, s)
	if !ok {
		b.add(x, s)
		for i := range r {
			r[i] = unseen
		}
		return
	}
	*n++
	for i := range means {
		means[i].follow(z, 1/spans[i], *n)
		r[i] = math.Abs(float64(means[i]))
	}
	usual.follow(b.add(x, s), 1/s.profileMemory, *n)
}
