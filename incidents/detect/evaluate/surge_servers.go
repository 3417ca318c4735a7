package evaluate

import (
	"math"
	"math/rand/v2"
	"time"

	"outrider/incidents/detect/surge"
)

// surgeServer is a simulated server whose latency at any load is known.
type surgeServer struct {
	// median gives the typical latency at a load, in seconds; +Inf if it
	// saturates.
	median   func(load float64) float64
	low      float64 // of the loads that are seen; the highest is about 1
	noise    float64 // standard deviation of the logarithm of single runs
	outliers float64 // share of runs that take 5 to 50 times as long
	timeout  float64 // seconds
	runs     int     // one each five minutes
}

// surgeClass is a kind of server, or of history.
type surgeClass struct {
	name string
	make func(r *rand.Rand) surgeServer
}

// usual is a history of two weeks with a daily rhythm.
func usual(r *rand.Rand, median func(float64) float64) surgeServer {
	return surgeServer{median: median, low: uniform(r, 0.05, 0.3), noise: uniform(r, 0.1, 0.4), timeout: 30, runs: 14 * 288}
}

func uniform(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// surgeClasses are the kinds. Capacities are in units of the highest load that
// is seen, so that 1/utilisation is the capacity.
func surgeClasses() []surgeClass {
	queue := func(r *rand.Rand) func(float64) float64 {
		return queueMedian(uniform(r, 0.2, 1), uniform(r, 0.3, 1), 1/uniform(r, 0.2, 0.9), 1)
	}
	return []surgeClass{
		{"M/M/1", func(r *rand.Rand) surgeServer { return usual(r, queue(r)) }},
		{"M/M/c, 2 to 64 servers", func(r *rand.Rand) surgeServer {
			servers := int(math.Round(2 * math.Pow(32, r.Float64())))
			return usual(r, queueMedian(uniform(r, 0.2, 1), uniform(r, 0.3, 1), 1/uniform(r, 0.2, 0.95), servers))
		}},
		{"USL by arrivals", func(r *rand.Rand) surgeServer {
			return usual(r, uslMedian(uniform(r, 0.2, 1), uniform(r, 0.2, 0.9), 1/uniform(r, 0.2, 0.9)))
		}},
		{"USL by users", func(r *rand.Rand) surgeServer {
			base, contention, coherency := uniform(r, 0.2, 1), uniform(r, 0.1, 2), uniform(r, 0.02, 1)
			return usual(r, func(x float64) float64 { return base * (1 + contention*x + coherency*x*x) })
		}},
		{"linear", func(r *rand.Rand) surgeServer {
			base, slope := uniform(r, 0.2, 1), uniform(r, 0.1, 2)
			return usual(r, func(x float64) float64 { return base * (1 + slope*x) })
		}},
		{"flat", func(r *rand.Rand) surgeServer {
			base := uniform(r, 0.2, 1)
			return usual(r, func(float64) float64 { return base })
		}},
		{"closed, knee (no model's)", func(r *rand.Rand) surgeServer {
			// Users who wait before they ask again: flat up to the knee, then
			// in proportion (asymptotic bounds; Lazowska et al. 1984).
			base, knee := uniform(r, 0.2, 1), uniform(r, 0.4, 3)
			return usual(r, func(x float64) float64 { return base * math.Pow(1+math.Pow(x/knee, 6), 1.0/6) })
		}},
		{"M/M/1, noisy, outliers", func(r *rand.Rand) surgeServer {
			s := usual(r, queue(r))
			s.noise, s.outliers, s.timeout = uniform(r, 0.5, 0.9), 0.04, 8
			return s
		}},
		{"M/M/1, narrow range", func(r *rand.Rand) surgeServer {
			s := usual(r, queue(r))
			s.low = uniform(r, 0.75, 0.9)
			return s
		}},
		{"M/M/1, 100 runs", func(r *rand.Rand) surgeServer {
			s := usual(r, queue(r))
			s.runs = 100
			return s
		}},
	}
}

// queueMedian is a journey of which a share is served by an M/M/c queue
// (Erlang's C, exactly).
func queueMedian(base, share, capacity float64, servers int) func(float64) float64 {
	return func(x float64) float64 {
		u := x / capacity
		if u >= 1 {
			return math.Inf(1)
		}
		return base * (1 + share*erlangC(servers, u)/(float64(servers)*(1-u)))
	}
}

// erlangC is the probability of having to wait, by the recursion of Erlang's B.
func erlangC(servers int, utilisation float64) float64 {
	offered := float64(servers) * utilisation
	b := 1.0
	for k := 1; k <= servers; k++ {
		b = offered * b / (float64(k) + offered*b)
	}
	return b / (1 - utilisation*(1-b))
}

// uslMedian solves R = α + β·XR + γ·(XR)² by iteration.
func uslMedian(base, contention, capacity float64) func(float64) float64 {
	return func(x float64) float64 {
		u := x / capacity
		if u >= 1 {
			return math.Inf(1)
		}
		gamma := square((1-contention)/2) / (capacity * capacity)
		r := 1.0
		for range 10_000 {
			r = 1 + contention/capacity*x*r + gamma*square(x*r)
		}
		return base * r
	}
}

func square(x float64) float64 { return x * x }

// pairs makes the history: load with a daily rhythm, quieter weekends and
// days that differ, latency with noise that lasts over some runs.
func (s surgeServer) pairs(r *rand.Rand) []surge.Pair {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	step := 5 * time.Minute
	pairs := make([]surge.Pair, 0, s.runs)
	const memory = 0.5
	drift, busy := 0.0, 1.0
	for i := range s.runs {
		at := start.Add(time.Duration(i) * step)
		if i%288 == 0 {
			busy = uniform(r, 0.8, 1)
			if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
				busy *= 0.7
			}
		}
		rhythm := 0.5 - 0.5*math.Cos(2*math.Pi*at.Sub(start).Hours()/24)
		load := (s.low + (1-s.low)*rhythm*busy) * uniform(r, 0.9, 1)
		drift = memory*drift + math.Sqrt(1-memory*memory)*r.NormFloat64()
		noise := s.noise * (drift + r.NormFloat64()) / math.Sqrt2
		latency := s.median(load) * math.Exp(noise)
		if r.Float64() < s.outliers {
			latency *= uniform(r, 5, 50)
		}
		p := surge.Pair{Time: at, Load: load, Latency: time.Duration(min(latency, s.timeout) * float64(time.Second))}
		p.TimedOut = latency > s.timeout
		pairs = append(pairs, p)
	}
	return pairs
}
