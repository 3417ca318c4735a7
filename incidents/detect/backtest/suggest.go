package backtest

import (
	"fmt"
	"math"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
)

// The least to suggest anything from.
const (
	leastRuns = 500
	leastTime = 3 * 24 * time.Hour
)

// Suggestion is a proposed setting, and what would have come of it.
type Suggestion struct {
	// Refused says why nothing is suggested; empty if something is. Then
	// nothing else is set but Data.
	Refused string        `json:"refused,omitempty"`
	Every   time.Duration `json:"false_alarm_every_ns"` // what was asked for
	Data    Data          `json:"data"`

	Degraded time.Duration `json:"degraded_ns"`
	Failed   time.Duration `json:"failed_ns"` // zero: none is of use
	Failures int           `json:"failures"`  // m of "m of n"
	Of       int           `json:"of"`
	// Estimate is the latency over which, confirmed so, the check is once in
	// Every without being in trouble; Upper is its upper bound at 80 %.
	Estimate time.Duration `json:"estimate_ns"`
	Upper    time.Duration `json:"upper_ns"`
	// False and PresentFalse count the alerts of the thresholds outside of known
	// trouble, with the suggestion and with the present setting; the latter is
	// -1 where the present thresholds are not known.
	False        int    `json:"false_alerts"`
	PresentFalse int    `json:"present_false_alerts"`
	YAML         string `json:"yaml"`
	// Result is the backtest with the suggestion.
	Result  *Result  `json:"result,omitempty"`
	Remarks []string `json:"remarks,omitempty"`
}

// Data is what a suggestion rests on.
type Data struct {
	Runs    int           `json:"runs"` // usual ones: that worked, in no trouble
	Span    time.Duration `json:"span_ns"`
	Typical time.Duration `json:"typical_ns"` // their median
	// FailedAlone is the share of runs that failed outside of outages.
	FailedAlone float64 `json:"failed_alone"`
	LeftOut     LeftOut `json:"left_out"`
}

// Suggest proposes thresholds for the journey as a whole and a rule of
// confirmation, such that there is at most one false alert in every. present
// is the result with the present setting, recorded what really was.
//
// What counts is when a rule "m of n" would open an alert: when the last run
// and m of the last n are over the threshold. So each rule makes a series of
// its own of the runs, the least of the last run and the m-th greatest of the
// last n, which goes over a threshold exactly when an alert would open. The
// threshold is the level that a cluster of its peaks goes over once in every,
// by extreme-value theory (see tail), at the upper bound of 80 % confidence.
// Nothing is assumed of the runs' independence, and daily peaks are in it.
//
// Outages and slow spells are left out: they are not false. Of the rules that
// also withstand the runs that fail one by one, the quickest is taken, where a
// further run of confirmation has to lower the threshold by a tenth. The
// threshold is rounded up to two digits, tried on the runs, and raised as long
// as there are more false alerts than there may be.
func Suggest(source Source, o Options, every time.Duration, present *Result, recorded []Recorded) (*Suggestion, error) {
	h, err := collect(source, o.Check, o.From, o.To)
	if err != nil {
		return nil, err
	}
	s := &Suggestion{Every: every, PresentFalse: -1}
	var busy map[string][]span
	s.Data.LeftOut, busy = h.leaveOut(present.Alerts, recorded, o.Check.Detection.AcceptAfter)
	h.describe(&s.Data)
	if h.cut {
		s.Remarks = append(s.Remarks, fmt.Sprintf("The suggestion is made from the first %s runs.", count(maxReadings)))
	}
	if s.Data.Runs < leastRuns || s.Data.Span < leastTime {
		s.Refused = fmt.Sprintf("There is too little to suggest thresholds from: %s in no trouble over %s; at least %d over %s are needed.",
			plural(s.Data.Runs, "run", "runs"), lengthText(s.Data.Span), leastRuns, lengthText(leastTime))
		return s, nil
	}
	rule, ok := h.chooseRule(every, &s.Data)
	if !ok {
		s.Refused = "All runs took equally long: there is nothing to suggest thresholds from."
		return s, nil
	}
	if !rule.withstands {
		s.Remarks = append(s.Remarks, fmt.Sprintf("%s of the runs fail one by one: no rule of confirmation keeps these to one false alert in %s. Retries may.",
			percent(s.Data.FailedAlone), lengthText(every)))
	}
	s.Failures, s.Of = rule.m, rule.n
	s.Estimate, s.Upper = latencyOf(rule.level), latencyOf(rule.upper)
	check := *o.Check
	check.Confirm.Failures, check.Confirm.Of = rule.m, rule.n
	if err := s.settle(h, &check, busy, rule); err != nil {
		return nil, err
	}
	if !o.AsRecorded {
		if s.PresentFalse, err = h.falseAlerts(o.Check, busy); err != nil {
			return nil, err
		}
	}
	o.Check, o.AsRecorded = &check, false
	if s.Result, err = Replay(source, o); err != nil {
		return nil, err
	}
	s.YAML = s.yaml(&check)
	return s, nil
}

