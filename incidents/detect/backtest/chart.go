package backtest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"outrider/incidents/detect"
)

// Geometry of a chart, in the units of its picture.
const (
	chartWidth, chartHeight = 1140, 320
	chartLeft, chartRight   = 64, 1128
	chartTop, chartBottom   = 14, 290
)

// chart is the latency at a location, as the page draws it. Everything is
// text without markup or numbers: the page escapes it.
type chart struct {
	Location  string
	Width     int
	Height    int
	Left      int
	Right     int
	Top       int
	Bottom    int
	Down      []tick
	Across    []tick
	Shades    []shade
	Expected  string // paths
	Band      string
	Line      string
	Failures  []mark
	Limits    []limit
	Notes     []mark
	Text      string // the same in words
	ColumnFor string // how long a column is
}

type tick struct {
	At   string
	Text string
}

type shade struct{ X, Width, Severity, Title string }

type mark struct{ X, Title string }

type limit struct{ Y, TextY, Level, Text string }

// newChart draws a profile. Suggested limits are drawn, too, where there are.
func newChart(p *Profile, r *Report) chart {
	c := chart{Location: line(p.Location), Width: chartWidth, Height: chartHeight, Left: chartLeft, Right: chartRight,
		Top: chartTop, Bottom: chartBottom, ColumnFor: lengthText(p.Width)}
	limits := r.limits()
	a := axes{from: r.Result.From, to: r.Result.To, top: scaleOf(p, limits)}
	if !a.to.After(a.from) {
		a.to = a.from.Add(time.Minute)
	}
	c.Down, c.Across = a.durations(), a.times()
	for i := range r.Result.Alerts {
		if k := &r.Result.Alerts[i]; k.Location == p.Location {
			c.Shades = append(c.Shades, a.shade(k, r.Result))
		}
	}
	c.paths(p, a)
	for i := range p.Columns {
		if k := &p.Columns[i]; k.Failed > 0 {
			c.Failures = append(c.Failures, mark{number(a.x(p.at(i))), timeText(p.at(i)) + ": " + plural(k.Failed, "failed run", "failed runs")})
		}
	}
	for _, l := range limits {
		if l.at <= a.top {
			y := a.y(l.at)
			c.Limits = append(c.Limits, limit{number(y), number(y - 4), l.level, l.text + " " + latencyText(time.Duration(l.at*1e6))})
		}
	}
	for _, n := range r.Result.Notes {
		if (n.Location == p.Location || n.Location == "") && !n.At.Before(a.from) && !n.At.After(a.to) {
			c.Notes = append(c.Notes, mark{number(a.x(n.At)), timeText(n.At) + ": " + line(n.Text)})
		}
	}
	c.Text = fmt.Sprintf("Latency at %s from %s to %s UTC, with %s", c.Location, timeText(a.from), timeText(a.to), plural(len(c.Shades), "alert", "alerts"))
	return c
}

// bound is a threshold to draw, in milliseconds.
type bound struct {
	at          float64
	level, text string
}

func (r *Report) limits() []bound {
	var out []bound
	add := func(d time.Duration, level, text string) {
		if d > 0 {
			out = append(out, bound{ms(d), level, text})
		}
	}
	add(r.Result.Setting.Degraded, "degraded", "degraded over")
	add(r.Result.Setting.Failed, "failed", "failed over")
	if s := r.Suggestion; s != nil && s.Refused == "" {
		add(s.Degraded, "suggested", "suggested: degraded over")
		add(s.Failed, "suggested", "suggested: failed over")
	}
	return out
}

// axes map moments and milliseconds to the picture.
type axes struct {
	from, to time.Time
	top      float64 // ms
}

func (a axes) x(t time.Time) float64 {
	part := float64(t.Sub(a.from)) / float64(a.to.Sub(a.from))
	return chartLeft + (chartRight-chartLeft)*min(max(part, 0), 1)
}

// y keeps what is beyond at the edge.
func (a axes) y(ms float64) float64 {
	return chartBottom - (chartBottom-chartTop)*min(max(ms/a.top, 0), 1)
}

// scaleOf picks the top of the axis: what nearly all columns reach, so that
// one slow run does not flatten everything, and thresholds that are near.
func scaleOf(p *Profile, limits []bound) float64 {
	var highs []float64
	for i := range p.Columns {
		c := &p.Columns[i]
		if c.Runs > 0 {
			highs = append(highs, c.High)
		}
		if _, _, high, ok := c.Expected(); ok {
			highs = append(highs, high)
		}
	}
	if len(highs) == 0 {
		return 1000
	}
	slices.Sort(highs)
	usual := highs[(len(highs)-1)*98/100]
	top := usual
	for _, l := range limits {
		if l.at <= 3*usual {
			top = max(top, l.at)
		}
	}
	return max(top*1.12, 1)
}

