package baseline

import "math"

// What is left when the usual level is taken away: its memory (first-order
// autocorrelation), its scale and its shape. The detector sees samples only as
// tail probabilities under this distribution, so that no shape of noise has to
// be assumed: ranks in the body, as in conformal prediction, and a generalised
// Pareto distribution above the 97.5 % quantile, as in SPOT (Siffer et al.,
// KDD 2017).
const (
	bins     = 128
	binLow   = -2.2 // of the transformed scale, see binOf
	binWidth = 0.0448
	// histogram entries count half when there are so many: about three weeks
	// of minutes.
	histogramMemory = 30000

	scaleMemory  = 1500
	covMemory    = 4000
	spreadMemory = 1500
	spreadTrust  = 60

	tailShare  = 0.025 // of samples that the Pareto tail stands for
	tailEnough = 15    // of them before it is fitted
	shapePrior = 0.1   // Pareto shape, worth so many samples:
	shapeTrust = 40
	// A probability is never claimed to be smaller than that of an event that
	// takes so many times what was seen.
	extrapolate = 20
	// Before much was seen, the shape is thought to be logistic: heavier than
	// a Gaussian.
	priorTrust = 30
	logistic   = 0.599 // scale at which 68.3 % lie within 1
)

// noise is the state of the residuals' distribution.
type noise struct {
	// Scale is what 68 % of whitened residuals are smaller than, and Hours the
	// logarithm of by how much that is more or less at an hour of the day:
	// busy hours are often noisier. Spread is the factor for the present one.
	Scale  float64
	Hours  [24]float32
	HoursN [24]uint16
	Hour   int64
	Spread float64
	N      float64 // whitened residuals learnt
	Total  float64 // weight of the histogram
	Hist   [bins]float32

	// The fitted tail: above At, which Share of the samples are.
	At, Share, Width, Shape float64

	Var, Cov float64 // of clipped residuals, at lag nought and one
	Pairs    float64
	PrevR    float64
	PrevAt   int64
}

const firstScale = 0.2

func (n *noise) reset() { *n = noise{Scale: firstScale, Spread: 1, Var: firstScale * firstScale} }

// phi is the autocorrelation of neighbouring samples.
func (n *noise) phi() float64 {
	if n.Pairs == 0 || n.Var <= 0 {
		return 0
	}
	return min(max(n.Cov/n.Var*n.Pairs/(n.Pairs+30), 0), 0.95)
}

// deviation is the standard deviation of clipped residuals.
func (n *noise) deviation() float64 { return math.Sqrt(max(n.Var, 1e-12)) }

// whiten takes from a residual what the one before makes one expect, over
// gaps less; the result has the scale of one between neighbours.
//
// Of an extreme predecessor it is not known whether what made it extreme goes
// on (the noise itself was) or not (only that sample was): whatever lies
// between the two is nothing new.
func (n *noise) whiten(r float64, at int64, interval float64) float64 {
	phi := n.phi()
	if phi == 0 || n.PrevAt == 0 {
		return r
	}
	p, scale := phi, 1.0
	if interval > 0 {
		if k := math.Round(float64(at-n.PrevAt) / interval); k > 1 {
			p = math.Pow(phi, k)
			scale = math.Sqrt((1 - phi*phi) / (1 - p*p))
		}
	}
	limit := 4 * n.deviation()
	near := p * min(max(n.PrevR, -limit), limit)
	far := p * n.PrevR
	return (r - min(max(r, min(near, far)), max(near, far))) * scale
}

// hold keeps a residual as the one before the next.
func (n *noise) hold(r float64, at int64) { n.PrevR, n.PrevAt = r, at }

// longRun is the variance of a sample that counts in a mean: that of
// independent samples with the same information.
func (n *noise) longRun() float64 {
	phi := n.phi()
	return n.Var * (1 + phi) / (1 - phi)
}

// binOf finds a scaled residual's bin and how far into it it lies.
func binOf(x float64) (int, float64) {
	t := math.Copysign(math.Log1p(math.Abs(x)), x)
	f := (t - binLow) / binWidth
	switch {
	case !(f >= 0): // or no number
		return 0, 0
	case f >= bins:
		return bins - 1, 1
	}
	i := int(f)
	return i, f - float64(i)
}

// centre is the middle of a bin.
func centre(i int) float64 {
	t := binLow + (float64(i)+0.5)*binWidth
	return math.Copysign(math.Expm1(math.Abs(t)), t)
}

