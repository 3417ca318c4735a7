package evaluate

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect/baseline"
	"outrider/incidents/detect/simulate"
)

// The tables are commands; here only their machinery is checked.
func TestBaselineFaultIsCounted(t *testing.T) {
	series := simulate.Series{Seed: 3, Start: monday, Sigma: 0.1}
	l, ok := learn(series, perWeekBudget(baseline.Config{}))
	if !ok {
		t.Fatal("an alarm on a quiet series")
	}
	var c faultCount
	c.add(l.try(simulate.Fault{Kind: simulate.Step, Size: 5, For: time.Hour}, 2*time.Hour))
	c.add(l.try(simulate.Fault{Kind: simulate.Faster, Size: 5, For: time.Hour}, 2*time.Hour))
	if c.n != 2 || c.found != 1 || c.alarms != 2 {
		t.Errorf("counted %+v, want one of two found", c)
	}
}

func TestBaselineTablesAreReproducible(t *testing.T) {
	o := BaselineOptions{Seed: 1, Seeds: 1, Weeks: 1}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		var c quietCount
		sc := scenes()[0]
		c.run(sc.make(o.Seed, 0, 3*week), sc.config())
		c.print(w, sc.Name)
	}
	if first.String() != second.String() || !strings.Contains(first.String(), "lognormal") {
		t.Errorf("two runs:\n%s\n%s", &first, &second)
	}
}

func TestOutageRuleWithoutNoise(t *testing.T) {
	var out bytes.Buffer
	if err := BaselineOutage(&out, BaselineOptions{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 8 {
		t.Errorf("lines: %d\n%s", n, &out)
	}
}
