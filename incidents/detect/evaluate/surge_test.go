package evaluate

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

func TestSurge(t *testing.T) {
	var out bytes.Buffer
	if err := Surge(&out, SurgeOptions{Seed: 7, Servers: 1}); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(out.String(), "\n"); rows < 1+3*(len(surgeClasses())+1)+4 {
		t.Errorf("%d rows:\n%s", rows, out.String())
	}
	if strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
		t.Errorf("no numbers:\n%s", out.String())
	}
}

// The truths that projections are held against.
func TestServerCurves(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got/want-1) > 1e-3 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("M/M/1 at half its capacity", queueMedian(1, 1, 2, 1)(1), 2)
	near("Erlang's C with 3 servers at 2 Erlang", erlangC(3, 2.0/3), 4.0/9)
	near("USL with contention only", uslMedian(1, 1, 2)(1), 2)
	near("USL without contention", uslMedian(1, 0, 2)(1.9), 2/(1+math.Sqrt(1-0.95*0.95)))
	for _, class := range []func(float64) float64{queueMedian(1, 1, 2, 1), uslMedian(1, 0.5, 2)} {
		if !math.IsInf(class(2), 1) {
			t.Error("no saturation at the capacity")
		}
	}
}

func TestSurgeReal(t *testing.T) {
	var out bytes.Buffer
	o := SurgeRealOptions{Seed: 1, Workers: 4, Service: 2 * time.Millisecond, Segments: 3, Segment: 50 * time.Millisecond}
	if err := SurgeReal(t.Context(), &out, o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "4 workers") || strings.Count(out.String(), "/s") < 5 {
		t.Errorf("%s", out.String())
	}
}
