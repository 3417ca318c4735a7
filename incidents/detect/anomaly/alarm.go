package anomaly

import "math"

// alarm is the last stage: from the joint surprise of the measures to the
// score.
type alarm struct {
	tail   tail
	echo   float64 // of joint surprise
	habit  habit
	silent float64 // samples still to be silent for
}

// quietest is the highest score of a sample that is no alarm; what is unusual
// during the silence scores half of it at most.
const quietest = 0.49

// score takes in the n-th joint surprise, and what it is made of. It keeps the
// order of surprises, alarms from 0.5 to 1.
func (a *alarm) score(joint float64, surprises *[measures]float64, n float64, s *settings) float64 {
	news := a.news(joint, n, s)
	a.silent = max(0, a.silent-1)
	if a.silent > 0 {
		return quietest / 2 * share(news, s)
	}
	if news < s.alarm {
		return quietest * share(news, s)
	}
	kind := kindOf(surprises)
	news -= s.habit * a.habit.known(&kind, n, s)
	if news < s.alarm {
		return quietest * share(news, s)
	}
	a.habit.add(&kind, n)
	a.silent = s.silence
	return 1 - 0.5*math.Exp(1-news/s.alarm)
}

// share is news as a share of what makes an alarm.
func share(news float64, s *settings) float64 { return max(0, min(1, news/s.alarm)) }

// news is the final surprise: the joint one, and how seldom there was one like
// it, less for an old series.
func (a *alarm) news(joint, n float64, s *settings) float64 {
	log := logOf(joint)
	news := s.likelihood*a.tail.surprise(log, s) + (1-s.likelihood)*joint - s.ageing*math.Log1p(n/1000)
	a.echo = max(joint, a.echo*(1-1/s.echo))
	a.tail.add(logOf(a.echo))
	return news
}
