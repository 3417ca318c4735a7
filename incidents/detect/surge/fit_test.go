package surge

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func fitted(t *testing.T, pairs []Pair) *Fit {
	t.Helper()
	f, err := New(pairs)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFitWithinWhatWasSeen(t *testing.T) {
	for _, test := range []struct {
		name   string
		server server
	}{
		{"one server", server{median: mm1(0.4, 1000), low: 50, high: 800, noise: 0.15, runs: 400}},
		{"flat", server{median: flat(0.4), low: 50, high: 800, noise: 0.15, runs: 400}},
		{"linear", server{median: func(x float64) float64 { return 0.4 + x/1000 }, low: 50, high: 800, noise: 0.15, runs: 400}},
		{"few runs", server{median: mm1(0.4, 1000), low: 50, high: 700, noise: 0.1, runs: 60, step: 30 * time.Minute}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := fitted(t, test.server.pairs(1))
			for _, share := range []float64{0.3, 0.6, 0.95} {
				load := share * f.Peak
				p := f.At(load)
				truth := seconds(test.server.median(load))
				if p.Verdict != Tells || p.Extrapolated || p.Saturation > 0.01 {
					t.Errorf("at %.0f: %+v", load, p)
				}
				if ratio := p.Median.Value.Seconds() / truth.Seconds(); ratio < 0.85 || ratio > 1.18 {
					t.Errorf("at %.0f: %s, the truth is %s", load, p.Median, truth)
				}
				if p.P95.Value < p.Median.Value {
					t.Errorf("at %.0f: 95 %% of runs stay under %s, the median is %s", load, p.P95, p.Median)
				}
			}
		})
	}
}

func TestSaturates(t *testing.T) {
	f := fitted(t, server{median: mm1(0.4, 1000), low: 50, high: 920, noise: 0.1, runs: 700}.pairs(2))
	p := f.At(2 * f.Peak)
	if p.Verdict != Saturates || !p.Median.Saturates || p.Saturation < 0.9 {
		t.Errorf("far over the capacity: %+v", p)
	}
	b := f.Breaks(2*time.Second, 0.5, 5000)
	if truth := 1000 * (1 - 0.2/1.8); b.Low > truth || b.High < truth || b.High/b.Low > 1.2 {
		t.Errorf("2 s break at %.0f (%.0f to %.0f), the truth is %.0f", b.Load, b.Low, b.High, truth)
	}
}

func TestCannotTell(t *testing.T) {
	t.Run("narrow range", func(t *testing.T) {
		f := fitted(t, server{median: mm1(0.4, 1000), low: 300, high: 340, noise: 0.15, runs: 400}.pairs(3))
		if p := f.At(5 * f.Peak); p.Verdict == Tells {
			t.Errorf("told from next to nothing: %+v", p)
		}
	})
	t.Run("flat, far away", func(t *testing.T) {
		f := fitted(t, server{median: flat(0.4), low: 30, high: 340, noise: 0.15, runs: 400}.pairs(3))
		if p := f.At(20 * f.Peak); p.Verdict != CannotTell || !p.Extrapolated {
			t.Errorf("%+v", p)
		}
		if p := f.At(0.8 * f.Peak); p.Verdict != Tells {
			t.Errorf("within what was seen: %+v", p)
		}
	})
	t.Run("time of day", func(t *testing.T) {
		// Nights have little load and fast runs, but busy days are not slower.
		r := rand.New(rand.NewPCG(4, 4))
		var pairs []Pair
		for i := range 14 * 24 * 2 {
			at := start.Add(time.Duration(i) * 30 * time.Minute)
			hour := 0.5 - 0.5*math.Cos(2*math.Pi*float64(at.Hour())/24)
			load := (50 + 300*hour) * (0.6 + 0.4*float64((at.YearDay()*5)%7)/3)
			pairs = append(pairs, Pair{Time: at, Load: load, Latency: seconds((0.3 + 0.5*hour) * math.Exp(0.15*r.NormFloat64()))})
		}
		f := fitted(t, pairs)
		if f.TimeOfDay != ByTime {
			t.Errorf("goes with %q", f.TimeOfDay)
		}
		if p := f.At(3 * f.Peak); p.Verdict != CannotTell {
			t.Errorf("%+v", p)
		}
	})
	t.Run("load", func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		var pairs []Pair
		for i := range 14 * 24 * 2 {
			at := start.Add(time.Duration(i) * 30 * time.Minute)
			hour := 0.5 - 0.5*math.Cos(2*math.Pi*float64(at.Hour())/24)
			load := (50 + 300*hour) * (0.6 + 0.4*float64((at.YearDay()*5)%7)/3)
			pairs = append(pairs, Pair{Time: at, Load: load, Latency: seconds((0.3 + 0.5*load/350) * math.Exp(0.15*r.NormFloat64()))})
		}
		if f := fitted(t, pairs); f.TimeOfDay != ByLoad {
			t.Errorf("goes with %q", f.TimeOfDay)
		}
	})
}

