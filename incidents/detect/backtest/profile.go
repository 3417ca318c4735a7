package backtest

import (
	"math"
	"time"

	"outrider/incidents/detect"
	"outrider/probes"
)

// maxColumns bounds how finely a Profile shows a span: when there would be
// more columns, neighbours are merged.
const maxColumns = 480

// Profile is the latency at a location over a span, in columns of equal width.
// It needs the same memory for a day and for a year.
type Profile struct {
	Location string
	Width    time.Duration // of a column
	Columns  []Column      // by time; those without a run have no Runs
	start    time.Time
}

// Column sums up the runs of one stretch of time.
type Column struct {
	Runs   int // that worked
	Failed int // that were broken
	// Low and High are the least and greatest latency of runs that worked, in
	// milliseconds, as all that follows.
	Low, High float64
	logs      float64 // sum of the logarithms
	expected  sums
}

// sums are what was expected of runs.
type sums struct {
	n                     int
	expected, lower, high float64
}

// Typical is the geometric mean of the runs that worked.
func (c *Column) Typical() float64 { return math.Exp(c.logs / float64(c.Runs)) }

// Expected gives the mean band in which runs were expected; it is not ok where
// nothing had been learnt.
func (c *Column) Expected() (mid, low, high float64, ok bool) {
	n := float64(c.expected.n)
	return c.expected.expected / n, c.expected.lower / n, c.expected.high / n, c.expected.n > 0
}

func newProfile(location string, cadence time.Duration) *Profile {
	return &Profile{Location: location, Width: max(cadence, time.Second)}
}

func (p *Profile) isEmpty() bool { return len(p.Columns) == 0 }

// at is the middle of a column.
func (p *Profile) at(i int) time.Time { return p.start.Add(time.Duration(i)*p.Width + p.Width/2) }

// add takes a run into account. One that comes before the first is left out,
// as is one that says nothing.
func (p *Profile) add(run *probes.Run, said *detect.Judgement) {
	if run.Maintenance || run.Outcome == probes.Unknown {
		return
	}
	if p.start.IsZero() {
		p.start = run.Started.UTC()
	}
	since := run.Started.Sub(p.start)
	if since < 0 {
		return
	}
	for since/p.Width >= maxColumns {
		p.halve()
	}
	i := int(since / p.Width)
	for len(p.Columns) <= i {
		p.Columns = append(p.Columns, Column{})
	}
	p.Columns[i].add(run, said)
}

// halve makes columns twice as wide.
func (p *Profile) halve() {
	p.Width *= 2
	n := (len(p.Columns) + 1) / 2
	for i := range n {
		c := p.Columns[2*i]
		if 2*i+1 < len(p.Columns) {
			c.merge(&p.Columns[2*i+1])
		}
		p.Columns[i] = c
	}
	p.Columns = p.Columns[:n]
}

func (c *Column) add(run *probes.Run, said *detect.Judgement) {
	one := Column{}
	if broken(run) {
		one.Failed = 1
	} else {
		ms := max(float64(run.Duration)/float64(time.Millisecond), 1e-3)
		one = Column{Runs: 1, Low: ms, High: ms, logs: math.Log(ms)}
	}
	if said.ExpectedMS > 0 && said.UpperMS >= said.LowerMS && !math.IsInf(said.UpperMS, 0) {
		one.expected = sums{1, said.ExpectedMS, said.LowerMS, said.UpperMS}
	}
	c.merge(&one)
}

func (c *Column) merge(o *Column) {
	switch {
	case o.Runs == 0:
	case c.Runs == 0:
		c.Low, c.High = o.Low, o.High
	default:
		c.Low, c.High = min(c.Low, o.Low), max(c.High, o.High)
	}
	c.Runs += o.Runs
	c.Failed += o.Failed
	c.logs += o.logs
	c.expected.n += o.expected.n
	c.expected.expected += o.expected.expected
	c.expected.lower += o.expected.lower
	c.expected.high += o.expected.high
}
