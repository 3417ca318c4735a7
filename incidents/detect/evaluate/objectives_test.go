package evaluate_test

import (
	"strings"
	"testing"

	"outrider/incidents/detect/evaluate"
)

func TestObjectives(t *testing.T) {
	var a strings.Builder
	if err := evaluate.Objectives(&a, evaluate.ObjectivesOptions{Seed: 1, Weeks: 1, Faults: 1}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(a.String(), "\n"); n != (1+1+8+1)+(2+1+8+1)+3+8*5 {
		t.Errorf("%d lines:\n%s", n, a.String())
	}
}