func TestTimeoutsCountAsAtLeast(t *testing.T) {
	s := server{median: mm1(0.4, 1000), low: 50, high: 990, noise: 0.2, runs: 1440, timeout: 3 * time.Second}
	f := fitted(t, s.pairs(5))
	if f.TimedOut == 0 {
		t.Fatal("the case has no timeouts")
	}
	if p := f.At(950); p.Median.Value < 2500*time.Millisecond && !p.Median.Saturates {
		t.Errorf("at 950 a run takes %s, the truth is 4.2 s", p.Median)
	}
	pairs := s.pairs(5)
	for i := range pairs {
		pairs[i].TimedOut = true
	}
	if _, err := New(pairs); !errors.Is(err, ErrTimedOut) {
		t.Errorf("all timed out: %v", err)
	}
}

func TestOutliersHardlyMatter(t *testing.T) {
	s := server{median: mm1(0.4, 1000), low: 50, high: 800, noise: 0.15, runs: 400}
	clean := fitted(t, s.pairs(6)).At(700)
	pairs := s.pairs(6)
	r := rand.New(rand.NewPCG(6, 6))
	for i := range pairs {
		if r.Float64() < 0.05 {
			pairs[i].Latency *= 50
		}
	}
	dirty := fitted(t, pairs).At(700)
	if ratio := dirty.Median.Value.Seconds() / clean.Median.Value.Seconds(); ratio < 0.95 || ratio > 1.1 {
		t.Errorf("%s with outliers, %s without", dirty.Median, clean.Median)
	}
}

func TestTooFew(t *testing.T) {
	s := server{median: flat(0.4), low: 10, high: 100, runs: minPairs - 1}
	if _, err := New(s.pairs(1)); !errors.Is(err, ErrTooFew) {
		t.Errorf("%d runs: %v", minPairs-1, err)
	}
	if _, err := New(nil); !errors.Is(err, ErrTooFew) {
		t.Errorf("none: %v", err)
	}
	s = server{median: flat(0.4), low: 0, high: 0, runs: 100}
	if _, err := New(s.pairs(1)); !errors.Is(err, ErrTooFew) {
		t.Errorf("load is always 0: %v", err)
	}
}

// The unit of load and of latency must not matter.
func TestScaleInvariance(t *testing.T) {
	pairs := server{median: mm1(0.4, 1000), low: 50, high: 600, noise: 0.25, runs: 150}.pairs(7)
	scaled := slices.Clone(pairs)
	for i := range scaled {
		scaled[i].Load *= 60
		scaled[i].Latency *= 10
	}
	a, b := fitted(t, pairs), fitted(t, scaled)
	for _, factor := range []float64{0.5, 1, 1.5} {
		p, q := a.At(factor*a.Peak), b.At(factor*b.Peak)
		for _, v := range [][2]Latency{{p.Low, q.Low}, {p.Median, q.Median}, {p.P95, q.P95}} {
			if ratio := v[1].Value.Seconds() / v[0].Value.Seconds(); math.Abs(ratio-10) > 0.05 {
				t.Errorf("at %gx: %s became %s", factor, v[0], v[1])
			}
		}
		if math.Abs(p.Saturation-q.Saturation) > 0.005 {
			t.Errorf("at %gx: saturation %g became %g", factor, p.Saturation, q.Saturation)
		}
	}
}

