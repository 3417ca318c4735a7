package evaluate

import (
	"io"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect/forecast"
	"outrider/incidents/detect/simulate"
)

// tiny is enough to run through every line of a table.
var tiny = ForecastOptions{Seed: 1, Series: 1, Weeks: 1}

func TestForecastTables(t *testing.T) {
	for name, table := range map[string]func(io.Writer, ForecastOptions) error{"forecast": ForecastTable, "coverage": CoverageTable} {
		t.Run(name, func(t *testing.T) {
			var first, second strings.Builder
			if err := table(&first, tiny); err != nil {
				t.Fatal(err)
			}
			if err := table(&second, tiny); err != nil {
				t.Fatal(err)
			}
			if first.String() != second.String() {
				t.Error("two runs of the same seeds differ")
			}
			for _, class := range simulate.ForecastClasses() {
				if !strings.Contains(first.String(), class.String()) {
					t.Errorf("no line for %s", class)
				}
			}
		})
	}
}

func TestRampScore(t *testing.T) {
	run := simulate.Approach{Kind: simulate.ApproachExponential, Seed: 3, Learning: breachLearning}.Draw()
	if run.Breach.IsZero() || !run.Start.Before(run.Breach) {
		t.Fatalf("no ramp: %v to %v", run.Start, run.Breach)
	}
	var s rampScore
	s.add(run)
	if s.ramps != 1 || s.proved > s.raised || s.found > 1 || s.lead() < 0 || s.lead() > 1 {
		t.Errorf("%+v", s)
	}
	s = rampScore{ramps: 4, found: 3, raised: 4, proved: 3, leads: []float64{0, 0.9, 0.5, 0.6}}
	if s.recall() != 0.75 || s.precision() != 0.75 || s.lead() != 0.6 {
		t.Errorf("recall %v, precision %v, lead %v", s.recall(), s.precision(), s.lead())
	}
}

func TestReliability(t *testing.T) {
	var r reliability
	for i := range 10 {
		r.add(0.5, i < 5) // right
		r.add(0.95, i < 5)
		r.add(0.01, false)
	}
	if got := r.err(1); got < 0.22 || got > 0.23 {
		t.Errorf("error %v, want 0.225", got)
	}
	if got := r.err(0); got < 0.15 || got > 0.16 {
		t.Errorf("error of all %v, want 0.153", got)
	}
}

func TestClaims(t *testing.T) {
	run := simulate.Approach{Kind: simulate.ApproachStraight, Seed: 5, Learning: breachLearning}.Draw()
	for _, c := range claims(run) {
		if c.p < 0 || c.p > 1 || !c.at.Before(run.Breach) {
			t.Errorf("%+v", c)
		}
		if want := !run.Breach.After(c.at.Add(breachHorizons[c.horizon])); c.came != want {
			t.Errorf("%v: came %v, want %v", c.at, c.came, want)
		}
	}
}

func TestWatch_CallsHoursAfterLearning(t *testing.T) {
	run := simulate.Approach{Kind: simulate.ApproachNone, Seed: 1, Learning: breachLearning, Weeks: 1}.Draw()
	var last time.Time
	n := 0
	watchBreach(run, func(at time.Time, _ *forecast.Model) {
		if !last.IsZero() && at.Sub(last) != time.Hour {
			t.Fatalf("%v after %v", at, last)
		}
		last = at
		n++
	})
	if n < 160 || n > 168 {
		t.Errorf("%d hours in a week", n)
	}
}
