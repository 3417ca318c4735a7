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
	dayMeans   = 5
	weekMeans  = 3
	measures   = levels + changes + roughs + quiets + dayMeans + weekMeans
	fromChange = levels
	fromRough  = fromChange + changes
	fromQuiet  = fromRough + roughs
	fromDay    = fromQuiet + quiets
	fromWeek   = fromDay + dayMeans
)

// spans are those of all measures, in their order. A measure over a span moves
// slowly: an event shows in so many readings, and is rarer than they are.
var spans = [measures]float64{
	1, 5, 12, 50, // level
	5, 20, // change of level
	3, 10, 30, // rougher
	10, 30, // smoother
	1, 4, 10, 30, 90, // time of day
	1, 10, 30, // time of week
}

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
	rough   average // in the long run
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
func (m *memory) read(at time.Time, x float64, r *[measures]float64, s *settings) {
	m.n++
	m.readLevel(x, r, s)
	m.readChange(x, r, s)
	m.readRough(x, r, s)
	readProfile(&m.day[dayBin(at)], x, &m.days.n, &m.days.usual, m.days.means[:], r[fromDay:fromWeek], spans[fromDay:fromWeek], s)
	readProfile(&m.week[weekBin(at)], x, &m.weeks.n, &m.weeks.usual, m.weeks.means[:], r[fromWeek:], spans[fromWeek:], s)
	m.last = x
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
