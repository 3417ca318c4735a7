package baseline_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"outrider/incidents/detect/baseline"
)

// officeHours is slower from nine to five by the clock of a zone, one sample in
// five minutes.
func officeHours(zone *time.Location, from time.Time, length time.Duration) (list []baseline.Sample) {
	noise := rand.New(rand.NewPCG(3, 5))
	for at := from; at.Before(from.Add(length)); at = at.Add(5 * time.Minute) {
		v := 600 * math.Exp(0.1*noise.NormFloat64())
		if h := at.In(zone).Hour(); h >= 9 && h < 17 {
			v *= 2
		}
		list = append(list, baseline.Sample{At: at, Millis: v})
	}
	return list
}

// When clocks are set on or back, people come at the same hour of the clock as
// before: a judge that knows the zone says nothing, one that does not takes the
// hour between for trouble or for a change.
func TestClockIsSet(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]time.Time{
		"on in spring":   time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
		"back in autumn": time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			list := officeHours(zone, set.Add(-4*week), 5*week)
			after := func(c baseline.Config) (n int) {
				for _, e := range judge(baseline.New(c), list) {
					if e.At.After(set.Add(-week)) {
						n++
						t.Logf("zone %v: %v %+v", c.Zone, e.At, e.Judgement)
					}
				}
				return n
			}
			if n := after(baseline.Config{Zone: zone}); n != 0 {
				t.Errorf("%d events though the zone is known", n)
			}
			if n := after(baseline.Config{Zone: time.UTC}); n == 0 {
				t.Error("no event though the zone is not known: the series proves nothing")
			}
		})
	}
}
