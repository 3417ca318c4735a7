package anomaly

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// sample is one point of a test series.
type sample struct {
	at    time.Time
	value float64
}

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// daily is a noisy daily pattern, a sample every five minutes.
func daily(n int, seed uint64) []sample {
	random := rand.New(rand.NewPCG(seed, 1))
	s := make([]sample, n)
	for i := range s {
		at := start.Add(time.Duration(i) * 5 * time.Minute)
		level := 100.0
		if h := at.Hour(); h >= 9 && h < 18 {
			level = 300
		}
		s[i] = sample{at, level * (1 + 0.05*random.NormFloat64())}
	}
	return s
}

func score(d *Detector, series []sample) []float64 {
	scores := make([]float64, len(series))
	for i, s := range series {
		scores[i] = d.Observe(s.at, s.value)
	}
	return scores
}

// alarms counts the scores of an alarm among rows from to before.
func alarms(scores []float64, from, before int) (n int) {
	for _, s := range scores[from:before] {
		if s >= Alarm {
			n++
		}
	}
	return n
}

func TestFindsWhatIsPlain(t *testing.T) {
	const day = 288
	const onset = 10 * day
	noon := onset + 12*12
	tests := []struct {
		name   string
		change func(s []sample)
		from   int // first row of the change
		within int // rows in which the alarm must come
	}{
		{"spike", func(s []sample) { s[noon].value = 3000 }, noon, 1},
		{"dip", func(s []sample) { s[noon].value = 0 }, noon, 1},
		{"level shift", func(s []sample) {
			for i := onset; i < len(s); i++ {
				s[i].value += 400
			}
		}, onset, 6},
		{"no bump today", func(s []sample) {
			for i := onset; i < onset+day; i++ {
				s[i].value = 100 + (s[i-12*12].value - 100*math.Round(s[i-12*12].value/100))
			}
		}, onset + 9*12, 4 * 12},
		{"bump down instead of up", func(s []sample) {
			for i := onset + 9*12; i < onset+18*12; i++ {
				s[i].value = 20
			}
		}, onset + 9*12, 12},
		{"bump twice as high", func(s []sample) {
			for i := onset + 9*12; i < onset+18*12; i++ {
				s[i].value *= 2
			}
		}, onset + 9*12, 12},
		{"ten times the noise", func(s []sample) {
			random := rand.New(rand.NewPCG(5, 5))
			for i := onset; i < onset+day; i++ {
				s[i].value *= 1 + 0.5*random.NormFloat64()
			}
		}, onset, 24},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := daily(12*day, 7)
			test.change(s)
			scores := score(New(), s)
			if n := alarms(scores, test.from, test.from+test.within); n == 0 {
				t.Errorf("no alarm within %d rows; scores %.2f", test.within, scores[test.from:test.from+test.within])
			}
			if n := alarms(scores, 3*day, test.from); n > 3 {
				t.Errorf("%d alarms before in %d rows", n, test.from-3*day)
			}
			if n := alarms(scores, test.from, test.from+day); n > 4 {
				t.Errorf("%d alarms on the day of the change", n)
			}
		})
	}
}

func TestScoresStayInRange(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	values := map[string]func(i int) float64{
		"constant":   func(int) float64 { return 42 },
		"zero":       func(int) float64 { return 0 },
		"one change": func(i int) float64 { return float64(i / 1000) },
		"tiny":       func(int) float64 { return 1e-300 * random.NormFloat64() },
		"huge":       func(int) float64 { return 1e308 * random.NormFloat64() },
		"both":       func(int) float64 { return math.Exp(600 * random.NormFloat64()) },
		"heavy tail": func(int) float64 { return math.Pow(random.Float64(), -3) },
		"growing":    func(i int) float64 { return math.Exp(float64(i) / 10) },
		"rubbish": func(i int) float64 {
			return []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1, math.MaxFloat64, math.SmallestNonzeroFloat64}[i%7]
		},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			d := New()
			for i := range 3000 {
				at := start.Add(time.Duration(random.IntN(1e9)) * time.Second)
				if s := d.Observe(at, value(i)); !(s >= 0 && s <= 1) {
					t.Fatalf("sample %d scores %v", i, s)
				}
			}
			state, err := d.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if err := New().UnmarshalBinary(state); err != nil {
				t.Errorf("its own state is refused: %v", err)
			}
		})
	}
}

func TestIndependentOfUnit(t *testing.T) {
	s := daily(3000, 1)
	s[2500].value = 2000
	want := score(New(), s)
	for _, unit := range []float64{1.0 / 1024, 1 << 20} { // powers of two: exact
		scaled := make([]sample, len(s))
		for i := range s {
			scaled[i] = sample{s[i].at, s[i].value * unit}
		}
		for i, got := range score(New(), scaled) {
			if math.Abs(got-want[i]) > 1e-6 {
				t.Fatalf("unit %g: sample %d scores %v, want %v", unit, i, got, want[i])
			}
		}
	}
}

