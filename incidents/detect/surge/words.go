package surge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// String shows a latency for people.
func (l Latency) String() string {
	if l.Saturates {
		return "saturates"
	}
	return FormatLatency(l.Value)
}

// FormatLatency shows a duration with two or three digits: 480 ms, 1.9 s.
func FormatLatency(d time.Duration) string {
	switch s := d.Seconds(); {
	case d < 0:
		return "-" + FormatLatency(-d)
	case s < 0.0095:
		return trimmed(s*1e3, 2) + " ms"
	case s < 0.9995:
		return trimmed(s*1e3, 0) + " ms"
	case s < 9.95:
		return trimmed(s, 1) + " s"
	case s < 119.5:
		return trimmed(s, 0) + " s"
	case s < 2*3600:
		return trimmed(s/60, 0) + " min"
	default:
		return trimmed(s/3600, 0) + " h"
	}
}

func trimmed(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// FormatLoad shows a load with three digits at most after its size: 1,700,
// 34.5, 0.021.
func FormatLoad(v float64, unit string) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "out of reach"
	}
	var text string
	switch {
	case v >= 1000:
		digits := math.Pow(10, math.Floor(math.Log10(v))-2)
		text = grouped(strconv.FormatFloat(math.Round(v/digits)*digits, 'f', 0, 64))
	case v >= 100:
		text = trimmed(v, 0)
	case v >= 10:
		text = trimmed(v, 1)
	default:
		text = strconv.FormatFloat(v, 'g', 3, 64)
	}
	return text + unit
}

// grouped puts a comma before every third digit from the right.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// factor shows how many times the peak a load is.
func factor(f float64) string { return trimmed(f, max(0, 1-int(math.Log10(max(f, 1))))) + "x" }

// Sentence says what the projection means, with numbers. unit is that of the
// load, such as "/min", or empty.
func (f *Fit) Sentence(p Projection, unit string) string {
	at := FormatLoad(p.Load, unit)
	reach := fmt.Sprintf("the data reach %s, %s is %s: this is extrapolation", FormatLoad(f.Peak, unit), factor(p.Factor), at)
	if !p.Extrapolated {
		reach = fmt.Sprintf("%s is within what was seen (up to %s)", at, FormatLoad(f.Peak, unit))
	}
	switch {
	case p.Verdict == Saturates:
		return fmt.Sprintf("At %s the server saturates (%s likely): waiting grows for as long as the surge lasts; %s.", at, percent(p.Saturation), reach)
	case p.Verdict == CannotTell && f.TimeOfDay == ByTime:
		return fmt.Sprintf("At %s nothing can be told: at the same time of day, busier days were no slower, so that the time and not the load may be what makes runs slow; %s.", at, reach)
	case p.Verdict == Leans:
		return fmt.Sprintf("At %s a run probably takes %s (80 %%: %s to %s), but the data do not exclude %s; %s.", at, p.Median, p.LikelyLow, p.LikelyHigh, surprise(p), reach)
	case p.Verdict == CannotTell && p.High.Saturates:
		return fmt.Sprintf("At %s the data cannot tell: from %s to saturated (%s likely) all agrees with them; %s.", at, p.Low, percent(p.Saturation), reach)
	case p.Verdict == CannotTell:
		return fmt.Sprintf("At %s the data cannot tell: from %s to %s all agrees with them; %s.", at, p.Low, p.High, reach)
	}
	return fmt.Sprintf("At %s a run takes %s (95 %%: %s to %s), one in twenty %s; %s.", at, p.Median, p.Low, p.High, p.slowest(), reach)
}

// slowest says what one run in twenty does.
func (p *Projection) slowest() string {
	switch {
	case p.Median.Saturates:
		return p.Median.String()
	case p.P95.Saturates:
		return "times out"
	}
	return "over " + p.P95.String()
}

// surprise is how bad it may also be.
func surprise(p Projection) string {
	if p.High.Saturates {
		return "saturation (" + percent(p.Saturation) + " likely)"
	}
	return p.High.String()
}

