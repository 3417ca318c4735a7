package evaluate_test

import (
	"strings"
	"testing"

	"outrider/incidents/detect/evaluate"
)

func TestObjectives(t *testing.T) {
	var a, b strings.Builder
	o := evaluate.ObjectivesOptions{Seed: 1, Weeks: 1, Faults: 1}
	if err := evaluate.Objectives(&a, o); err != nil {
		t.Fatal(err)
	}
	if err := evaluate.Objectives(&b, o); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Error("the same seed gave other figures")
	}
	if n := strings.Count(a.String(), "\n"); n != 2+8+1+3+8*5 {
		t.Errorf("%d lines:\n%s", n, a.String())
	}
}
