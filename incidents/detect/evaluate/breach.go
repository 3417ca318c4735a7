package evaluate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"outrider/incidents/detect/forecast"
	"outrider/incidents/detect/simulate"
)

// breachLearning is how long models learn before predictions count.
const breachLearning = 14 * 24 * time.Hour

// rampScore counts what became of ramps into a breach.
type rampScore struct {
	ramps, found   int
	raised, proved int
	leads          []float64
}

// recall is the share of ramps with a right prediction, precision the share of
// predictions that were right, lead the median share of the ramp that was still
// to come when the right prediction was raised (ramps without one count 0).
func (s *rampScore) recall() float64    { return float64(s.found) / float64(max(s.ramps, 1)) }
func (s *rampScore) precision() float64 { return float64(s.proved) / float64(max(s.raised, 1)) }
func (s *rampScore) lead() float64 {
	if len(s.leads) == 0 {
		return 0
	}
	slices.Sort(s.leads)
	return s.leads[len(s.leads)/2]
}

func (s *rampScore) merge(o *rampScore) {
	s.ramps, s.found, s.raised, s.proved = s.ramps+o.ramps, s.found+o.found, s.raised+o.raised, s.proved+o.proved
	s.leads = append(s.leads, o.leads...)
}

// breachAt is when a run breaks its limit: when the truth crosses it, or, if
// that is earlier, when the median of the last sixty samples does, which is
// what a user would see. For error rates only the truth counts, since in an
// hour few runs fail, or none, by luck.
func breachAt(run *simulate.ApproachRun, window []float64, at time.Time) time.Time {
	known := !run.Breach.IsZero()
	if run.Errors || at.Before(run.Start) || known && !at.Before(run.Breach) {
		return run.Breach
	}
	over := 0
	for _, v := range window {
		if v >= run.Limit {
			over++
		}
	}
	if 2*over > len(window) {
		return at
	}
	return run.Breach
}

// watch runs one approach through a model. After learning, each is called
// at the end of every hour. The breach of the run is brought forward to when it
// was seen; that is known only at the end.
func watchBreach(run *simulate.ApproachRun, each func(at time.Time, m *forecast.Model)) (changes []forecast.Change, first time.Time) {
	var window [60]float64
	seen := 0
	o := forecast.Options{Limit: run.Limit}
	if run.Errors {
		o.Kind = forecast.ErrorRate
	}
	m := forecast.New(o)
	hour := int64(0)
	for at, v := range run.Points() {
		if first.IsZero() {
			first = at
		}
		window[seen%60] = v
		if seen++; seen%5 == 0 && seen >= 60 {
			run.Breach = breachAt(run, window[:], at)
		}
		c := m.Observe(at, v, false)
		if c.Kind != forecast.Nothing {
			changes = append(changes, c)
		}
		if h := at.Unix() / 3600; each != nil && h != hour {
			hour = h
			if at.Sub(first) > breachLearning {
				each(at, m)
			}
		}
	}
	return changes, first
}

// add scores one ramp. A prediction is right if it was raised between the
// start of the ramp and the breach and still stood when the breach came;
// any other one raised after learning and before the breach is wrong, also one
// that was withdrawn and raised again later, or a second one.
func (s *rampScore) add(run *simulate.ApproachRun) {
	changes, first := watchBreach(run, nil)
	s.ramps++
	lead, found := 0.0, false
	for i, c := range changes {
		if c.Kind != forecast.Raised || c.At.Sub(first) < breachLearning || !c.At.Before(run.Breach) {
			continue
		}
		s.raised++
		if found {
			continue
		}
		stands := i+1 == len(changes) || changes[i+1].Kind != forecast.Withdrawn || !changes[i+1].At.Before(run.Breach)
		if stands && !c.At.Before(run.Start) {
			s.proved++
			s.found++
			found = true
			lead = float64(run.Breach.Sub(c.At)) / float64(run.Breach.Sub(run.Start))
		}
	}
	s.leads = append(s.leads, lead)
}

