package forecast

import (
	"math"
	"time"
)

// ChangeKind is what became of a prediction.
type ChangeKind uint8

// The kinds of change.
const (
	Nothing   ChangeKind = iota
	Raised               // a breach is expected: a warning
	CameTrue             // the breach came as predicted
	Withdrawn            // it did not come, or is no longer expected
	Broken               // a breach came that was not predicted
	Recovered            // the series is back under the limit
)

// String names the kind.
func (k ChangeKind) String() string {
	return [...]string{"nothing", "raised", "came true", "withdrawn", "broken", "recovered"}[min(int(k), 5)]
}

// Reason is what a prediction rests on.
type Reason uint8

// The reasons.
const (
	ByRamp  Reason = iota // the series rises
	ByPeak                // its daily peak grows
	ByLevel               // the usual forecast comes near the limit
)

// Change is a change of the prediction, with the prediction as it then was.
type Change struct {
	Kind       ChangeKind
	At         time.Time
	Prediction Prediction
}

// Prediction says that a limit is about to be broken. The zero value says that
// nothing of that kind is expected.
type Prediction struct {
	Limit       float64
	Reason      Reason
	RaisedAt    time.Time
	Probability float64 // of a breach until Horizon after now
	Horizon     time.Duration
	// Expected is when the breach is most likely; in nine of ten cases it
	// comes between Earliest and Latest, if it comes.
	Expected, Earliest, Latest time.Time
	// Deadline is when the prediction is withdrawn at the latest.
	Deadline time.Time
}

// Record counts predictions that have ended.
type Record struct {
	CameTrue  int64
	Withdrawn int64
	Missed    int64 // breaches that were not predicted
	// Brier is the mean squared distance of the probabilities, as stated when
	// predictions were raised, from what came (1 or 0); zero if none ended.
	Brier float64
}

type phase int32

const (
	phaseIdle phase = iota
	phaseOpen
	phaseBroken
)

const (
	raiseStreak = 2 // buckets in a row
	dropAt      = 0.15
	dropLeast   = 6 // buckets in a row
	dropMost    = 72
	brokenAfter = 2  // buckets whose trailing half hour (of errors, hour) is over
	healedAfter = 12 // buckets under it: an hour
	quietAfter  = 6 * hourSeconds
	longest     = 14 * daySeconds // for which a prediction stands
)

// Probabilities from which a prediction is raised: of latencies, of daily
// peaks, and of error rates, whose probabilities are on the low side.
const raiseAt, raisePeak, raiseRate = 0.5, 0.7, 0.3

// leastAhead is how many hours ahead a breach must be to be predicted: what
// comes within minutes is for judges of the present.
const leastAhead = 0.15

// outcome is what the three sources say together.
type outcome struct {
	chance                     float64
	reason                     Reason
	hours                      float64 // for which chance holds
	expected, earliest, latest float64 // hours ahead
}

// expect puts together ramp, peak and level for the model's own limit, right
// after a bucket was closed.
func (m *Model) expect(bucket int64) outcome {
	s := &m.s
	var out outcome
	if s.Strength > m.lookFrom() {
		c := m.rampCurve(m.fineLimit(), bucket)
		if p := calibrate(c.p[rampSteps-1]); p > out.chance {
			out = outcome{p, ByRamp, rampReach, c.when(0.5), c.when(0.05), c.when(0.95)}
		}
	}
	if s.PeakCurve[peakReach-1] > 0.01 {
		p := m.peaksBy(&s.PeakCurve, peakReach*24)
		day := func(share float64) float64 {
			for h := 1.0; h < peakReach*24; h += 6 {
				if m.peaksBy(&s.PeakCurve, h) >= share*p {
					return h
				}
			}
			return peakReach * 24
		}
		if calibrate(p) > out.chance {
			out = outcome{calibrate(p), ByPeak, peakReach * 24, day(0.5), day(0.05), day(0.95)}
		}
	}
	if p := m.pathChance(pathHours); p > out.chance {
		at := func(share float64) float64 {
			for i, q := range s.PathCurve {
				if float64(q)/pathCount >= share*p {
					return float64(i) + 0.5
				}
			}
			return pathHours
		}
		out = outcome{p, ByLevel, pathHours, at(0.5), at(0.05), at(0.95) + 1}
	}
	return out
}

