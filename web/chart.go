package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/probes"
	"outrider/storage"
)

// Geometry of the latency chart. Across it is drawn in a thousandth of the
// width, since it is as wide as the page lets it be; down it is in pixels.
const (
	chartWidth   = 1000
	chartHeight  = 220
	chartTop     = 18
	chartBuckets = 240
)

// chart is latency over time: a line through the medians, a band around it,
// and a mark for everything that was not passed.
type chart struct {
	Height int
	Band   string
	Line   string
	Marks  []chartMark
	// Expected is the band in which 95 of 100 runs were expected; empty as long
	// as nothing has been learnt.
	Expected string
	Notes    []chartNote
	Down     []chartTick // of the latency axis
	Across   []chartTick // of the time axis
	Limits   []chartLimit
	Words    []string
	Band95   bool // the band reaches from the median to the 95th percentile
	Empty    bool
	Text     string // the same in words
}

// chartMark is a run, or an hour, that was not passed.
type chartMark struct {
	X       float64 // percent of the width
	Y       float64
	Outcome probes.Outcome
	URL     string // empty: nothing to open
	Title   string
	Above   bool // it took longer than the chart is high
}

// chartNote is a moment at which something else happened.
type chartNote struct {
	X    float64 // percent of the width
	Kind detect.NoteKind
	Text string
}

// background is what a chart has behind the measured values.
type background struct {
	expected []bucket
	notes    []incidents.Note
}

// expectedOf takes what was expected of runs as columns.
func expectedOf(said []storage.JudgementEntry) []bucket {
	var out []bucket
	for _, e := range said {
		j := e.Judgement
		if j.ExpectedMS <= 0 || j.UpperMS < j.LowerMS {
			continue
		}
		ms := func(f float64) time.Duration { return time.Duration(min(max(f, 0), 1e9) * float64(time.Millisecond)) }
		out = append(out, bucket{at: e.Started, low: ms(j.LowerMS), mid: ms(j.ExpectedMS), high: ms(j.UpperMS)})
	}
	return out
}

// chartTick is a value on an axis.
type chartTick struct {
	At   float64 // percent of the width, or pixels down
	Text string
}

// chartLimit is a threshold.
type chartLimit struct {
	Y     float64
	Level probes.Outcome
	Text  string
}

// bucket sums up the runs of one narrow column.
type bucket struct {
	at             time.Time
	low, mid, high time.Duration // of runs that worked; zero: none
	worst          probes.Outcome
	worstID        string
	worstAt        time.Time
	worstTook      time.Duration
	bad            int
}

// bucketsOf sorts runs into columns. Failed and unknown runs have no part in
// line and band: how long a failure took says nothing about latency.
func bucketsOf(runs []storage.Summary, from, to time.Time) []bucket {
	out := make([]bucket, chartBuckets)
	took := make([][]time.Duration, chartBuckets)
	size := to.Sub(from) / chartBuckets
	for i := range out {
		out[i].at = from.Add(time.Duration(i)*size + size/2)
	}
	for _, r := range runs {
		i := int(r.Started.Sub(from) / size)
		if r.Started.Before(from) || i >= chartBuckets {
			continue
		}
		b := &out[i]
		if r.Outcome == probes.Passed || r.Outcome == probes.Degraded {
			took[i] = append(took[i], r.Duration)
		}
		if r.Outcome == probes.Passed {
			continue
		}
		b.bad++
		if b.worst == "" || slices.Index(order[:], r.Outcome) < slices.Index(order[:], b.worst) {
			b.worst, b.worstID, b.worstAt, b.worstTook = r.Outcome, r.ID, r.Started, r.Duration
		}
	}
	for i, d := range took {
		if len(d) > 0 {
			slices.Sort(d)
			out[i].low, out[i].mid, out[i].high = d[0], d[len(d)/2], d[len(d)-1]
		}
	}
	return out
}

// bucketsOfHours takes hourly roll-ups as columns.
func bucketsOfHours(hours []storage.Hour) []bucket {
	var out []bucket
	for _, h := range hours {
		b := bucket{at: h.Start.Add(30 * time.Minute), worstAt: h.Start, worstTook: h.Max}
		if h.Passed+h.Degraded+h.Failed > 0 {
			b.low, b.mid, b.high = h.P50, h.P50, h.P95
		}
		switch {
		case h.Failed > 0:
			b.worst, b.bad = probes.Failed, h.Failed
		case h.Degraded > 0:
			b.worst, b.bad, b.worstTook = probes.Degraded, h.Degraded, h.P95
		}
		out = append(out, b)
	}
	return out
}

// newChart draws buckets between two moments. gap is the time after which the
// line is broken.
func newChart(buckets []bucket, from, to time.Time, gap time.Duration, limit checks.Limit, behind background) chart {
	c := chart{Height: chartHeight, Across: timeTicks(from, to), Empty: true}
	top := chartScale(buckets, limit)
	y := func(d time.Duration) float64 {
		return chartHeight - (chartHeight-chartTop)*min(float64(d)/float64(top), 1.04)
	}
	x := func(t time.Time) float64 { return 100 * float64(t.Sub(from)) / float64(to.Sub(from)) }

	for _, b := range buckets {
		c.Empty = c.Empty && b.mid == 0 && b.worst == ""
		if b.worst != "" {
			c.Marks = append(c.Marks, newMark(b, x(b.at), y(b.worstTook), b.worstTook > top))
		}
	}
	c.Line, c.Band = chartPaths(buckets, gap, x, y)
	_, c.Expected = chartPaths(behind.expected, gap, x, y)
	for _, n := range behind.notes {
		if at := x(n.At); at >= 0 && at <= 100 {
			c.Notes = append(c.Notes, chartNote{at, n.Kind, showTime(n.At) + ": " + n.Text})
		}
	}
	c.Down = durationTicks(top, y)
	for _, l := range [...]struct {
		level probes.Outcome
		at    time.Duration
	}{{probes.Degraded, limit.Degraded}, {probes.Failed, limit.Failed}} {
		text := string(l.level) + " over " + showSpan(l.at)
		switch {
		case l.at <= 0:
		case l.at > top:
			c.Words = append(c.Words, "The threshold "+text+" lies above the chart.")
		default:
			c.Limits = append(c.Limits, chartLimit{y(l.at), l.level, text})
		}
	}
	c.Text = chartWords(buckets, from, to)
	return c
}

