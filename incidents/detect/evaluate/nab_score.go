package evaluate

import (
	"math"
	"sort"
)

// NABProfile weighs hits, false alarms and misses.
type NABProfile struct {
	Name                    string
	Hit, FalseAlarm, Missed float64
}

// NABProfiles are the benchmark's three, its standard first.
func NABProfiles() []NABProfile {
	return []NABProfile{
		{"standard", 1, 0.11, 1},
		{"reward_low_FP_rate", 1, 0.22, 1},
		{"reward_low_FN_rate", 1, 0.11, 2},
	}
}

// NABResult is how the flags of one threshold fare, on one series or on many.
type NABResult struct {
	Threshold float64
	Raw       float64 // sum of gains
	Windows   int     // labelled
	Hit       int     // labelled and flagged at least once
	False     int     // flagged rows outside the windows
	Rows      int     // scored rows outside the windows
	Profile   NABProfile
}

// Normalised puts the raw score between a detector that never flags (0) and
// one that flags just the first row of every window (100). Without a window
// there is nothing to normalise by: not a number.
func (r NABResult) Normalised() float64 {
	null := -r.Profile.Missed * float64(r.Windows)
	perfect := r.Profile.Hit * float64(r.Windows)
	if r.Windows == 0 {
		return math.NaN()
	}
	return 100 * (r.Raw - null) / (perfect - null)
}

func (r *NABResult) add(o NABResult) {
	r.Raw += o.Raw
	r.Windows += o.Windows
	r.Hit += o.Hit
	r.False += o.False
	r.Rows += o.Rows
}

// sigmoid is the benchmark's scaled sigmoid: what an alarm is worth by its
// place, from -1 (first row of a window) over 0 (its end) to beyond.
func sigmoid(x float64) float64 {
	if x > 3 {
		return -1
	}
	return 2/(1+math.Exp(5*x)) - 1
}

// gain is what flagging a row brings under the profile, and the window it is
// in, or -1.
func (s *NABSeries) gain(row int, p NABProfile) (gain float64, window int) {
	ended := -1
	for i, w := range s.Windows {
		switch {
		case row > w.Last:
			ended = i
		case row >= w.First:
			x := -float64(w.Last-row+1) / float64(w.width())
			return p.Hit * sigmoid(x) / sigmoid(-1), i
		}
	}
	if ended < 0 {
		return -p.FalseAlarm, -1
	}
	w := s.Windows[ended]
	x := float64(row-w.Last) / float64(w.width()-1) // a window of one row: +Inf, far from it
	return p.FalseAlarm * sigmoid(x), -1
}

// ScoreNAB scores one series at a threshold.
func ScoreNAB(s *NABSeries, scores []float64, threshold float64, p NABProfile) NABResult {
	r := NABResult{Threshold: threshold, Windows: len(s.Windows), Profile: p}
	best := make([]float64, len(s.Windows))
	hit := make([]bool, len(s.Windows))
	for row := s.Probation(); row < len(scores); row++ {
		gain, window := s.gain(row, p)
		if window < 0 {
			r.Rows++
		}
		if !(scores[row] >= threshold) {
			continue
		}
		switch {
		case window < 0:
			r.False++
			r.Raw += gain
		case !hit[window] || gain > best[window]:
			hit[window], best[window] = true, gain
		}
	}
	for i := range hit {
		if hit[i] {
			r.Hit++
			r.Raw += best[i]
		} else {
			r.Raw -= p.Missed
		}
	}
	return r
}

// ScoreNABCorpus sums over the series at one threshold.
func ScoreNABCorpus(corpus []*NABSeries, scores [][]float64, threshold float64, p NABProfile) NABResult {
	sum := NABResult{Threshold: threshold, Profile: p}
	for i, s := range corpus {
		sum.add(ScoreNAB(s, scores[i], threshold, p))
	}
	return sum
}

// aboveAll is a threshold that nothing reaches.
const aboveAll = 1.1

// BestNABThreshold is the one threshold for all series that gives the largest
// raw score, among those that occur and one above everything; the highest of
// equals.
func BestNABThreshold(corpus []*NABSeries, scores [][]float64, p NABProfile) float64 {
	type flag struct {
		score, gain float64
		window      int // index over the whole corpus, or -1
	}
	var flags []flag
	windows := 0
	for i, s := range corpus {
		for row := s.Probation(); row < len(s.Values); row++ {
			score := scores[i][row]
			if math.IsNaN(score) {
				continue // reaches no threshold
			}
			gain, w := s.gain(row, p)
			if w >= 0 {
				w += windows
			}
			flags = append(flags, flag{score, gain, w})
		}
		windows += len(s.Windows)
	}
	sort.SliceStable(flags, func(i, j int) bool { return flags[i].score > flags[j].score })
	earned := make([]float64, windows)
	for i := range earned {
		earned[i] = -p.Missed
	}
	raw, best, threshold := 0.0, 0.0, aboveAll // relative to never flagging
	for i, f := range flags {
		if f.window < 0 {
			raw += f.gain
		} else if f.gain > earned[f.window] {
			raw += f.gain - earned[f.window]
			earned[f.window] = f.gain
		}
		last := i+1 == len(flags) || flags[i+1].score < f.score
		if last && raw > best {
			best, threshold = raw, f.score
		}
	}
	return threshold
}
