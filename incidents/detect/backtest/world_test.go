package backtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
)

var start = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) // a Monday

// world makes runs of a shop: a daily cycle, lognormal noise that hangs
// together, and faults at exact times.
type world struct {
	seed    uint64
	days    int
	every   time.Duration
	daily   float64 // amplitude of the daily cycle, of the logarithm
	noise   float64 // standard deviation of the logarithm
	hang    float64 // autocorrelation
	alone   float64 // share of runs that fail one by one
	outages []span
	slow    []span // runs take three times as long
}

// samples gives the runs without thresholds.
func (w world) samples() []Sample {
	r := rand.New(rand.NewPCG(w.seed, 7))
	var out []Sample
	e := 0.0
	for at := start; at.Before(start.AddDate(0, 0, w.days)); at = at.Add(w.every) {
		e = w.hang*e + math.Sqrt(1-w.hang*w.hang)*r.NormFloat64()
		hour := at.Sub(start).Hours()
		ms := 500 * math.Exp(w.daily*math.Sin(2*math.Pi*hour/24)+w.noise*e)
		for _, s := range w.slow {
			if s.has(at) {
				ms *= 3
			}
		}
		sample := Sample{At: at.Add(17 * time.Second), Latency: time.Duration(ms * 1e6)}
		sample.Failed = r.Float64() < w.alone
		for _, s := range w.outages {
			sample.Failed = sample.Failed || s.has(at)
		}
		out = append(out, sample)
	}
	return out
}

func lasting(day, hour int, length time.Duration) span {
	from := start.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
	return span{from, from.Add(length)}
}

// aCheck watches by thresholds alone.
func aCheck(degraded, failed time.Duration) *checks.Check {
	return &checks.Check{
		ID: "checkout", Name: "A customer buys a mug", Enabled: true, Schedule: checks.Schedule{Every: 5 * time.Minute},
		Timeout: 30 * time.Second, Confirm: checks.Confirm{Failures: 2, Of: 3, Recovery: 2},
		Thresholds: checks.Thresholds{Total: checks.Limit{Degraded: degraded, Failed: failed}},
		Journey:    checks.Journey{Kind: checks.KindHTTP},
	}
}

// at puts runs at a location.
func at(location string, source Source) Source {
	return func(yield func(*probes.Run) error) error {
		return source(func(r *probes.Run) error {
			r.Location = location
			return yield(r)
		})
	}
}

// both gives the runs of two sources, one after the other.
func both(a, b Source) Source {
	return func(yield func(*probes.Run) error) error {
		if err := a(yield); err != nil {
			return err
		}
		return b(yield)
	}
}

func mustReplay(t *testing.T, s Source, o Options) *Result {
	t.Helper()
	r, err := Replay(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func shown(alerts []Alert) string {
	text := ""
	for _, a := range alerts {
		text += fmt.Sprintf("%s %s %s %s %s %d bad: %s\n", timeText(a.Opened), a.Location, a.Cause, a.Severity, timeText(a.Resolved), a.BadRuns, a.Summary)
	}
	return text
}
