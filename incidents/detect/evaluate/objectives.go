package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"outrider/incidents/detect/objective"
)

// ObjectivesOptions says how much to simulate. The zero value is a quick look.
type ObjectivesOptions struct {
	// Seed chooses the simulated streams; other seeds are other streams.
	Seed uint64
	// Weeks is how many check-weeks are simulated for each rate of false alerts.
	// Zero: 100.
	Weeks int
	// Faults is how many faults are simulated for each time to alert. Zero: 20.
	Faults int
}

// objectiveCase is a promise and the cadence at which it is watched.
type objectiveCase struct {
	good    float64
	cadence time.Duration
}

func objectiveCases() []objectiveCase {
	var all []objectiveCase
	for _, cadence := range []time.Duration{time.Minute, 5 * time.Minute} {
		for _, good := range []float64{0.999, 0.995, 0.99, 0.95} {
			all = append(all, objectiveCase{good, cadence})
		}
	}
	return all
}

// Objectives writes three tables about burn-rate alerts on simulated streams of
// runs: alerts that are raised although the promise is kept, with runs that fail
// independently and in bursts, and how long it takes until a burning budget is
// told of.
func Objectives(w io.Writer, o ObjectivesOptions) error {
	o.Weeks, o.Faults = cmp.Or(o.Weeks, 100), cmp.Or(o.Faults, 20)
	fmt.Fprintf(w, "False alerts per check-week, by how fast the budget burns (%d check-weeks each, streams of up to 8)\n", o.Weeks)
	if err := objectivesFalse(w, o, 0); err != nil {
		return err
	}
	fmt.Fprintln(w, "The same with failures in bursts, a bad run being followed by another in 1 of 3 cases: three in a row are a short outage\nthat spends a part of the budget worth an alert, so these are not all false")
	if err := objectivesFalse(w, o, 1./3); err != nil {
		return err
	}
	return objectivesFaults(w, o)
}

// runStream makes runs for a Judge.
type runStream struct {
	judge   *objective.Judge
	cadence time.Duration
	random  *rand.Rand
	at      time.Time
	raised  int // how often the severity rose from nothing
	// again is the probability that a bad run follows a bad one, if it is not
	// that of any run; bad tells whether the last one was.
	again float64
	bad   bool
}