// lookFrom is the strength from which it is worth looking closely.
func (m *Model) lookFrom() float64 {
	if m.o.Kind == ErrorRate {
		return 1
	}
	return 2.5
}

// newRecord is the most that the usual forecast is believed when it says that
// the series will be over a limit over which it has not been for four weeks.
const newRecord = 0.4

// pathChance is the probability of a breach within so many hours if things go
// on as forecast.
func (m *Model) pathChance(hours int) float64 {
	s := &m.s
	p := float64(s.PathCurve[min(hours, pathHours)-1]) / pathCount
	limit := m.o.Kind.hourly(m.o.Limit+m.hourLuck(m.o.Limit)) - m.tail()
	for _, peak := range s.DayPeak {
		if peak.value() >= limit {
			return p
		}
	}
	return min(p, newRecord)
}

// hourLuck is how far over a limit the share of failed runs of an hour may be
// by chance.
func (m *Model) hourLuck(limit float64) float64 {
	if m.o.Kind != ErrorRate {
		return 0
	}
	return beyondChance * math.Sqrt(limit/(max(m.s.PerBucket, 1)*hourSeconds/bucketSeconds))
}

func (m *Model) fineLimit() float64 { return m.o.Kind.fine(m.o.Limit) - m.tail() }

// calibrate turns the raw probability of a ramp into the share of such ramps
// that did reach their limit in simulation.
func calibrate(p float64) float64 { return p }

// over tells how the series stands to its limit just now: 1 if it is over it,
// -1 if it is clearly under it, 0 if it is neither or cannot be told.
func (m *Model) over(bucket int64) int {
	s := &m.s
	if m.o.Kind == ErrorRate {
		// Two hours, and a standard error over: few runs fail by chance.
		mean, n := s.fineMean(bucket, 24)
		limit := min(m.o.Limit, 0.99)
		runs := float64(n) * max(s.PerBucket, 1)
		return side(mean+s.Anchor-limit, math.Sqrt(limit*(1-limit)/runs), 0, n >= 12)
	}
	var last [6]float64
	n := 0
	for i := range int64(len(last)) {
		if f := s.Fine[ringed(bucket-i, fineCount)]; !isNaN(f) {
			last[n] = float64(f)
			n++
		}
	}
	return side(median(last[:n])+m.baseline(bucket-3)-m.fineLimit(), 0, clearly, n >= 3)
}

// clearly is how far under its limit the logarithm of a latency must be.
const clearly = 0.05

func side(distance, over, under float64, known bool) int {
	switch {
	case !known:
		return 0
	case distance >= over:
		return 1
	case distance < -under:
		return -1
	}
	return 0
}

func (s *state) fineMean(bucket int64, count int) (mean float64, n int) {
	sum := 0.0
	for i := range int64(count) {
		if f := s.Fine[ringed(bucket-i, fineCount)]; !isNaN(f) {
			sum += float64(f)
			n++
		}
	}
	return sum / float64(max(n, 1)), n
}

