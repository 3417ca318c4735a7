package objective_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents/detect/objective"
)

const day = 24 * time.Hour

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func goalOf(good float64, cadence time.Duration) objective.Goal {
	return objective.Goal{Good: good, Over: 30 * day, Cadence: cadence}
}

func newJudge(t testing.TB, g objective.Goal) *objective.Judge {
	t.Helper()
	j, err := objective.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// stream feeds a Judge at a cadence and notes the changes.
type stream struct {
	*objective.Judge
	at      time.Time
	cadence time.Duration
	n       int
	changes []string
}

func streamOf(t testing.TB, g objective.Goal) *stream {
	return &stream{Judge: newJudge(t, g), at: start, cadence: g.Cadence}
}

func (s *stream) feed(runs int, good func(i int) bool) {
	for i := range runs {
		v := s.Observe(s.at, good(i))
		if v.Changed() {
			s.changes = append(s.changes, fmt.Sprintf("%s:%s>%s", s.at.Sub(start), v.Before, v.Severity))
		}
		s.at = s.at.Add(s.cadence)
		s.n++
	}
}

func good(int) bool { return true }
func bad(int) bool  { return false }

// every gives one bad run in n.
func every(n int) func(int) bool { return func(i int) bool { return i%n != n-1 } }

func TestJudgeOutage(t *testing.T) {
	tests := []struct {
		name    string
		goal    objective.Goal
		outage  int // bad runs after a good week
		changes []string
	}{
		{"one bad run is nothing", goalOf(0.999, time.Minute), 1, nil},
		{"nor are two", goalOf(0.999, time.Minute), 2, nil},
		{"the third bad run pages", goalOf(0.999, time.Minute), 3, []string{"168h2m0s:>critical"}},
		{"a run in five minutes", goalOf(0.999, 5*time.Minute), 3, []string{"168h10m0s:>critical"}},
		{"a looser promise takes longer", goalOf(0.99, time.Minute), 9, []string{"168h8m0s:>critical"}},
		{"and nothing before", goalOf(0.99, time.Minute), 8, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := streamOf(t, tt.goal)
			s.feed(int(7*day/tt.goal.Cadence), good)
			s.feed(tt.outage, bad)
			if diff := cmp.Diff(tt.changes, s.changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeEnds(t *testing.T) {
	s := streamOf(t, goalOf(0.999, time.Minute))
	s.feed(7*24*60, good)
	s.feed(20, bad)
	s.feed(24*60, good)
	// The page goes with the 30 minutes of the second row, the ticket with the
	// six hours of the last one.
	want := []string{"168h2m0s:>critical", "168h51m0s:critical>warning", "173h50m0s:warning>"}
	if len(s.changes) != len(want) {
		t.Fatalf("changes: got %v, want about %v", s.changes, want)
	}
	for i := range want {
		if ending := func(s string) string { return s[strings.LastIndex(s, ":"):] }; ending(s.changes[i]) != ending(want[i]) {
			t.Errorf("change %d: got %s, want about %s", i, s.changes[i], want[i])
		}
	}
	for i, at := range []time.Duration{168*time.Hour + 51*time.Minute, 173*time.Hour + 50*time.Minute} {
		var got time.Duration
		if n := strings.LastIndex(s.changes[i+1], ":"); n > 0 {
			got, _ = time.ParseDuration(s.changes[i+1][:n])
		}
		if d := got - at; d < -10*time.Minute || d > 20*time.Minute {
			t.Errorf("change %d at %s, want about %s", i+1, got, at)
		}
	}
}

func TestJudgeSlowBurn(t *testing.T) {
	s := streamOf(t, goalOf(0.99, time.Minute))
	s.feed(14*24*60, every(400)) // a quarter of the budget
	if s.changes != nil {
		t.Fatalf("within the objective: %v", s.changes)
	}
	s.feed(3*24*60, every(25)) // four times the budget
	if len(s.changes) == 0 || !strings.HasSuffix(s.changes[0], ">warning") || s.Severity() != objective.Warning {
		t.Errorf("burning 4 times too fast: %v", s.changes)
	}
}

func TestJudgeLatencyBesideAvailability(t *testing.T) {
	available := goalOf(0.999, time.Minute)
	fast := objective.Goal{Name: "fast", Good: 0.95, Over: 7 * day, Latency: 800 * time.Millisecond, Cadence: time.Minute}
	a, f := newJudge(t, available), newJudge(t, fast)
	at := start
	run := func(n int, took time.Duration) {
		for range n {
			a.Observe(at, available.Keeps(true, took))
			f.Observe(at, fast.Keeps(true, took))
			at = at.Add(time.Minute)
		}
	}
	run(7*24*60, 300*time.Millisecond)
	run(30, 900*time.Millisecond)
	if a.Severity() != objective.None || f.Severity() != objective.Critical {
		t.Errorf("slow: availability %q, latency %q", a.Severity(), f.Severity())
	}
	if fast.Keeps(false, time.Millisecond) || !fast.Keeps(true, 800*time.Millisecond) || !available.Keeps(true, time.Hour) {
		t.Error("Keeps: a run is good if it worked and took no longer")
	}
	const begin = "budget of 95 % under 800 ms over 7 d (fast) burns "
	if text := f.Explain(); !strings.HasPrefix(text, begin) {
		t.Errorf("got %q, want %q…", text, begin)
	}
}

func TestExplain(t *testing.T) {
	g := goalOf(0.995, time.Minute)
	s := streamOf(t, g)
	s.feed(30*24*60, every(600))
	for _, want := range []string{"budget of 99.5 % over 30 d does not burn too fast: 0 of 60 runs bad over 1 h, 0 of 5 over 5 min; 67 % left"} {
		s.feed(70, good)
		if got := s.Explain(); got != want {
			t.Errorf("calm:\n got %q\nwant %q", got, want)
		}
	}
	s.feed(5, bad)
	want := "budget of 99.5 % over 30 d burns 17 times too fast over 1 h (5 of 60 runs bad: more than promised, with 99.998 % confidence) " +
		"and 5 min (5 of 5); at this rate it is gone in 1 d 4 h (13 h 49 min to 2 d 21 h); 64 % left"
	if got := s.Explain(); got != want {
		t.Errorf("burning:\n got %q\nwant %q", got, want)
	}
	s.feed(300, bad)
	if got := s.Explain(); !strings.HasSuffix(got, "; overspent by 75 %") {
		t.Errorf("overspent: got %q", got)
	}
	fresh := streamOf(t, g)
	fresh.feed(61, good)
	if got := fresh.Explain(); !strings.HasSuffix(got, "; 100 % left, counted over 1 h so far") {
		t.Errorf("young: got %q", got)
	}
}

func TestPlan(t *testing.T) {
	rows := func(g objective.Goal) (out []string) {
		for _, r := range newJudge(t, g).Rows() {
			out = append(out, fmt.Sprintf("%s %s", r, r.Severity))
		}
		return out
	}
	tests := []struct {
		name    string
		goal    objective.Goal
		rows    []string
		remarks []string
	}{
		{"the Workbook's", goalOf(0.999, time.Minute), []string{
			"burn rate 14.4 over 1 h and 5 min critical", "burn rate 6 over 6 h and 30 min critical",
			"burn rate 3 over 1 d and 2 h warning", "burn rate 1 over 3 d and 6 h warning"}, nil},
		{"scaled to a week, widened", objective.Goal{Good: 0.999, Over: 7 * day, Cadence: time.Minute}, []string{
			"burn rate 14.4 over 14 min and 3 min critical", "burn rate 6 over 1 h 24 min and 7 min critical",
			"burn rate 3 over 5 h 36 min and 28 min warning", "burn rate 1 over 16 h 48 min and 1 h 24 min warning"},
			[]string{"burn rate 14.4 over 14 min and 1 min 10 s is widened to 14 min and 3 min, to hold enough runs at one every 1 min"}},
		{"five minutes", goalOf(0.999, 5*time.Minute), []string{
			"burn rate 14.4 over 1 h and 15 min critical", "burn rate 6 over 6 h and 30 min critical",
			"burn rate 3 over 1 d and 2 h warning", "burn rate 1 over 3 d and 6 h warning"},
			[]string{"burn rate 14.4 over 1 h and 5 min is widened to 1 h and 15 min, to hold enough runs at one every 5 min"}},
		{"hourly", goalOf(0.999, time.Hour), []string{
			"burn rate 6 over 12 h and 3 h critical", "burn rate 3 over 1 d and 3 h warning", "burn rate 1 over 3 d and 6 h warning"},
			[]string{
				"burn rate 14.4 over 1 h and 5 min is left out: at a run every 1 h, burn rate 6 over 6 h and 30 min says the same",
				"burn rate 6 over 6 h and 30 min is widened to 12 h and 3 h, to hold enough runs at one every 1 h",
				"burn rate 3 over 1 d and 2 h is widened to 1 d and 3 h, to hold enough runs at one every 1 h"}},
		{"too loose", goalOf(0.9, time.Minute), []string{
			"burn rate 6 over 6 h and 30 min critical", "burn rate 3 over 1 d and 2 h warning", "burn rate 1 over 3 d and 6 h warning"},
			[]string{"burn rate 14.4 over 1 h and 5 min is left out: even if every run were bad, the budget would burn only 10 times too fast"}},
		{"unknown cadence", goalOf(0.999, 0), []string{
			"burn rate 14.4 over 1 h and 5 min critical", "burn rate 6 over 6 h and 30 min critical",
			"burn rate 3 over 1 d and 2 h warning", "burn rate 1 over 3 d and 6 h warning"}, nil},
		{"daily over a week", objective.Goal{Good: 0.9, Over: 7 * day, Cadence: day, Rows: []objective.Row{{Long: day, Short: time.Hour, Rate: 2, Severity: objective.Warning}}},
			nil, []string{"burn rate 2 over 1 d and 1 h is left out: a run every 1 d is too few for it",
				"no burn rate is left that could alert: the budget is only counted"}},
		{"alerts off", objective.Goal{Good: 0.9, Over: day, Rows: []objective.Row{}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.rows, rows(tt.goal)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.remarks, newJudge(t, tt.goal).Remarks()); diff != "" {
				t.Errorf("remarks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoalRefused(t *testing.T) {
	row := func(long, short time.Duration, rate float64, s objective.Severity) objective.Goal {
		return objective.Goal{Good: 0.99, Over: 7 * day, Rows: []objective.Row{{Long: long, Short: short, Rate: rate, Severity: s}}}
	}
	for name, g := range map[string]objective.Goal{
		"nothing promised":      {Over: day},
		"everything promised":   {Good: 1, Over: day},
		"NaN promised":          {Good: math.NaN(), Over: day},
		"no window":             {Good: 0.9},
		"window too long":       {Good: 0.9, Over: 401 * day},
		"negative latency":      {Good: 0.9, Over: day, Latency: -1},
		"negative cadence":      {Good: 0.9, Over: day, Cadence: -1},
		"long name":             {Good: 0.9, Over: day, Name: strings.Repeat("x", 65)},
		"many rows":             {Good: 0.9, Over: day, Rows: make([]objective.Row, 9)},
		"windows swapped":       row(time.Minute, time.Hour, 2, objective.Warning),
		"windows too far apart": row(2*day, time.Minute, 2, objective.Warning),
		"longer than its own":   row(8*day, day, 2, objective.Warning),
		"rate of nothing":       row(day, time.Hour, 0, objective.Warning),
		"NaN rate":              row(day, time.Hour, math.NaN(), objective.Warning),
		"no severity":           row(day, time.Hour, 2, objective.None),
	} {
		if _, err := objective.New(g); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestExhaustion(t *testing.T) {
	s := streamOf(t, goalOf(0.99, time.Minute))
	s.feed(30*24*60, good)
	if e := s.Exhaustion(); e.In != objective.Never || e.High != objective.Never {
		t.Errorf("no bad run: %+v", e)
	}
	s.feed(60, every(2))
	e := s.Exhaustion()
	// Half of the runs burn a budget of 1 % fifty times too fast.
	want := time.Duration(float64(30*day) / 50 * s.Verdict().Left)
	if d := (e.In - want).Abs(); d > want/20 || e.Low >= e.In || e.High <= e.In || e.Low <= 0 {
		t.Errorf("half of an hour bad: got %s (%s to %s), want about %s", e.In, e.Low, e.High, want)
	}
	s.feed(24*60, bad)
	if e := s.Exhaustion(); e.In != 0 || e.Low != 0 || e.High != 0 {
		t.Errorf("used up: %+v", e)
	}
}

func TestLeftOverRollingWindow(t *testing.T) {
	s := streamOf(t, objective.Goal{Good: 0.99, Over: 7 * day, Cadence: time.Minute, Rows: []objective.Row{}})
	s.feed(7*24*60, every(200))
	if v := s.Verdict(); math.Abs(v.Left-0.5) > 0.01 {
		t.Errorf("half spent: %v", v.Left)
	}
	s.feed(8*24*60, good)
	if v := s.Verdict(); v.Left != 1 || v.Window.Bad != 0 {
		t.Errorf("a good week later: %+v", v)
	}
}

func TestHarmless(t *testing.T) {
	g := goalOf(0.995, time.Minute)
	plain, noisy := newJudge(t, g), newJudge(t, g)
	r := rand.New(rand.NewPCG(1, 2))
	at := start
	for range 5000 {
		ok := r.Float64() > 0.01
		plain.Observe(at, ok)
		noisy.Observe(at, ok)
		noisy.Observe(at, !ok)                                               // again
		noisy.Observe(at.Add(-time.Duration(r.IntN(1000))*day), !ok)         // from long ago
		noisy.Observe(at.Add(-time.Duration(17+r.IntN(9))*time.Minute), !ok) // late
		noisy.Observe(time.Time{}, !ok)
		noisy.Observe(time.Unix(1<<40, 0), !ok)
		at = at.Add(time.Minute)
	}
	same(t, plain, noisy)
}

// Runs of several locations finish in an order of their own.
func TestOutOfOrderCounts(t *testing.T) {
	g := goalOf(0.995, 20*time.Second)
	a, b := newJudge(t, g), newJudge(t, g)
	a.Observe(start, true)
	b.Observe(start, true)
	at := start.Add(time.Minute)
	for i := range 3000 {
		ok := i%7 != 0
		a.Observe(at, ok)
		a.Observe(at.Add(20*time.Second), ok)
		b.Observe(at.Add(20*time.Second), ok)
		b.Observe(at, ok)
		at = at.Add(time.Minute)
	}
	if diff := cmp.Diff(a.Verdict(), b.Verdict()); diff != "" {
		t.Errorf("in order and out of order differ:\n%s", diff)
	}
}

func TestClockSetBack(t *testing.T) {
	s := streamOf(t, goalOf(0.999, time.Minute))
	s.feed(600, good)
	s.Observe(s.at.Add(1000*day), true)
	s.Rewind(s.at)
	s.feed(5, bad)
	if s.Severity() != objective.Critical {
		t.Errorf("after the clock was set back: %s", s.Explain())
	}
	s.Rewind(s.at.Add(-5*time.Minute - time.Second))
	if v := s.Verdict(); v.Window.Bad != 0 {
		t.Errorf("what came after is not forgotten: %+v", v)
	}
}

func TestRetarget(t *testing.T) {
	g := goalOf(0.999, time.Minute)
	s := streamOf(t, g)
	s.feed(3000, good)
	s.feed(10, bad)
	tighter := g
	tighter.Good = 0.995
	if err := s.Retarget(tighter); err != nil {
		t.Fatal(err)
	}
	if v := s.Verdict(); v.Window != (objective.Count{Bad: 10, Total: 3010}) || v.Severity != objective.Critical {
		t.Errorf("another share keeps the counts and the alert: %+v", v)
	}
	shorter := tighter
	shorter.Over = 7 * day
	if err := s.Retarget(shorter); err != nil {
		t.Fatal(err)
	}
	if v := s.Verdict(); v.Window != (objective.Count{Bad: 10, Total: 3010}) || v.Severity != objective.None {
		t.Errorf("another window keeps the budget: %+v", v)
	}
	fast := shorter
	fast.Latency = time.Second
	if err := s.Retarget(fast); err != nil {
		t.Fatal(err)
	}
	if v := s.Verdict(); v.Window.Total != 0 {
		t.Errorf("another latency starts afresh: %+v", v)
	}
	if err := s.Retarget(objective.Goal{}); err == nil || s.Goal().Latency != time.Second {
		t.Errorf("nonsense: %v, %+v", err, s.Goal())
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	j := newJudge(t, goalOf(0.999, time.Minute))
	at, n := start, 0
	if a := testing.AllocsPerRun(5000, func() {
		n++
		j.Observe(at, n%20 != 0)
		at = at.Add(time.Minute)
	}); a != 0 {
		t.Errorf("%v allocations a run", a)
	}
}

func BenchmarkObserve(b *testing.B) {
	j := newJudge(b, goalOf(0.999, time.Minute))
	at, n := start, 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		j.Observe(at, n%500 > 5)
		at = at.Add(time.Minute)
	}
	data, _ := j.MarshalBinary()
	b.ReportMetric(float64(len(data)), "state-bytes")
}
