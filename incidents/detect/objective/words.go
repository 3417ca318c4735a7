package objective

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Explain puts the state of affairs into one sentence with numbers.
func (j *Judge) Explain() string {
	r := j.speaker()
	if r == nil || !r.alert.active {
		return j.calmText(r)
	}
	v := j.Verdict()
	var b strings.Builder
	fmt.Fprintf(&b, "%s burns %s times too fast over %s (%d of %s bad", j.subject(), figure(v.Burn), span(r.Long), v.Long.Bad, runs(v.Long.Total))
	if doubt := atLeast(v.Long.Bad, v.Long.Total, j.goal.Budget()); v.Long.Share() > j.goal.Budget() {
		fmt.Fprintf(&b, ": more than promised, with %s confidence", confidence(1-doubt))
	}
	fmt.Fprintf(&b, ") and %s (%d of %d)", span(r.Short), v.Short.Bad, v.Short.Total)
	if e := j.Exhaustion(); e.In > 0 && e.In < Never {
		fmt.Fprintf(&b, "; at this rate it is gone in %s (%s)", span(e.In), between(e.Low, e.High))
	}
	return b.String() + "; " + j.leftText(v.Left)
}

// calmText speaks when nothing alerts.
func (j *Judge) calmText(r *rule) string {
	v := j.Verdict()
	text := j.subject() + " does not burn too fast"
	if r != nil && v.Short.Total > 0 {
		text += fmt.Sprintf(": %d of %s bad over %s, %d of %d over %s", v.Long.Bad, runs(v.Long.Total), span(r.Long), v.Short.Bad, v.Short.Total, span(r.Short))
	}
	return text + "; " + j.leftText(v.Left)
}

// subject names the budget.
func (j *Judge) subject() string {
	text := "budget of " + percent(j.goal.Good)
	if j.goal.Latency > 0 {
		text += " under " + span(j.goal.Latency)
	}
	text += " over " + span(j.goal.Over)
	if j.goal.Name != "" {
		text += " (" + j.goal.Name + ")"
	}
	return text
}

// leftText says what is left of the budget.
func (j *Judge) leftText(left float64) string {
	text := whole(left) + " left"
	switch {
	case left < 0:
		text = "overspent by " + whole(-left)
	case left == 0:
		text = "none left"
	}
	if c := j.covered(); c < j.goal.Over*9/10 {
		text += ", counted over " + span(c) + " so far"
	}
	return text
}

func runs(n int64) string {
	if n == 1 {
		return "1 run"
	}
	return strconv.FormatInt(n, 10) + " runs"
}

func between(low, high time.Duration) string {
	if high == Never {
		return "at the earliest in " + span(low) + ", if at all"
	}
	return span(low) + " to " + span(high)
}

// percent writes a promise as people do: 99.5 %.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e7)/1e5, 'f', -1, 64) + " %"
}

// whole writes a share in whole percent, or finer when it is small.
func whole(share float64) string {
	if share < 0.01 {
		return figure(share*100) + " %"
	}
	return strconv.FormatFloat(math.Round(share*100), 'f', -1, 64) + " %"
}

// confidence writes a probability near one without ever calling it certain.
func confidence(p float64) string {
	if p > 0.99999 {
		return "over 99.999 %"
	}
	digits := 0
	for digits < 3 && 1-p < 0.1*math.Pow10(-digits) {
		digits++
	}
	scale := math.Pow10(digits)
	return strconv.FormatFloat(math.Floor(p*100*scale)/scale, 'f', -1, 64) + " %"
}

// figure writes a number with two significant digits, or as the whole number
// that it is.
func figure(x float64) string {
	if x >= 10 && x == math.Trunc(x*10)/10 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	if x >= 100 {
		return strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 2, 64), 64)
	if err != nil {
		return "?"
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// span writes a duration with its two largest units: "1 d 21 h", "5 min".
func span(d time.Duration) string {
	units := [...]struct {
		size time.Duration
		name string
	}{{day, " d"}, {time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}, {time.Millisecond, " ms"}, {time.Microsecond, " µs"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		if i+1 == len(units) {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
		if i == 3 { // under a minute, as a decimal
			return strconv.FormatFloat(math.Round(d.Seconds()*100)/100, 'f', -1, 64) + u.name
		}
		next := units[i+1]
		d = d.Round(next.size)
		text := strconv.FormatInt(int64(d/u.size), 10) + u.name
		if rest := d % u.size / next.size; rest > 0 {
			text += " " + strconv.FormatInt(int64(rest), 10) + next.name
		}
		return text
	}
	return "0 s"
}
