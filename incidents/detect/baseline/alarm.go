package baseline

import (
	"math"
	"time"
)

const (
	// An alarm ends when the way back is as certain as 1 in 100, and calm for at
	// least so many samples: a fault that comes and goes is one fault. If only
	// some samples are bad it takes more; see enough.
	backAt      = 4.605
	calmFor     = 30
	calmMost    = 60
	worthAdding = 5   // less than e^-5 of what is needed is not added up
	backMost    = 5.5 // a long calm does not make up for what is bad after it
	calmChance  = 9.2 // 1 in 10,000
	badTail     = 0.02
	// A moderate shift, with which the way back is compared.
	moderateUp, moderateDown = 2, 9
)

// detect steps all tests and changes the state where they say so.
func (j *Judge) detect(out *Judgement, x *features, millis, p float64, at int64) {
	s := &j.s
	sample := evidenceOf(p)
	if s.State == Slower {
		out.Score = 1
		if !j.large(out, millis-out.Expected) {
			// An alarm is not kept up by what would be no reason for one.
			sample = evidenceOf(max(p, 0.5))
		}
		j.endTrouble(out, x, &sample, at)
		return
	}
	threshold := j.logBudget()
	up, upScore := s.step(0, ups, &sample, at, threshold)
	switch {
	case upScore >= threshold && j.matters(out, up):
		out.Score = 1
		j.beginTrouble(out, up, at)
		return
	case s.State == Faster:
		j.endTrouble(out, x, &sample, at)
	default:
		down, downScore := s.step(ups, ups+downs, &sample, at, threshold)
		if downScore >= threshold && j.matters(out, down) {
			j.beginTrouble(out, down, at)
		}
	}
	out.Score = min(max(upScore/threshold, 0), 0.999)
}

// step steps some of the tests and gives the one that says most, and the
// logarithm of what all say together.
func (s *state) step(from, to int, sample *evidence, at int64, threshold float64) (which int, together float64) {
	doubt := s.doubt()
	most, sum := 0.0, 0.0
	for i := from; i < to; i++ {
		a, t := &alternatives[i], &s.Tests[i]
		ratio, log := a.ratio(sample)
		t.step(ratio, log, at)
		if t.R < lowR && t.Peak == 0 {
			continue
		}
		v := t.value()
		if s.State == Usual {
			t.quiet(float32(v))
		}
		if v = v*t.tempo(doubt, threshold, a.Reach) + math.Log(a.Weight); v > most {
			which, most = i, v
		}
		if v > threshold-worthAdding {
			sum += math.Exp(v)
		}
	}
	return which, max(most, math.Log(max(sum, 1)))
}

// matters tells whether a shift is large enough to speak of. Less than the
// smallest lasting change will do, since few samples say how large it is.
func (j *Judge) matters(out *Judgement, i int) bool {
	return j.large(out, math.Abs(j.levelNow(out, i)-out.Expected))
}

// large tells whether a change in milliseconds is large enough to speak of.
func (j *Judge) large(out *Judgement, change float64) bool {
	return change >= out.Expected*j.config.SmallestShare/2 && change >= j.config.SmallestMillis/4
}

// levelNow is the median latency since the onset that a test sees,
// milliseconds; of a test of the tail, the quantile in the middle of its bad
// samples.
func (j *Judge) levelNow(out *Judgement, i int) float64 {
	s := &j.s
	a, n := &alternatives[i], int64(s.Tests[i].N)
	if a.Kind == shiftUp || a.Kind == shiftDown {
		return out.Expected * math.Exp(s.median(n)-s.Season.Beta[0]-s.Band.Mid*s.Noise.Spread)
	}
	var to [recentLen]float64
	list := s.recent(n, &to)
	k := 0
	for k < len(list)-1 && list[k] <= s.Season.Beta[0]+s.Band.High*s.Noise.Spread {
		k++
	}
	return out.Expected * math.Exp(middle(list[k:])-s.Season.Beta[0]-s.Band.Mid*s.Noise.Spread)
}

