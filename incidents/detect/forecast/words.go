package forecast

import (
	"fmt"
	"math"
	"time"
)

// Explain says the change in one sentence with numbers. Times are told in the
// given place; nil means UTC.
func (c Change) Explain(o Options) string {
	p := c.Prediction
	w := words{o, c.At}
	switch c.Kind {
	case Raised:
		return p.Explain(o, c.At)
	case CameTrue:
		return fmt.Sprintf("%s is over %s since %s, as predicted at %s.", w.subject(), w.limit(p.Limit), w.clock(c.At.Add(-brokenAfter*bucketSeconds*time.Second)), w.clock(p.RaisedAt))
	case Withdrawn:
		return fmt.Sprintf("The prediction of %s that %s passes %s is withdrawn: the probability fell to %s.", w.clock(p.RaisedAt), w.subject(), w.limit(p.Limit), percent(p.Probability))
	case Broken:
		return fmt.Sprintf("%s is over %s since %s; that was not predicted.", w.subject(), w.limit(p.Limit), w.clock(c.At.Add(-brokenAfter*bucketSeconds*time.Second)))
	case Recovered:
		return fmt.Sprintf("%s is under %s again since %s.", w.subject(), w.limit(p.Limit), w.clock(c.At.Add(-healedAfter*bucketSeconds*time.Second)))
	}
	return ""
}

// Explain says the prediction in one sentence with numbers, as seen at a time.
func (p Prediction) Explain(o Options, now time.Time) string {
	w := words{o, now}
	why := [...]string{"At the present trend", "As its daily peak grows", "As usual at this time"}[min(int(p.Reason), 2)]
	return fmt.Sprintf("%s %s passes %s at about %s (%s–%s); probability within %s %s.",
		why, w.subject(), w.limit(p.Limit), w.clock(p.Expected), w.clock(p.Earliest), w.clock(p.Latest), span(p.Horizon), percent(p.Probability))
}

// words tells of a series at a time.
type words struct {
	o   Options
	now time.Time
}

func (w words) subject() string {
	switch q := w.o.Quantile; {
	case w.o.Kind == ErrorRate:
		return "error rate"
	case q > 0 && q < 1:
		return fmt.Sprintf("p%g", math.Round(q*1000)/10)
	}
	return "p50"
}

func (w words) limit(v float64) string {
	if w.o.Kind == ErrorRate {
		return fmt.Sprintf("%.3g %%", v*100)
	}
	return milliseconds(v)
}

// milliseconds tells a latency as people say it.
func milliseconds(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.3g s", v/1000)
	}
	return fmt.Sprintf("%.3g ms", v)
}

// clock tells a time to five minutes, with the day if it is not today.
func (w words) clock(t time.Time) string {
	loc := w.o.location()
	t = t.In(loc).Round(5 * time.Minute)
	y, m, d := w.now.In(loc).Date()
	if ty, tm, td := t.Date(); ty == y && tm == m && td == d {
		return t.Format("15:04")
	}
	return t.Format("Mon 2 Jan 15:04")
}

// percent tells a probability; nothing that is to come is certain.
func percent(p float64) string {
	switch r := math.Round(p * 100); {
	case r < 1:
		return "under 1 %"
	case r > 99:
		return "over 99 %"
	default:
		return fmt.Sprintf("%.0f %%", r)
	}
}

// span tells a length of time in its largest whole unit.
func span(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d >= 3*day && d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%d h", int(math.Round(d.Hours())))
	}
	return fmt.Sprintf("%d min", int(math.Round(d.Minutes())))
}
