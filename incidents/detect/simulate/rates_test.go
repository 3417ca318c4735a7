package simulate_test

import (
	"testing"
	"time"

	"outrider/incidents/detect/simulate"
)

func TestRate_IsItsSeed(t *testing.T) {
	for _, kind := range simulate.RateKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			failed := func(seed uint64) (n, all int) {
				run := simulate.Rate{Kind: kind, Seed: seed, Learning: 7 * 24 * time.Hour, Weeks: 2}.Draw()
				for at, v := range run.Points() {
					if run.Truth(at) >= run.Limit || v != 0 && v != 1 {
						t.Fatalf("truth %v, limit %v, value %v", run.Truth(at), run.Limit, v)
					}
					all++
					n += int(v)
				}
				return n, all
			}
			n, all := failed(1)
			if again, _ := failed(1); again != n {
				t.Errorf("%d and %d failed runs of one seed", n, again)
			}
			if other, _ := failed(2); other == n {
				t.Errorf("two seeds have %d failed runs each", n)
			}
			if share := float64(n) / float64(all); share < 0.001 || share > 0.1 {
				t.Errorf("share of failed runs %v", share)
			}
		})
	}
}
