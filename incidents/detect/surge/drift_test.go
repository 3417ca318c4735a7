package surge

import (
	"strings"
	"testing"
)

func TestDrift(t *testing.T) {
	s := server{median: mm1(0.4, 1000), low: 50, high: 700, noise: 0.2, runs: 400}
	if f := fitted(t, s.pairs(1)); f.Drift != nil {
		t.Errorf("nothing changed: %+v", *f.Drift)
	}
	pairs := s.pairs(1)
	for i := range pairs {
		if i >= 320 {
			pairs[i].Latency = pairs[i].Latency * 3 / 2
		}
	}
	f := fitted(t, pairs)
	if f.Drift == nil || f.Drift.Factor < 1.3 || f.Drift.Factor > 1.7 || !f.Drift.Since.Equal(pairs[320].Time) {
		t.Fatalf("%+v, want 1.5 since %s", f.Drift, pairs[320].Time)
	}
	if caveats := strings.Join(f.Caveats(Alignment{}, ""), "\n"); !strings.Contains(caveats, "something else has changed") {
		t.Error(caveats)
	}
}
