package attribution

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

func encoded(t testing.TB, p *Profile) []byte {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A profile that is stored and read again at any time goes on as if it had not
// been, to the last bit, and gives the same culprits.
func TestRestartEqualsNoRestart(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(seed)
		if w.kind = checks.KindHTTP; seed%2 == 1 {
			w.kind = checks.KindBrowser
		}
		var whole, restarted Profile
		for i := range 150 {
			run := w.run()
			if w.rand.IntN(10) == 0 {
				fails(run, w.rand.IntN(w.steps), probes.Failure{Kind: probes.FailTimeout})
			}
			frozen := i > 100 && i < 110
			whole.Observe(run, frozen)
			restarted.Observe(run, frozen)
			if w.rand.IntN(3) == 0 {
				data := encoded(t, &restarted)
				restarted = Profile{}
				if err := restarted.UnmarshalBinary(data); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !bytes.Equal(encoded(t, &whole), encoded(t, &restarted)) {
			t.Fatalf("seed %d: the profile differs after restarts", seed)
		}
		w.change = func(r *probes.Run) { slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, time.Second) }
		bad := w.several(3)
		if a, b := whole.Rank(bad), restarted.Rank(bad); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: culprits differ: %+v, %+v", seed, a, b)
		}
	}
}

func TestWhatTeachesNothing(t *testing.T) {
	w := newWorld(1)
	p := w.learned(50)
	before := encoded(t, p)
	last := w.run()
	for name, change := range map[string]func(r *probes.Run){
		"unknown":      func(r *probes.Run) { r.Outcome = probes.Unknown },
		"maintenance":  func(r *probes.Run) { r.Maintenance = true },
		"duplicate":    func(r *probes.Run) { r.Started = w.now.Add(-time.Minute) },
		"out of order": func(r *probes.Run) { r.Started = w.now.Add(-time.Hour) },
	} {
		run := *last
		change(&run)
		p.Observe(&run, false)
		if !bytes.Equal(before, encoded(t, p)) {
			t.Errorf("%s: the profile changed", name)
		}
	}
	// While it is frozen only the time of the last run moves on.
	last.Duration *= 9
	last.Steps[0].HTTP.Phases.FirstByte *= 9
	p.Observe(last, true)
	thawed := &Profile{}
	if err := thawed.UnmarshalBinary(before); err != nil {
		t.Fatal(err)
	}
	thawed.last = p.last
	if !bytes.Equal(encoded(t, thawed), encoded(t, p)) {
		t.Error("a frozen profile learned something")
	}
}

// Numbers that cannot be do no harm.
func TestHostileRuns(t *testing.T) {
	nan, inf, low := math.NaN(), math.Inf(1), math.Inf(-1)
	w := newWorld(1)
	w.kind = checks.KindBrowser
	p := w.learned(30)
	for i := range 200 {
		run := w.run()
		s := &run.Steps[i%w.steps]
		run.Disturbance = []float64{nan, inf, low, -1}[i%4]
		s.Vitals = &probes.Vitals{LCP: &nan, CLS: &inf, INP: &low}
		s.Duration = []time.Duration{math.MinInt64, math.MaxInt64, -1, 0}[i%4]
		run.Duration = s.Duration
		s.HTTP.Phases.FirstByte = s.Duration
		s.HTTP.BodyBytes, s.HTTP.Redirects, s.HTTP.Status = math.MinInt64, math.MinInt64, -7
		s.HTTP.URL, s.HTTP.Address, s.HTTP.Protocol = strings.Repeat("://@", i), strings.Repeat("x", 10*i), strings.Repeat("y", i)
		s.Resources[0].Time = s.Duration
		s.Resources = append(s.Resources, probes.ResourceGroup{Host: fmt.Sprint(i), Requests: 1, Failed: 1})
		p.Observe(run, false)
		culprits := p.Rank([]*probes.Run{run, w.run()})
		for _, c := range culprits {
			for _, x := range []float64{c.Was, c.Is, c.Share, c.Confidence} {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Fatalf("run %d: %+v", i, c)
				}
			}
		}
	}
	data := encoded(t, p)
	var q Profile
	if err := q.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	// It recovers.
	for range 300 {
		p.Observe(w.run(), false)
	}
	w.change = func(r *probes.Run) { slower(&r.Steps[2], &r.Steps[2].HTTP.Phases.FirstByte, 2*time.Second) }
	first(t, p.Rank(w.several(5)), KindPhase, "step 2", "first_byte", "")
}