func newRunStream(c objectiveCase, seed, stream uint64) (*runStream, error) {
	j, err := objective.New(objective.Goal{Good: c.good, Over: 30 * 24 * time.Hour, Cadence: c.cadence})
	return &runStream{judge: j, cadence: c.cadence, random: rand.New(rand.NewPCG(seed, stream)),
		at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, err
}

// run makes one run that fails with a probability, over a long time.
func (s *runStream) run(share float64) objective.Verdict {
	if s.again > 0 {
		if s.bad {
			share = s.again
		} else { // so that the share of bad runs stays the same
			share *= (1 - s.again) / (1 - share)
		}
	}
	s.bad = s.random.Float64() < share
	v := s.judge.Observe(s.at, !s.bad)
	if v.Before == objective.None && v.Changed() {
		s.raised++
	}
	s.at = s.at.Add(s.cadence)
	return v
}

func (s *runStream) runFor(d time.Duration, share float64) {
	for range int(d / s.cadence) {
		s.run(share)
	}
}

// objectivesFalse counts alerts while fewer runs fail than were promised. The
// judge starts knowing nothing, so its first weeks are among them. again is the
// probability that a bad run follows a bad one; zero: runs are independent.
func objectivesFalse(w io.Writer, o ObjectivesOptions, again float64) error {
	burns := []float64{0.1, 0.2, 0.3, 0.5, 0.7}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "objective\tevery\t")
	for _, b := range burns {
		fmt.Fprintf(t, "%g×\t", b)
	}
	fmt.Fprintln(t)
	weeks := min(8, o.Weeks)
	for n, c := range objectiveCases() {
		fmt.Fprintf(t, "%g %%\t%s\t", c.good*100, c.cadence)
		for m, b := range burns {
			raised, streams := 0, max(o.Weeks/weeks, 1)
			for i := range streams {
				s, err := newRunStream(c, o.Seed, uint64(n*1_000_000+m*100_000+i))
				if err != nil {
					return err
				}
				s.again = again
				s.runFor(time.Duration(weeks)*week, b*(1-c.good))
				raised += s.raised
			}
			fmt.Fprintf(t, "%.4f\t", float64(raised)/float64(streams*weeks))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t)
	return t.Flush()
}

// fault is how a budget is burnt, and for how long one waits for an alert.
type fault struct {
	name string
	burn float64 // zero: every run fails
	wait time.Duration
}

func objectiveFaults() []fault {
	return []fault{{"outage", 0, 2 * time.Hour}, {"14.4×", 14.4, 6 * time.Hour}, {"6×", 6, 24 * time.Hour},
		{"3×", 3, 2 * 24 * time.Hour}, {"2×", 2, 3 * 24 * time.Hour}}
}

// faultFigures are what the faults of one kind led to.
type faultFigures struct {
	toAny, toCritical []time.Duration
	raised            int
	// From the end of the fault to that of the critical alert, and of any.
	endsCritical, ends []time.Duration
}

// objectivesFaults measures how long a fault takes to be told of, after two
// weeks at a fifth of the budget.
func objectivesFaults(w io.Writer, o ObjectivesOptions) error {
	fmt.Fprintf(w, "Alerts by fault (%d faults each, after two weeks at 0.2×): found within the fault, at all and as critical;\n", o.Faults)
	fmt.Fprintln(w, "time to the first alert; alerts per fault; time from the end of the fault to that of the alert (medians)")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "objective\tevery\tfault\tlasting\tfound\tcritical\tmedian\tp95\talerts\tcritical ends\tends\t")
	for n, c := range objectiveCases() {
		for m, f := range objectiveFaults() {
			share := f.burn * (1 - c.good)
			if f.burn == 0 {
				share = 1
			}
			var figures faultFigures
			for i := range o.Faults {
				s, err := newRunStream(c, o.Seed, uint64(900_000_000+n*1_000_000+m*100_000+i))
				if err != nil {
					return err
				}
				figures.observe(s, f.wait, share, 0.2*(1-c.good))
			}
			figures.write(t, c, f, o.Faults)
		}
	}
	return t.Flush()
}

func (g *faultFigures) observe(s *runStream, lasting time.Duration, share, base float64) {
	s.runFor(2*week, base)
	s.raised = 0
	onset := s.at
	anyFound, criticalFound := false, false
	for s.at.Sub(onset) < lasting {
		at := s.at
		v := s.run(share)
		if v.Severity != objective.None && !anyFound {
			anyFound, g.toAny = true, append(g.toAny, at.Sub(onset))
		}
		if v.Severity == objective.Critical && !criticalFound {
			criticalFound, g.toCritical = true, append(g.toCritical, at.Sub(onset))
		}
	}
	end := s.at
	for s.judge.Severity() != objective.None && s.at.Sub(end) < week {
		if v := s.run(base); v.Before == objective.Critical && v.Changed() {
			g.endsCritical = append(g.endsCritical, s.at.Sub(end))
		}
	}
	g.raised += s.raised
	if anyFound {
		g.ends = append(g.ends, s.at.Sub(end))
	}
}

func (g *faultFigures) write(w io.Writer, c objectiveCase, f fault, faults int) {
	perFound := 0.0
	if n := len(g.toAny); n > 0 {
		perFound = float64(g.raised) / float64(n)
	}
	fmt.Fprintf(w, "%g %%\t%s\t%s\t%s\t%.2f\t%.2f\t%s\t%s\t%.2f\t%s\t%s\t\n", c.good*100, c.cadence, f.name, f.wait,
		float64(len(g.toAny))/float64(faults), float64(len(g.toCritical))/float64(faults),
		nth(g.toAny, 0.5), nth(g.toAny, 0.95), perFound, nth(g.endsCritical, 0.5), nth(g.ends, 0.5))
}

// nth gives a quantile by nearest rank, in words.
func nth(all []time.Duration, share float64) string {
	if len(all) == 0 {
		return "–"
	}
	all = slices.Sorted(slices.Values(all))
	return all[min(int(share*float64(len(all))), len(all)-1)].Round(time.Minute).String()
}
