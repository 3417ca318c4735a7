package surge

import (
	"strings"
	"testing"
)

func TestDrift(t *testing.T) {
	s := server{median: mm1(0.4, 1000), low: 50, high: 700, noise: 0.2, runs: 1000}
	if f := fitted(t, s.pairs(1)); f.Drift != nil {
		t.Errorf("nothing changed: %+v", *f.Drift)
	}
	pairs := s.pairs(1)
	for i := range pairs {
		if i >= 800 {
			pairs[i].Latency = pairs[i].Latency * 3 / 2
		}
	}
	f := fitted(t, pairs)
	if f.Drift == nil || f.Drift.Factor < 1.3 || f.Drift.Factor > 1.7 || !f.Drift.Since.Equal(pairs[800].Time) {
		t.Fatalf("%+v, want 1.5 since %s", f.Drift, pairs[800].Time)
	}
	if caveats := strings.Join(f.Caveats(Alignment{}, ""), "\n"); !strings.Contains(caveats, "something else has changed") {
		t.Error(caveats)
	}
}
