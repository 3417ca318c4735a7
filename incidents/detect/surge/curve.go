package surge

import "math"

// Model is a family of curves of latency against load.
type Model string

// The models. Load is a rate of arrivals (requests/s, visitors/min) for the
// queues and USL; for USLUsers it is how many are there at once.
const (
	Constant Model = "constant" // load does not matter
	Linear   Model = "linear"
	// MM1 is one server with a queue, latency ∝ 1/(1−ρ) (Kleinrock, Queueing
	// Systems, volume 1, 1975), beside a part of the journey that does not queue.
	MM1 Model = "M/M/1"
	// MMC is several servers behind one queue: flat for long, then steep. The
	// wait is Sakasegawa's approximation (Annals of the Institute of
	// Statistical Mathematics 29, 1977), which is smooth in the servers.
	MMC Model = "M/M/c"
	// USL is the universal scalability law (Gunther, Guerrilla Capacity
	// Planning, 2007) by arrivals: contention and coherency, with concurrency
	// from Little's law.
	USL Model = "USL"
	// USLUsers is the universal scalability law by concurrency: latency is a
	// quadratic of the number of users.
	USLUsers Model = "USL (users)"
	// Closed is a server whose users wait for an answer before they ask again:
	// flat up to a knee, then straight up (asymptotic bounds; Lazowska et al.,
	// Quantitative System Performance, 1984). Load is how many users are there.
	Closed Model = "closed"
)

// saturated is the utilisation from which on a queue counts as saturated: its
// steady state is hundreds of service times away, and nobody waits for it.
const saturated = 0.995

// curve is how many times longer a journey takes under load than without:
// growth(0) is 1, it never falls, and it is +Inf where there is no steady state.
type curve struct {
	model Model
	// capacity is the load at which the server saturates (M/M/1, M/M/c, USL).
	capacity float64
	// share is how much of the unloaded journey is the service that is queued for.
	share float64
	// power and servers shape M/M/c: ρ^power / (servers·(1−ρ)).
	servers, power float64
	// contention is the part of USL's growth that is not coherency, 0 to 1.
	contention float64
	// slope and bend are the coefficients of load and its square; for Closed,
	// slope is that beyond the knee, by multiples of the knee.
	slope, bend float64
	knee        float64
}

func (c *curve) growth(x float64) float64 {
	switch c.model {
	case Linear:
		return 1 + c.slope*x
	case USLUsers:
		return 1 + c.slope*x + c.bend*x*x
	case MM1:
		u := x / c.capacity
		if u >= saturated {
			return math.Inf(1)
		}
		return 1 + c.share*u/(1-u)
	case MMC:
		u := x / c.capacity
		if u >= saturated {
			return math.Inf(1)
		}
		return 1 + c.share*math.Pow(u, c.power)/(c.servers*(1-u))
	case Closed:
		// The bounds meet in a corner; servers round it off.
		const width = 0.1
		return 1 + c.slope*width*(softplus((x/c.knee-1)/width)-softplus(-1/width))
	case USL:
		return 1 + c.share*(usl(x/c.capacity, c.contention)-1)
	}
	return 1
}

// softplus is ln(1+eˣ), 0 on the left and x on the right.
func softplus(x float64) float64 {
	if x > 30 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// usl is R(X)/R(0) of the universal scalability law at u times the highest
// throughput. R = α + β·XR + γ·(XR)² gives the lower root of a quadratic; with
// p the part of contention in the capacity, βX = pu and 4αγX² = ((1−p)u)².
func usl(u, p float64) float64 {
	if u >= 1 {
		return math.Inf(1)
	}
	b := 1 - p*u
	q := (1 - p) * u
	// The usual form of the root loses all digits for small q.
	return 2 / (b + math.Sqrt(b*b-q*q))
}

// family is a model with its prior: how often it is expected, and what its
// parameters look like before data were seen. Parameters come from the unit
// cube, load in units of the highest load that was seen.
type family struct {
	model Model
	prior float64
	dim   int
	make  func(u []float64, least float64) curve
}

// The priors are wide. Half of all servers can do four times what they were
// seen to do (see capacity); one server is as likely as a hundred; each factor
// of a share or slope is equally likely.
func families() []family {
	return []family{
		{Constant, 0.15, 0, func([]float64, float64) curve { return curve{model: Constant} }},
		{Linear, 0.10, 1, func(u []float64, _ float64) curve {
			return curve{model: Linear, slope: between(u[0], 0.02, 5)}
		}},
		{MM1, 0.18, 2, func(u []float64, least float64) curve {
			return curve{model: MM1, capacity: capacity(u[0], least), share: between(u[1], 0.1, 3)}
		}},
		{MMC, 0.20, 3, func(u []float64, least float64) curve {
			servers := between(u[2], 1, 200)
			return curve{model: MMC, capacity: capacity(u[0], least), share: between(u[1], 0.1, 3),
				servers: servers, power: math.Sqrt(2*(servers+1)) - 1}
		}},
		{USL, 0.10, 3, func(u []float64, least float64) curve {
			return curve{model: USL, capacity: capacity(u[0], least), share: between(u[1], 0.1, 1), contention: u[2]}
		}},
		{USLUsers, 0.17, 2, func(u []float64, _ float64) curve {
			return curve{model: USLUsers, slope: between(u[0], 0.01, 5), bend: between(u[1], 0.01, 3)}
		}},
		{Closed, 0.10, 2, func(u []float64, _ float64) curve {
			return curve{model: Closed, knee: capacity(u[0], 0.2), slope: between(u[1], 0.5, 10)}
		}},
	}
}

// capacity maps the unit interval to capacities above the least possible one:
// P(capacity > k·least) = 1/√k, up to ten thousand.
func capacity(u, least float64) float64 { return least / square(0.01+0.99*u) }

// between maps the unit interval to one of positive numbers, each factor
// equally likely.
func between(u, low, high float64) float64 { return low * math.Pow(high/low, u) }
