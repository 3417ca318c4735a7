package baseline

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// millis writes a latency as people do: two significant digits, in seconds
// from one second on.
func millis(ms float64) string {
	if ms >= 999.5 {
		return number(ms/1000) + " s"
	}
	return number(ms) + " ms"
}

// number writes two significant digits, three from 100 on.
func number(v float64) string {
	if v <= 0 {
		return "0"
	}
	digits := 2
	if v >= 99.5 {
		digits = 3
	}
	scale := math.Pow(10, math.Floor(math.Log10(v))-float64(digits-1))
	return strconv.FormatFloat(math.Round(v/scale)*scale, 'f', max(0, digits-1-int(math.Floor(math.Log10(v)))), 64)
}

// span writes a range with one unit.
func span(low, high float64) string {
	if high >= 999.5 {
		return number(low/1000) + "–" + number(high/1000) + " s"
	}
	return number(low) + "–" + number(high) + " ms"
}

// clock is a wall-clock time, with the day if it is not that of now.
func (j *Judge) clock(t, now time.Time) string {
	t, now = t.In(j.config.Zone), now.In(j.config.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 January 15:04")
}

// usual says what would be usual.
func (j *Judge) usual(out *Judgement, now time.Time) string {
	if out.Learnt.For < 24*time.Hour {
		return "usual so far is " + span(out.Lower, out.Upper)
	}
	local := now.In(j.config.Zone)
	return "usual for " + local.Format("Monday 15:00") + " is " + span(out.Lower, out.Upper)
}

func (j *Judge) explainBegin(out *Judgement, i int) string {
	s := &j.s
	now := time.Unix(0, s.Last).UTC()
	since := j.clock(out.Onset, now)
	a := &alternatives[i]
	if a.Kind == exceed || a.Kind == extreme {
		n := min(int64(s.Tests[i].N), recentLen)
		if over := s.over(n); over >= 2 {
			return fmt.Sprintf("%d of the last %d runs, since %s, took over %s, about %s; usual is 1 in 40",
				over, n, since, millis(out.Upper), millis(out.Level))
		}
	}
	text := fmt.Sprintf("p50 %s since %s, %s", millis(out.Level), since, j.usual(out, now))
	if a.Kind == shiftDown {
		text = "faster: " + text
	}
	return text
}

// over counts those of the n last samples that lie above the band.
func (s *state) over(n int64) int {
	var to [recentLen]float64
	count := 0
	for _, v := range s.recent(n, &to) {
		if v > s.Season.Beta[0]+s.Band.High*s.Noise.Spread {
			count++
		}
	}
	return count
}

func (j *Judge) explainEnd(out *Judgement) string {
	now := time.Unix(0, j.s.Last).UTC()
	return fmt.Sprintf("p50 %s since %s, as usual again (%s); it had begun at %s",
		millis(out.Level), j.clock(out.Ended, now), span(out.Lower, out.Upper), j.clock(out.Onset, now))
}

func (j *Judge) explainLapse(out *Judgement) string {
	now := time.Unix(0, j.s.Last).UTC()
	return fmt.Sprintf("p50 %s since %s is taken as the new usual level from now on; before, usual was %s",
		millis(out.Level), j.clock(out.Onset, now), span(out.Lower, out.Upper))
}

func (j *Judge) explainChange(c *Change) string {
	now := time.Unix(0, j.s.Last).UTC()
	word := "slower"
	if !c.Slower() {
		word = "faster"
	}
	return fmt.Sprintf("the usual level became %s at about %s: from %s to %s (%+.0f %%)",
		word, j.clock(c.At, now), millis(c.From), millis(c.To), 100*(c.To/c.From-1))
}

// String says how far learning has come, as "3 h of 14 days".
func (l Learnt) String() string {
	return fmt.Sprintf("%s of %s", roughly(l.For), roughly(l.Of))
}

func roughly(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
