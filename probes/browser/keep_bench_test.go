package browser

import (
	"log/slog"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
)

// BenchmarkKeep says what it costs to keep evidence of a run that works: the
// journey of BenchmarkJourney in turns with nothing kept, with the defaults,
// with a HAR of every run, and with a film of every run. The CPU time is that
// of the browser's processes and of our own.
func BenchmarkKeep(b *testing.B) {
	server := shop(b, nil)
	never := checks.Keeping{Set: true}
	var contestants []*contestant
	for _, k := range []struct {
		name string
		keep checks.Keep
	}{
		{"nothing", checks.Keep{HAR: never, Film: never, DOM: never, ChromeTrace: never}},
		{"default", checks.Keep{}},
		{"har", checks.Keep{HAR: always}},
		{"film", checks.Keep{Film: always}},
	} {
		check := journeyOf(
			goTo(server.URL+"/"),
			&checks.Click{Target: bySelector("a[href='/mugs.html']")},
			&checks.Click{Target: bySelector("#add")},
			&checks.Click{Target: bySelector("#cart a")},
			&checks.Fill{Target: bySelector("#card"), Value: lit("4242424242424242")},
		)
		check.Journey.Browser.Keep = k.keep
		c := &contestant{name: k.name, temp: b.TempDir()}
		probe := newProbe(b, Options{TempDir: c.temp, Logger: slog.New(slog.DiscardHandler), MaxRuns: 1 << 30})
		c.journey = func() { mustPass(b, run(b, probe, check)) }
		contestants = append(contestants, c)
	}
	for _, c := range contestants {
		c.journey() // starts the browser
		c.cpu = -cpuTime(b, c.temp)
	}
	for b.Loop() {
		for _, c := range contestants {
			began, own := time.Now(), ownCPU(b)
			c.journey()
			c.wall += time.Since(began)
			c.cpu += ownCPU(b) - own
		}
	}
	for _, c := range contestants {
		c.cpu += cpuTime(b, c.temp)
		b.ReportMetric(float64(c.cpu.Microseconds())/1000/float64(b.N), c.name+"-cpu-ms/op")
	}
}

// ownCPU gives the CPU time that this process has taken.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
