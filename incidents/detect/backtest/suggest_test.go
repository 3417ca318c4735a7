package backtest

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// More seeds give better figures: go test -run SuggestionHolds -v -seeds 40.
var seeds = flag.Int("seeds", 2, "worlds of each kind in TestSuggestionHolds")

const month = 30 * 24 * time.Hour

func suggest(t *testing.T, w world, recorded ...Recorded) *Suggestion {
	t.Helper()
	check := aCheck(800*time.Millisecond, 2*time.Second)
	check.Schedule.Every = w.every
	source := Samples(check, w.samples())
	s, err := Suggest(source, Options{Check: check}, month, mustReplay(t, source, Options{Check: check}), recorded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSuggestionHolds tries suggestions on a month that they were not made
// from. Single ones may be off: the mean keeps what is promised.
func TestSuggestionHolds(t *testing.T) {
	kinds := []struct {
		name string
		world
	}{
		{"independent", world{every: 5 * time.Minute, daily: 0.3, noise: 0.2}},
		{"correlated", world{every: 5 * time.Minute, daily: 0.3, noise: 0.2, hang: 0.7}},
		{"no season", world{every: 5 * time.Minute, noise: 0.4, hang: 0.3}},
		{"failures", world{every: 5 * time.Minute, noise: 0.2, daily: 0.2, alone: 0.01}},
	}
	all, months := 0, float64(*seeds*len(kinds))
	for _, k := range kinds {
		w := k.world
		latency, failure := 0, 0
		level := 0.0
		for seed := range uint64(*seeds) {
			w.seed, w.days = seed, 14
			s := suggest(t, w)
			if s.Refused != "" || s.False != 0 {
				t.Fatalf("%s, seed %d: %+v", k.name, seed, s)
			}
			level += float64(s.Degraded) / float64(*seeds)
			check := aCheck(s.Degraded, s.Failed)
			check.Confirm.Failures, check.Confirm.Of = s.Failures, s.Of
			w.seed, w.days = 1000+seed, 30
			r := mustReplay(t, Samples(check, w.samples()), Options{Check: check})
			latency += r.Totals.ByCause["latency"]
			failure += r.Totals.ByCause["failure"]
		}
		t.Logf("%s: %.2f false alerts a month by thresholds, %.2f by failures; mean threshold %s", k.name,
			float64(latency)/float64(*seeds), float64(failure)/float64(*seeds), latencyText(time.Duration(level)))
		all += latency + failure
	}
	// At most one a month is promised: a few more by chance are forgiven.
	if float64(all) > 1.4*months {
		t.Errorf("%d false alerts in %.0f months", all, months)
	}
}

func TestSuggestionIgnoresTrouble(t *testing.T) {
	quiet := world{seed: 3, days: 10, every: 5 * time.Minute, daily: 0.3, noise: 0.2, hang: 0.3}
	troubled := quiet
	troubled.outages = []span{lasting(2, 9, 40*time.Minute), lasting(6, 1, 5*time.Hour)}
	troubled.slow = []span{lasting(4, 13, 50*time.Minute), lasting(8, 20, 3*time.Hour)}
	a, b := suggest(t, quiet), suggest(t, troubled)
	if ratio := float64(b.Degraded) / float64(a.Degraded); ratio < 0.8 || ratio > 1.25 {
		t.Errorf("degraded %s with trouble, %s without", b.Degraded, a.Degraded)
	}
	if l := b.Data.LeftOut; l.Outages != 2 || l.Slow != 2 {
		t.Errorf("left out: %+v", l)
	}
	faults := append(troubled.outages, troubled.slow...)
	found := map[span]bool{}
	for _, k := range b.Result.Alerts {
		at := slices.IndexFunc(faults, func(f span) bool { return f.has(k.Opened) })
		if at < 0 {
			t.Errorf("a false alert: %s", shown([]Alert{k}))
			continue
		}
		found[faults[at]] = true
	}
	if len(found) != len(faults) {
		t.Errorf("the suggestion finds %d of %d faults:\n%s", len(found), len(faults), shown(b.Result.Alerts))
	}
	t.Run("that only the record knows of", func(t *testing.T) {
		i := lasting(7, 12, time.Hour)
		c := suggest(t, troubled, Recorded{Location: "csv", Cause: "failure", BadRuns: 12, Since: i.from, Opened: i.from, Resolved: i.to})
		if c.Data.LeftOut.Outages != 3 {
			t.Errorf("left out: %+v", c.Data.LeftOut)
		}
	})
}

func TestSuggestionRefuses(t *testing.T) {
	for name, w := range map[string]world{
		"too few runs": {days: 10, every: 30 * time.Minute, noise: 0.2},
		"too short":    {days: 2, every: time.Minute, noise: 0.2},
		"constant":     {days: 10, every: 5 * time.Minute},
	} {
		if s := suggest(t, w); s.Refused == "" || s.YAML != "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestSuggestionOfManyFailures(t *testing.T) {
	s := suggest(t, world{seed: 1, days: 10, every: 5 * time.Minute, noise: 0.2, alone: 0.2})
	if s.Refused != "" || len(s.Remarks) == 0 || !strings.Contains(s.Remarks[0], "fail one by one") {
		t.Errorf("%+v", s)
	}
}

func TestSuggestionAtSeveralLocations(t *testing.T) {
	check := aCheck(0, 0)
	w := world{seed: 1, days: 10, every: 5 * time.Minute, noise: 0.2}
	source := at("local", Samples(check, w.samples()))
	one, err := Suggest(source, Options{Check: check}, month, mustReplay(t, source, Options{Check: check}), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.seed = 2
	source = both(source, at("far", Samples(check, w.samples())))
	two, err := Suggest(source, Options{Check: check}, month, mustReplay(t, source, Options{Check: check}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if two.Data.Runs != 2*one.Data.Runs || two.Degraded < one.Degraded {
		t.Errorf("one: %s of %d runs, two: %s of %d runs", one.Degraded, one.Data.Runs, two.Degraded, two.Data.Runs)
	}
}

// TestSlowLevelIsAccepted: a level that stays is the usual one.
func TestSlowLevelIsAccepted(t *testing.T) {
	check := aCheck(0, 0)
	check.Detection.AcceptAfter = 24 * time.Hour
	w := world{seed: 1, days: 10, every: 5 * time.Minute, noise: 0.2, slow: []span{lasting(7, 0, 3*24*time.Hour)}}
	source := Samples(check, w.samples())
	s, err := Suggest(source, Options{Check: check}, month, mustReplay(t, source, Options{Check: check}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Data.LeftOut.Slow != 0 || s.Degraded < 1500*time.Millisecond {
		t.Errorf("degraded %s, left out %+v", s.Degraded, s.Data.LeftOut)
	}
}

func TestTail(t *testing.T) {
	for _, shape := range []float64{-0.2, 0, 0.3} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			var s []point
			for i := range 40_000 { // an hour apart: each is a peak of its own
				x := r.ExpFloat64()
				if shape != 0 {
					x = (math.Exp(shape*x) - 1) / shape
				}
				s = append(s, point{start.Add(time.Duration(i) * time.Hour), x})
			}
			fit, ok := fitTail([][]point{s}, 40_000*time.Hour, time.Hour)
			if !ok {
				t.Fatal("no fit")
			}
			// Over in one of 10,000.
			want := math.Log(10_000)
			if shape != 0 {
				want = (math.Pow(10_000, shape) - 1) / shape
			}
			got, upper := fit.returnLevel(10_000*time.Hour), fit.upper(10_000*time.Hour, 0.8)
			if math.Abs(got-want) > 0.15*want || upper < got-0.05*want || upper > 1.3*want {
				t.Errorf("level %.2f, at most %.2f, want %.2f", got, upper, want)
			}
		})
	}
	if _, ok := fitTail([][]point{{{start, 1}, {start.Add(1), 1}}}, time.Hour, time.Hour); ok {
		t.Error("a constant has no tail")
	}
}

func TestReadable(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"1us", "1ms"}, {"7ms", "7ms"}, {"99ms", "99ms"}, {"99.2ms", "100ms"}, {"783ms", "790ms"}, {"790ms", "790ms"},
		{"991ms", "1s"}, {"1.141s", "1.2s"}, {"12.01s", "13s"}, {"0s", "1ms"},
	} {
		in, _ := time.ParseDuration(test.in)
		want, _ := time.ParseDuration(test.want)
		if got := readable(in); got != want {
			t.Errorf("%s: %s, want %s", test.in, got, test.want)
		}
	}
}

func TestConfirmedIsWhatWouldAlert(t *testing.T) {
	w := world{seed: 5, days: 2, every: 5 * time.Minute, noise: 0.5}
	for _, rule := range [][2]int{{1, 1}, {2, 3}, {3, 5}} {
		check := aCheck(900*time.Millisecond, 0)
		check.Confirm.Failures, check.Confirm.Of, check.Confirm.Recovery = rule[0], rule[1], 1
		h, err := collect(Samples(check, w.samples()), check, time.Time{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		opened := map[time.Time]bool{}
		for _, p := range h.locations[0].confirmed(rule[0], rule[1]) {
			if p.value > math.Log(900) {
				opened[p.at] = true
			}
		}
		alerts := mustReplay(t, h.source(check), Options{Check: check}).Alerts
		if len(alerts) == 0 {
			t.Fatal("no alert")
		}
		for _, a := range alerts {
			found := false
			for at := range opened {
				found = found || at.Before(a.Opened) && a.Opened.Sub(at) < 5*time.Minute
			}
			if !found {
				t.Errorf("rule %v: an alert at %s that the series does not have", rule, a.Opened)
			}
		}
	}
}
