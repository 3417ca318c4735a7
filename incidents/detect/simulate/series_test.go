package simulate_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"outrider/incidents/detect/simulate"
)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday

const week = 7 * 24 * time.Hour

// logs gives the points' logarithms, and how they vary.
func logs(s simulate.Series) (x []float64, mean, sd, lag1 float64) {
	for p := range s.Points() {
		x = append(x, math.Log(p.Value))
		mean += x[len(x)-1]
	}
	mean /= float64(len(x))
	var v, c float64
	for i := range x {
		v += (x[i] - mean) * (x[i] - mean)
		if i > 0 {
			c += (x[i] - mean) * (x[i-1] - mean)
		}
	}
	return x, mean, math.Sqrt(v / float64(len(x))), c / v
}

func TestNoise(t *testing.T) {
	for _, noise := range []simulate.Noise{simulate.Lognormal, simulate.StudentT, simulate.ParetoMix} {
		for _, ar := range []float64{0, 0.4, 0.7} {
			t.Run(noise.String(), func(t *testing.T) {
				s := simulate.Series{Seed: 1, Start: start, Length: 8 * week, Level: 500, Sigma: 0.2, Noise: noise, AR: ar}
				_, mean, sd, lag1 := logs(s)
				if math.Abs(mean-math.Log(500)) > 0.01 {
					t.Errorf("mean: got %.3f, want %.3f", mean, math.Log(500))
				}
				if math.Abs(sd-0.2) > 0.01 {
					t.Errorf("standard deviation: got %.3f, want 0.2", sd)
				}
				if math.Abs(lag1-ar) > 0.02 {
					t.Errorf("autocorrelation: got %.3f, want %.1f", lag1, ar)
				}
			})
		}
	}
}

func TestPointsAreReproducible(t *testing.T) {
	s := simulate.Series{Seed: 7, Start: start, Length: week, Sigma: 0.3, AR: 0.5, Daily: 0.2, Missing: 0.1, Gaps: 3, GapLength: time.Hour, Timeout: 1000, FailureRate: 0.01}
	first, second := slices.Collect(s.Points()), slices.Collect(s.Points())
	if !slices.Equal(first, second) {
		t.Error("two calls of Points differ")
	}
	s.Seed++
	if slices.Equal(first, slices.Collect(s.Points())) {
		t.Error("another seed gives the same series")
	}
}

// A fault changes nothing before its onset, and a gap nothing but what it
// takes away.
func TestFaultsLeaveTheRestAlone(t *testing.T) {
	s := simulate.Series{Seed: 3, Start: start, Length: week, Sigma: 0.2, AR: 0.3, Daily: 0.3}
	quiet := slices.Collect(s.Points())
	onset := start.Add(3*24*time.Hour + 30*time.Second)
	for _, kind := range []simulate.FaultKind{simulate.Step, simulate.Ramp, simulate.Tail, simulate.Flapping, simulate.Outage, simulate.Faster} {
		t.Run(kind.String(), func(t *testing.T) {
			s := s
			s.Timeout = 60_000
			s.Faults = []simulate.Fault{{Kind: kind, At: onset, For: time.Hour, Size: 3, Rise: 10 * time.Minute, Share: 0.2, On: 5 * time.Minute, Off: 5 * time.Minute}}
			changed := 0
			for i, p := range slices.Collect(s.Points()) {
				inside := !p.At.Before(onset) && p.At.Before(onset.Add(time.Hour))
				switch {
				case !inside && p != quiet[i]:
					t.Fatalf("point at %v outside of the fault changed", p.At)
				case inside && p.Value != quiet[i].Value:
					changed++
					if faster := p.Value < quiet[i].Value; faster != (kind == simulate.Faster) {
						t.Fatalf("point at %v: %v became %v", p.At, quiet[i].Value, p.Value)
					}
				}
				if kind == simulate.Outage && inside && (!p.Censored || !p.Failed || p.Value != 60_000) {
					t.Fatalf("point in an outage: %+v", p)
				}
			}
			want := map[simulate.FaultKind][2]int{simulate.Tail: {4, 24}, simulate.Flapping: {30, 30}, simulate.Ramp: {59, 60}}
			bounds, ok := want[kind]
			if !ok {
				bounds = [2]int{60, 60}
			}
			if changed < bounds[0] || changed > bounds[1] {
				t.Errorf("changed points: got %d, want %v", changed, bounds)
			}
		})
	}
}

func TestCyclesFollowTheWallClock(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := simulate.Series{Level: 100, Daily: 0.5, Peak: 9, Zone: zone}
	winter := s.Usual(time.Date(2026, 3, 20, 8, 0, 0, 0, time.UTC))
	summer := s.Usual(time.Date(2026, 4, 20, 7, 0, 0, 0, time.UTC))
	want := 100 * math.Exp(0.5)
	if math.Abs(winter-want) > 1e-9 || math.Abs(summer-want) > 1e-9 {
		t.Errorf("at nine o'clock in winter %v, in summer %v, want %v", winter, summer, want)
	}
	s = simulate.Series{Level: 100, Weekend: 1, Holidays: map[string]bool{"2026-03-04": true}}
	if got := s.Usual(start.Add(2*24*time.Hour + time.Hour)); math.Abs(got-100*math.E) > 1e-9 {
		t.Errorf("on a holiday: got %v, want that of a Sunday", got)
	}
}

func TestTimeoutsAndHoles(t *testing.T) {
	s := simulate.Series{Seed: 5, Start: start, Length: 10 * week, Level: 400, Sigma: 0.3, Timeout: 700, Missing: 0.05, Gaps: 2, GapLength: 2 * time.Hour}
	n, censored := 0, 0
	var longest time.Duration
	last := start
	for p := range s.Points() {
		n++
		if p.Censored {
			censored++
		}
		if p.Value > 700 || p.Censored != (p.Value == 700) {
			t.Fatalf("point %+v with a timeout of 700 ms", p)
		}
		longest, last = max(longest, p.At.Sub(last)), p.At
	}
	if share := float64(n) / float64(10*week/time.Minute); share < 0.90 || share > 0.945 {
		t.Errorf("share of points that are there: %.3f", share)
	}
	if share := float64(censored) / float64(n); math.Abs(share-0.031) > 0.005 {
		t.Errorf("share of points at the timeout: got %.4f, want 0.031", share)
	}
	if longest < 3*time.Hour {
		t.Errorf("longest hole: %v", longest)
	}
}
