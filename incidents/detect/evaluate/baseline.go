package evaluate

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"outrider/incidents/detect/baseline"
	"outrider/incidents/detect/simulate"
)

// BaselineOptions bound the tables of package baseline.
type BaselineOptions struct {
	// Seed is the first seed and Seeds their number: series are made from
	// Seed, Seed+1, and so on.
	Seed  uint64
	Seeds int
	Weeks int // of each quiet series after the first two
	// Scenes limits the tables to kinds of series whose name has this in it.
	Scenes string
}

const (
	day        = 24 * time.Hour
	week       = 7 * day
	learnWeeks = 2
	seriesSeed = 1000 // series of one seed have seeds of their own below this
)

// monday is when simulated series start.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// scene is a kind of quiet series, with a name for tables.
type scene struct {
	Name string
	simulate.Series
}

// scenes are the quiet series that the tables go over: every shape of noise
// with every degree of memory, on all kinds of cycles.
func scenes() []scene {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.UTC
	}
	var list []scene
	for _, noise := range []simulate.Noise{simulate.Lognormal, simulate.StudentT, simulate.ParetoMix} {
		for _, ar := range []float64{0, 0.4, 0.7} {
			base := simulate.Series{Sigma: 0.15, Noise: noise, AR: ar, Timeout: 30_000}
			cycles := base
			cycles.Daily, cycles.Weekly, cycles.Weekend, cycles.Peak = 0.25, 0.08, -0.12, 15
			cycles.Zone = berlin // summer time begins in the fourth week
			holes := cycles
			holes.Sharp, holes.Missing, holes.Gaps, holes.GapLength = 0.5, 0.02, 2, 90*time.Minute
			holes.FailureRate, holes.Offset = 0.01, 80
			name := fmt.Sprintf("%v, ar %.1f", noise, ar)
			list = append(list,
				scene{name + ", flat", base}, scene{name + ", cycles", cycles}, scene{name + ", sharp, holes", holes})
		}
	}
	return list
}

// roughScenes go beyond what the figures ask for: what real series do too.
func roughScenes() []scene {
	base := simulate.Series{Sigma: 0.15, AR: 0.3, Daily: 0.25, Weekend: -0.12, Peak: 15, Timeout: 30_000}
	busy, nightly, drift, weekends, night := base, base, base, base, base
	busy.Busy = 0.5
	nightly.Nightly = 1
	drift.Drift = 0.03
	weekends.Weekend = -0.6
	night.Noise, night.Busy, night.Sharp, night.Nightly, night.Drift = simulate.StudentT, 0.3, 0.8, 0.5, 0.02
	return []scene{
		{"busy hours are noisier", busy}, {"a job every night", nightly}, {"level drifts 3 % a day", drift},
		{"quiet weekends", weekends}, {"all of it, heavy-tailed", night},
	}
}

// config is that of the judge for a scene.
func (s *scene) config() baseline.Config { return baseline.Config{Zone: s.Zone} }

// make gives the scene's series of a seed.
func (s *scene) make(seed uint64, k int, length time.Duration) simulate.Series {
	series := s.Series
	series.Seed, series.Start, series.Length = seed*seriesSeed+uint64(k), monday, length
	return series
}

// sample is a point as the judge is shown it; runs that failed without a
// timeout say nothing about latency.
func sample(p simulate.Point) (baseline.Sample, bool) {
	return baseline.Sample{At: p.At, Millis: p.Value, Censored: p.Censored}, !p.Failed || p.Censored
}

// BaselineQuiet prints the false alarms per check-week on quiet series, in the
// first two weeks and after them, and how many samples the 95 % band held.
func BaselineQuiet(w io.Writer, o BaselineOptions) error {
	fmt.Fprintf(w, "false alarms on quiet series: seeds %d to %d, a sample a minute, 2 + %d weeks each\n", o.Seed, o.Seed+uint64(o.Seeds)-1, o.Weeks)
	fmt.Fprintf(w, "%-34s %12s %12s %10s %8s\n", "per check-week", "weeks 1–2", "later", "faster", "in band")
	var total quietCount
	for k, sc := range scenes() {
		if !strings.Contains(sc.Name, o.Scenes) {
			continue
		}
		var c quietCount
		for i := range o.Seeds {
			c.run(sc.make(o.Seed+uint64(i), k, time.Duration(learnWeeks+o.Weeks)*week), sc.config())
		}
		c.print(w, sc.Name)
		total.add(c)
	}
	total.print(w, "all")
	for k, sc := range roughScenes() {
		var c quietCount
		for i := range o.Seeds {
			c.run(sc.make(o.Seed+uint64(i), 500+k, time.Duration(learnWeeks+o.Weeks)*week), sc.config())
		}
		c.print(w, sc.Name)
	}
	fmt.Fprintf(w, "%-34s %12s %12s %10s %8s\n", "at least (goal)", "0.5 (0.1)", "0.1 (0.02)", "", "93–97 %")
	return nil
}

type quietCount struct {
	early, late, faster, changes int
	earlyWeeks, lateWeeks        float64
	inside, judged               int
}

