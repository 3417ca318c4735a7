package baseline

import "math"

// The detector is an e-detector (Shin, Ramdas & Rinaldo 2023): a family of
// Shiryaev–Roberts statistics R ← (1+R)·LR over several alternatives, each
// with a likelihood ratio LR of mean one when all is usual. Then R minus the
// number of samples is a martingale, and stopping when the weighted sum
// reaches A happens at most once in A samples on average (Pollak 1985),
// whatever the alternatives. So A is the number of samples in the stated time
// between false alarms.
//
// Two things are not as that theorem wants them, and are allowed for: the
// level is known only to within season.Uncertainty, and noise may have more
// memory than one sample; see tempo.

// kind is the form of an alternative.
type kind uint8

const (
	shiftUp   kind = iota // normal scores move up by Size
	shiftDown             // and down: faster
	exceed                // the share of samples above the Size quantile grows to Share
	extreme               // a Share of the samples comes from the far tail
)

// alternative is one thing that may have happened.
type alternative struct {
	Kind kind
	// Size is, of shifts, how many steps of sizeUnit; of exceed, the share of
	// usual samples above the quantile; of extreme, the power of the tail.
	Size  float64
	Share float64
	// Weight is its part of the budget; ups sum to one, and so do downs.
	Weight float64
	// Reach is to how large a shift of scores it amounts.
	Reach float64
}

const (
	ups, downs = 9, 3
	sizeUnit   = 0.35
)

// alternatives are what is tested for; nobody changes them. A mean shift that
// lies between two of them is found with at most a tenth of delay more.
var alternatives = [ups + downs]alternative{
	{shiftUp, 1, 0, 0.06, 0.35},
	{shiftUp, 2, 0, 0.12, 0.7},
	{shiftUp, 3, 0, 0.12, 1.05},
	{shiftUp, 5, 0, 0.12, 1.75},
	{shiftUp, 8, 0, 0.14, 2.8},
	{exceed, 0.10, 0.4, 0.08, 1.3},
	{exceed, 0.02, 0.25, 0.1, 2},
	{exceed, 0.004, 0.25, 0.12, 2.5},
	{extreme, 0.1, 0.25, 0.14, 3},
	{shiftDown, 2, 0, 0.3, 0.7},
	{shiftDown, 4, 0, 0.3, 1.4},
	{shiftDown, 7, 0, 0.4, 2.45},
}

// Normal scores count no more than these: one very slow sample is no alarm,
// and one fast sample does not outweigh what slow ones said, as with a fault
// that comes and goes.
const (
	mostScore  = 4.5
	leastScore = -2
	// clipGain makes up for what cutting from below adds to the mean ratio.
	clipGain = 0.0013
)

// evidence is a sample as the tests see it.
type evidence struct {
	p, logP  float64 // tail probability
	up, down float64 // normal score, cut, and the same of the other side
	// Exponentials of sizeUnit times those.
	expUp, expDown float64
}

func evidenceOf(p float64) evidence {
	z := score(p)
	e := evidence{p: p, logP: math.Log(p)}
	e.up, e.down = min(max(z, leastScore), mostScore), min(max(-z, leastScore), mostScore)
	e.expUp, e.expDown = math.Exp(sizeUnit*(e.up-clipGain)), math.Exp(sizeUnit*(e.down-clipGain))
	return e
}

// power multiplies; sizes are small whole numbers.
func power(x, n float64) float64 {
	y := 1.0
	for ; n > 0; n-- {
		y *= x
	}
	return y
}

// ratio is the likelihood ratio of a sample, and its logarithm. Its mean is at
// most one when tail probabilities are uniform.
func (a *alternative) ratio(e *evidence) (ratio, log float64) {
	switch a.Kind {
	case shiftUp:
		log = a.Reach*(e.up-clipGain) - a.Reach*a.Reach/2
		return power(e.expUp, a.Size) * normal[int(a.Size)], log
	case shiftDown:
		log = a.Reach*(e.down-clipGain) - a.Reach*a.Reach/2
		return power(e.expDown, a.Size) * normal[int(a.Size)], log
	case exceed:
		ratio = (1 - a.Share) / (1 - a.Size)
		if e.p < a.Size {
			ratio = a.Share / a.Size
		}
	case extreme:
		// Beta density of the tail probability; see Vovk & Wang 2021 for such
		// calibrators.
		ratio = 1 - a.Share + a.Share*a.Size*math.Exp((a.Size-1)*e.logP)
	}
	return ratio, math.Log(ratio)
}

