package baseline

import (
	"math"
	"slices"
	"time"
)

// Change is a lasting change of level.
type Change struct {
	At       time.Time // when, to the hour
	From, To float64   // median latency before and after at an average time of the week, milliseconds
	// Confidence is one minus the probability that usual variation looks so,
	// after correction for the number of moments tried.
	Confidence float64
}

// Slower tells the direction.
func (c *Change) Slower() bool { return c.To > c.From }

// Marker is something that may have caused a change, such as a deployment.
type Marker struct {
	At   time.Time
	Name string
}

// MatchMarker gives the nearest marker that lies before a change, but no
// longer than within; since the time of a change is an estimate, a marker may
// also lie up to a quarter of that after it.
func MatchMarker(c Change, markers []Marker, within time.Duration) (Marker, bool) {
	best, found := Marker{}, false
	for _, m := range markers {
		before := c.At.Sub(m.At)
		if before > within || before < -within/4 {
			continue
		}
		if !found || c.At.Sub(m.At).Abs() < c.At.Sub(best.At).Abs() {
			best, found = m, true
		}
	}
	return best, found
}

// A change has to have lasted, and to be found by both tests.
const (
	hoursKept   = 168
	hoursBefore = 12
	hoursAfter  = 12
	localHours  = 6
	abrupt      = 0.6  // least part of a change that lies between these hours before and after
	standsOut   = 4.5  // and how many times larger it is than such differences are otherwise
	changeT     = 1e-5 // of the largest t statistic, Bonferroni-corrected
	changeRank  = 1e-3 // of Mann–Whitney at that place
)

// hours are the seasonless medians of the last hours that had samples.
type hours struct {
	Level      [hoursKept]logs
	Gap        [hoursKept]uint8 // hours since the one before
	First, Len int64
	Newest     int64 // the last of them, since 1970
	Now        int64 // the hour in progress
	N          int64 // its samples
}

// tick tells whether a sample at a time is the first of another hour, and how
// many samples the one before had.
func (h *hours) tick(at int64) (bool, int64) {
	hour := at / int64(time.Hour)
	if h.N == 0 || hour == h.Now {
		h.Now = hour
		h.N++
		return false, 0
	}
	n := h.N
	h.N = 1
	return true, n
}

func (h *hours) push(hour int64, level float64) {
	if h.Len == hoursKept {
		h.First, h.Len = (h.First+1)%hoursKept, h.Len-1
	}
	gap := hour - h.Newest
	if gap < 0 || gap > math.MaxUint8 {
		// What lies ten days back is no neighbour of what comes now.
		h.Len, gap = 0, 0
	}
	i := (h.First + h.Len) % hoursKept
	h.Level[i], h.Gap[i] = logsOf(level), uint8(gap)
	h.Newest = hour
	h.Len++
}

// when is the beginning of the i-th hour.
func (h *hours) when(i int64) time.Time {
	hour := h.Newest
	for k := h.Len - 1; k > i; k-- {
		hour -= int64(h.Gap[(h.First+k)%hoursKept])
	}
	return time.Unix(hour*3600, 0).UTC()
}