func (c *quietCount) run(series simulate.Series, config baseline.Config) {
	j := baseline.New(config)
	for p := range series.Points() {
		x, ok := sample(p)
		if !ok {
			continue
		}
		late := p.At.Sub(monday) >= learnWeeks*week
		got := j.Observe(x)
		switch {
		case got.Event == baseline.AlarmBegan && late:
			c.late++
		case got.Event == baseline.AlarmBegan:
			c.early++
		case got.Event == baseline.FasterBegan:
			c.faster++
		}
		if got.Changed {
			c.changes++
		}
		if late {
			c.judged++
			if p.Value >= got.Lower && p.Value <= got.Upper {
				c.inside++
			}
		}
	}
	c.earlyWeeks += learnWeeks
	c.lateWeeks += series.Length.Hours()/week.Hours() - learnWeeks
}

func (c *quietCount) add(d quietCount) {
	c.early, c.late, c.faster, c.changes = c.early+d.early, c.late+d.late, c.faster+d.faster, c.changes+d.changes
	c.earlyWeeks, c.lateWeeks = c.earlyWeeks+d.earlyWeeks, c.lateWeeks+d.lateWeeks
	c.inside, c.judged = c.inside+d.inside, c.judged+d.judged
}

func (c *quietCount) print(w io.Writer, name string) {
	fmt.Fprintf(w, "%-34s %12.3f %12.3f %10.3f %7.1f%% changes %d\n", name, float64(c.early)/c.earlyWeeks, float64(c.late)/c.lateWeeks,
		float64(c.faster)/(c.earlyWeeks+c.lateWeeks), 100*float64(c.inside)/float64(max(c.judged, 1)), c.changes)
}

// BaselineBudget prints how often alarms come on quiet series, after the first
// two weeks, against how often they were allowed to.
func BaselineBudget(w io.Writer, o BaselineOptions) error {
	fmt.Fprintf(w, "false alarms allowed and raised on quiet series: seeds %d to %d, all kinds, after two weeks\n", o.Seed, o.Seed+uint64(o.Seeds)-1)
	fmt.Fprintf(w, "%-12s %18s %18s\n", "one in", "allowed per week", "raised per week")
	for _, every := range []time.Duration{day, 3 * day, week, 30 * day} {
		var c quietCount
		for k, sc := range scenes() {
			if !strings.Contains(sc.Name, o.Scenes) {
				continue
			}
			config := sc.config()
			config.FalseAlarmEvery, config.Series = every, 1
			for i := range o.Seeds {
				c.run(sc.make(o.Seed+uint64(i), k, time.Duration(learnWeeks+o.Weeks)*week), config)
			}
		}
		fmt.Fprintf(w, "%-12s %18.3f %18.3f\n", fmt.Sprintf("%.0f days", every.Hours()/24), week.Hours()/every.Hours(), float64(c.late)/c.lateWeeks)
	}
	return nil
}

// perWeekBudget is the setting at which delays are measured: one false alarm
// in ten weeks, for one series.
func perWeekBudget(c baseline.Config) baseline.Config {
	c.FalseAlarmEvery, c.Series = 10*week, 1
	return c
}

// learned is a judge at the onset of a fault.
type learned struct {
	judge  *baseline.Judge
	series simulate.Series
	onset  time.Time
}

// learn shows a judge two weeks and a bit of a series; ok is false if an alarm
// is open at the end.
func learn(series simulate.Series, config baseline.Config) (learned, bool) {
	random := rand.New(rand.NewPCG(series.Seed, 99))
	onset := monday.Add(learnWeeks*week + time.Duration(random.Int64N(int64(5*24*time.Hour)))).Truncate(time.Minute)
	j := baseline.New(config)
	state := baseline.Learning
	series.Length = onset.Sub(monday)
	for p := range series.Points() {
		if x, ok := sample(p); ok {
			state = j.Observe(x).State
		}
	}
	return learned{j, series, onset}, state != baseline.Slower
}

// outcome is what a judge made of a fault.
type outcome struct {
	delay  int // samples from the onset to the alarm; 0 if there was none
	alarms int // until two hours after the end
	onset  time.Time
}

// try shows a copy of the judge what follows with a fault in it.
func (l *learned) try(fault simulate.Fault, after time.Duration) outcome {
	j := l.judge.Clone()
	fault.At = l.onset
	series := l.series
	series.Faults = []simulate.Fault{fault}
	series.Length = l.onset.Sub(monday) + fault.For + after
	var out outcome
	n := 0
	for p := range series.Points() {
		x, ok := sample(p)
		if p.At.Before(l.onset) || !ok {
			continue
		}
		n++
		got := j.Observe(x)
		if got.Event != baseline.AlarmBegan {
			continue
		}
		out.alarms++
		if out.alarms == 1 {
			out.delay, out.onset = n, got.Onset
		}
	}
	return out
}