// Sentence says where a bound breaks, with numbers.
func (b *Break) Sentence(unit string) string {
	if b.Quantile == 0.5 {
		return b.where("a typical run takes over "+FormatLatency(b.Limit), unit)
	}
	return b.where(fmt.Sprintf("fewer than %s of runs stay under %s", percent(b.Quantile), FormatLatency(b.Limit)), unit)
}

func (b *Break) where(what, unit string) string {
	reach := FormatLoad(b.Reach, unit)
	switch {
	case b.Within < 0.05:
		return fmt.Sprintf("No load up to %s is expected to break it (%s likely that one does).", reach, percent(b.Within))
	case !b.Reached():
		return fmt.Sprintf("Up to %s it is more likely to hold than not: with %s probability %s there.", reach, percent(b.Within), what)
	case math.IsInf(b.High, 1):
		return fmt.Sprintf("From %s on %s (95 %%: from %s to beyond %s).", FormatLoad(b.Load, unit), what, FormatLoad(b.Low, unit), reach)
	}
	return fmt.Sprintf("From %s on %s (95 %%: %s to %s).", FormatLoad(b.Load, unit), what, FormatLoad(b.Low, unit), FormatLoad(b.High, unit))
}

// percent shows a share; next to nothing and nearly all are shown as such.
func percent(p float64) string {
	switch {
	case p > 0 && p < 0.01:
		return "under 1 %"
	case p < 1 && p > 0.99:
		return "over 99 %"
	}
	return strconv.FormatFloat(math.Round(p*1000)/10, 'f', -1, 64) + " %"
}

// Caveats says what limits the fit, most limiting first.
func (f *Fit) Caveats(a Alignment, unit string) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if f.Low > 0 && f.Peak/f.Low < 1.5 {
		add("the load hardly varied (%s to %s): little can be told of how latency depends on it", FormatLoad(f.Low, unit), FormatLoad(f.Peak, unit))
	}
	if f.TimeOfDay == ByTime {
		add("at the same time of day, busier days were no slower: time of day, not load, may be what goes with latency")
	}
	switch {
	case f.Growth < leastGrowth:
		add("next to no relation between load and latency within what was seen (%s more at %s than at %s): where the limit is, the data do not show",
			percent(max(0, f.Growth-1)), FormatLoad(f.Peak, unit), FormatLoad(f.Low, unit))
	case f.Explained < 0.5:
		add("load explains %s of the differences: most of them have other causes", percent(max(0, f.Explained)))
	}
	if d := f.Drift; d != nil {
		add("since %s runs take %.2f times as long as before under the same load: something else has changed, and the fit rests on both", d.Since.UTC().Format("2006-01-02 15:04"), d.Factor)
	}
	if f.Pairs < 200 {
		add("only %d runs", f.Pairs)
	}
	if span := f.To.Sub(f.From); span > 0 && span < 48*time.Hour {
		add("only %s of history: what goes with the time of day cannot be told from what goes with load", hours(span))
	}
	if f.TimedOut > 0 {
		add("%d runs timed out (%s): they count as at least that long", f.TimedOut, percent(float64(f.TimedOut)/float64(f.Pairs)))
	}
	if a.Failed > 0 {
		text := fmt.Sprintf("%d failed runs are left out", a.Failed)
		if a.Failed >= 10 && a.FailedBusy > 2*a.FailedQuiet {
			text += fmt.Sprintf("; failures go with load, too: %s in the busier half, %s in the quieter", percent(a.FailedBusy), percent(a.FailedQuiet))
		}
		list = append(list, text)
	}
	if a.Lag != 0 {
		add("latency goes best with the load of %s %s, which is how they were matched", FormatLatency(time.Duration(max(a.Lag, -a.Lag))*a.Step), direction(a.Lag))
	}
	if a.Unmatched > 0 && 5*a.Unmatched > a.Matched {
		add("%d runs have no load at their time and are left out", a.Unmatched)
	}
	return list
}

func direction(lag int) string {
	if lag > 0 {
		return "before"
	}
	return "after"
}

func hours(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return fmt.Sprintf("%d hours", int(d.Hours()))
}
