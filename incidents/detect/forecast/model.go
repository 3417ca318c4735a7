package forecast

import (
	"math"
	"slices"
	"time"
)

const (
	bucketSeconds = 300
	hourSeconds   = 3600
	daySeconds    = 86400
	// latest bounds times to what nanoseconds of time.Time can tell (the year
	// 2200); later ones are damaged input.
	latest = 7258118400
	// gapMax is how many hours without samples are walked through one by one;
	// after a longer gap everything but the seasonal profile starts anew.
	gapMax = 24 * 21
)

// Model forecasts one series. Make it with New. It is not safe for concurrent
// use.
type Model struct {
	o Options
	s state
}

// New returns a model that has seen nothing.
func New(o Options) *Model {
	m := &Model{o: o}
	m.s.reset()
	return m
}

// reset forgets everything.
func (s *state) reset() {
	*s = state{BurstStride: 1, SampleStride: 1}
	s.forgetSeries()
	for i := range s.Alpha {
		s.Alpha[i] = target
	}
	unknown(s.DayHigh[:])
	unknown(s.DayPeak[:])
	unknown(s.DayMean[:])
}

// forgetSeries empties the rings of single values.
func (s *state) forgetSeries() {
	fill(s.Fine[:])
	fill(s.MidRing[:])
	unknown(s.Hourly[:])
	unknown(s.Pend1[:])
	unknown(s.Pend6[:])
	unknown(s.Pend24[:])
	fill(s.Mean1[:])
	fill(s.Mean6[:])
	fill(s.Mean24[:])
	s.TodayHigh, s.TodayPeak = math.Inf(-1), math.Inf(-1)
	s.LastX, s.LastY = math.NaN(), math.NaN()
	s.Suspects, s.Sign = 0, 0
}

func fill(ring []float32) {
	for i := range ring {
		ring[i] = nan32
	}
}

var nan32 = float32(math.NaN())

func isNaN(f float32) bool { return f != f }

// Observe takes the next sample: when the run started, and its latency in
// milliseconds (for an error rate 1 for a failed run and 0 for a good one).
// Censored tells that the run was cut off at its timeout, so that it would
// have taken at least that long; as medians are all that counts, such a sample
// stands for itself. Samples that are no numbers, and samples not later than
// the last one, change nothing.
//
// The Change says what became of the prediction; it is almost always empty.
func (m *Model) Observe(at time.Time, value float64, censored bool) Change {
	s := &m.s
	sec := at.Unix()
	if censored && math.IsInf(value, 1) {
		return Change{} // longer than anything, but not how long
	}
	if math.IsNaN(value) || math.IsInf(value, 0) || value < 0 || sec <= s.Last || sec > latest {
		return Change{}
	}
	var change Change
	if bucket := sec / bucketSeconds; bucket != s.Bucket {
		change = m.advance(bucket, sec)
	}
	s.Last = sec
	s.keep(float32(value))
	return change
}

// keep adds a sample to those of the current five minutes and hour. When there
// are more than fit, every second one is dropped, and so on: what stays is
// spread evenly.
func (s *state) keep(v float32) {
	if v > 0 {
		s.BadBurst++
		s.BadHour++
		s.MidFails++
		if s.Row == 0 {
			s.MidStarts++
		}
		s.Row = min(s.Row+1, rowMost)
	} else if s.Row > 0 {
		s.endRow()
	}
	s.BurstSeen++
	s.SampleSeen++
	if s.BurstSeen%s.BurstStride == 0 {
		if s.BurstCount == burstMax {
			s.BurstCount, s.BurstStride = thin(s.Burst[:]), s.BurstStride*2
		}
		s.Burst[s.BurstCount] = v
		s.BurstCount++
	}
	if s.SampleSeen%s.SampleStride == 0 {
		if s.SampleCount == samplesMax {
			s.SampleCount, s.SampleStride = thin(s.Samples[:]), s.SampleStride*2
		}
		s.Samples[s.SampleCount] = v
		s.SampleCount++
	}
}

func thin(v []float32) int32 {
	n := 0
	for i := 1; i < len(v); i += 2 {
		v[n] = v[i]
		n++
	}
	return int32(n)
}

