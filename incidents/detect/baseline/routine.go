package baseline

import (
	"math"
	"time"
)

// A routine is what comes at the same ten minutes of the day, day after day,
// too briefly for the regression's smooth cycles: a backup at night, a cache
// that is emptied on the hour. It is believed when the same day of last week
// and another one agree, or in the first week the last three days; and is learnt during alarms too:
// otherwise a nightly job would raise an alarm every night for ever.
const (
	slots       = 7 * slotsPerDay
	slotsPerDay = 24 * 6
	slotUnit    = 0.02 // log latency
	slotUnknown = math.MinInt8
	// A slot stands out if it does so by so many standard deviations of its
	// mean or of a sample, and by so much at all.
	standOutMean   = 3
	standOutSample = 2
	standOutLeast  = 0.08
	agreeing       = 3 // in the first week
	groundRate     = 0.1
)

// routine is what was left of each ten minutes of the last week.
type routine struct {
	Left [slots]int8 // in units, slotUnknown if it was not seen
	// Ground is what slots of the last hours had left: slots stand out from
	// there, so that a level that moved is not taken for a routine.
	Ground float64
	Slot   int64 // the slot in progress
	At     int64 // its last sample
	N      int64 // its samples
	// Shift is what is expected on top of the regression in this slot.
	Shift float64
}

func (q *routine) reset() {
	*q = routine{Slot: -1}
	for i := range q.Left {
		q.Left[i] = slotUnknown
	}
}

// inside tells whether a sample belongs to the slot in progress.
func (q *routine) inside(slot, at int64) bool {
	return slot == q.Slot && at-q.At < int64(time.Hour)
}

// enter begins a slot. left is the median of what the regression left of the
// samples of the one before, deviation that of one sample, and longRun with its
// memory allowed for, as it counts in a mean of many.
func (q *routine) enter(slot, at int64, left, deviation, longRun float64) {
	n := q.N
	if q.Slot >= 0 {
		q.Left[q.Slot] = slotUnknown
		if n > 0 {
			left -= q.Ground
			q.Left[q.Slot] = int8(min(max(math.Round(left/slotUnit), -127), 127))
			mean := min(longRun/math.Sqrt(float64(n)), deviation)
			q.Ground += groundRate * min(max(left, -3*mean), 3*mean)
		}
	}
	q.forget(slot, at)
	q.Slot, q.At, q.N = slot, at, 0
	q.Shift = q.expect(int(slot), max(min(standOutMean*longRun/math.Sqrt(float64(max(n, 1))), standOutSample*deviation), standOutLeast))
}

// forget marks the slots of a hole as not seen.
func (q *routine) forget(slot, at int64) {
	if q.Slot < 0 {
		return
	}
	n := min((at-q.At)/int64(blockLength), slots)
	for k := int64(1); k < n; k++ {
		if i := (q.Slot + k) % slots; i != slot {
			q.Left[i] = slotUnknown
		}
	}
}

// expect gives the median of what the days that agree had at this time of day,
// or zero if they do not agree that it stands out.
func (q *routine) expect(slot int, least float64) float64 {
	lastWeek := float64(q.Left[slot]) * slotUnit
	known := q.Left[slot] != slotUnknown
	if known && math.Abs(lastWeek) < least {
		return 0 // not on this day of the week
	}
	var high, low [7]float64
	nHigh, nLow, days := 0, 0, 0
	agree := agreeing
	if known {
		agree = 2
	}
	for d := 1; d <= 7; d++ {
		left := q.Left[(slot-d*slotsPerDay+slots)%slots]
		if left == slotUnknown {
			continue
		}
		days++
		v := float64(left) * slotUnit
		if v >= least {
			high[nHigh] = v
			nHigh++
		}
		if v <= -least {
			low[nLow] = v
			nLow++
		}
		if !known && days == agreeing && max(nHigh, nLow) < agreeing {
			return 0 // in the first week the last three days have to agree
		}
	}
	switch {
	case nHigh >= agree && (!known || lastWeek > 0):
		return medianOf(high[:nHigh])
	case nLow >= agree && (!known || lastWeek < 0):
		return medianOf(low[:nLow])
	}
	return 0
}

// medianOf orders a few values in place and gives their median.
func medianOf(x []float64) float64 {
	for i := range x {
		for k := i; k > 0 && x[k] < x[k-1]; k-- {
			x[k], x[k-1] = x[k-1], x[k]
		}
	}
	return middle(x)
}
