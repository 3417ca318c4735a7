package attribution

import "math"

// level is a robust estimate of where the logarithm of a measure usually lies
// and how far it scatters: a mean and a mean absolute deviation, moved by steps
// that are clipped so that a few wild values, or the first runs of trouble that
// nobody has noticed yet, hardly count (a recursive M-estimate in the manner of
// Huber, 1964).
//
// Numbers are of single precision: that is more than measured times deserve.
type level struct {
	mean, spread float32
	n            uint16 // values seen, up to maxCount
	// marks are what it was like at the last two marks of the profile, the
	// later one first.
	marks [2]mark
}

// mark is a level at an earlier time; without a spread there was none.
type mark struct{ mean, spread float32 }

const (
	// memory is the number of runs after which a value is nearly forgotten. At
	// a run a minute it is two hours: short enough to follow a daily cycle.
	memory = 64
	// maxCount stops the counting; what counts is whether memory is full.
	maxCount = 1000
	// priorSpread is the scatter that is assumed before anything is known.
	priorSpread = 0.25
	// leastSpread keeps a measure that never moved from shouting at 1 %.
	leastSpread = 0.02
	// clip is how many spreads a step is cut to.
	clip = 2.5
	// meanAbsolute is the standard deviation of a normal distribution divided
	// by its mean absolute deviation.
	meanAbsolute = 1.2533141
)

// observe takes the logarithm of a value; it is finite.
func (l *level) observe(x float64) {
	if l.n == 0 {
		l.mean, l.spread, l.n = float32(x), priorSpread, 1 // marks stay: there are none
		return
	}
	n := float64(l.n)
	if l.n < maxCount {
		l.n++
	}
	s := max(float64(l.spread), leastSpread)
	r := x - float64(l.mean)
	// Early values weigh less than later ones: the first run finds cold caches.
	gain := max(2/(n+2), 2/(memory+1.0))
	l.mean += float32(gain * min(max(r, -clip*s), clip*s))
	gain = max(1/(n+4), 1/float64(memory))
	l.spread = float32(s + gain*(meanAbsolute*min(math.Abs(r), 3*s)-s))
}

// mark notes what the level is like.
func (l *level) mark() {
	l.marks[1] = l.marks[0]
	if l.n >= enoughRuns {
		l.marks[0] = mark{l.mean, l.spread}
	}
}

// recall makes the level what it was at a mark, if it was known then.
func (l *level) recall(i int) {
	if m := l.marks[i]; m.spread > 0 {
		l.mean, l.spread = m.mean, m.spread
	}
}

// weight is the number of runs that stand behind the mean.
func (l *level) weight() float64 { return min(float64(l.n), memory/2) }

// valid tells whether a level could have come from observing.
func (l *level) valid() bool {
	ok := func(x float32) bool { return !math.IsNaN(float64(x)) && math.Abs(float64(x)) < 1e3 }
	for _, m := range l.marks {
		if !ok(m.mean) || !ok(m.spread) || m.spread < 0 {
			return false
		}
	}
	return ok(l.mean) && ok(l.spread) && l.spread >= 0 && l.n <= maxCount
}

// rate is how often something happens: a share of runs, 0 to 1, of the last
// memory runs or so.
type rate struct {
	share float32
	n     uint16
}

func (r *rate) observe(happened bool) {
	x := float32(0)
	if happened {
		x = 1
	}
	if r.n < maxCount {
		r.n++
	}
	r.share += (x - r.share) * max(1/float32(r.n), 1/float32(memory))
}

func (r *rate) valid() bool { return r.share >= 0 && r.share <= 1 && r.n <= maxCount }

// scale turns a measure into what a level observes and back: the logarithm of
// the measure plus a floor, under which differences say nothing.
type scale float64

// The floors.
const (
	millisecondScale scale = 1     // ms
	byteScale        scale = 256   // bytes
	shiftScale       scale = 0.01  // CLS
	countScale       scale = 0.5   // redirects
	disturbanceScale scale = 0.005 // share of time
)

func (f scale) log(x float64) float64 {
	if !(x > 0) { // NaN, too
		x = 0
	}
	return math.Log(min(x, 1e15) + float64(f))
}

func (f scale) value(log float64) float64 { return max(math.Exp(log)-float64(f), 0) }