func (j *Judge) beginTrouble(out *Judgement, i int, at int64) {
	s := &j.s
	s.Trouble = trouble{Began: at, Onset: s.Tests[i].Since, Test: int64(i), Since: at,
		LastLapse: s.Trouble.LastLapse, LastOnset: s.Trouble.LastOnset}
	s.State, out.Event = Slower, AlarmBegan
	if i >= ups {
		s.State, out.Event = Faster, FasterBegan
	}
	s.Season.drop(s.Trouble.Onset)
	s.Unlearnt = 0
	out.Onset = time.Unix(0, s.Trouble.Onset).UTC()
	out.Level = j.levelNow(out, i)
	out.Ratio = out.Level / out.Expected
	out.Explanation = j.explainBegin(out, i)
	for k := range s.Tests {
		s.Tests[k].First, s.Tests[k].Peak = 0, 0
	}
}

// endTrouble follows the way back, and accepts a level that stays.
func (j *Judge) endTrouble(out *Judgement, x *features, sample *evidence, at int64) {
	s := &j.s
	t := &s.Trouble
	out.Onset = time.Unix(0, t.Onset).UTC()
	if at-t.Began >= int64(j.freeze()) {
		j.lapse(out, x, at)
		return
	}
	t.N++
	if min(sample.p, 1-sample.p) < badTail && (sample.p < 0.5) == (s.State == Slower) {
		t.Bad++
		t.UntilBad = t.N
	}
	found, moderate := &alternatives[t.Test], &alternatives[moderateUp]
	if found.Kind == shiftDown {
		moderate = &alternatives[moderateDown]
	}
	if found.Kind == moderate.Kind {
		if found.Size > moderate.Size {
			found = moderate
		}
		moderate = found
	}
	_, log := moderate.ratio(sample)
	t.Back[0] = min(max(t.Back[0]-log, 0), backMost)
	_, log = found.ratio(sample)
	t.Back[1] = min(max(t.Back[1]-log, 0), backMost)
	if t.Back[0] == 0 || t.Back[1] == 0 {
		t.Calm, t.Since = 0, 0
		return
	}
	if t.Calm == 0 {
		t.Since = at
	}
	t.Calm++
	if float64(t.Calm) < t.enough() || t.Back[0] < backAt || t.Back[1] < backAt {
		return
	}
	out.Event = AlarmEnded
	if s.State == Faster {
		out.Event = FasterEnded
	}
	out.Ended = time.Unix(0, t.Since).UTC()
	out.Level = out.Expected * math.Exp(s.median(int64(t.Calm))-s.Season.Beta[0]-s.Band.Mid*s.Noise.Spread)
	out.Ratio = out.Level / out.Expected
	out.Explanation = j.explainEnd(out)
	s.settle()
}

// enough is how many calm samples in a row end a trouble: so many that they
// would be a rare chance if samples were still as bad as they had been.
func (t *trouble) enough() float64 {
	share := float64(t.Bad / max(t.UntilBad, 1))
	if share <= 0 || share >= 1 {
		return calmFor
	}
	return min(max(calmChance/-math.Log(1-share), calmFor), calmMost)
}

// settle goes back to the usual state.
func (s *state) settle() {
	s.State = Usual
	s.Trouble = trouble{LastLapse: s.Trouble.LastLapse, LastOnset: s.Trouble.LastOnset}
	s.restart()
}

// freeze is how long learning may stand still. While little is known that is
// not long, since what looks like a fault may be the first night or weekend.
func (j *Judge) freeze() time.Duration {
	longest := j.config.Freeze
	if j.s.State == Faster {
		longest = j.config.FreezeFaster
	}
	return min(longest, max(time.Duration(j.s.Trouble.Onset-j.s.First)/4, time.Hour))
}

// lapse accepts the present level as usual.
func (j *Judge) lapse(out *Judgement, x *features, at int64) {
	s := &j.s
	out.Event = AlarmLapsed
	if s.State == Faster {
		out.Event = FasterTaken
	}
	by := s.median(recentLen) - s.Season.Beta[0] - s.Band.Mid*s.Noise.Spread
	out.Level = out.Expected * math.Exp(by)
	out.Ratio = out.Level / out.Expected
	out.Explanation = j.explainLapse(out)
	s.Routine.Ground = 0
	s.Season.shift(x, by, s.Noise.longRun())
	// The shape may have changed with the level: what comes counts more.
	s.Noise.fade(0.25)
	onset := s.Trouble.Onset
	s.settle()
	s.Trouble.LastLapse, s.Trouble.LastOnset = at, onset
}
