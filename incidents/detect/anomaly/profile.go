package anomaly

import (
	"math"
	"time"
)

const (
	dayBins  = 96  // quarters of an hour
	weekBins = 168 // hours
)

// dayBin is the quarter of an hour of the day, in UTC.
func dayBin(at time.Time) int { return int(mod(at.Unix(), 86400) / 900) }

// weekBin is the hour of the week, in UTC.
func weekBin(at time.Time) int { return int(mod(at.Unix(), 7*86400) / 3600) }

// mod is the remainder that is never negative.
func mod(a, b int64) int64 { return ((a % b) + b) % b }

// bin is what one time of the day or week used to bring. It is single precision
// for there are many; all arithmetic is in double.
type bin struct {
	centre float32
	spread size
	seen   uint8 // samples, at most 255
}

// size is a distance in two bytes, to within 0.2 %: its logarithm to the base
// two, in sizesPerOctave from 2^-105 on; 0 is none.
type size uint16

const (
	sizesPerOctave = 300
	leastOctave    = -105
)

func sizeOf(x float64) size {
	if x <= 0 {
		return 0
	}
	return size(min(max(math.Round((math.Log2(x)-leastOctave)*sizesPerOctave), 1), math.MaxUint16))
}

func (v size) value() float64 {
	if v == 0 {
		return 0
	}
	return math.Exp2(float64(v)/sizesPerOctave + leastOctave)
}

// nearest is how far x is from what the time of bin i, or the one just before or
// after, used to bring: what comes a little early or late is no miss. It is
// infinite while nothing is known.
func nearest(bins []bin, i int, x float64) float64 {
	missed := math.Inf(1)
	for _, j := range [...]int{i, (i + 1) % len(bins), (i + len(bins) - 1) % len(bins)} {
		if b := &bins[j]; b.seen > 0 {
			missed = min(missed, math.Abs(x-float64(b.centre)))
		}
	}
	return missed
}

// deviation is how far x is from what this time used to bring, in usual
// distances; ok is false on the first visit. all is the mean distance over all
// times.
func (b *bin) deviation(x float64, all average, s *settings) (z float64, ok bool) {
	if b.seen == 0 {
		return 0, false
	}
	scale := float64(all)
	if b.seen > 3 {
		scale = s.localShare*b.spread.value() + (1-s.localShare)*float64(all)
	}
	const most = 20 // further than this is no further news to a running mean
	return max(-most, min(most, (x-float64(b.centre))/(scale+grain(x)))), true
}

// add takes x in and tells its distance.
func (b *bin) add(x float64, s *settings) (distance float64) {
	if b.seen == 0 {
		b.seen, b.centre = 1, float32(x)
		return 0
	}
	d := x - float64(b.centre)
	was := b.spread.value()
	b.spread = sizeOf(was + max(s.profileRate, 1/float64(b.seen))*(math.Abs(d)-was))
	b.seen = uint8(min(255, int(b.seen)+1))
	b.centre += float32(max(s.profileRate, 1/float64(b.seen)) * d)
	return math.Abs(d)
}
