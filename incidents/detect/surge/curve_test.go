package surge

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every curve that the priors can give starts at 1, never falls, is never NaN
// and, once saturated, stays so.
func TestCurvesGrow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, family := range families() {
		for range 300 {
			u := make([]float64, family.dim)
			for k := range u {
				u[k] = [...]float64{0, 1, r.Float64(), r.Float64()}[r.IntN(4)]
			}
			c := family.make(u, 1)
			if g := c.growth(0); math.Abs(g-1) > 1e-9 {
				t.Fatalf("%+v: growth without load is %g", c, g)
			}
			last := 1.0
			for x := 0.0; x < 20; x += 0.05 {
				g := c.growth(x)
				if math.IsNaN(g) || g < last-1e-9 {
					t.Fatalf("%+v: growth %g after %g at %g", c, g, last, x)
				}
				last = g
			}
		}
	}
}

func TestPriorsSumToOne(t *testing.T) {
	sum := 0.0
	for _, f := range families() {
		sum += f.prior
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("%g", sum)
	}
}

// Sakasegawa's wait of several servers is that of one server if there is one,
// and near Erlang's otherwise.
func TestSeveralServers(t *testing.T) {
	one := curve{model: MMC, capacity: 10, share: 1, servers: 1, power: 1}
	queue := curve{model: MM1, capacity: 10, share: 1}
	for x := 0.0; x < 9.9; x += 0.5 {
		if a, b := one.growth(x), queue.growth(x); math.Abs(a-b) > 1e-9 {
			t.Errorf("at %g: %g and %g", x, a, b)
		}
	}
	// M/M/2 at a utilisation of 0.8: growth 1/(1−0.8²) = 2.78.
	two := curve{model: MMC, capacity: 10, share: 1, servers: 2, power: math.Sqrt(6) - 1}
	if g := two.growth(8); math.Abs(g/2.78-1) > 0.03 {
		t.Errorf("two servers: %g", g)
	}
}

func TestUSLRoot(t *testing.T) {
	for _, p := range []float64{0, 0.3, 0.9, 1} {
		for _, u := range []float64{0.01, 0.5, 0.99} {
			r := usl(u, p)
			// R = 1 + βXR + γ(XR)², see usl.
			if right := 1 + p*u*r + square((1-p)*u/2)*r*r; math.Abs(r/right-1) > 1e-9 {
				t.Errorf("usl(%g, %g) = %g, but then R is %g", u, p, r, right)
			}
		}
	}
}