// Neither the order of the runs nor rubbish among them changes anything.
func TestOrderIndependence(t *testing.T) {
	pairs := server{median: mm1(0.4, 1000), low: 50, high: 600, noise: 0.25, runs: 150}.pairs(8)
	shuffled := slices.Clone(pairs)
	shuffled = append(shuffled,
		Pair{Time: start, Load: math.NaN(), Latency: time.Second},
		Pair{Time: start, Load: math.Inf(1), Latency: time.Second},
		Pair{Time: start, Load: -5, Latency: time.Second},
		Pair{Time: start, Load: 5, Latency: -time.Second})
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	before := slices.Clone(shuffled)
	a, b := fitted(t, pairs), fitted(t, shuffled)
	if a.At(1000) != b.At(1000) {
		t.Errorf("%+v became %+v", a.At(1000), b.At(1000))
	}
	for i := range before {
		if before[i] != shuffled[i] && !math.IsNaN(before[i].Load) {
			t.Fatal("the input was changed")
		}
	}
}

// Whatever comes in, what comes out are numbers, in order.
func TestNeverNaN(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	loads := []func() float64{
		func() float64 { return 7 },
		func() float64 { return math.Exp(200 * r.NormFloat64()) },
		func() float64 { return float64(r.IntN(3)) },
		func() float64 { return math.MaxFloat64 * r.Float64() },
	}
	latencies := []func() time.Duration{
		func() time.Duration { return 1 },
		func() time.Duration { return time.Duration(r.Int64()) },
		func() time.Duration { return time.Duration(r.IntN(3)) },
	}
	for i, load := range loads {
		for j, latency := range latencies {
			var pairs []Pair
			for k := range 50 {
				pairs = append(pairs, Pair{Time: start.Add(time.Duration(k*(i-1)) * time.Hour), Load: load(), Latency: latency(), TimedOut: r.IntN(5) == 0})
			}
			f, err := New(pairs)
			if err != nil {
				continue
			}
			for _, at := range []float64{0, f.Peak, 5 * f.Peak, math.NaN(), math.Inf(1), -1} {
				p := f.At(at)
				if math.IsNaN(p.Saturation) || p.Saturation < 0 || p.Saturation > 1 || p.Low.Value < 0 ||
					!p.High.Saturates && p.High.Value < p.Low.Value || p.Verdict == "" {
					t.Errorf("loads %d, latencies %d, at %g: %+v", i, j, at, p)
				}
			}
			b := f.Breaks(time.Second, 0.95, 10*f.Peak)
			if math.IsNaN(b.Low) || math.IsNaN(b.Load) || math.IsNaN(b.High) || b.Low > b.Load || b.Load > b.High {
				t.Errorf("loads %d, latencies %d: %+v", i, j, b)
			}
			if math.IsNaN(f.Explained) || math.IsNaN(f.Noise) {
				t.Errorf("loads %d, latencies %d: explained %g, noise %g", i, j, f.Explained, f.Noise)
			}
		}
	}
}

// More load never makes it faster, and a longer bound never breaks earlier.
func TestMonotone(t *testing.T) {
	f := fitted(t, server{median: mm1(0.4, 1000), low: 50, high: 600, noise: 0.25, runs: 150}.pairs(10))
	last := Projection{}
	for load := 0.0; load < 3000; load += 100 {
		p := f.At(load)
		if p.Saturation < last.Saturation || !p.Low.atLeast(last.Low.Value) || !p.High.atLeast(last.High.Value) || last.Low.Saturates && !p.Low.Saturates {
			t.Errorf("from %+v to %+v", last, p)
		}
		last = p
	}
	at := 0.0
	for limit := 100 * time.Millisecond; limit < 20*time.Second; limit *= 2 {
		b := f.Breaks(limit, 0.5, 10_000)
		if b.Load < at {
			t.Errorf("%s breaks at %g, a shorter one at %g", limit, b.Load, at)
		}
		at = b.Load
	}
}
