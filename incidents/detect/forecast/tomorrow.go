package forecast

import (
	"fmt"
	"time"
)

// Peak is the highest hour expected of a day.
type Peak struct {
	Hour // its forecast
	// Usual is the median of the peaks of the last two weeks (milliseconds, or
	// a share); zero if they are not known.
	Usual float64
}

// TomorrowsPeak is the hour of tomorrow, by the local calendar, whose median is
// expected to be the highest. It tells nothing before the first day is over.
func (m *Model) TomorrowsPeak() (Peak, bool) {
	s := &m.s
	if s.Days == 0 {
		return Peak{}, false
	}
	var best Peak
	found := false
	for _, h := range m.Forecast(48 * time.Hour) {
		if m.localDay(h.At.Unix()/hourSeconds) == s.Today+1 && (!found || h.Median > best.Median) {
			best.Hour, found = h, true
		}
	}
	var peaks []float64
	for i := range int64(14) {
		if p := s.DayPeak[ringed(s.Today-1-i, dayCount)]; p != noFixed {
			peaks = append(peaks, p.value())
		}
	}
	if len(peaks) > 0 {
		best.Usual = m.o.Kind.value(median(peaks))
	}
	return best, found
}

// Explain says it in one sentence.
func (p Peak) Explain(o Options) string {
	w := words{Options{Kind: o.Kind, Location: o.Location}, p.At}
	sentence := fmt.Sprintf("Tomorrow's peak is expected at about %s with a %s of %s (%s–%s)",
		w.clock(p.At.Add(30*time.Minute)), w.subject(), w.limit(p.Median), w.limit(p.Lower), w.limit(p.Upper))
	if p.Usual > 0 {
		sentence += fmt.Sprintf(", the usual one is %s", w.limit(p.Usual))
	}
	return sentence + "."
}