// advance closes what lies between the last sample and the bucket of the next.
func (m *Model) advance(bucket, sec int64) (change Change) {
	s := &m.s
	if s.Last == 0 {
		s.Bucket, s.Hour = bucket, sec/hourSeconds
		s.Today = m.localDay(s.Hour)
		return change
	}
	if sec/hourSeconds-s.Hour > gapMax {
		m.restartAfterGap(bucket, sec)
		return change
	}
	for s.Bucket < bucket {
		m.closeBucket()
		s.Bucket++
		if hour := s.Bucket * bucketSeconds / hourSeconds; hour != s.Hour {
			m.closeHour()
			s.Hour = hour
		}
		// The last word counts: what was raised and withdrawn within a gap
		// was never said to anyone.
		if c := m.decide(s.Bucket * bucketSeconds); c.Kind != Nothing {
			change = c
		}
	}
	return change
}

// restartAfterGap keeps what does not age: the seasonal profile and the record
// of predictions.
func (m *Model) restartAfterGap(bucket, sec int64) {
	s := &m.s
	s.forgetSeries()
	unknown(s.DayHigh[:])
	unknown(s.DayPeak[:])
	unknown(s.DayMean[:])
	s.clearBurst()
	s.clearHour()
	s.LevelN, s.AnchorN = 0, 0
	s.PeakCurve, s.PathCurve = [peakReach]float32{}, [pathHours]uint8{}
	s.Phase, s.Streak, s.Over, s.Under = int32(phaseIdle), 0, 0, 0
	s.Bucket, s.Hour = bucket, sec/hourSeconds
	s.Today = m.localDay(s.Hour)
	s.ShiftHour, s.ShiftSize = s.Hour, 0
}

func (s *state) clearBurst() {
	s.BurstCount, s.BurstStride, s.BurstSeen, s.BadBurst = 0, 1, 0, 0
}

func (s *state) clearHour() {
	s.SampleCount, s.SampleStride, s.SampleSeen, s.BadHour = 0, 1, 0, 0
}

// fineNow is the value of the current five minutes in fine space; not a number
// if there was no sample.
func (m *Model) fineNow() float64 {
	s := &m.s
	if s.BurstSeen == 0 || s.BurstCount == 0 {
		return math.NaN()
	}
	if m.o.Kind == ErrorRate {
		return float64(s.BadBurst) / float64(s.BurstSeen)
	}
	return m.o.Kind.fine(quantile(s.Burst[:s.BurstCount], 0.5))
}

// hourNow gives the current hour in hourly space: its median, and how far its
// upper quantile lies above that.
func (m *Model) hourNow() (y, tail float64) {
	s := &m.s
	if s.SampleSeen == 0 || s.SampleCount == 0 {
		return math.NaN(), math.NaN()
	}
	if m.o.Kind == ErrorRate {
		return m.o.Kind.hourly(float64(s.BadHour) / float64(s.SampleSeen)), 0
	}
	v := s.Samples[:s.SampleCount]
	median := m.o.Kind.hourly(quantile(v, 0.5))
	if q := m.o.Quantile; q > 0.5 && q < 1 {
		return median, m.o.Kind.hourly(quantile(v, q)) - median
	}
	return median, 0
}

// quantile sorts v and gives its quantile by linear interpolation.
func quantile(v []float32, q float64) float64 {
	slices.Sort(v)
	pos := q * float64(len(v)-1)
	i := int(pos)
	if i+1 >= len(v) {
		return float64(v[len(v)-1])
	}
	f := pos - float64(i)
	return float64(v[i])*(1-f) + float64(v[i+1])*f
}

// hourOfWeek is 0 on Sunday, midnight to one o'clock of the local clock.
func (m *Model) hourOfWeek(hour int64) int {
	t := time.Unix(hour*hourSeconds, 0).In(m.o.location())
	return int(t.Weekday())*24 + t.Hour()
}

// localDay counts days of the local calendar.
func (m *Model) localDay(hour int64) int64 {
	_, offset := time.Unix(hour*hourSeconds, 0).In(m.o.location()).Zone()
	return (hour*hourSeconds + int64(offset)) / daySeconds
}

func ringed(i int64, n int) int {
	r := int(i % int64(n))
	if r < 0 {
		r += n
	}
	return r
}
