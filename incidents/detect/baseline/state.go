package baseline

import (
	"math"
	"slices"
)

// recentLen is how many samples are remembered one by one: an hour of minutes.
const recentLen = 60

// state is everything that a judge remembers. It is a flat value, so that it
// is written and read as it is; see encode.go for its bounds.
type state struct {
	Samples     int64
	First, Last int64   // Unix nanoseconds
	Interval    float64 // usual time between samples, nanoseconds
	State       State

	Season  season
	Routine routine
	Noise   noise
	Band    band
	Tests   [ups + downs]test

	// The last samples, without their season (log latency) and whitened; At
	// is where the next one goes, and Unlearnt whitened ones wait to be
	// learnt, so that a fault is found before it is learnt.
	Level        [recentLen]logs
	Whitened     [recentLen]float32
	At, Unlearnt int64

	Trouble trouble
	Hours   hours
}

// trouble is an open alarm, or an open note that the series is faster.
type trouble struct {
	Began, Onset int64 // when it was found, and when it is thought to have begun
	Test         int64 // the alternative that found it
	// Back are Page's statistics of the way back, against a moderate shift and
	// against the alternative that found the trouble; Since is since when
	// both have been rising, and Calm for how many samples.
	Back  [2]float64
	Since int64
	Calm  float32
	// N counts samples since it was found, Bad those that were still far from
	// usual, and UntilBad what N was at the last of them.
	N, Bad, UntilBad float32
	// LastLapse is when a new level was accepted last, and LastOnset since when
	// it had been there.
	LastLapse, LastOnset int64
}

func (s *state) reset() {
	*s = state{}
	s.Noise.reset()
	s.Routine.reset()
	s.Band.reset()
}

// cadence follows the time between samples; holes count as twice the usual.
func (s *state) cadence(at int64) {
	gap := float64(at - s.Last)
	if s.Interval == 0 {
		s.Interval = gap
		return
	}
	rate := max(1/float64(s.Samples), 0.01)
	s.Interval += rate * (min(gap, 2*s.Interval) - s.Interval)
}

// remember keeps a sample, seasonless and whitened.
func (s *state) remember(level, whitened float64) {
	s.Level[s.At], s.Whitened[s.At] = logsOf(level), float32(whitened)
	s.At = (s.At + 1) % recentLen
}

// recent gives the n last seasonless levels in order of size, in to.
func (s *state) recent(n int64, to *[recentLen]float64) []float64 {
	n = max(min(n, recentLen, s.Samples), 1)
	for i := range n {
		to[i] = s.Level[(s.At-1-i+2*recentLen)%recentLen].value()
	}
	list := to[:n]
	slices.Sort(list)
	return list
}

// median of the n last seasonless levels.
func (s *state) median(n int64) float64 {
	var to [recentLen]float64
	return middle(s.recent(n, &to))
}

// logs is a log latency in two bytes, to within 0.05 %: of what only medians are
// made.
type logs int16

const logsUnit = 1.0 / 1024

func logsOf(x float64) logs {
	return logs(min(max(math.Round(x/logsUnit), math.MinInt16), math.MaxInt16))
}

func (v logs) value() float64 { return float64(v) * logsUnit }

// middle is the median of ordered values.
func middle(x []float64) float64 {
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// clipAt is where residuals are cut before they move the level: at three
// standard deviations, as soon as these are known.
func (s *state) clipAt() float64 {
	if s.Noise.Pairs < 30 {
		return 2
	}
	return 3 * math.Sqrt(s.Noise.Var+s.Season.Uncertainty)
}

// learn takes in a sample that is thought to be usual.
func (s *state) learn(c *Config, r, base float64, at int64) {
	s.Noise.pair(r, at, s.Interval)
	s.Band.learn(r/s.Noise.Spread, s.Noise.deviation())
	s.Noise.spread(float64(s.Whitened[(s.At-1+recentLen)%recentLen]))

	s.Unlearnt = min(s.Unlearnt+1, recentLen)
	lag := min(int64(recentLen-1), s.Samples/20)
	for s.Unlearnt > lag {
		s.Noise.learn(float64(s.Whitened[(s.At-s.Unlearnt+2*recentLen)%recentLen]))
		s.Unlearnt--
	}
	if s.Season.gather(r, base, at, s.clipAt()) {
		s.Season.learn(c, s.Noise.longRun())
		s.Noise.fit()
	}
}

// measure finds how uncertain the level is at a moment. What was thought to
// speak for a change while it was not known is forgotten when it is.
func (s *state) measure(x *features) {
	before := s.Season.Uncertainty
	_, s.Season.Uncertainty = s.Season.gain(x)
	s.Season.Moved = false
	if s.State == Usual && before > unknown*s.Noise.longRun() && s.Season.Uncertainty < before/2 {
		s.restart()
	}
}

// doubt is the variance of the level in normal scores.
func (s *state) doubt() float64 {
	phi := s.Noise.phi()
	f := (1 - phi) / (s.Noise.Scale * s.Noise.Spread)
	return s.Season.Uncertainty*f*f + 1/(s.Noise.N+1)
}

// restart forgets what spoke for changes.
func (s *state) restart() {
	for i := range s.Tests {
		s.Tests[i].restart()
	}
}

// overshoot is by how much a statistic's threshold may be smaller than the
// number of samples between false alarms, because it is passed by a leap: 0.56
// for a shift of one (Pollak 1987).
const overshoot = 0.56

// logBudget is the threshold of the statistic: the logarithm of the number of
// samples in the stated time between false alarms.
func (j *Judge) logBudget() float64 {
	interval := max(j.s.Interval, 1e6)
	return math.Log(max(overshoot*float64(j.config.FalseAlarmEvery)*float64(j.config.Series)/interval, 1000))
}
