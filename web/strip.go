package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"outrider/probes"
	"outrider/storage"
)

// Geometry of the strip and the sparkline, in pixels.
const (
	stripHeight = 26 // above the line under the bars
	stripStep   = 5  // from bar to bar; a bar is four wide, see the style sheet
	sparkWidth  = 120
	sparkHeight = 26
)

// strip is a row of bars, the newest run at the right: coloured by outcome,
// as high as the run was long. It is a handful of paths, one an outcome: forty
// elements a check would make a page of a thousand checks slow.
type strip struct {
	Width  int
	Height int
	Paths  []stripPath
	Text   string // the same in words
}

// stripPath is all bars of one outcome.
type stripPath struct {
	Outcome probes.Outcome
	D       string
}

// order is how outcomes are listed, worst first.
var order = [...]probes.Outcome{probes.Failed, probes.Degraded, probes.Unknown, probes.Passed}

// newStrip draws runs, given newest first.
func newStrip(runs []storage.Summary) strip {
	s := strip{Width: stripRuns * stripStep, Height: stripHeight + 4}
	if len(runs) == 0 {
		s.Text = "no runs"
		return s
	}
	longest := time.Duration(1)
	for _, r := range runs {
		longest = max(longest, r.Duration)
	}
	counts := map[probes.Outcome]int{}
	var paths [len(order)]strings.Builder
	for i, r := range runs {
		counts[r.Outcome]++
		at := slices.Index(order[:], r.Outcome)
		if at < 0 || i >= stripRuns {
			continue
		}
		x := s.Width - i*stripStep - stripStep/2
		high := 3 + int(float64(stripHeight-3)*float64(r.Duration)/float64(longest))
		base := stripHeight
		if r.Outcome == probes.Failed {
			// Failed bars reach below the line: to be seen without colour.
			base += 4
			high += 4
		}
		b := &paths[at]
		b.WriteString("M")
		b.WriteString(strconv.Itoa(x))
		b.WriteString(" ")
		b.WriteString(strconv.Itoa(base))
		b.WriteString("v-")
		b.WriteString(strconv.Itoa(high))
	}
	var words []string
	for i, o := range order {
		if paths[i].Len() > 0 {
			s.Paths = append(s.Paths, stripPath{o, paths[i].String()})
		}
		if counts[o] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	s.Text = "last " + plural(len(runs), "run", "runs") + ": " + strings.Join(words, ", ")
	return s
}

// spark is the latency of the last 24 hours: the 95th percentile of each hour.
type spark struct {
	Width, Height int
	Line          string
	Area          string
	P95           time.Duration // the median of the hours' 95th percentiles
	Max           time.Duration // the highest of them
	Text          string
}

// newSpark draws hours, given oldest first. Hours without runs leave a gap.
func newSpark(hours []storage.Hour, now time.Time) spark {
	s := spark{Width: sparkWidth, Height: sparkHeight, Text: "no runs in the last 24 hours"}
	first := now.Add(-sparkSpan).Truncate(time.Hour)
	slots := int(sparkSpan/time.Hour) + 1
	values := make([]time.Duration, slots)
	var seen []time.Duration
	for _, h := range hours {
		if i := int(h.Start.Sub(first) / time.Hour); i >= 0 && i < slots && h.P95 > 0 {
			values[i] = h.P95
			seen = append(seen, h.P95)
		}
	}
	if len(seen) == 0 {
		return s
	}
	slices.Sort(seen)
	s.P95, s.Max = seen[len(seen)/2], seen[len(seen)-1]
	s.Line, s.Area = sparkPaths(values, s.Max)
	s.Text = "95th percentile by hour over 24 hours: typically " + showDuration(s.P95) + ", at most " + showDuration(s.Max)
	return s
}

// sparkPaths draws values from left to right; zero values are gaps.
func sparkPaths(values []time.Duration, top time.Duration) (line, area string) {
	var l, a strings.Builder
	step := float64(sparkWidth-4) / float64(len(values)-1)
	start := -1
	point := func(i int) (string, string) {
		y := float64(sparkHeight-2) - float64(sparkHeight-5)*float64(values[i])/float64(top)
		return strconv.FormatFloat(2+float64(i)*step, 'f', 1, 64), strconv.FormatFloat(y, 'f', 1, 64)
	}
	flush := func(end int) { // values[start:end] are one unbroken piece
		if start < 0 {
			return
		}
		x0, _ := point(start)
		a.WriteString("M" + x0 + " " + strconv.Itoa(sparkHeight))
		for i := start; i < end; i++ {
			x, y := point(i)
			l.WriteString(map[bool]string{true: "M", false: "L"}[i == start] + x + " " + y)
			a.WriteString("L" + x + " " + y)
		}
		x1, _ := point(end - 1)
		if end-1 == start {
			l.WriteString("h.1") // a lone hour is a dot
		}
		a.WriteString("L" + x1 + " " + strconv.Itoa(sparkHeight) + "Z")
		start = -1
	}
	for i, v := range values {
		switch {
		case v > 0 && start < 0:
			start = i
		case v == 0:
			flush(i)
		}
	}
	flush(len(values))
	return l.String(), a.String()
}
