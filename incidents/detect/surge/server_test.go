package surge

import (
	"math"
	"math/rand/v2"
	"time"
)

var start = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// server is a server with a known curve of latency, in seconds, under a daily
// rhythm of load.
type server struct {
	median    func(load float64) float64
	low, high float64
	noise     float64 // standard deviation of the logarithm
	runs      int
	step      time.Duration // between runs; zero: a day in all
	timeout   time.Duration // zero: none
}

// mm1 is one server with a queue, half of whose journey is no service.
func mm1(base, capacity float64) func(float64) float64 {
	return func(x float64) float64 {
		if x >= capacity {
			return math.Inf(1)
		}
		return base/2 + base/2/(1-x/capacity)
	}
}

func flat(base float64) func(float64) float64 { return func(float64) float64 { return base } }

func (s server) pairs(seed uint64) []Pair {
	r := rand.New(rand.NewPCG(seed, 1))
	step := s.step
	if step == 0 {
		step = 24 * time.Hour / time.Duration(max(1, s.runs))
	}
	var pairs []Pair
	for i := range s.runs {
		at := start.Add(time.Duration(i) * step)
		day := 0.5 - 0.5*math.Cos(2*math.Pi*at.Sub(start).Hours()/24)
		load := s.low + (s.high-s.low)*day*(0.7+0.3*r.Float64())
		p := Pair{Time: at, Load: load, Latency: seconds(min(1e6, s.median(load)*math.Exp(s.noise*r.NormFloat64())))}
		if s.timeout > 0 && p.Latency > s.timeout {
			p.Latency, p.TimedOut = s.timeout, true
		}
		pairs = append(pairs, p)
	}
	return pairs
}
