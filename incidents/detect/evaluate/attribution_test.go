package evaluate_test

import (
	"strings"
	"testing"

	"outrider/incidents/detect/evaluate"
)

// The table is a command; here only its machinery is checked.
func TestAttribution(t *testing.T) {
	var a, b strings.Builder
	o := evaluate.AttributionOptions{Seed: 3, Journeys: 1}
	for _, w := range []*strings.Builder{&a, &b} {
		if err := evaluate.Attribution(w, o); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() != b.String() {
		t.Error("the same seed gave other figures")
	}
	if n := strings.Count(a.String(), "\n"); n != 2*(1+1+14+1)+1 {
		t.Errorf("%d lines:\n%s", n, a.String())
	}
}
