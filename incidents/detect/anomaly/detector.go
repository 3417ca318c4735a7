package anomaly

import (
	"math"
	"time"
)

// Alarm is the score from which a sample is an alarm.
const Alarm = 0.5

// Detector scores the samples of one series. It takes constant time and memory
// a sample and gives the same scores for the same samples, also when it was
// stored and read back in between. The zero value is not ready: use New. It is
// not for use by several goroutines at once.
type Detector struct {
	settings *settings
	memory   memory
	tails    [measures]tail
	alarm    alarm
	lastAt   int64 // Unix nanoseconds of the latest sample
}

// New returns a detector that has seen nothing.
func New() *Detector { return &Detector{settings: &usual} }

// usual is the one set of settings; nobody changes it.
var usual = standard()

// largest bounds the values so that no arithmetic overflows, single precision
// included.
const largest = 1e30

// Observe takes in the next sample and returns how unusual it is, from 0 to 1;
// Alarm and above is an alarm.
//
// Samples count in the order in which they come: their time only tells the hour
// and the day of the week, in UTC, so gaps, equal times and steps back do no
// harm. A sample that is not a finite number, or that repeats the one before in
// time and value, scores 0 and changes nothing.
func (d *Detector) Observe(at time.Time, value float64) float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0
	}
	value = max(-largest, min(largest, value))
	m := &d.memory
	if m.n > 0 && value == m.last && at.UnixNano() == d.lastAt {
		return 0
	}
	d.lastAt = at.UnixNano()
	var readings [measures]float64
	salience := m.read(at, value, &readings, d.settings)
	joint := max(0, d.joint(&readings)+d.settings.salience*salience)
	return d.alarm.score(joint, &readings, m.n, d.settings)
}

// joint is the root of the mean square of what the measures find surprising. It
// puts the surprises in the place of the readings.
func (d *Detector) joint(readings *[measures]float64) float64 {
	sum := 0.0
	for i, r := range readings {
		readings[i] = 0
		if math.IsNaN(r) {
			continue
		}
		log := logOf(r)
		if u := d.tails[i].surprise(log, d.settings); u > 0 {
			readings[i] = u + rarity[i]
			sum += readings[i] * readings[i]
		}
		d.tails[i].add(log)
	}
	return math.Sqrt(sum / measures)
}

// rarity is what an event is rarer than its readings, in nats.
var rarity = func() (r [measures]float64) {
	for i, span := range spans {
		r[i] = math.Log(span)
	}
	return r
}()