// durations gives up to six round values.
func (a axes) durations() []tick {
	step := math.Pow(10, math.Floor(math.Log10(a.top)))
	for _, f := range [...]float64{0.1, 0.2, 0.5, 1} {
		if a.top/(step*f) <= 6 {
			step *= f
			break
		}
	}
	var out []tick
	for v := 0.0; v <= a.top; v += step {
		out = append(out, tick{number(a.y(v)), latencyText(time.Duration(v * 1e6))})
	}
	return out
}

// times gives up to fifteen round moments.
func (a axes) times() []tick {
	const day = 24 * time.Hour
	step := 365 * day
	for _, s := range [...]time.Duration{
		10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day,
	} {
		if a.to.Sub(a.from)/s <= 15 {
			step = s
			break
		}
	}
	layout := "2 Jan"
	if step < day {
		layout = "2 Jan 15:04"
	}
	var out []tick
	for t := a.from.Truncate(step).Add(step); t.Before(a.to); t = t.Add(step) {
		if x := a.x(t); x > chartLeft+24 && x < chartRight-24 { // labels are centred
			out = append(out, tick{number(x), t.UTC().Format(layout)})
		}
	}
	return out
}

func (a axes) shade(k *Alert, r *Result) shade {
	const least = 2 // units: seen even on a chart of a year
	x := a.x(k.Opened)
	severity := "warning"
	switch k.Severity {
	case detect.Critical:
		severity = "critical"
	case detect.Notice:
		severity = "notice"
	}
	return shade{number(x), number(max(a.x(k.end(r.To))-x, least)), severity,
		fmt.Sprintf("%s, %s, %s: %s", timeText(k.Opened), line(string(k.Cause)), lengthText(lasted(k, r.To)), line(k.Summary))}
}

// paths draws the typical latency, the band of what runs took, and the band of
// what was expected; each is broken where there is nothing.
func (c *chart) paths(p *Profile, a axes) {
	var typical, took, expected path
	for i := range p.Columns {
		k, x := &p.Columns[i], a.x(p.at(i))
		if k.Runs > 0 {
			typical.add(x, a.y(k.Typical()), a.y(k.Typical()))
			took.add(x, a.y(k.Low), a.y(k.High))
		} else if p.Width > time.Hour || k.Failed > 0 || gapAfter(p, i) > 3 {
			typical.end()
			took.end()
		}
		if _, low, high, ok := k.Expected(); ok {
			expected.add(x, a.y(low), a.y(high))
		} else if gapAfter(p, i) > 3 {
			expected.end()
		}
	}
	c.Line, c.Band, c.Expected = typical.line(), took.area(), expected.area()
}

// gapAfter counts the columns without runs from column i on.
func gapAfter(p *Profile, i int) int {
	n := 0
	for i+n < len(p.Columns) && p.Columns[i+n].Runs == 0 && n <= 3 {
		n++
	}
	return n
}

// path collects pieces of a line or a band.
type path struct {
	pieces [][][3]float64
	open   bool
}

func (p *path) add(x, low, high float64) {
	if !p.open {
		p.pieces = append(p.pieces, nil)
		p.open = true
	}
	n := len(p.pieces) - 1
	p.pieces[n] = append(p.pieces[n], [3]float64{x, low, high})
}

func (p *path) end() { p.open = false }

func (p *path) line() string {
	var b strings.Builder
	for _, piece := range p.pieces {
		for i, at := range piece {
			fmt.Fprintf(&b, "%s%s %s", letter(i), number(at[0]), number(at[1]))
		}
		if len(piece) == 1 {
			b.WriteString("h1") // a lone point is a dot
		}
	}
	return b.String()
}

func (p *path) area() string {
	var b strings.Builder
	for _, piece := range p.pieces {
		for i, at := range piece {
			fmt.Fprintf(&b, "%s%s %s", letter(i), number(at[0]), number(at[2]))
		}
		for _, at := range slices.Backward(piece) {
			fmt.Fprintf(&b, "L%s %s", number(at[0]), number(at[1]))
		}
		b.WriteString("Z")
	}
	return b.String()
}

func letter(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

func number(x float64) string { return decimal(x, 1) }
