package forecast_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect/forecast"
)

var update = flag.Bool("update", false, "write golden files anew")

func kinds(changes []forecast.Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, c.Kind.String())
	}
	return strings.Join(names, ", ")
}

func TestRampIsPredictedOnce(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	changes := feed(m, 0, 16*1440, series(1, 15.2, 0.5))
	if got := kinds(changes); got != "raised, came true" {
		t.Fatalf("got %q", got)
	}
	raised, came := changes[0], changes[1]
	if raised.At.After(came.At.Add(-2 * time.Hour)) {
		t.Errorf("raised at %v, true at %v", raised.At, came.At)
	}
	p := raised.Prediction
	if !(raised.At.Before(p.Earliest) && !p.Earliest.After(p.Expected) && !p.Expected.After(p.Latest) && p.Latest.Before(p.Deadline)) {
		t.Errorf("times out of order: %+v", p)
	}
	if r := m.Record(); r.CameTrue != 1 || r.Withdrawn != 0 || r.Missed != 0 || math.Abs(r.Brier-(1-p.Probability)*(1-p.Probability)) > 1e-9 {
		t.Errorf("record %+v", r)
	}
}

func TestRampThatTurnsBackIsWithdrawn(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	up := series(1, 15.2, 0.5)
	calm := series(1, 0, 0)
	value := func(i int) float64 {
		if i > 22147 {
			return calm(i)
		}
		return up(i)
	}
	changes := feed(m, 0, 17*1440, value)
	if got := kinds(changes); got != "raised, withdrawn" {
		t.Fatalf("got %q", got)
	}
	if r := m.Record(); r.Withdrawn != 1 || r.CameTrue != 0 || math.Abs(r.Brier-changes[0].Prediction.Probability*changes[0].Prediction.Probability) > 1e-9 {
		t.Errorf("record %+v", r)
	}
}

func TestCalmSeriesIsNotPredicted(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	if changes := feed(m, 0, 21*1440, series(1, 0, 0)); len(changes) != 0 {
		t.Errorf("got %q", kinds(changes))
	}
	if b := m.BreachProbability(1000, 24*time.Hour); b.Probability > 0.02 {
		t.Errorf("probability %v", b)
	}
	if b := m.BreachProbability(300, 24*time.Hour); b.Probability != 1 {
		t.Errorf("far over the limit: %v", b)
	}
}

func TestProbabilityGrowsWithHorizonAndFallsWithLimit(t *testing.T) {
	m := forecast.New(forecast.Options{Limit: 900})
	feed(m, 0, int(15.4*1440), series(1, 15.2, 0.5))
	last := 0.0
	for _, h := range []time.Duration{time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour} {
		p := m.BreachProbability(1000, h).Probability
		if p < last {
			t.Errorf("%v within %v, less than %v within a shorter time", p, h, last)
		}
		last = p
	}
	last = 1
	for _, limit := range []float64{800, 1000, 1500, 5000} {
		p := m.BreachProbability(limit, 24*time.Hour).Probability
		if p > last+1e-9 {
			t.Errorf("%v for a limit of %v, more than %v for a lower one", p, limit, last)
		}
		last = p
	}
}

func TestExplanations(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	var b strings.Builder
	say := func(s string) { b.WriteString(s + "\n") }
	o := forecast.Options{Limit: 900, Location: zone}
	m := forecast.New(o)
	for _, c := range feed(m, 0, 16*1440, series(1, 15.2, 0.5)) {
		say(c.Explain(o))
	}
	now := time.Date(2026, 3, 17, 14, 5, 0, 0, time.UTC)
	p := forecast.Prediction{Limit: 1200, Probability: 0.871, Horizon: 6 * time.Hour,
		Expected: now.Add(95 * time.Minute), Earliest: now.Add(50 * time.Minute), Latest: now.Add(12 * time.Hour), RaisedAt: now}
	say(p.Explain(o, now))
	p.Reason, p.Limit, p.Horizon, p.Probability = forecast.ByPeak, 0.05, 7*24*time.Hour, 0.999
	say(p.Explain(forecast.Options{Kind: forecast.ErrorRate}, now))
	p.Reason, p.Limit, p.Horizon = forecast.ByLevel, 850, 30*time.Minute
	say(p.Explain(forecast.Options{Quantile: 0.95}, now))
	for _, k := range []forecast.ChangeKind{forecast.Nothing, forecast.CameTrue, forecast.Withdrawn, forecast.Broken, forecast.Recovered} {
		p.Probability = 0.12
		say(forecast.Change{Kind: k, At: now, Prediction: p}.Explain(o))
	}
	peak, ok := m.TomorrowsPeak()
	if !ok {
		t.Error("no peak of tomorrow")
	}
	say(peak.Explain(o))
	say(forecast.ExpiryOf(now.AddDate(0, 0, 20), now).Explain(zone))
	say(forecast.ExpiryOf(now.Add(5*time.Hour), now).Explain(zone))
	say(forecast.ExpiryOf(now.Add(-time.Hour), now).Explain(nil))
	budget := forecast.Budget{Objective: 0.995, Window: 30 * 24 * time.Hour, Left: 0.4}
	day := 24 * time.Hour
	say(forecast.Exhaust(budget, []forecast.Burn{{Window: time.Hour, Bad: 3, Total: 60}, {Window: day, Bad: 30, Total: 1440}}, 3*day).Explain(now, zone))
	say(forecast.Exhaust(budget, []forecast.Burn{{Window: day, Bad: 0, Total: 1440}}, 3*day).Explain(now, zone))
	budget.Left = 0
	say(forecast.Exhaust(budget, nil, 3*day).Explain(now, zone))

	golden := filepath.Join("testdata", "explanations.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("explanations have changed (-update writes them anew):\n%s", b.String())
	}
}

func TestExhaust(t *testing.T) {
	month := 30 * 24 * time.Hour
	budget := forecast.Budget{Objective: 0.99, Window: month, Left: 0.5}
	for _, c := range []struct {
		name  string
		burns []forecast.Burn
		after time.Duration // about
		least float64       // probability within a week
		most  float64
	}{
		{"just as allowed", []forecast.Burn{{month, 432, 43200}}, month / 2, 0, 0.01},
		{"ten times", []forecast.Burn{{24 * time.Hour, 144, 1440}}, month / 20, 0.99, 1},
		{"few bad runs", []forecast.Burn{{time.Hour, 1, 60}}, month / 5, 0.2, 0.8},
		{"none", []forecast.Burn{{24 * time.Hour, 0, 1440}}, 0, 0, 0.1},
		{"nonsense", []forecast.Burn{{time.Hour, 7, 3}, {time.Hour, -1, 0}}, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := forecast.Exhaust(budget, c.burns, 7*24*time.Hour)
			if e.Probability < c.least || e.Probability > c.most {
				t.Errorf("probability %v", e.Probability)
			}
			if c.after > 0 && (e.After < c.after*8/10 || e.After > c.after*12/10 || e.Earliest > e.After) {
				t.Errorf("after %v (from %v), want about %v", e.After, e.Earliest, c.after)
			}
		})
	}
}