func TestSizeOfProfiles(t *testing.T) {
	w := newWorld(1)
	w.steps, w.kind = 10, checks.KindBrowser
	p := &Profile{}
	for i := range 300 {
		run := w.run()
		for j := range run.Steps {
			h := run.Steps[j].HTTP
			h.URL = fmt.Sprintf("https://host-%d.example/", i%40)
			h.Address = fmt.Sprintf("[2001:db8:1111:2222:3333:4444:%04x:%04x]:65535", i, j)
			h.TLS.Issuer = strings.Repeat("CN=Some Authority, ", 20) + fmt.Sprint(i)
			for k := range 40 {
				run.Steps[j].Resources = append(run.Steps[j].Resources, probes.ResourceGroup{Host: fmt.Sprint(i, k), Time: w.around(5)})
			}
		}
		p.Observe(run, false)
	}
	if n := len(encoded(t, p)); n > 16<<10 {
		t.Errorf("a journey of 10 steps takes %d bytes", n)
	}
	usual := newWorld(1)
	usual.kind = checks.KindBrowser
	n := len(encoded(t, usual.learned(300)))
	t.Logf("a usual journey of 5 steps takes %d bytes", n)
	if n > 8<<10 {
		t.Errorf("a usual journey of 5 steps takes %d bytes", n)
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	w := newWorld(1)
	w.kind = checks.KindBrowser
	p := w.learned(100)
	runs := w.several(200)
	i := 0
	if n := testing.AllocsPerRun(len(runs)-2, func() { p.Observe(runs[i], false); i++ }); n > 0 {
		t.Errorf("%.1f allocations a run", n)
	}
}

// A level finds its place whatever the first value is, holds it against wild
// values, and follows a change that lasts.
func TestLevel(t *testing.T) {
	w := newWorld(4)
	var l level
	l.observe(9) // a cold start
	draw := func() float64 { return 5 + 0.2*w.rand.NormFloat64() }
	for range 200 {
		l.observe(draw())
	}
	near := func(what string, got, want, by float64) {
		t.Helper()
		if math.Abs(got-want) > by {
			t.Errorf("%s is %.3f, want %.3f", what, got, want)
		}
	}
	near("mean", float64(l.mean), 5, 0.1)
	near("spread", float64(l.spread), 0.2, 0.06)
	for i := range 200 {
		x := draw()
		if i%20 == 0 {
			x += 10
		}
		l.observe(x)
	}
	near("mean with one wild value in 20", float64(l.mean), 5, 0.12)
	near("spread with one wild value in 20", float64(l.spread), 0.22, 0.1)
	for range 200 {
		l.observe(draw() + 3)
	}
	near("mean after a change", float64(l.mean), 8, 0.15)
}

// Evidence is a proper Bayes factor: over all that may be seen when nothing has
// moved it is one on the average, so that it rarely claims much then.
func TestEvidenceIsFair(t *testing.T) {
	for _, spread := range []float64{0.06, 0.2, 0.5} {
		sum := 0.0
		for x := -20.0; x < 1000; {
			width := 0.004 + 0.004*math.Abs(x)
			sum += width * math.Exp(riseEvidence([]sample{{x + width/2, spread}})) * density(x+width/2, spread)
			x += width
		}
		// A few rises are beyond all that is looked at.
		if sum < 0.96 || sum > 1.005 {
			t.Errorf("spread %g: mean of the factor %.4f", spread, sum)
		}
	}
	for _, x := range []float64{-1e9, -100, -1, 0, 1, 39, 100, 1e6} {
		if e := riseEvidence([]sample{{x, 0.06}, {x, 0.3}}); math.IsNaN(e) || math.IsInf(e, 0) {
			t.Errorf("evidence of %g is %g", x, e)
		}
	}
}

func TestEvidenceNeedsMoreThanOneRun(t *testing.T) {
	of := func(above ...float64) float64 {
		var samples []sample
		for _, x := range above {
			samples = append(samples, sample{x, 0.2})
		}
		return riseEvidence(samples)
	}
	for _, c := range []struct {
		name      string
		got       float64
		low, high float64
	}{
		{"as usual", of(0, 0.1, -0.1), -10, 0},
		{"faster", of(-1, -1, -1), -20, 0},
		{"one wild run", of(3, 0.1, -0.1), -10, 1},
		{"one run alone", of(5), 2, 5},
		{"three runs that agree", of(1, 1.1, 0.9), 10, 100},
		{"three runs that agree on a lot", of(7, 7.1, 6.9), 12, 100},
	} {
		if c.got < c.low || c.got > c.high {
			t.Errorf("%s: %.2f, want %g to %g", c.name, c.got, c.low, c.high)
		}
	}
}

func FuzzProfile(f *testing.F) {
	w := newWorld(2)
	w.kind = checks.KindBrowser
	good := encoded(f, w.learned(5))
	f.Add(good)
	f.Add(encoded(f, &Profile{}))
	f.Add([]byte{})
	f.Add(good[:len(good)/2])
	run := w.run()
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Profile
		if err := p.UnmarshalBinary(data); err != nil {
			if !reflect.DeepEqual(p, Profile{}) {
				t.Fatal("a profile was changed by what could not be read")
			}
			return
		}
		if again := encoded(t, &p); !bytes.Equal(again, data) {
			t.Fatal("what was read is written otherwise")
		}
		p.Rank([]*probes.Run{run})
		p.last = 0
		p.Observe(run, false)
		if err := new(Profile).UnmarshalBinary(encoded(t, &p)); err != nil {
			t.Fatalf("a profile that was read cannot be read again: %v", err)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	for _, kind := range []checks.Kind{checks.KindHTTP, checks.KindBrowser} {
		b.Run(string(kind), func(b *testing.B) {
			w := newWorld(1)
			w.kind = kind
			p := w.learned(100)
			runs := w.several(256)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				p.last = 0
				p.Observe(runs[i%len(runs)], false)
				i++
			}
		})
	}
}

func BenchmarkRank(b *testing.B) {
	w := newWorld(1)
	w.kind = checks.KindBrowser
	p := w.learned(100)
	w.change = func(r *probes.Run) { slower(&r.Steps[1], &r.Steps[1].HTTP.Phases.FirstByte, time.Second) }
	bad := w.several(5)
	b.ReportAllocs()
	for b.Loop() {
		p.Rank(bad)
	}
}
