package surge

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestAlign(t *testing.T) {
	load := []Point{
		{start.Add(2 * time.Minute), 30}, {start, 10}, {start.Add(time.Minute), 20}, // in no order
		{start.Add(time.Minute), 5},       // twice: the higher one stands
		{start.Add(10 * time.Minute), 40}, // after a gap
		{start.Add(11 * time.Minute), math.NaN()},
	}
	at := func(d time.Duration) Sample { return Sample{Time: start.Add(d), Latency: time.Second} }
	failed := at(30 * time.Second)
	failed.Failed = true
	cut := at(2*time.Minute + 50*time.Second)
	cut.TimedOut = true
	pairs, a := Align(load, []Sample{
		at(-time.Second), at(0), at(59 * time.Second), at(time.Minute), cut,
		at(5 * time.Minute), at(10*time.Minute + time.Second), failed,
	})
	var loads []float64
	for _, p := range pairs {
		loads = append(loads, p.Load)
	}
	want := []float64{10, 10, 20, 30, 40}
	if len(loads) != len(want) {
		t.Fatalf("loads %v, want %v", loads, want)
	}
	for i := range want {
		if loads[i] != want[i] {
			t.Fatalf("loads %v, want %v", loads, want)
		}
	}
	if !pairs[3].TimedOut {
		t.Error("the timeout was lost")
	}
	if a.Matched != 5 || a.Unmatched != 2 || a.Failed != 1 || a.Step != time.Minute || a.Lag != 0 {
		t.Errorf("%+v", a)
	}
	if pairs, a := Align(nil, []Sample{at(0)}); len(pairs) != 0 || a.Unmatched != 1 {
		t.Errorf("without load: %v, %+v", pairs, a)
	}
}

func TestAlignFindsTheLag(t *testing.T) {
	for _, lag := range []int{0, 1, 3, -1} {
		r := rand.New(rand.NewPCG(1, uint64(lag+10)))
		var load []Point
		var samples []Sample
		for i := range 600 {
			load = append(load, Point{start.Add(time.Duration(i) * time.Minute), 100 + 50*r.Float64() + 50*math.Sin(float64(i)/40)})
		}
		for i := range 600 {
			if i-lag < 0 || i-lag >= len(load) {
				continue
			}
			latency := (0.2 + load[i-lag].Value/100) * math.Exp(0.1*r.NormFloat64())
			samples = append(samples, Sample{Time: load[i].Time.Add(20 * time.Second), Latency: seconds(latency)})
		}
		if _, a := Align(load, samples); a.Lag != lag {
			t.Errorf("lag %d, want %d", a.Lag, lag)
		}
	}
}

// A smooth rhythm goes with itself at every lag: none is made up.
func TestAlignMakesUpNoLag(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(2, seed))
		var load []Point
		var samples []Sample
		for i := range 1000 {
			at := start.Add(time.Duration(i) * 5 * time.Minute)
			x := 100 + 80*math.Sin(float64(i)/46)
			load = append(load, Point{at, x})
			samples = append(samples, Sample{Time: at.Add(time.Minute), Latency: seconds((0.2 + x/300) * math.Exp(0.3*r.NormFloat64()))})
		}
		if _, a := Align(load, samples); a.Lag != 0 {
			t.Errorf("seed %d: lag %d", seed, a.Lag)
		}
	}
}
