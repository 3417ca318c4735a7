package anomaly

import "math"

// alarm is the last stage: from the joint surprise of the measures to the
// score.
type alarm struct {
	tail   tail
	echo   float64 // of joint surprise
	habit  float64 // alarms not long before
	silent float64 // samples still to be silent for
}

// quietest is the highest score of a sample that is no alarm; what is unusual
// during the silence scores half of it at most.
const quietest = 0.49

// score takes in the n-th joint surprise. It keeps the order of surprises,
// alarms from 0.5 to 1.
func (a *alarm) score(joint, n float64, s *settings) float64 {
	log := logOf(joint)
	news := s.likelihood*a.tail.surprise(log, s) + (1-s.likelihood)*joint - s.ageing*math.Log1p(n/1000)
	a.echo = max(joint, a.echo*(1-1/s.echo))
	a.tail.add(logOf(a.echo))
	a.habit *= 1 - 1/s.habitMemory
	news -= s.habit * a.habit
	a.silent = max(0, a.silent-1)
	share := max(0, min(1, news/s.alarm))
	switch {
	case news < s.alarm && a.silent == 0:
		return quietest * share
	case a.silent > 0:
		return quietest / 2 * share
	}
	a.silent = s.silence
	a.habit++
	return 1 - 0.5*math.Exp(1-news/s.alarm)
}
