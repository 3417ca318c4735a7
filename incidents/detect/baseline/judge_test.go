package baseline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect/baseline"
	"outrider/incidents/detect/simulate"

	"github.com/google/go-cmp/cmp"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// quiet is a series with everything in it but a fault.
func quiet(seed uint64, length time.Duration) simulate.Series {
	return simulate.Series{
		Seed: seed, Start: monday, Length: length, Level: 900, Sigma: 0.12, AR: 0.3,
		Daily: 0.2, Weekend: -0.1, Peak: 15, Missing: 0.01, Gaps: 1, GapLength: time.Hour, Timeout: 30_000,
	}
}

// samples gives a series as judges are shown it.
func samples(s simulate.Series) []baseline.Sample {
	var list []baseline.Sample
	for p := range s.Points() {
		list = append(list, baseline.Sample{At: p.At, Millis: p.Value, Censored: p.Censored})
	}
	return list
}

// event is a judgement with an event or a change.
type event struct {
	baseline.Judgement
	At time.Time
}

func judge(j *baseline.Judge, list []baseline.Sample) (events []event) {
	for _, x := range list {
		if got := j.Observe(x); got.Event != baseline.NoEvent || got.Changed {
			events = append(events, event{got, x.At})
		}
	}
	return events
}

func TestFaults(t *testing.T) {
	onset := monday.Add(8*day + 14*time.Hour)
	tests := []struct {
		name   string
		fault  simulate.Fault
		want   []baseline.Event
		within time.Duration // of the first event
	}{
		{"step", simulate.Fault{Kind: simulate.Step, Size: 4, For: 2 * time.Hour},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmEnded}, 10 * time.Minute},
		{"ramp", simulate.Fault{Kind: simulate.Ramp, Size: 8, Rise: 30 * time.Minute, For: 2 * time.Hour},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmEnded}, 30 * time.Minute},
		{"tail", simulate.Fault{Kind: simulate.Tail, Size: 8, Share: 0.3, For: 2 * time.Hour},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmEnded}, 30 * time.Minute},
		{"flapping", simulate.Fault{Kind: simulate.Flapping, Size: 6, On: 5 * time.Minute, Off: 10 * time.Minute, For: 3 * time.Hour},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmEnded}, 15 * time.Minute},
		{"outage", simulate.Fault{Kind: simulate.Outage, For: time.Hour},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmEnded}, 5 * time.Minute},
		{"faster is a note", simulate.Fault{Kind: simulate.Faster, Size: 4, For: 2 * time.Hour},
			[]baseline.Event{baseline.FasterBegan, baseline.FasterEnded}, 30 * time.Minute},
		{"a new level is accepted after a day", simulate.Fault{Kind: simulate.Step, Size: 4},
			[]baseline.Event{baseline.AlarmBegan, baseline.AlarmLapsed}, 10 * time.Minute},
		{"a faster one sooner", simulate.Fault{Kind: simulate.Faster, Size: 4},
			[]baseline.Event{baseline.FasterBegan, baseline.FasterTaken}, 30 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := quiet(11, 11*day)
			tt.fault.At = onset
			s.Faults = []simulate.Fault{tt.fault}
			var kinds []baseline.Event
			var first event
			for _, e := range judge(baseline.New(baseline.Config{}), samples(s)) {
				if e.Event == baseline.NoEvent {
					continue
				}
				if kinds = append(kinds, e.Event); len(kinds) == 1 {
					first = e
				}
			}
			if diff := cmp.Diff(tt.want, kinds); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if delay := first.At.Sub(onset); delay < 0 || delay > tt.within {
				t.Errorf("found after %v, want at most %v", delay, tt.within)
			}
			if off := first.Onset.Sub(onset); off < -10*time.Minute || first.Onset.After(first.At) {
				t.Errorf("onset is off by %v", off)
			}
		})
	}
}

// An alarm ends although some samples are unusual, if they are so by less than
// what matters.
func TestAlarmEndsDespiteTrifles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	j := baseline.New(baseline.Config{Series: 1, SmallestMillis: 400, SmallestShare: 0.5})
	const onset, end = 800, 830
	began, ended := 0, 0
	for i := range 1000 {
		millis := 0.8 * math.Exp(0.3*rng.NormFloat64())
		switch {
		case i >= onset && i < end:
			millis = 900
		case i >= end && i%4 == 0:
			millis = 20
		}
		switch j.Observe(baseline.Sample{At: monday.Add(time.Duration(i) * time.Minute), Millis: millis}).Event {
		case baseline.AlarmBegan:
			began = i
		case baseline.AlarmEnded:
			ended = i
		}
	}
	if began < onset || began >= end || ended < end || ended > end+60 {
		t.Errorf("the alarm began with sample %d and ended with %d, the fault with %d and %d", began, ended, onset, end)
	}
}

