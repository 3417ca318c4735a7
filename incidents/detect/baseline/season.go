package baseline

import (
	"math"
	"time"
)

// The usual level is a Bayesian dynamic regression of log latency on the time
// of the week (West & Harrison, Bayesian Forecasting and Dynamic Models,
// 1997): a Kalman filter whose coefficients drift slowly. Its prior shrinks
// the week to the day and the day to nothing while history is short, and its
// covariance says how far the level may be off, which the detector needs.
//
// It learns from robust means over blocks of ten minutes, and with a lag of up
// to two hours, so that a fault is found before it is learnt.
const (
	blockLength = 10 * time.Minute
	firstBlocks = 2 * time.Minute // in the first two hours
	blockLag    = 12
	packed      = dimension * (dimension + 1) / 2

	// Drift of the level per block and of the cycles, in standard deviations
	// of a block's mean.
	levelDrift = 0.008
	cycleDrift = 0.001

	// The level counts as not known if its variance is over so many times that
	// of a sample.
	unknown = 0.05
)

// block is what some minutes of samples have in common.
type block struct {
	Start int64   // Unix nanoseconds
	Base  float32 // sum of what was expected
	Sum   float32 // of clipped residuals
	N     float32
}

func (b *block) level() float64 { return (float64(b.Base) + float64(b.Sum)) / float64(b.N) }

// season is the state of the regression.
type season struct {
	Beta [dimension]float64
	// P is the covariance, lower triangle by rows. Single precision is far more
	// than how well it is known; it is most of what a judge remembers.
	P          [packed]float32
	Began      int64
	Blocks     int64 // learnt
	Open       block
	Pending    [blockLag]block
	First, Len int64 // ring of pending blocks
	LastAt     int64 // start of the block learnt last
	// Uncertainty is the variance of the level at the present time.
	Uncertainty float64
	// Moved tells that coefficients moved since that was found.
	Moved bool
	// LastZ is the last block's normalised innovation; NoiseScale and
	// DriftScale adapt the filter to what innovations are like: too large
	// means more noise, alike in a row means more drift (Mehra 1970).
	LastZ, NoiseScale, DriftScale float64
}

func (s *season) begin(y float64, at int64) {
	s.Began, s.LastAt = at, at
	s.Beta[0] = y
	s.NoiseScale, s.DriftScale = 1, 1
	for i := range dimension {
		sd := priorSD(i)
		s.P[i*(i+1)/2+i] = float32(sd * sd)
	}
	s.Uncertainty = 1
}

// dot is the level at a moment.
func (s *season) dot(x *features) float64 {
	sum := 0.0
	for i := range dimension {
		sum += s.Beta[i] * x[i]
	}
	return sum
}

// gain gives P·x and x·P·x.
func (s *season) gain(x *features) (px features, variance float64) {
	k := 0
	for i := range dimension {
		xi, sum := x[i], 0.0
		for j := range i {
			p := float64(s.P[k+j])
			sum += p * x[j]
			px[j] += p * xi
		}
		px[i] += sum + float64(s.P[k+i])*xi
		k += i + 1
	}
	for i := range dimension {
		variance += px[i] * x[i]
	}
	return px, variance
}

// gather adds a residual to the open block, and tells whether a block before
// it was closed.
func (s *season) gather(r, base float64, at int64, clip float64) bool {
	length := int64(blockLength)
	if at-s.Began < int64(2*time.Hour) {
		length = int64(firstBlocks)
	}
	closed := false
	if s.Open.N > 0 && at-s.Open.Start >= length {
		s.close()
		closed = true
	}
	if s.Open.N == 0 {
		s.Open.Start = at
	}
	s.Open.Base += float32(base)
	s.Open.Sum += float32(min(max(r, -clip), clip))
	s.Open.N++
	return closed
}

// close moves the open block to the pending ones.
func (s *season) close() {
	if s.Len == blockLag {
		s.First, s.Len = (s.First+1)%blockLag, s.Len-1
	}
	s.Pending[(s.First+s.Len)%blockLag] = s.Open
	s.Len++
	s.Open = block{}
}

// drop forgets the blocks that reach past a moment.
func (s *season) drop(from int64) {
	for s.Len > 0 && s.Pending[(s.First+s.Len-1)%blockLag].Start+int64(blockLength) > from {
		s.Len--
	}
	s.Open = block{}
}

// lag is how many closed blocks may wait: none in the first hours, when
// everything is news, and none while the level is not known, as on the first
// morning of a weekend. variance is that of a sample's mean error.
func (s *season) lag(variance float64) int64 {
	if s.Uncertainty > unknown*variance {
		return 0
	}
	return min(blockLag-1, s.Blocks/24)
}

// learn takes in the oldest pending blocks. variance is that of one sample's
// mean error: of independent samples, their variance.
func (s *season) learn(c *Config, variance float64) {
	var x features
	for s.Len > s.lag(variance) {
		b := &s.Pending[s.First]
		x.at(time.Unix(0, b.Start+int64(blockLength)/2), c)
		s.update(&x, b, variance)
		s.First, s.Len = (s.First+1)%blockLag, s.Len-1
	}
}

// update is one step of the filter with a block.
func (s *season) update(x *features, b *block, variance float64) {
	s.drift(b.Start, variance)
	s.Blocks++
	noise := variance / float64(b.N) * s.NoiseScale
	z := s.correct(x, b.level(), noise, 3)
	if s.Blocks > 100 {
		s.NoiseScale = min(max(s.NoiseScale*math.Exp(0.005*(z*z-0.97)), 0.5), 50)
		s.DriftScale = min(max(math.Pow(s.DriftScale, 0.995)*math.Exp(0.02*z*s.LastZ), 1), 1000)
	}
	s.LastZ, s.Moved = z, true
}

// drift lets time pass until the start of a block.
func (s *season) drift(at int64, variance float64) {
	elapsed := min(max(float64(at-s.LastAt)/float64(blockLength), 0), 1000)
	s.LastAt = max(s.LastAt, at)
	unit := variance / 10 * s.NoiseScale
	s.widen(elapsed*levelDrift*levelDrift*unit*s.DriftScale, elapsed*cycleDrift*cycleDrift*unit)
}

// correct moves the coefficients to what was observed, at most so many of its
// standard deviations, and gives how many it was.
func (s *season) correct(x *features, level, noise, most float64) float64 {
	px, v := s.gain(x)
	total := max(v+noise, 1e-12)
	scale := math.Sqrt(total)
	z := min(max((level-s.dot(x))/scale, -most), most)
	k := 0
	for i := range dimension {
		g := px[i] / total
		s.Beta[i] += g * z * scale
		for j := range i + 1 {
			s.P[k+j] = float32(float64(s.P[k+j]) - g*px[j])
		}
		k += i + 1
	}
	return z
}

// widen lets the coefficients drift.
func (s *season) widen(level, cycle float64) {
	for i := range dimension {
		p := &s.P[i*(i+1)/2+i]
		d, sd := float64(*p), priorSD(i)
		if i == 0 {
			d = min(d+level, 4*sd*sd)
		} else {
			d = min(d+cycle, sd*sd)
		}
		*p = float32(max(d, 1e-12))
	}
}

// shift takes a new level at a moment as given. What of it is level and what a
// day or an hour that was not known yet follows from how well these are known.
func (s *season) shift(x *features, by, variance float64) {
	s.P[0] = float32(min(float64(s.P[0])+by*by/4, 4))
	s.correct(x, s.dot(x)+by, variance/20, math.Inf(1))
	s.LastZ, s.Moved = 0, true
	s.First, s.Len, s.Open = 0, 0, block{} // these are of the old level
}
