package surge

import (
	"math"
	"slices"
	"testing"
)

func TestParseTargets(t *testing.T) {
	for text, want := range map[string][]Target{
		"5x":           {{Factor: 5}},
		"1700":         {{Load: 1700}},
		"1.5x":         {{Factor: 1.5}},
		" 2x, 800 ,3×": {{Factor: 2}, {Load: 800}, {Factor: 3}},
		"0.25":         {{Load: 0.25}},
		"1e3":          {{Load: 1000}},
	} {
		got, err := ParseTargets(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "5y", "-5x", "0", "0x", "five", "5x,", "NaN", "Inf", "1e999", "1e9x", "0x10", "+5", "5 x x", "1_000"} {
		if got, err := ParseTargets(text); err == nil {
			t.Errorf("took %q as %v", text, got)
		}
	}
}

func TestTargetOf(t *testing.T) {
	if v := (Target{Factor: 5}).Of(340); v != 1700 {
		t.Errorf("5x of 340 is %g", v)
	}
	if v := (Target{Load: 800}).Of(340); v != 800 {
		t.Errorf("800 is %g", v)
	}
}

func FuzzParseTargets(f *testing.F) {
	for _, seed := range []string{"5x", "1700", "2x,5x,800", "", "x", "1e308x", "0.0000001", "5×", ",,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		targets, err := ParseTargets(text)
		if err != nil {
			return
		}
		if len(targets) == 0 || len(targets) > mostTargets {
			t.Errorf("%d targets of %q", len(targets), text)
		}
		for _, target := range targets {
			if load := target.Of(340); !(load > 0) || math.IsInf(load, 0) {
				t.Errorf("%q gives %g", text, load)
			}
			again, err := ParseTarget(target.String())
			if err != nil || again != target {
				t.Errorf("%+v is written %q and read %+v, %v", target, target, again, err)
			}
		}
	})
}