func TestExplanation(t *testing.T) {
	s := quiet(11, 9*day)
	onset := monday.Add(7*day + 14*time.Hour)
	s.Faults = []simulate.Fault{{Kind: simulate.Step, At: onset, For: 90 * time.Minute, Size: 6}}
	var got []string
	for _, e := range judge(baseline.New(baseline.Config{}), samples(s)) {
		got = append(got, e.Explanation)
	}
	if len(got) != 2 {
		t.Fatalf("explanations: %q", got)
	}
	if !strings.HasPrefix(got[0], "p50 2.") || !strings.Contains(got[0], " s since 14:00, usual for Monday 14:00 is 0.8") {
		t.Errorf("beginning: %s", got[0])
	}
	if !strings.Contains(got[1], "as usual again") || !strings.Contains(got[1], "it had begun at 14:00") {
		t.Errorf("end: %s", got[1])
	}
}

func TestChangeOfLevel(t *testing.T) {
	onset := monday.Add(16*day + 14*time.Hour)
	for _, kind := range []simulate.FaultKind{simulate.Step, simulate.Faster} {
		t.Run(kind.String(), func(t *testing.T) {
			s := quiet(5, 20*day)
			s.Faults = []simulate.Fault{{Kind: kind, At: onset, Size: 2}}
			var changes []baseline.Change
			for _, e := range judge(baseline.New(baseline.Config{}), samples(s)) {
				if e.Changed {
					changes = append(changes, e.Change)
				}
			}
			if len(changes) != 1 {
				t.Fatalf("changes: %+v", changes)
			}
			c := changes[0]
			if c.At.Sub(onset).Abs() > 2*time.Hour {
				t.Errorf("at %v, want %v", c.At, onset)
			}
			want := math.Exp(0.24)
			if kind == simulate.Faster {
				want = 1 / want
			}
			if math.Abs(c.To/c.From/want-1) > 0.03 {
				t.Errorf("from %v to %v, want a factor of %v", c.From, c.To, want)
			}
			deploy := baseline.Marker{At: onset.Add(-5 * time.Minute), Name: "1.2.3"}
			markers := []baseline.Marker{{At: onset.Add(-3 * time.Hour), Name: "1.2.2"}, deploy, {At: onset.Add(day), Name: "1.2.4"}}
			if m, ok := baseline.MatchMarker(c, markers, 4*time.Hour); !ok || m != deploy {
				t.Errorf("marker: got %+v, %v", m, ok)
			}
			if m, ok := baseline.MatchMarker(c, markers[2:], time.Hour); ok {
				t.Errorf("marker of another day: %+v", m)
			}
		})
	}
}

func TestHolidays(t *testing.T) {
	s := quiet(9, 5*week)
	s.Weekend, s.Gaps = -0.5, 0
	holiday := monday.Add(4*week + 2*day)
	s.Holidays = map[string]bool{holiday.Format(time.DateOnly): true}
	for _, known := range []bool{true, false} {
		c := baseline.Config{}
		if known {
			c.Holidays = map[string]time.Weekday{holiday.Format(time.DateOnly): time.Sunday}
		}
		events := judge(baseline.New(c), samples(s))
		unexpected := 0
		for _, e := range events {
			if e.At.After(monday.Add(3 * week)) {
				unexpected++
			}
		}
		if (unexpected == 0) != known {
			t.Errorf("holiday known %v: %d events", known, len(events))
		}
	}
}

// A restart at any moment changes nothing, to the last bit.
func TestRestartEqualsNoRestart(t *testing.T) {
	s := quiet(21, 4*day)
	s.Faults = []simulate.Fault{
		{Kind: simulate.Step, At: monday.Add(30 * time.Hour), For: 2 * time.Hour, Size: 5},
		{Kind: simulate.Faster, At: monday.Add(60 * time.Hour), Size: 5},
	}
	straight, restarted := baseline.New(baseline.Config{}), baseline.New(baseline.Config{})
	for i, x := range samples(s) {
		if i%7 == 0 || i < 100 {
			b, err := restarted.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			restarted = baseline.New(baseline.Config{})
			if err := restarted.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
		}
		if want, got := straight.Observe(x), restarted.Observe(x); want != got {
			t.Fatalf("sample %d: %s", i, cmp.Diff(want, got))
		}
	}
	a, _ := straight.MarshalBinary()
	b, _ := restarted.MarshalBinary()
	if string(a) != string(b) {
		t.Error("the states differ in the end")
	}
	if len(a) > 8<<10 {
		t.Errorf("state takes %d bytes", len(a))
	}
}