// lookForChange tests the last hours for a lasting change: the largest t
// statistic over all splits, as the steps of E-divisive with t-test do (Fleming
// et al. 2023, "Hunter"), and Mann–Whitney at that split. Both are corrected
// for hours that resemble each other.
func (j *Judge) lookForChange(out *Judgement, now *features, at int64) {
	s := &j.s
	h := &s.Hours
	n := int(h.Len)
	if n < hoursBefore+hoursAfter {
		return
	}
	since := int64(0)
	if at-s.First < int64(fullAge) {
		// Cycles are not learnt yet, and would look like changes: only what was
		// an alarm is looked at.
		switch {
		case s.State == Slower:
			since = s.Trouble.Onset
		case s.Trouble.LastLapse > 0:
			since = s.Trouble.LastOnset
		default:
			return
		}
	}
	var x [hoursKept]float64
	for i := range n {
		x[i] = h.Level[(int(h.First)+i)%hoursKept].value()
	}
	split, p := bestSplit(x[:n])
	if split == 0 || p > changeT {
		return
	}
	rank := mannWhitney(x[:n], split)
	if rank > changeRank {
		return
	}
	jump := mean(x[split:split+localHours]) - mean(x[split-localHours:split])
	usual := usualJump(x[:n], split)
	slices.Sort(x[:split])
	slices.Sort(x[split:n])
	from, to := middle(x[:split]), middle(x[split:n])
	if jump/(to-from) < abrupt || math.Abs(jump) < standsOut*usual {
		return // a drift
	}
	c := Change{
		At:   h.when(int64(split)),
		From: math.Exp(from), To: math.Exp(to), Confidence: 1 - max(p, rank),
	}
	if c.At.UnixNano() < since-int64(2*time.Hour) {
		return
	}
	if d := math.Abs(c.To - c.From); d < c.From*j.config.SmallestShare || d < j.config.SmallestMillis {
		return
	}
	// What was before is told of once.
	h.First, h.Len = (h.First+int64(split))%hoursKept, h.Len-int64(split)
	out.Changed, out.Change = true, c
	if out.Explanation == "" {
		out.Explanation = j.explainChange(&c)
	}
	if s.State == Usual {
		s.Season.shift(now, to-s.Season.Beta[0]-s.Band.Mid*s.Noise.Spread, s.Noise.longRun())
		s.restart()
	}
}

// usualJump is the root mean square of the differences between neighbouring
// stretches of hours, away from a split: how the level moves by itself.
func usualJump(x []float64, split int) float64 {
	sum, n := 0.0, 0.0
	for k := localHours; k+localHours <= len(x); k += localHours / 2 {
		if k > split-localHours && k < split+localHours {
			continue
		}
		d := mean(x[k:k+localHours]) - mean(x[k-localHours:k])
		sum += d * d
		n++
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / n)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// bestSplit finds where the means before and after differ most, and the
// probability of so large a difference at any of the places.
func bestSplit(x []float64) (int, float64) {
	n := len(x)
	total, squares := 0.0, 0.0
	centre := x[0]
	for _, v := range x {
		total += v - centre
		squares += (v - centre) * (v - centre)
	}
	split, best, bestInner := 0, 0.0, 0.0
	sum := 0.0
	for k := 1; k <= n-3; k++ {
		sum += x[k-1] - centre
		if k < hoursBefore {
			continue
		}
		a, b := sum/float64(k), (total-sum)/float64(n-k)
		inner := max(squares-sum*sum/float64(k)-(total-sum)*(total-sum)/float64(n-k), 1e-12)
		t := math.Abs(a-b) / math.Sqrt(inner/float64(n-2)*(1/float64(k)+1/float64(n-k)))
		if t > best {
			split, best, bestInner = k, t, inner
		}
	}
	if split == 0 || split > n-hoursAfter {
		return 0, 1 // it has not lasted yet
	}
	phi := innerCorrelation(x, split, bestInner)
	best *= math.Sqrt((1 - phi) / (1 + phi))
	return split, min(float64(n)*math.Erfc(best/math.Sqrt2), 1)
}

// innerCorrelation is the autocorrelation on both sides of a split, at least
// 0.2: hours of the same day are never quite independent.
func innerCorrelation(x []float64, split int, inner float64) float64 {
	sum := 0.0
	for _, part := range [2][]float64{x[:split], x[split:]} {
		m := mean(part)
		for i := 1; i < len(part); i++ {
			sum += (part[i] - m) * (part[i-1] - m)
		}
	}
	return min(max(sum/inner, 0.2), 0.95)
}

// mannWhitney is the two-sided probability of the rank-sum test, Gaussian
// approximation.
func mannWhitney(x []float64, split int) float64 {
	a, b := float64(split), float64(len(x)-split)
	u := 0.0
	for _, v := range x[split:] {
		for _, w := range x[:split] {
			switch {
			case v > w:
				u++
			case v == w:
				u += 0.5
			}
		}
	}
	z := math.Abs(u-a*b/2) / math.Sqrt(a*b*(a+b+1)/12)
	return math.Erfc(z / math.Sqrt2)
}