// describe sums up the usual runs.
func (h *history) describe(d *Data) {
	var logs []float64
	alone, all := 0, 0
	for _, s := range h.locations {
		for _, r := range s.all {
			switch {
			case r.busy:
				continue
			case r.broken:
				alone++
			default:
				logs = append(logs, logOf(r.latency))
			}
			all++
		}
	}
	d.Runs, d.Span = len(logs), h.to.Sub(h.from)
	if len(logs) > 0 {
		d.Typical = latencyOf(median(logs))
	}
	if all > 0 {
		d.FailedAlone = float64(alone) / float64(all)
	}
}

// rule is a rule of confirmation and the threshold that it needs, as
// logarithms of milliseconds.
type rule struct {
	m, n         int
	level, upper float64
	yearly       float64 // gone over once in twelve times the period
	withstands   bool    // the runs that fail one by one
}

// confidence is how sure it is that a threshold keeps its promise.
const confidence = 0.8

// chooseRule picks the rule of confirmation.
func (h *history) chooseRule(every time.Duration, d *Data) (best rule, ok bool) {
	lowest := math.Inf(1)
	for _, r := range [...]rule{{m: 1, n: 1}, {m: 2, n: 2}, {m: 2, n: 3}, {m: 3, n: 3}, {m: 3, n: 5}, {m: 4, n: 6}, {m: 5, n: 8}} {
		t, fits := h.fit(r.m, r.n)
		if !fits {
			continue
		}
		r.level, r.upper = t.returnLevel(every), t.upper(every, confidence)
		r.yearly = t.upper(12*every, confidence)
		alone := h.falseFailures(r.m, r.n, every, d)
		r.withstands = alone <= 0.5
		// A run of delay has to be worth a tenth of the threshold; a longer
		// memory finds what comes and goes, and is worth a fiftieth a run.
		cost := r.upper + 0.1*float64(r.m-1) - 0.02*float64(r.n-r.m)
		if !r.withstands {
			cost = 1000 + alone // only if there is no other
		}
		if !ok || cost < lowest {
			best, lowest, ok = r, cost, true
		}
	}
	return best, ok
}

// fit fits the tail of what a rule looks at.
func (h *history) fit(m, n int) (tail, bool) {
	var series [][]point
	var length, gap time.Duration
	for _, s := range h.locations {
		cadence := s.cadence()
		gap = max(gap, time.Hour, time.Duration(3*n)*cadence)
		points := s.confirmed(m, n)
		length += time.Duration(len(points)) * cadence
		series = append(series, points)
	}
	if length == 0 {
		return tail{}, false
	}
	return fitTail(series, length/time.Duration(len(h.locations)), gap)
}

// confirmed gives the series that goes over a threshold when a rule m of n
// would open an alert.
func (s *readings) confirmed(m, n int) []point {
	var out []point
	var window []float64
	top := make([]float64, 0, n)
	for _, r := range s.all {
		if r.busy {
			window = window[:0]
			continue
		}
		if r.broken {
			continue // says nothing about latency
		}
		if len(window) == n {
			window = append(window[:0], window[1:]...)
		}
		now := logOf(r.latency)
		window = append(window, now)
		if len(window) < m {
			continue
		}
		top = append(top[:0], window...)
		out = append(out, point{r.time(), min(now, greatest(top, m))})
	}
	return out
}

