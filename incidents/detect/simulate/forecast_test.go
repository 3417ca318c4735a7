package simulate_test

import (
	"math"
	"testing"
	"time"

	"outrider/incidents/detect/simulate"
)

func TestForecastSeries_IsItsSeed(t *testing.T) {
	for _, class := range simulate.ForecastClasses() {
		t.Run(class.String(), func(t *testing.T) {
			sum := func(seed uint64) (s float64) {
				for p := range (simulate.ForecastSeries{Class: class, Seed: seed, Weeks: 1}).Points() {
					if !(p.Value > 0) || math.IsInf(p.Value, 0) {
						t.Fatalf("value %v", p.Value)
					}
					s += p.Value
				}
				return s
			}
			if sum(1) != sum(1) || sum(1) == sum(2) {
				t.Error("a series is not what its seed says")
			}
		})
	}
}

func TestApproach_CrossesWhereItSays(t *testing.T) {
	for _, kind := range simulate.BreachingApproaches() {
		t.Run(kind.String(), func(t *testing.T) {
			for seed := range uint64(5) {
				run := simulate.Approach{Kind: kind, Seed: seed, Learning: 14 * 24 * time.Hour}.Draw()
				if run.Breach.IsZero() {
					continue
				}
				for at := run.Start; at.Before(run.Breach); at = at.Add(time.Minute) {
					if run.Truth(at) >= run.Limit {
						t.Fatalf("over the limit at %v, before %v", at, run.Breach)
					}
				}
				if run.Truth(run.Breach) < run.Limit || !run.End.After(run.Breach) {
					t.Errorf("no breach at %v", run.Breach)
				}
			}
		})
	}
}

func TestApproach_StaysUnderItsLimit(t *testing.T) {
	for _, a := range []simulate.Approach{
		{Kind: simulate.ApproachSawtooth}, {Kind: simulate.ApproachNone, Class: simulate.ForecastShifts},
		{Kind: simulate.ApproachNone, Class: simulate.ForecastWeekly},
	} {
		t.Run(a.Kind.String()+" "+a.Class.String(), func(t *testing.T) {
			a.Seed, a.Learning, a.Weeks = 4, 7*24*time.Hour, 3
			run := a.Draw()
			for at := range run.Points() {
				// Times of a saw-tooth only go on: points have asked for this one.
				if v := run.Truth(at); v >= run.Limit {
					t.Fatalf("%v of %v at %v", v, run.Limit, at)
				}
			}
		})
	}
}