// BreachTable prints how well breaches are predicted: ramps into a breach (see
// simulate.Approach for how they are made), false predictions on series that
// never breach, and how well stated probabilities are calibrated.
func BreachTable(w io.Writer, o ForecastOptions) error {
	fmt.Fprintf(w, "ramps into a breach, %d of each kind, after two to three weeks of calm\n", 3*o.Series)
	fmt.Fprintf(w, "at least recall 0.90, precision 0.85, lead 0.40; goal 0.95, 0.95, 0.60\n\n%-22s %7s %10s %7s %10s\n", "ramp", "recall", "precision", "lead", "verdict")
	var all rampScore
	for _, kind := range simulate.BreachingApproaches() {
		var s rampScore
		for i := range 3 * o.Series {
			run := simulate.Approach{Kind: kind, Seed: o.Seed + uint64(i), Learning: breachLearning}.Draw()
			if !run.Breach.IsZero() {
				s.add(run)
			}
		}
		printRamps(w, kind.String(), &s)
		all.merge(&s)
	}
	printRamps(w, "all", &all)
	falsePredictions(w, o)
	falseRates(w, o)
	return calibration(w, o)
}

func printRamps(w io.Writer, name string, s *rampScore) {
	v := "MISSED"
	switch {
	case s.recall() >= 0.95 && s.precision() >= 0.95 && s.lead() >= 0.6:
		v = "goal"
	case s.recall() >= 0.9 && s.precision() >= 0.85 && s.lead() >= 0.4:
		v = "ok"
	}
	fmt.Fprintf(w, "%-22s %7.3f %10.3f %7.2f %10s\n", name, s.recall(), s.precision(), s.lead(), v)
}

// quietKinds are the series that never breach.
func quietKinds(seed uint64, weeks int) (names []string, all []simulate.Approach) {
	for range 2 {
		// Two shares of saw-tooth series: they are the hardest.
		names = append(names, "saw-tooth")
		all = append(all, simulate.Approach{Kind: simulate.ApproachSawtooth, Seed: seed + 500_000*uint64(len(all)), Learning: breachLearning, Weeks: weeks})
	}
	for _, c := range simulate.ForecastClasses() {
		if c == simulate.ForecastTrend {
			continue // it does have a trend
		}
		names = append(names, "trendless: "+c.String())
		all = append(all, simulate.Approach{Kind: simulate.ApproachNone, Class: c, Seed: seed, Learning: breachLearning, Weeks: weeks})
	}
	return names, all
}

func falsePredictions(w io.Writer, o ForecastOptions) {
	fmt.Fprintf(w, "\nfalse predictions per check-week, %d series each, %d weeks after two of learning\nat most 0.05, goal 0.01\n\n", o.Series, o.Weeks)
	type count struct {
		n     int
		weeks float64
	}
	names, kinds := quietKinds(o.Seed, o.Weeks)
	var total count
	var order []string
	counts := map[string]*count{}
	for j, a := range kinds {
		c := counts[names[j]]
		if c == nil {
			c = &count{}
			counts[names[j]] = c
			order = append(order, names[j])
		}
		for i := range o.Series {
			a := a
			a.Seed += uint64(i)
			changes, first := watchBreach(a.Draw(), nil)
			for _, ch := range changes {
				if ch.Kind == forecast.Raised && ch.At.Sub(first) >= breachLearning {
					c.n++
					total.n++
				}
			}
			c.weeks += float64(o.Weeks)
			total.weeks += float64(o.Weeks)
		}
	}
	for _, name := range order {
		c := counts[name]
		rate := float64(c.n) / c.weeks
		fmt.Fprintf(w, "%-28s %3d in %4.0f weeks %8.4f %10s\n", name, c.n, c.weeks, rate, verdict(rate, 0.05, 0.01))
	}
	rate := float64(total.n) / total.weeks
	fmt.Fprintf(w, "%-28s %3d in %4.0f weeks %8.4f %10s\n", "all", total.n, total.weeks, rate, verdict(rate, 0.05, 0.01))
}

// reliability collects stated probabilities with what came, in ten bins.
type reliability struct {
	n, came, stated [10]float64
}

