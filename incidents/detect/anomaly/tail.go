package anomaly

import "math"

const (
	tailBuckets   = 64
	bucketsPerE   = 4.328085122666891 // three to a factor of two
	lowestBucket  = -24               // 2^-8
	tailForgetsAt = 1 << 15           // readings
)

// tail is the distribution of a measure's readings: a histogram of their
// logarithms, and a Pareto tail fitted to its upper end. Readings are positive
// and in units of what is usual, so that one grid suits all series.
type tail struct {
	count [tailBuckets]uint16
	total uint16
	top   uint8 // no bucket above this one has a count
}

// bucket is where the logarithm of a reading belongs.
func bucket(log float64) int {
	b := int(math.Floor(log*bucketsPerE)) - lowestBucket
	return max(0, min(tailBuckets-1, b))
}

// logOf is the logarithm of a reading, which may be zero or beyond all bounds.
func logOf(reading float64) float64 { return math.Log(max(1e-6, min(1e12, reading))) }

// surprise is minus the natural logarithm of the share of readings that were as
// large as this one; it is zero until there are enough of them.
func (t *tail) surprise(log float64, s *settings) float64 {
	n := float64(t.total)
	if n < s.warmup {
		return 0
	}
	b := bucket(log)
	most := max(s.tailLeast, s.tailShare*n)
	seen, excess, i := 0.0, 0.0, int(t.top)+1
	for seen < most && i > 0 {
		i--
		c := float64(t.count[i])
		seen += c
		excess += c * float64(i) // in buckets above zero; made relative below
	}
	excess = (excess - seen*float64(i) + 0.5*float64(t.count[i])) / bucketsPerE
	edge := float64(i+lowestBucket) / bucketsPerE
	if log > edge {
		index := (seen + s.tailWeight) / (excess + s.tailWeight/s.tailIndex)
		return math.Log((n+1)/seen) + index*(log-edge)
	}
	for i > b {
		i--
		seen += float64(t.count[i])
	}
	return math.Log((n + 1) / seen)
}

// add takes a reading in. A long history is halved from time to time, which
// forgets slowly and bounds the counts.
func (t *tail) add(log float64) {
	b := bucket(log)
	t.count[b]++
	t.total++
	t.top = max(t.top, uint8(b))
	if t.total >= tailForgetsAt {
		t.halve()
	}
}

func (t *tail) halve() {
	t.total, t.top = 0, 0
	for i := range t.count {
		t.count[i] /= 2
		t.total += t.count[i]
		if t.count[i] > 0 {
			t.top = uint8(i)
		}
	}
}
