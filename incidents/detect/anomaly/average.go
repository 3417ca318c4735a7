package anomaly

import "math"

// average is an exponentially weighted mean that starts as a plain one.
type average float64

// follow moves the average towards x: by rate, or by 1/n while the n-th sample
// is among the first.
func (a *average) follow(x, rate, n float64) {
	*a += average(max(rate, 1/n) * (x - float64(*a)))
}

// level is the usual level of a series and its usual distance from it. Single
// samples, however wild, pull it by a bounded step.
type level struct {
	centre, spread average
	// whole is the mean distance with wild samples counted in full.
	whole average
}

const levelStart = 10 // samples that are taken in unbounded

func (l *level) add(x float64, n float64, s *settings) {
	rate := 1 / s.memory
	d := x - float64(l.centre)
	l.whole.follow(math.Abs(d), rate, n)
	if n > levelStart {
		bound := s.clip * float64(l.spread)
		l.spread.follow(min(math.Abs(d), bound+grain(float64(l.centre))), rate, n)
		d = max(-bound, min(bound, d))
	} else {
		l.spread.follow(math.Abs(d), rate, n)
	}
	l.centre += average(max(rate, 1/n) * d)
}

// scale is the distance that counts as usual; never zero.
func (l *level) scale(s *settings) float64 {
	return float64(l.spread) + s.floor*float64(l.whole) + grain(float64(l.centre))
}

// grain is the least distance that means anything beside values of this size:
// it keeps divisions by a spread of nothing finite and rounding from being
// news.
func grain(size float64) float64 { return 1e-9*math.Abs(size) + 1e-30 }