func (r *reliability) add(p float64, came bool) {
	i := min(int(p*10), 9)
	r.n[i]++
	r.stated[i] += p
	if came {
		r.came[i]++
	}
}

// err is the expected calibration error: the mean distance between what was
// stated and what came, over bins from the given one, weighted by their size.
func (r *reliability) err(from int) float64 {
	sum, n := 0.0, 0.0
	for i := from; i < len(r.n); i++ {
		sum += math.Abs(r.stated[i] - r.came[i])
		n += r.n[i]
	}
	return sum / max(n, 1)
}

// calibration states probabilities of a breach within 6 and 24 hours at the
// end of every hour, on ramps of all kinds, as many that stall on their way,
// saw-tooth and trendless series. Hours after a breach do not count. Nearly all
// hours are calm, with a probability near zero that is right; the second figure
// therefore leaves out statements under 10 %, and each series counts its hours
// from a day before its ramp.
func calibration(w io.Writer, o ForecastOptions) error {
	fmt.Fprintf(w, "\ncalibration error of stated probabilities; at most 0.10, goal 0.05\n\n%-10s %12s %12s %10s\n", "horizon", "all hours", "stated ≥10 %", "verdict")
	var rel [len(breachHorizons)]reliability
	for _, a := range calibrationKinds(o.Seed + 7_000_000) {
		for i := range o.Series {
			a := a
			a.Seed += uint64(i)
			run := a.Draw()
			for _, c := range claims(run) {
				rel[c.horizon].add(c.p, c.came)
			}
		}
	}
	for j, h := range breachHorizons {
		all, some := rel[j].err(0), rel[j].err(1)
		fmt.Fprintf(w, "%-10s %12.3f %12.3f %10s\n", h, all, some, verdict(max(all, some), 0.10, 0.05))
	}
	for j, h := range breachHorizons {
		fmt.Fprintf(w, "\nstated → came within %s:", h)
		for i := range rel[j].n {
			if n := rel[j].n[i]; n > 0 {
				fmt.Fprintf(w, " %.2f→%.2f (%.0f)", rel[j].stated[i]/n, rel[j].came[i]/n, n)
			}
		}
	}
	fmt.Fprintln(w)
	return nil
}

var breachHorizons = [...]time.Duration{6 * time.Hour, 24 * time.Hour}

// claim is a stated probability and what came.
type claim struct {
	at      time.Time
	horizon int
	p       float64
	reason  forecast.Reason
	came    bool
}

// claims runs an approach and gives what was stated at the end of every hour.
func claims(run *simulate.ApproachRun) (all []claim) {
	watchBreach(run, func(at time.Time, m *forecast.Model) {
		if !run.Start.IsZero() && at.Before(run.Start.Add(-24*time.Hour)) {
			return
		}
		for j, h := range breachHorizons {
			b := m.BreachProbability(run.Limit, h)
			all = append(all, claim{at: at, horizon: j, p: b.Probability, reason: b.Reason})
		}
	})
	kept := all[:0]
	for _, c := range all {
		until := c.at.Add(breachHorizons[c.horizon])
		if known := !run.Breach.IsZero(); known && !c.at.Before(run.Breach) || !known && until.After(run.End) {
			continue
		}
		c.came = !run.Breach.IsZero() && !run.Breach.After(until)
		kept = append(kept, c)
	}
	return kept
}

func calibrationKinds(seed uint64) (all []simulate.Approach) {
	add := func(kind simulate.ApproachKind, class simulate.ForecastClass) {
		all = append(all, simulate.Approach{Kind: kind, Class: class, Seed: seed, Learning: breachLearning, Weeks: 1})
	}
	for _, k := range simulate.BreachingApproaches() {
		add(k, 0)
	}
	// Stalled ramps in the same number as those of the first three kinds.
	for i := range 3 {
		all = append(all, simulate.Approach{Kind: simulate.ApproachStalled, Seed: seed + 100_000*uint64(i), Learning: breachLearning})
	}
	add(simulate.ApproachSawtooth, 0)
	add(simulate.ApproachNone, simulate.ForecastDaily)
	add(simulate.ApproachNone, simulate.ForecastWandering)
	return all
}