// normal holds exp(-δ²/2) for δ of so many size units; nobody changes it.
var normal = func() (n [9]float64) {
	for i := range n {
		d := sizeUnit * float64(i)
		n[i] = math.Exp(-d * d / 2)
	}
	return n
}()

// test is the running statistic of one alternative.
type test struct {
	Since int64 // the best start of the change
	R     float32
	Cusum float32 // Page's statistic, which that start is of
	N     float32 // samples since
	// Peaks of quiet times, for tempo: the first value of log(1+R) over
	// peakFrom in an excursion, its largest, and sums over past excursions.
	First, Peak       float32
	Excess, Excursion float32
}

const (
	peakFrom   = 3
	peakUntil  = 1
	peakTrust  = 25
	peakMemory = 200
	maxR       = 1e15
	// lowR is where log(1+R) begins to matter: at peakFrom.
	lowR = 19
)

// step takes in the likelihood ratio of a sample.
func (t *test) step(ratio, log float64, at int64) {
	t.R = float32(min((1+float64(t.R))*ratio, maxR))
	if t.Cusum == 0 {
		t.Since, t.N = at, 0
	}
	t.N++
	t.Cusum = max(t.Cusum+float32(log), 0)
}

// value is the logarithm of the statistic.
func (t *test) value() float64 { return math.Log1p(float64(t.R)) }

// quiet follows excursions while all is usual.
func (t *test) quiet(v float32) {
	switch {
	case t.Peak > 0 && v < peakUntil:
		t.Excess += t.Peak - t.First
		t.Excursion++
		t.First, t.Peak = 0, 0
		t.Excess -= t.Excess / peakMemory
		t.Excursion -= t.Excursion / peakMemory
	case t.Peak > 0:
		t.Peak = max(t.Peak, v)
	case v > peakFrom:
		t.First, t.Peak = v, v
	}
}

// restart forgets what speaks for a change.
func (t *test) restart() {
	t.R, t.Cusum, t.Since, t.N, t.First, t.Peak = 0, 0, 0, 0, 0, 0
}

// tempo is by how much log(1+R) counts, at most one; there are two reasons for
// less, and the stronger one holds.
//
// Excursions of R over a level have exponential excess of mean one in theory.
// Where they were seen to go further, because the noise has more memory than
// was taken out of it or because cycles are not as the regression thinks, the
// statistic is scaled back by that.
//
// And the level is uncertain by a variance (in normal scores). With an error b
// that is constant over the approach to the threshold h, false alarms are more
// frequent by the factor exp(b·2h/δ), whose mean over a Gaussian b is
// exp(2·variance·(h/δ)²).
func (t *test) tempo(variance, threshold, reach float64) float64 {
	seen := float64((peakTrust + t.Excursion) / (peakTrust + t.Excess))
	known := 1 / (1 + 2*variance*threshold/(reach*reach))
	return min(seen, known, 1)
}

// score is the normal score of a tail probability: Acklam's approximation,
// relative error below 1.2e-9.
func score(p float64) float64 {
	const low = 0.02425
	switch {
	case p < low:
		return -acklamTail(p)
	case p > 1-low:
		return acklamTail(1 - p)
	}
	q := p - 0.5
	r := q * q
	x := (((((-3.969683028665376e+01*r+2.209460984245205e+02)*r-2.759285104469687e+02)*r+1.383577518672690e+02)*r-3.066479806614716e+01)*r + 2.506628277459239e+00) * q /
		(((((-5.447609879822406e+01*r+1.615858368580409e+02)*r-1.556989798598866e+02)*r+6.680131188771972e+01)*r-1.328068155288572e+01)*r + 1)
	return -x
}

func acklamTail(p float64) float64 {
	q := math.Sqrt(-2 * math.Log(p))
	return (((((-7.784894002430293e-03*q-3.223964580411365e-01)*q-2.400758277161838e+00)*q-2.549732539343734e+00)*q+4.374664141464968e+00)*q + 2.938163982698783e+00) /
		((((7.784695709041462e-03*q+3.224671290700398e-01)*q+2.445134137142996e+00)*q+3.754408661907416e+00)*q + 1)
}