// BaselineDelay prints the median delay of steps against Lorden's bound.
func BaselineDelay(w io.Writer, o BaselineOptions) error {
	arl := float64(10 * week / time.Minute)
	fmt.Fprintf(w, "steps after two weeks of learning: seeds %d to %d, budget of 0.1 false alarms per check-week\n", o.Seed, o.Seed+uint64(o.Seeds)-1)
	fmt.Fprintf(w, "%-34s %6s %8s %8s %10s %10s %8s\n", "", "sigmas", "bound", "median", "at least", "goal", "p90")
	sizes := []float64{0.5, 1, 2, 3}
	for k, sc := range scenes() {
		if !strings.Contains(sc.Name, o.Scenes) {
			continue
		}
		if sc.AR > 0.5 {
			continue // the bound is for independent samples; 0.4 is shown for comparison
		}
		delays := make([][]int, len(sizes))
		for i := range o.Seeds {
			l, ok := learn(sc.make(o.Seed+uint64(i), k, 0), perWeekBudget(sc.config()))
			if !ok {
				continue
			}
			for n, size := range sizes {
				d := l.try(simulate.Fault{Kind: simulate.Step, Size: size, For: 10 * time.Hour}, 0).delay
				if d == 0 {
					d = 601
				}
				delays[n] = append(delays[n], d)
			}
		}
		for n, size := range sizes {
			// What a step is worth in independent samples.
			worth := size * math.Sqrt((1-sc.AR)/(1+sc.AR))
			bound := math.Log(arl) / (worth * worth / 2)
			slices.Sort(delays[n])
			fmt.Fprintf(w, "%-34s %6.1f %8.1f %8d %10.1f %10.1f %8d\n", sc.Name, size, bound, delays[n][len(delays[n])/2], 2*bound+2, 1.3*bound+1, delays[n][len(delays[n])*9/10])
		}
	}
	return nil
}

// BaselineFaults prints how many faults are found within thirty samples, and
// how many incidents each makes.
func BaselineFaults(w io.Writer, o BaselineOptions) error {
	fmt.Fprintf(w, "faults after two weeks of learning, default budget: seeds %d to %d\n", o.Seed, o.Seed+uint64(o.Seeds)-1)
	fmt.Fprintf(w, "%-34s %-10s %8s %12s %10s\n", "", "fault", "found", "incidents", "median")
	var all [4]faultCount
	for k, sc := range scenes() {
		if !strings.Contains(sc.Name, o.Scenes) {
			continue
		}
		var counts [4]faultCount
		for i := range o.Seeds {
			series := sc.make(o.Seed+uint64(i), k, 0)
			l, ok := learn(series, sc.config())
			if !ok {
				continue
			}
			for n, f := range faultsOf(series.Seed) {
				counts[n].add(l.try(f, 2*time.Hour))
			}
		}
		for n := range counts {
			counts[n].print(w, sc.Name, simulate.FaultKind(n))
			all[n].join(counts[n])
		}
	}
	var total faultCount
	for n := range all {
		all[n].print(w, "all", simulate.FaultKind(n))
		total.join(all[n])
	}
	total.print(w, "all", -1)
	fmt.Fprintf(w, "%-34s %-10s %8s %12s\n", "at least (goal)", "", "95 (99)%", "1.1 (1.0)")
	return nil
}

// faultsOf draws faults of random size, two hours each.
func faultsOf(seed uint64) []simulate.Fault {
	r := rand.New(rand.NewPCG(seed, 98))
	uniform := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	minutes := func(low, high int) time.Duration { return time.Duration(low+r.IntN(high-low+1)) * time.Minute }
	return []simulate.Fault{
		{Kind: simulate.Step, Size: uniform(2, 6), For: 2 * time.Hour},
		{Kind: simulate.Ramp, Size: uniform(4, 10), Rise: minutes(15, 30), For: 2 * time.Hour},
		{Kind: simulate.Tail, Size: uniform(5, 10), Share: uniform(0.2, 0.4), For: 2 * time.Hour},
		{Kind: simulate.Flapping, Size: uniform(3, 8), On: minutes(3, 10), Off: minutes(3, 10), For: 2 * time.Hour},
	}
}

type faultCount struct {
	n, found, alarms int
	delays           []int
}

func (c *faultCount) add(o outcome) {
	c.n++
	c.alarms += o.alarms
	if o.delay > 0 && o.delay <= 30 {
		c.found++
	}
	if o.delay == 0 {
		o.delay = math.MaxInt
		c.alarms++ // not to gain by missing
	}
	c.delays = append(c.delays, o.delay)
}

func (c *faultCount) join(d faultCount) {
	c.n, c.found, c.alarms, c.delays = c.n+d.n, c.found+d.found, c.alarms+d.alarms, append(c.delays, d.delays...)
}

func (c *faultCount) print(w io.Writer, name string, kind simulate.FaultKind) {
	label := kind.String()
	if kind < 0 {
		label = "all"
	}
	slices.Sort(c.delays)
	fmt.Fprintf(w, "%-34s %-10s %7.1f%% %12.3f %10d\n", name, label, 100*float64(c.found)/float64(max(c.n, 1)), float64(c.alarms)/float64(max(c.n, 1)), c.delays[len(c.delays)/2])
}
