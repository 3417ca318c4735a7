package surge

import (
	"math"
	"math/rand/v2"
)

// particle is one curve that the data allow.
type particle struct {
	curve  curve
	level  float64 // logarithm of the seconds without load
	spread float64 // standard deviation of level, misfit included
	weight float64
}

// likelihood is how well a curve explains the bins.
type likelihood struct {
	bins []bin
}

// The misfit is by how much, as a standard deviation of the logarithm, the
// true medians may be off any of the curves.
const (
	leastMisfit = 0.003
	mostMisfit  = 0.3
)

// of gives the logarithm of the likelihood with the level integrated out (its
// prior is flat), and the level's mean and standard deviation.
func (l *likelihood) of(c *curve, misfit float64, logs []float64) (log, level, spread float64) {
	var sumWeight, sum float64
	for i := range l.bins {
		b := &l.bins[i]
		logs[i] = math.Log(c.growth(b.load))
		if b.censored {
			continue
		}
		w := 1 / (b.variance + misfit*misfit)
		sumWeight += w
		sum += w * (b.median - logs[i])
	}
	if math.IsInf(sum, 0) || math.IsNaN(sum) || sumWeight == 0 {
		return math.Inf(-1), 0, 0
	}
	level = sum / sumWeight
	// One logarithm of a product costs less than forty logarithms.
	product := sumWeight
	for i := range l.bins {
		b := &l.bins[i]
		v := b.variance + misfit*misfit
		if b.censored {
			log += math.Log(max(normalAbove((b.median-level-logs[i])/math.Sqrt(v)), 1e-300))
			continue
		}
		log -= 0.5 * square(b.median-level-logs[i]) / v
		if product *= v; product < 1e-250 || product > 1e250 {
			log -= 0.5 * math.Log(product)
			product = 1
		}
	}
	log -= 0.5 * math.Log(product)
	return log, level, math.Sqrt(1/sumWeight + misfit*misfit)
}

// normalAbove is the chance that a standard normal variable is above z.
func normalAbove(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }

const (
	population = 400 // particles of each model
	moves      = 5   // Metropolis steps at each temperature
	mostSteps  = 60  // temperatures
)

// sampler draws a model's parameters from what the data leave of its prior:
// sequential Monte Carlo with tempered likelihoods (Del Moral, Doucet and
// Jasra 2006), which also gives the model's marginal likelihood.
type sampler struct {
	like   *likelihood
	family family
	least  float64 // smallest capacity
	random *rand.Rand
	logs   []float64

	dim  int
	at   [][]float64
	log  []float64
	step [][]float64 // Cholesky factor of the proposals
}

// draw gives particles of equal weight and the logarithm of the marginal
// likelihood.
func (s *sampler) draw() ([]particle, float64) {
	s.dim = s.family.dim + 1
	s.at = make([][]float64, population)
	s.log = make([]float64, population)
	for i := range s.at {
		s.at[i] = make([]float64, s.dim)
		for k := range s.at[i] {
			s.at[i][k] = s.random.Float64()
		}
		s.log[i] = s.logLikelihood(s.at[i])
	}
	evidence, heat := 0.0, 0.0
	for step := 0; heat < 1 && step < mostSteps; step++ {
		next := s.nextHeat(heat)
		if step == mostSteps-1 {
			next = 1
		}
		weights, mean := s.weights(next - heat)
		if math.IsInf(mean, -1) || math.IsNaN(mean) {
			return nil, math.Inf(-1)
		}
		evidence += mean
		s.resample(weights)
		heat = next
		s.propose()
		for range moves {
			s.move(heat)
		}
	}
	particles := make([]particle, population)
	for i, u := range s.at {
		c, misfit := s.parameters(u)
		_, level, spread := s.like.of(&c, misfit, s.logs)
		particles[i] = particle{curve: c, level: level, spread: spread}
	}
	return particles, evidence
}

func (s *sampler) parameters(u []float64) (curve, float64) {
	return s.family.make(u, s.least), between(u[s.dim-1], leastMisfit, mostMisfit)
}

func (s *sampler) logLikelihood(u []float64) float64 {
	c, misfit := s.parameters(u)
	log, _, _ := s.like.of(&c, misfit, s.logs)
	return log
}