// decide moves the prediction on after a bucket was closed; now is its end.
func (m *Model) decide(now int64) Change {
	s := &m.s
	if m.o.Limit <= 0 || s.AnchorN == 0 {
		return Change{}
	}
	switch m.over(s.Bucket - 1) {
	case 1:
		s.Over, s.Under = min(s.Over+1, brokenAfter), 0
	case -1:
		s.Over, s.Under = 0, min(s.Under+1, healedAfter)
	default:
		s.Over, s.Under = 0, 0
	}
	if phase(s.Phase) == phaseBroken {
		if s.Under >= healedAfter {
			// A daily peak that is over the limit today is no news tomorrow.
			s.Phase, s.Streak, s.Quiet = int32(phaseIdle), 0, now+daySeconds
			return m.change(Recovered, now)
		}
		return Change{}
	}
	if s.Over >= brokenAfter {
		return m.breach(now)
	}
	out := m.expect(s.Bucket - 1)
	s.Chance = out.chance
	if phase(s.Phase) == phaseOpen {
		return m.follow(out, now)
	}
	if out.chance < m.raiseFrom(out.reason) || now < s.Quiet || out.expected < leastAhead {
		s.Streak = 0
		return Change{}
	}
	if s.Streak++; s.Streak < raiseStreak {
		return Change{}
	}
	s.Phase, s.Streak = int32(phaseOpen), 0
	s.RaisedAt, s.Raised = now, out.chance
	s.note(out, now)
	s.Deadline = now + max(2*(s.Latest-now), 2*hourSeconds)
	return m.change(Raised, now)
}

// raiseFrom is the probability from which a prediction is raised.
func (m *Model) raiseFrom(r Reason) float64 {
	switch {
	case r == ByPeak:
		return raisePeak
	case m.o.Kind == ErrorRate && r == ByRamp:
		return raiseRate
	}
	return raiseAt
}

func (s *state) note(out outcome, now int64) {
	s.Reason = int32(out.reason)
	s.Expected = now + int64(out.expected*hourSeconds)
	s.Earliest = now + int64(out.earliest*hourSeconds)
	s.Latest = now + int64(out.latest*hourSeconds)
}

// follow keeps a raised prediction up to date, or withdraws it.
func (m *Model) follow(out outcome, now int64) Change {
	s := &m.s
	if out.chance >= dropAt {
		s.Streak = 0
		s.note(out, now)
	} else {
		s.Streak++
	}
	if end := s.RaisedAt + longest; now >= s.Deadline && now < end && out.chance >= m.raiseFrom(out.reason) {
		// It is late, but as likely as ever.
		s.Deadline = min(max(s.Latest, now+hourSeconds), end)
	}
	// The longer the way seemed to be, the longer may doubt last.
	patience := (s.Expected - s.RaisedAt) / (4 * bucketSeconds)
	if int64(s.Streak) < min(max(patience, dropLeast), dropMost) && now < s.Deadline {
		return Change{}
	}
	s.Phase, s.Streak, s.Quiet = int32(phaseIdle), 0, now+quietAfter
	s.Withdrawn++
	s.Brier += s.Raised * s.Raised
	return m.change(Withdrawn, now)
}

// breach notes that the limit is broken, predicted or not.
func (m *Model) breach(now int64) Change {
	s := &m.s
	was := phase(s.Phase)
	s.Phase, s.Streak = int32(phaseBroken), 0
	if was != phaseOpen {
		s.Missed++
		return m.change(Broken, now)
	}
	s.CameTrue++
	s.Brier += (1 - s.Raised) * (1 - s.Raised)
	return m.change(CameTrue, now)
}

func (m *Model) change(kind ChangeKind, now int64) Change {
	return Change{Kind: kind, At: time.Unix(now, 0).UTC(), Prediction: m.prediction()}
}

func (m *Model) prediction() Prediction {
	s := &m.s
	if s.RaisedAt == 0 {
		return Prediction{Limit: m.o.Limit}
	}
	horizon := [...]float64{rampReach, peakReach * 24, pathHours}[s.Reason]
	return Prediction{
		Limit: m.o.Limit, Reason: Reason(s.Reason), RaisedAt: time.Unix(s.RaisedAt, 0).UTC(),
		Probability: s.Chance, Horizon: time.Duration(horizon) * time.Hour,
		Expected: time.Unix(s.Expected, 0).UTC(), Earliest: time.Unix(s.Earliest, 0).UTC(),
		Latest: time.Unix(s.Latest, 0).UTC(), Deadline: time.Unix(s.Deadline, 0).UTC(),
	}
}

