package forecast

import "math"

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
	high := d
	if m.o.Kind == ErrorRate {
		// Four hours, since in one few runs fail or not by luck.
		high, _ = s.midMean(((h+1)*hourSeconds/bucketSeconds)/midPer-1, 8)
	}
	s.TodayHigh = max(s.TodayHigh, high)
	bound := math.Inf(1)
	if s.AnchorN > 24 && s.AnchorVar > 0 {
		bound = 2.5 * math.Sqrt(s.AnchorVar)
	}
	if s.Strength > freezeAt && s.AnchorN > 48 && s.Frozen < freezeMax {
		s.Frozen++
	} else {
		s.Frozen = 0
		gain := max(anchorGain, 1/s.AnchorN)
		if m.o.Kind == ErrorRate {
			gain = max(rateGain, 1/s.AnchorN) // few runs fail: a share takes long to learn
		}
		s.Anchor += gain * clip(d, bound)
		c := clip(d, 1.4*bound)
		s.AnchorVar += gain * (c*c - s.AnchorVar)
	}
	m.settleAnchor(h)
}

// settleAnchor moves the anchor to a level that has been the new one for two
// days, without going on.
func (m *Model) settleAnchor(h int64) {
	s := &m.s
	last := ((h+1)*hourSeconds/bucketSeconds)/midPer - 1
	newer, n := s.midMean(last, midCount/2)
	older, o := s.midMean(last-midCount/2, midCount/2)
	if n < 32 || o < 32 || s.AnchorN < 48 {
		return
	}
	if math.Abs(newer) < 2.5*math.Sqrt(s.AnchorVar) || math.Abs(newer-older) > max(0.15*math.Abs(newer), m.luck(newer+s.Anchor)) {
		return
	}
	by := (newer + older) / 2
	s.Anchor += by
	for i := range s.Fine {
		s.Fine[i] -= float32(by)
	}
	for i := range s.MidRing {
		s.MidRing[i] -= float32(by)
	}
	move(s.DayHigh[:], -by, smallOf)
	s.TodayHigh -= by
	s.Frozen = 0
	if m.o.Kind == ErrorRate {
		s.AnchorN = midCount / 2 // hours that it was counted in
	}
}

// luck is how far apart the shares of failed runs of two days may be though
// nothing changed.
func (m *Model) luck(share float64) float64 {
	if m.o.Kind != ErrorRate {
		return 0
	}
	runs := max(m.s.PerBucket, 1) * midPer * midCount / 2
	return 2 * math.Sqrt(2*min(max(share, 0), 1)/runs)
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
