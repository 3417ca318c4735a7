// Package baseline judges one latency series against itself: is this check,
// step, phase or vital slower than it usually is at this time of the week?
//
// A Judge learns the usual level with its daily and weekly cycles (package
// file season.go), the shape and the memory of the noise around it
// (residual.go), and raises an alarm when a sequential test says that the
// latest samples no longer come from there (detector.go). The test's threshold
// follows from a stated rate of false alarms; no factor is to be chosen. Only
// slower is an alarm; faster is a note.
//
// The package knows nothing of thresholds, promises, incidents or other
// series, and reads no clock: time is that of the samples.
package baseline

import (
	"math"
	"time"
)

// Config is what a user may say about a series. The zero value is right for
// most.
type Config struct {
	// FalseAlarmEvery is the time between false alarms that the user accepts
	// for a whole check; zero means 30 days.
	FalseAlarmEvery time.Duration
	// Series is the number of judged series that share this budget (journey,
	// steps, phases, locations); zero means 12.
	Series int
	// Zone is where the customers live: cycles follow its wall clock. Nil
	// means UTC.
	Zone *time.Location
	// Holidays gives the day of the week that a date ("2006-01-02" in Zone)
	// behaves like, usually Sunday.
	Holidays map[string]time.Weekday
	// Freeze is how long learning may stand still because of an open alarm
	// before the new level is accepted as usual; zero means 24 hours. In the
	// first days it is at most a quarter of what was learnt from.
	Freeze time.Duration
	// FreezeFaster is the same for a series that became faster; zero means 6
	// hours.
	FreezeFaster time.Duration
	// SmallestShare and SmallestMillis are the smallest change of level that
	// matters: both must be reached; by an alarm half the share and a quarter of the
	// milliseconds.
	// Zero means 5 % and 20 ms; negative, none.
	SmallestShare, SmallestMillis float64
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.FalseAlarmEvery <= 0 {
		c.FalseAlarmEvery = 30 * 24 * time.Hour
	}
	if c.Series <= 0 {
		c.Series = 12
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Freeze <= 0 {
		c.Freeze = 24 * time.Hour
	}
	if c.FreezeFaster <= 0 {
		c.FreezeFaster = 6 * time.Hour
	}
	if c.SmallestShare == 0 {
		c.SmallestShare = 0.05
	}
	if c.SmallestMillis == 0 {
		c.SmallestMillis = 20
	}
	return c
}

// Sample is one measured latency.
type Sample struct {
	At     time.Time
	Millis float64
	// Censored tells that the run was cut off by its timeout, so that the
	// latency is at least Millis.
	Censored bool
}

// State is what the judge thinks of the series now.
type State uint8

// The states.
const (
	Learning State = iota // too little is known to judge
	Usual
	Slower // an alarm is open
	Faster // as a note; no alarm
)

// String names the state.
func (s State) String() string {
	switch s {
	case Learning:
		return "learning"
	case Usual:
		return "usual"
	case Slower:
		return "slower"
	case Faster:
		return "faster"
	}
	return "unknown"
}

// Event is what changed with a sample.
type Event uint8

// The events. Only AlarmBegan is reason to open an incident.
const (
	NoEvent     Event = iota
	AlarmBegan        // slower than usual, at the stated false-alarm rate
	AlarmEnded        // confirmed to be as usual again
	AlarmLapsed       // learning stood still for Config.Freeze: the new level is now the usual one
	FasterBegan       // note: faster than usual
	FasterEnded       // note: as usual again
	FasterTaken       // note: the faster level is now the usual one
)

// String names the event.
func (e Event) String() string {
	switch e {
	case NoEvent:
		return "none"
	case AlarmBegan:
		return "alarm began"
	case AlarmEnded:
		return "alarm ended"
	case AlarmLapsed:
		return "new level accepted"
	case FasterBegan:
		return "faster"
	case FasterEnded:
		return "as usual again"
	case FasterTaken:
		return "faster level accepted"
	}
	return "unknown"
}

// Judgement is what one sample meant.
type Judgement struct {
	// Ignored tells that the sample was no number, or not newer than the last
	// one: nothing else is set.
	Ignored bool
	State   State
	Event   Event
	// Score is how much speaks for "slower than usual": 0 nothing, 1 enough
	// for an alarm.
	Score float64
	// Tail is the probability of a sample at least this slow, if all is usual.
	Tail float64
	// Expected is the usual latency at this time, Lower and Upper bound the
	// band that holds 95 % of usual samples, all in milliseconds and made
	// before the sample was seen. They are zero for the very first sample.
	Expected, Lower, Upper float64
	// Onset is when the trouble (State Slower or Faster, or the one that Event
	// ends) is estimated to have begun; zero otherwise.
	Onset time.Time
	// Ended is, with AlarmEnded and FasterEnded, when it is estimated to have
	// ended, which is before that was confirmed.
	Ended time.Time
	// Level is, with an event, the median of the samples that it rests on, in
	// milliseconds, and Ratio what that is of the expected one.
	Level, Ratio float64
	// Changed tells of a lasting change of level, found by two tests.
	Changed bool
	Change  Change
	// Explanation says an event or a change in a sentence with numbers, without
	// the name of the check; empty otherwise.
	Explanation string
	Learnt      Learnt
}

// Learnt is how much a judge has seen of what it wants to see.
type Learnt struct {
	Samples int64
	For, Of time.Duration // Of is two weeks: two of every day of the week
}

// Limits of what is taken in. Latencies beyond them are clamped.
const (
	minMillis = 1e-3
	maxMillis = 1e9
	fullAge   = 14 * 24 * time.Hour
	minLearnt = 30 // samples before anything is judged
)

// Judge is the judge of one series. It is not safe for concurrent use.
type Judge struct {
	config Config
	s      state
}

// New makes a judge that knows nothing yet.
func New(c Config) *Judge {
	j := &Judge{config: c.withDefaults()}
	j.s.reset()
	return j
}

// Observe takes in the next sample and judges it. Samples that are no number,
// or not newer than the one before, change nothing.
func (j *Judge) Observe(sample Sample) Judgement {
	at := sample.At.UnixNano()
	if math.IsNaN(sample.Millis) || math.IsInf(sample.Millis, 0) || sample.Millis < 0 ||
		sample.At.Year() < 1970 || sample.At.Year() > 2200 || (j.s.Samples > 0 && at <= j.s.Last) {
		return Judgement{Ignored: true}
	}
	s := &j.s
	y := math.Log(min(max(sample.Millis, minMillis), maxMillis))
	var x features
	slot := x.at(sample.At, &j.config)
	if s.Samples == 0 {
		s.First = at
		s.Season.begin(y, at)
	} else {
		s.cadence(at)
	}
	if !s.Routine.inside(slot, at) || s.Samples <= minLearnt || s.Season.Moved {
		s.measure(&x)
	}
	smooth := s.Season.dot(&x)
	if q := &s.Routine; !q.inside(slot, at) {
		left := s.median(q.N) - s.Season.Beta[0] + q.Shift
		q.enter(slot, at, left, s.Noise.deviation(), math.Sqrt(s.Noise.longRun()))
		s.Noise.enter(slot)
	}
	base := smooth + s.Routine.Shift
	out := Judgement{
		Expected: math.Exp(base + s.Band.Mid*s.Noise.Spread),
		Lower:    math.Exp(base + s.Band.Low*s.Noise.Spread),
		Upper:    math.Exp(base + s.Band.High*s.Noise.Spread),
	}
	if s.Samples == 0 {
		out.Expected, out.Lower, out.Upper = 0, 0, 0
	}

	r := y - base
	e := s.Noise.whiten(r, at, s.Interval) / s.Noise.Spread
	p := s.Noise.tail(e)
	out.Tail = p
	hourOver, inHour := s.Hours.tick(at)
	if hourOver {
		s.Hours.push(s.Hours.Now, s.median(inHour))
		s.Hours.Now = at / int64(time.Hour)
	}

	s.Samples++
	s.Last = at
	s.remember(r+s.Season.Beta[0], e)
	out.Learnt = Learnt{Samples: s.Samples, For: min(time.Duration(at-s.First), fullAge), Of: fullAge}
	if s.Samples > minLearnt {
		if s.State == Learning {
			s.State = Usual
		}
		j.detect(&out, &x, sample.Millis, p, at)
	}
	if s.State <= Usual && out.Event == NoEvent {
		s.learn(&j.config, r, smooth, at)
	}
	s.Noise.hold(r, at)
	s.Routine.At = at
	s.Routine.N++
	if hourOver && s.Samples > minLearnt {
		j.lookForChange(&out, &x, at)
	}
	out.State = s.State
	return out
}

// Clone gives a judge that knows the same and goes its own way.
func (j *Judge) Clone() *Judge {
	c := *j
	return &c
}