// tail is the probability of a whitened residual at least as large.
func (n *noise) tail(e float64) float64 {
	x := e / n.Scale
	floor := 1 / (extrapolate*n.N + 2)
	if n.N < 200 {
		floor = 1 / (n.N + 2)
	}
	var p float64
	if n.Share > 0 && x > n.At {
		over := (x - n.At) / n.Width
		p = n.Share * math.Pow(1+n.Shape*over, -1/n.Shape)
	} else {
		prior := 1 / (1 + math.Exp(x/logistic))
		i, in := binOf(x)
		above := float64(n.Hist[i]) * (1 - in)
		for k := i + 1; k < bins; k++ {
			above += float64(n.Hist[k])
		}
		p = (above + priorTrust*prior) / (n.Total + priorTrust)
	}
	return min(max(p, floor), 1-floor)
}

// enter sets the spread for a slot of the week.
func (n *noise) enter(slot int64) {
	n.Hour = slot / 6 % 24
	n.Spread = math.Exp(float64(n.Hours[n.Hour]))
}

// spread learns how noisy this hour is from an evened residual.
func (n *noise) spread(e float64) {
	h := n.Hour
	n.HoursN[h] = min(n.HoursN[h]+1, spreadMemory)
	n.Hours[h] = min(max(n.Hours[h]+float32(beyond(e/n.Scale))/(float32(n.HoursN[h])+spreadTrust), -2), 2)
}

// beyond steps towards the scale that 68 % lie within, in units of logarithm.
func beyond(x float64) float64 {
	if math.Abs(x) > 1 {
		return 0.683 / 0.484
	}
	return -0.317 / 0.484
}

// learn takes in a whitened and evened residual.
func (n *noise) learn(e float64) {
	n.N++
	x := e / n.Scale
	i, _ := binOf(x)
	n.Hist[i]++
	n.Total++
	if n.Total >= histogramMemory {
		n.fade(0.5)
	}
	rate := 1 / min(n.N+4, scaleMemory)
	n.Scale = min(max(n.Scale*math.Exp(rate*beyond(x)), 1e-6), 10)
}

// fade lessens the weight of what was seen.
func (n *noise) fade(to float64) {
	n.Total = 0
	for i := range n.Hist {
		n.Hist[i] = float32(float64(n.Hist[i]) * to)
		n.Total += float64(n.Hist[i])
	}
}

// pair learns variance and autocorrelation from a residual and the one before.
func (n *noise) pair(r float64, at int64, interval float64) {
	limit := 3.5 * n.deviation()
	if n.Pairs < 50 {
		limit = math.Inf(1)
	}
	c := min(max(r, -limit), limit)
	rate := 1 / min(n.Pairs+2, covMemory)
	if n.PrevAt != 0 && (interval == 0 || float64(at-n.PrevAt) < 1.5*interval) {
		p := min(max(n.PrevR, -limit), limit)
		n.Pairs++
		n.Cov += rate * (c*p - n.Cov)
		n.Var += rate * ((c*c+p*p)/2 - n.Var)
	}
}

// fit fits the tail by the method of moments (Hosking & Wallis 1987), never
// lighter than exponential.
func (n *noise) fit() {
	above, i := 0.0, bins
	for i > 0 && above < tailShare*n.Total {
		i--
		above += float64(n.Hist[i])
	}
	if above < tailEnough {
		return
	}
	edge := binLow + float64(i)*binWidth
	at := math.Copysign(math.Expm1(math.Abs(edge)), edge)
	mean, square := 0.0, 0.0
	for k := i; k < bins; k++ {
		d, w := centre(k)-at, float64(n.Hist[k])
		mean += w * d
		square += w * d * d
	}
	mean /= above
	variance := max(square/above-mean*mean, 1e-9)
	shape := min(max(0.5*(1-mean*mean/variance), -0.3), 0.45)
	shape = max((above*shape+shapeTrust*shapePrior)/(above+shapeTrust), 0.01)
	n.At, n.Shape = at, shape
	n.Width = max(mean*(1-shape), 1e-3)
	n.Share = (above + priorTrust/(1+math.Exp(at/logistic))) / (n.Total + priorTrust)
}

// band follows quantiles of residuals by stochastic approximation, so that 95
// % of usual samples lie within whatever their shape (online conformal
// prediction, Gibbs & Candès 2021).
type band struct {
	Low, Mid, High float64 // relative to the level, evened log latency
	N              float64
}

func (b *band) reset() { *b = band{Low: -2.2 * firstScale, High: 2.2 * firstScale} }

func (b *band) learn(r, deviation float64) {
	b.N++
	step := deviation * max(2/(b.N+4), 0.02)
	b.Low += step * quantileStep(r, b.Low, 0.025)
	b.Mid += step * quantileStep(r, b.Mid, 0.5)
	b.High += step * quantileStep(r, b.High, 0.975)
	b.Low, b.High = min(b.Low, b.Mid), max(b.High, b.Mid)
}

func quantileStep(r, q, share float64) float64 {
	if r <= q {
		return share - 1
	}
	return share
}