// Prediction is the one in force, and whether there is one.
func (m *Model) Prediction() (Prediction, bool) {
	if phase(m.s.Phase) != phaseOpen {
		return Prediction{}, false
	}
	return m.prediction(), true
}

// Record counts the predictions that have ended.
func (m *Model) Record() Record {
	s := &m.s
	r := Record{CameTrue: s.CameTrue, Withdrawn: s.Withdrawn, Missed: s.Missed}
	if n := s.CameTrue + s.Withdrawn; n > 0 {
		r.Brier = s.Brier / float64(n)
	}
	return r
}

// Breach is how likely a limit is to be broken.
type Breach struct {
	Limit       float64
	Horizon     time.Duration
	Probability float64
	Reason      Reason
	// Expected is when it is most likely; in nine of ten cases it comes
	// between Earliest and Latest, if it comes. They are zero if Probability is.
	Expected, Earliest, Latest time.Time
}

// BreachProbability tells how likely the series is to break a limit (as in
// Options) for a quarter of an hour within a horizon of up to a week, seen
// from the last closed five minutes. Ramps are followed for two days, the
// usual forecast for one, growing daily peaks for a week.
func (m *Model) BreachProbability(limit float64, horizon time.Duration) Breach {
	s := &m.s
	b := Breach{Limit: limit, Horizon: horizon}
	if s.AnchorN == 0 || limit <= 0 || horizon <= 0 || math.IsNaN(limit) {
		return b
	}
	own := m.o
	m.o.Limit = limit
	peaks, paths := s.PeakCurve, s.PathCurve
	s.PeakCurve = m.peakCurve(m.o.Kind.hourly(limit)-m.tail(), s.Today-1)
	s.PathCurve = m.pathCurve(m.o.Kind.hourly(limit)-m.tail(), s.Hour-1)
	defer func() { m.o, s.PeakCurve, s.PathCurve = own, peaks, paths }()

	now := s.Bucket * bucketSeconds
	if m.over(s.Bucket-1) > 0 {
		b.Probability = 1
		b.Expected, b.Earliest, b.Latest = time.Unix(now, 0).UTC(), time.Unix(now, 0).UTC(), time.Unix(now, 0).UTC()
		return b
	}
	h := horizon.Hours()
	var out outcome
	if s.Strength > m.lookFrom() {
		c := m.rampCurve(m.fineLimit(), s.Bucket-1)
		out = outcome{calibrate(c.by(h)), ByRamp, h, c.when(0.5), c.when(0.05), c.when(0.95)}
	}
	rest := m.expectWithin(h)
	if rest.chance > out.chance {
		out = rest
	}
	if out.chance <= 0 {
		return b
	}
	b.Probability, b.Reason = out.chance, out.reason
	at := func(hours float64) time.Time { return time.Unix(now+int64(hours*hourSeconds), 0).UTC() }
	b.Expected, b.Earliest, b.Latest = at(out.expected), at(out.earliest), at(out.latest)
	return b
}

// expectWithin is what peaks and paths say up to a horizon.
func (m *Model) expectWithin(h float64) outcome {
	s := &m.s
	strength := s.Strength
	s.Strength = 0
	out := m.expect(s.Bucket - 1)
	s.Strength = strength
	switch out.reason {
	case ByPeak:
		out.chance = calibrate(m.peaksBy(&s.PeakCurve, h))
		if i := int(h) - 1; i >= 0 {
			if p := m.pathChance(i + 1); p > out.chance {
				out.chance, out.reason = p, ByLevel
			}
		}
	case ByLevel:
		i := min(int(math.Ceil(h)), pathHours) - 1
		out.chance = m.pathChance(max(i, 0) + 1)
	}
	return out
}