// nextHeat goes as far as half of the particles still count.
func (s *sampler) nextHeat(heat float64) float64 {
	counting := func(next float64) float64 {
		weights, _ := s.weights(next - heat)
		var sum, squares float64
		for _, w := range weights {
			sum += w
			squares += w * w
		}
		return sum * sum / squares
	}
	if counting(1) >= population/2 {
		return 1
	}
	low, high := heat, 1.0
	for range 40 {
		middle := (low + high) / 2
		if counting(middle) >= population/2 {
			low = middle
		} else {
			high = middle
		}
	}
	// Where impossible particles alone are more than half, any step is as good
	// as another: it removes them.
	return max(low, heat+1e-6)
}

// weights of a step, their largest 1, and the logarithm of their mean.
func (s *sampler) weights(step float64) ([]float64, float64) {
	top := math.Inf(-1)
	for _, l := range s.log {
		top = max(top, l)
	}
	weights := make([]float64, len(s.log))
	sum := 0.0
	for i, l := range s.log {
		weights[i] = math.Exp(step * (l - top))
		if math.IsInf(l, -1) {
			weights[i] = 0
		}
		sum += weights[i]
	}
	return weights, step*top + math.Log(sum/float64(len(weights)))
}

// resample draws systematically, one number for all.
func (s *sampler) resample(weights []float64) {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := make([][]float64, len(s.at))
	log := make([]float64, len(s.log))
	start := s.random.Float64()
	i, passed := 0, weights[0]
	for k := range at {
		mark := (float64(k) + start) / float64(len(at)) * sum
		for passed < mark && i+1 < len(weights) {
			i++
			passed += weights[i]
		}
		at[k] = append([]float64(nil), s.at[i]...)
		log[k] = s.log[i]
	}
	s.at, s.log = at, log
}

// propose fits the proposals to the particles' spread (Roberts, Gelman and
// Gilks 1997).
func (s *sampler) propose() {
	d := s.dim
	mean := make([]float64, d)
	for _, u := range s.at {
		for k, v := range u {
			mean[k] += v / population
		}
	}
	cov := make([][]float64, d)
	for k := range cov {
		cov[k] = make([]float64, d)
	}
	for _, u := range s.at {
		for j := range d {
			for k := range j + 1 {
				cov[j][k] += (u[j] - mean[j]) * (u[k] - mean[k]) / population
			}
		}
	}
	scale := 2.38 / math.Sqrt(float64(d))
	s.step = make([][]float64, d)
	for j := range d {
		s.step[j] = make([]float64, d)
		for k := range j + 1 {
			sum := cov[j][k]
			if j == k {
				sum += 1e-12
			}
			for m := range k {
				sum -= s.step[j][m] * s.step[k][m]
			}
			switch {
			case j == k:
				s.step[j][k] = math.Sqrt(max(sum, 1e-12))
			default:
				s.step[j][k] = sum / s.step[k][k]
			}
		}
	}
	for j := range d {
		for k := range j + 1 {
			s.step[j][k] *= scale
		}
	}
}

// move is one Metropolis step of every particle.
func (s *sampler) move(heat float64) {
	noise := make([]float64, s.dim)
	to := make([]float64, s.dim)
	for i, u := range s.at {
		for k := range noise {
			noise[k] = s.random.NormFloat64()
		}
		// Small steps now and then, for ridges that the spread hides.
		size := [...]float64{1, 1, 0.3, 0.05}[s.random.IntN(4)]
		for j := range to {
			to[j] = u[j]
			for k := range j + 1 {
				to[j] += size * s.step[j][k] * noise[k]
			}
			to[j] = reflect(to[j])
		}
		log := s.logLikelihood(to)
		if accept := s.random.Float64(); math.Log(accept) < heat*(log-s.log[i]) {
			copy(u, to)
			s.log[i] = log
		}
	}
}

// reflect brings a coordinate back into the unit interval at its walls.
func reflect(x float64) float64 {
	x = math.Mod(math.Abs(x), 2)
	if x > 1 {
		x = 2 - x
	}
	return x
}