func TestReplay(t *testing.T) {
	s := daily(2000, 2)
	if a, b := score(New(), s), score(New(), s); !equal(a, b) {
		t.Error("the same samples score differently")
	}
}

func equal(a, b []float64) bool {
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestRestart stores and reads the state at random places: nothing may change.
func TestRestart(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	s := daily(3000, 3)
	for i := range 40 {
		s[random.IntN(len(s))].value *= float64(i)
	}
	want := score(New(), s)
	for range 5 {
		d := New()
		for i, x := range s {
			if random.IntN(200) == 0 {
				d = restart(t, d)
			}
			if got := d.Observe(x.at, x.value); math.Float64bits(got) != math.Float64bits(want[i]) {
				t.Fatalf("sample %d scores %v, without a restart %v", i, got, want[i])
			}
		}
	}
}

func restart(t *testing.T, d *Detector) *Detector {
	t.Helper()
	state, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	restored := New()
	if err := restored.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	again, err := restored.MarshalBinary()
	if err != nil || !bytes.Equal(state, again) {
		t.Fatalf("the state changes in storage (%v)", err)
	}
	return restored
}

// TestRubbishChangesNothing puts what is no sample, and what is a repeated one,
// between the samples.
func TestRubbishChangesNothing(t *testing.T) {
	s := daily(3000, 4)
	want := score(New(), s)
	d := New()
	for i, x := range s {
		if got := d.Observe(x.at, x.value); math.Float64bits(got) != math.Float64bits(want[i]) {
			t.Fatalf("sample %d scores %v, without rubbish %v", i, got, want[i])
		}
		for _, rubbish := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), x.value} {
			if got := d.Observe(x.at, rubbish); got != 0 {
				t.Fatalf("%v after sample %d scores %v", rubbish, i, got)
			}
		}
	}
}

// TestDisorderIsHarmless delivers a tenth of the samples late, and some in the
// far past or future: what is plain is still found, and little else.
func TestDisorderIsHarmless(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	s := daily(4000, 5)
	for i := range s {
		if j := i + random.IntN(3); random.IntN(10) == 0 && j < len(s) {
			s[i], s[j] = s[j], s[i]
		}
		switch random.IntN(1000) {
		case 0:
			s[i].at = time.Time{}
		case 1:
			s[i].at = s[i].at.AddDate(400, 0, 0)
		}
	}
	s[3500].value = 5000
	scores := score(New(), s)
	if scores[3500] < Alarm {
		t.Errorf("the spike scores %v", scores[3500])
	}
	if n := alarms(scores, 864, 3500); n > 8 {
		t.Errorf("%d alarms without cause", n)
	}
}

func TestRefusesDamagedState(t *testing.T) {
	d := New()
	score(d, daily(500, 6))
	state, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{"nothing": nil, "cut": state[:len(state)/2], "longer": append(bytes.Clone(state), 0)}
	for i := range state {
		b := bytes.Clone(state)
		b[i] ^= 0x10
		damaged[string(rune('a'+i%26))] = b
	}
	for name, b := range damaged {
		if err := New().UnmarshalBinary(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestVariations holds the list of constants against the settings.
func TestVariations(t *testing.T) {
	s := standard()
	constants := s.constants()
	if want := reflect.TypeFor[settings]().NumField(); len(constants) != want {
		t.Errorf("%d constants listed, there are %d", len(constants), want)
	}
	for _, c := range constants {
		*c.value = -1
	}
	settings := reflect.ValueOf(s)
	for i := range settings.NumField() {
		if settings.Field(i).Float() != -1 {
			t.Errorf("%s is not listed", settings.Type().Field(i).Name)
		}
	}
	series := daily(1500, 1)
	for _, v := range Variations(0.5, 2) {
		for i, got := range score(v.New(), series) {
			if !(got >= 0 && got <= 1) {
				t.Fatalf("%s: sample %d scores %v", v.Name, i, got)
			}
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	d, s, i := New(), daily(2000, 8), 0
	if n := testing.AllocsPerRun(1000, func() { d.Observe(s[i].at, s[i].value); i++ }); n > 0 {
		t.Errorf("%v allocations a sample", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	s := daily(1<<15, 1)
	d := New()
	score(d, s)
	state, err := d.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		x := s[i%len(s)]
		d.Observe(x.at, x.value)
	}
	b.ReportMetric(float64(len(state)), "state-bytes")
}