// Points that are no use change nothing.
func TestBadPointsAreHarmless(t *testing.T) {
	clean, dirty := baseline.New(baseline.Config{}), baseline.New(baseline.Config{})
	list := samples(quiet(31, 2*day))
	for i, x := range list {
		want, got := clean.Observe(x), dirty.Observe(x)
		if want != got {
			t.Fatalf("sample %d: %s", i, cmp.Diff(want, got))
		}
		for _, bad := range []baseline.Sample{
			x,
			{At: x.At, Millis: 1},
			{At: x.At.Add(-time.Hour), Millis: 1e6},
			{At: x.At.Add(time.Second), Millis: math.NaN()},
			{At: x.At.Add(time.Second), Millis: math.Inf(1)},
			{At: x.At.Add(time.Second), Millis: -1},
			{Millis: 1}, {At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Millis: 1},
		} {
			if got := dirty.Observe(bad); got != (baseline.Judgement{Ignored: true}) {
				t.Fatalf("bad sample %+v: %+v", bad, got)
			}
		}
	}
}

// Whatever comes, what is said makes sense.
func TestJudgementsMakeSense(t *testing.T) {
	values := []func(i int) float64{
		func(int) float64 { return 0 },
		func(int) float64 { return 250 },
		func(i int) float64 { return float64(i%2) * 1e300 },
		func(i int) float64 { return math.Exp(float64(i) / 50) },
		func(i int) float64 { return 100 + float64(i%1440) },
		func(i int) float64 { return float64(i % 3) },
	}
	for n, value := range values {
		for _, every := range []time.Duration{time.Nanosecond, time.Second, 7 * time.Minute, 49 * time.Hour} {
			t.Run(fmt.Sprint(n, every), func(t *testing.T) {
				j := baseline.New(baseline.Config{})
				for i := range 3000 {
					got := j.Observe(baseline.Sample{At: monday.Add(time.Duration(i) * every), Millis: value(i)})
					if got.Ignored && every == 49*time.Hour {
						continue
					}
					for _, v := range []float64{got.Score, got.Tail, got.Expected, got.Lower, got.Upper, got.Level, got.Ratio} {
						if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
							t.Fatalf("sample %d: %+v", i, got)
						}
					}
					if got.Score > 1 || got.Tail > 1 || got.Lower > got.Expected || got.Expected > got.Upper {
						t.Fatalf("sample %d: %+v", i, got)
					}
					if (got.Event != baseline.NoEvent) && got.Explanation == "" {
						t.Fatalf("sample %d: %v without a word", i, got.Event)
					}
				}
				b, err := j.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if err := baseline.New(baseline.Config{}).UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	j := baseline.New(baseline.Config{})
	list := samples(quiet(41, 5*day))
	for _, x := range list[:1000] {
		j.Observe(x)
	}
	list = list[1000:]
	i := 0
	allocs := testing.AllocsPerRun(len(list)-10, func() {
		j.Observe(list[i])
		i++
	})
	if allocs != 0 {
		t.Errorf("allocations per sample: %v", allocs)
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	j := baseline.New(baseline.Config{})
	list := samples(quiet(1, 6*time.Hour))
	for i, x := range list {
		if i%100 == 0 {
			b, _ := j.MarshalBinary()
			f.Add(b, uint16(0), byte(0))
			f.Add(b, uint16(100*i), byte(i))
		}
		j.Observe(x)
	}
	f.Fuzz(func(t *testing.T, b []byte, place uint16, value byte) {
		j := baseline.New(baseline.Config{})
		_ = j.UnmarshalBinary(b)
		// Past the check sum too.
		b = append([]byte(nil), b...)
		if len(b) > 8 {
			b[4+int(place)%(len(b)-8)] = value
			b = baseline.Resum(b)
		}
		if err := j.UnmarshalBinary(b); err != nil {
			return
		}
		for _, x := range list {
			j.Observe(baseline.Sample{At: x.At.Add(30 * day), Millis: x.Millis})
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	list := samples(quiet(51, 3*week))
	j := baseline.New(baseline.Config{})
	shift := time.Duration(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i > 0 && i%len(list) == 0 {
			shift += 3 * week
		}
		x := list[i%len(list)]
		x.At = x.At.Add(shift)
		j.Observe(x)
	}
}