// newMark draws what was not passed.
func newMark(b bucket, x, y float64, above bool) chartMark {
	m := chartMark{X: x, Y: y, Outcome: b.worst, Above: above}
	m.Title = string(b.worst) + ", " + showTime(b.worstAt) + ", " + showDuration(b.worstTook)
	if b.worstID != "" {
		m.URL = "/runs/" + b.worstID
	}
	if b.bad > 1 {
		m.Title += " (" + strconv.Itoa(b.bad) + " such runs here)"
	}
	return m
}

// chartScale picks the top of the latency axis: a little above what nearly all
// runs took, so that one time-out does not flatten everything, and high enough
// for thresholds that are near.
func chartScale(buckets []bucket, limit checks.Limit) time.Duration {
	var highs []time.Duration
	for _, b := range buckets {
		if b.high > 0 {
			highs = append(highs, b.high)
		}
	}
	if len(highs) == 0 {
		for _, b := range buckets { // nothing worked: show the failures
			if b.worstTook > 0 {
				highs = append(highs, b.worstTook)
			}
		}
	}
	if len(highs) == 0 {
		return time.Second
	}
	slices.Sort(highs)
	top := highs[(len(highs)-1)*99/100]
	for _, l := range [...]time.Duration{limit.Degraded, limit.Failed} {
		if l > top && l <= 3*top {
			top = l
		}
	}
	return max(top/10*11, time.Microsecond)
}

// chartPaths draws line and band, broken where nothing was measured.
func chartPaths(buckets []bucket, gap time.Duration, x func(time.Time) float64, y func(time.Duration) float64) (line, band string) {
	var l, b strings.Builder
	var piece []bucket
	flush := func() {
		for i, p := range piece {
			op := "L"
			if i == 0 {
				op = "M"
			}
			fmt.Fprintf(&l, "%s%.1f %.1f", op, x(p.at)*chartWidth/100, y(p.mid))
			fmt.Fprintf(&b, "%s%.1f %.1f", op, x(p.at)*chartWidth/100, y(p.high))
		}
		for _, p := range slices.Backward(piece) {
			fmt.Fprintf(&b, "L%.1f %.1f", x(p.at)*chartWidth/100, y(p.low))
		}
		if len(piece) == 1 {
			l.WriteString("h.1") // a lone point is a dot
		}
		if len(piece) > 0 {
			b.WriteString("Z")
		}
		piece = piece[:0]
	}
	for _, k := range buckets {
		if k.mid == 0 {
			continue
		}
		if n := len(piece); n > 0 && k.at.Sub(piece[n-1].at) > gap {
			flush()
		}
		piece = append(piece, k)
	}
	flush()
	return l.String(), b.String()
}

// durationTicks gives up to six round values up to top.
func durationTicks(top time.Duration, y func(time.Duration) float64) []chartTick {
	step := math.Pow(10, math.Floor(math.Log10(float64(top))))
	for _, f := range [...]float64{0.1, 0.2, 0.5, 1} {
		if float64(top)/(step*f) <= 5 {
			step *= f
			break
		}
	}
	var out []chartTick
	for i := 1.0; i*step <= float64(top) && step >= 1; i++ {
		d := time.Duration(i * step)
		out = append(out, chartTick{y(d), showSpan(d)})
	}
	return out
}

// timeTicks gives at most six round moments, in UTC.
func timeTicks(from, to time.Time) []chartTick {
	steps := [...]time.Duration{
		5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
		6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 120 * time.Hour, 240 * time.Hour,
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if to.Sub(from)/s <= 6 {
			step = s
			break
		}
	}
	layout := "15:04"
	if step >= 24*time.Hour {
		layout = "2 Jan"
	}
	var out []chartTick
	for t := from.UTC().Truncate(step).Add(step); t.Before(to); t = t.Add(step) {
		at := 100 * float64(t.Sub(from)) / float64(to.Sub(from))
		if at > 3 && at < 97 { // labels are centred: at the edge they would be cut
			out = append(out, chartTick{at, t.Format(layout)})
		}
	}
	return out
}

// chartWords says in a sentence what the chart shows.
func chartWords(buckets []bucket, from, to time.Time) string {
	var mids []time.Duration
	var high time.Duration
	bad := 0
	for _, b := range buckets {
		if b.mid > 0 {
			mids = append(mids, b.mid)
		}
		high = max(high, b.high)
		if b.worst == probes.Failed {
			bad++
		}
	}
	if len(mids) == 0 {
		return "Latency from " + showTime(from) + " to " + showTime(to) + ": no journey worked."
	}
	slices.Sort(mids)
	return fmt.Sprintf("Latency from %s to %s: typically %s, at most %s; failures at %s.",
		showTime(from), showTime(to), showDuration(mids[len(mids)/2]), showDuration(high), plural(bad, "place", "places"))
}