// greatest gives the m-th greatest of a few values, and changes their order.
func greatest(x []float64, m int) float64 {
	for i := range m {
		for k := i + 1; k < len(x); k++ {
			if x[k] > x[i] {
				x[i], x[k] = x[k], x[i]
			}
		}
	}
	return x[m-1]
}

// falseFailures is how many alerts a rule would open, in a period, by runs
// that fail one by one and independently of each other.
func (h *history) falseFailures(m, n int, every time.Duration, d *Data) float64 {
	perPeriod := 0.0
	for _, s := range h.locations {
		perPeriod += float64(every) / float64(s.cadence())
	}
	// Half a failure more than were seen: none in so many runs is not never.
	p := (d.FailedAlone*float64(d.Runs) + 0.5) / float64(d.Runs+1)
	more := 0.0 // probability of at least m-1 failures among n-1 runs
	for k := m - 1; k <= n-1; k++ {
		more += choose(n-1, k) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-1-k))
	}
	return perPeriod * p * more
}

func choose(n, k int) float64 {
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}

// settle rounds the thresholds to what people write, tries them on the runs,
// and raises them as long as there are too many false alerts.
func (s *Suggestion) settle(h *history, check *checks.Check, busy map[string][]span, r rule) (err error) {
	allowed := int((s.Data.Span + s.Every/20) / s.Every) // a month short of a run is a month
	total := &check.Thresholds.Total
	total.Failed = 0
	total.Degraded = readable(latencyOf(r.upper))
	raised := 0
	for ; ; raised++ {
		if s.False, err = h.falseAlerts(check, busy); err != nil {
			return err
		}
		const most = 60 // of two digits each, five times as much
		if s.False <= allowed || raised == most {
			break
		}
		total.Degraded = readable(total.Degraded + total.Degraded/100)
	}
	s.Degraded = total.Degraded
	if raised > 0 {
		s.Remarks = append(s.Remarks, fmt.Sprintf("Tried on the runs, %s gave too many alerts: it was raised to %s.",
			latencyText(readable(latencyOf(r.upper))), latencyText(s.Degraded)))
	}
	s.Failed = readable(max(latencyOf(r.yearly), 2*total.Degraded))
	if check.Timeout > 0 && s.Failed >= check.Timeout {
		s.Remarks = append(s.Remarks, fmt.Sprintf("A failed threshold is left out: it would be %s, and the journey is cut off after %s.",
			latencyText(s.Failed), latencyText(check.Timeout)))
		s.Failed = 0
	}
	total.Failed = s.Failed
	if check.Timeout > 0 && s.Degraded >= check.Timeout {
		s.Remarks = append(s.Remarks, fmt.Sprintf("The degraded threshold is over the timeout of %s: the timeout comes first.", latencyText(check.Timeout)))
	}
	return nil
}

// falseAlerts counts the alerts that the journey's thresholds alone would have
// opened outside of known trouble.
func (h *history) falseAlerts(check *checks.Check, busy map[string][]span) (int, error) {
	bare := checks.Check{
		ID: check.ID, Name: check.Name, Schedule: checks.Schedule{Every: check.Schedule.Every},
		Confirm: check.Confirm, Thresholds: checks.Thresholds{Total: check.Thresholds.Total},
	}
	r, err := Replay(h.source(&bare), Options{Check: &bare})
	if err != nil {
		return 0, err
	}
	n := r.AlertsLeftOut
alerts:
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Cause != detect.CauseLatency {
			continue
		}
		for _, b := range busy[a.Location] {
			if b.overlaps(span{a.Since, a.end(r.To)}) {
				continue alerts
			}
		}
		n++
	}
	return n, nil
}

func latencyOf(log float64) time.Duration {
	const longest = 24 * time.Hour
	ms := math.Exp(log)
	if !(ms < float64(longest/time.Millisecond)) {
		return longest
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// readable rounds up to two digits, and to whole milliseconds.
func readable(d time.Duration) time.Duration {
	unit := time.Millisecond
	for d > 99*unit {
		unit *= 10
	}
	return max((d+unit-1)/unit, 1) * unit
}
