package backtest

import (
	"encoding/json"
	"time"
)

// Report is everything that a backtest says.
type Report struct {
	Check  string // its ID, or the file
	Name   string
	Source string // where the runs come from, in words
	Result *Result
	// Comparison is nil where nothing was recorded.
	Comparison *Comparison
	Suggestion *Suggestion // nil: not asked for
	Remarks    []string
}

// MarshalJSON gives the report for programs. Durations end in their unit.
func (r Report) MarshalJSON() ([]byte, error) {
	out := struct {
		Check      string          `json:"check"`
		Name       string          `json:"name"`
		Source     string          `json:"source"`
		Backtest   resultForm      `json:"backtest"`
		Comparison *comparisonForm `json:"recorded,omitempty"`
		Suggestion *suggestionForm `json:"suggestion,omitempty"`
		Remarks    []string        `json:"remarks"`
	}{Check: r.Check, Name: r.Name, Source: r.Source, Backtest: formOf(r.Result), Remarks: r.Remarks}
	if out.Remarks == nil {
		out.Remarks = []string{}
	}
	if c := r.Comparison; c != nil {
		out.Comparison = &comparisonForm{Comparison: c, OnlyBacktest: alertForms(c.OnlyBacktest, r.Result.To), Matched: []matchForm{}}
		for _, m := range c.Matched {
			out.Comparison.Matched = append(out.Comparison.Matched, matchForm{m.Recorded, alertFormOf(&m.Alert, r.Result.To), m.Later().Seconds()})
		}
	}
	if s := r.Suggestion; s != nil {
		out.Suggestion = suggestionFormOf(s)
	}
	return json.Marshal(out)
}

type settingForm struct {
	AsRecorded bool          `json:"thresholds_as_recorded"`
	DegradedMS float64       `json:"degraded_ms,omitempty"`
	FailedMS   float64       `json:"failed_ms,omitempty"`
	Further    int           `json:"further_thresholds"`
	Confirm    string        `json:"confirm"`
	Recovery   int           `json:"recovery"`
	EveryS     float64       `json:"every_s"`
	Objectives []promiseForm `json:"objectives"`
	Detection  detectionForm `json:"detection"`
	Words      string        `json:"words"`
}

type promiseForm struct {
	Name      string  `json:"name"`
	Good      float64 `json:"good"`
	OverS     float64 `json:"over_s"`
	LatencyMS float64 `json:"latency_ms,omitempty"`
}

type detectionForm struct {
	Degradation      bool    `json:"degradation"`
	FalseAlarmEveryS float64 `json:"false_alarm_every_s"`
	SmallestChange   float64 `json:"smallest_change"`
	SmallestDelayMS  float64 `json:"smallest_delay_ms"`
	AcceptAfterS     float64 `json:"accept_after_s"`
	Forecast         bool    `json:"forecast"`
	HorizonS         float64 `json:"horizon_s"`
}

func settingFormOf(s *Setting) settingForm {
	d := s.Detection
	f := settingForm{
		AsRecorded: s.AsRecorded, DegradedMS: ms(s.Degraded), FailedMS: ms(s.Failed), Further: s.Further,
		Objectives: []promiseForm{}, Confirm: s.Confirm, Recovery: s.Recovery, EveryS: s.Every.Seconds(), Words: s.String(),
		Detection: detectionForm{d.Degradation, d.FalseAlarmEvery.Seconds(), d.SmallestChange, ms(d.SmallestDelay),
			d.AcceptAfter.Seconds(), d.Forecast, d.Horizon.Seconds()},
	}
	for _, o := range s.Objectives {
		f.Objectives = append(f.Objectives, promiseForm{o.Name, o.Good, o.Over.Seconds(), ms(o.Latency)})
	}
	return f
}

type resultForm struct {
	*Result
	Setting settingForm `json:"setting"`
	Alerts  []alertForm `json:"alerts"`
	Notes   []Note      `json:"notes"`
}

func formOf(r *Result) resultForm {
	f := resultForm{Result: r, Setting: settingFormOf(&r.Setting), Alerts: alertForms(r.Alerts, r.To), Notes: r.Notes}
	if f.Notes == nil {
		f.Notes = []Note{}
	}
	return f
}

// alertForm adds how long an alert lasted, until the last run at most.
type alertForm struct {
	*Alert
	LastedS float64 `json:"lasted_s"`
	Open    bool    `json:"open"`
}

func alertFormOf(a *Alert, last time.Time) alertForm {
	return alertForm{a, lasted(a, last).Seconds(), a.Resolved.IsZero()}
}

func alertForms(alerts []Alert, last time.Time) []alertForm {
	out := make([]alertForm, len(alerts))
	for i := range alerts {
		out[i] = alertFormOf(&alerts[i], last)
	}
	return out
}

// lasted is how long an alert was open; one that still is, until the last run.
func lasted(a *Alert, last time.Time) time.Duration {
	if a.Resolved.IsZero() {
		return max(last.Sub(a.Opened), 0)
	}
	return a.Resolved.Sub(a.Opened)
}

type comparisonForm struct {
	*Comparison
	Matched      []matchForm `json:"matched"`
	OnlyBacktest []alertForm `json:"only_backtest"`
}

type matchForm struct {
	Recorded Recorded  `json:"recorded"`
	Alert    alertForm `json:"backtest"`
	LaterS   float64   `json:"later_s"`
}

type suggestionForm struct {
	Refused          string      `json:"refused,omitempty"`
	FalseAlarmEveryS float64     `json:"false_alarm_every_s"`
	Data             dataForm    `json:"data"`
	DegradedMS       float64     `json:"degraded_ms,omitempty"`
	FailedMS         float64     `json:"failed_ms,omitempty"`
	Confirm          string      `json:"confirm,omitempty"`
	EstimateMS       float64     `json:"estimate_ms,omitempty"`
	UpperMS          float64     `json:"upper_ms,omitempty"`
	False            *int        `json:"false_alerts,omitempty"`
	PresentFalse     *int        `json:"present_false_alerts,omitempty"`
	YAML             string      `json:"yaml,omitempty"`
	Backtest         *resultForm `json:"backtest,omitempty"`
	Remarks          []string    `json:"remarks"`
}

type dataForm struct {
	Runs        int     `json:"runs"`
	SpanS       float64 `json:"span_s"`
	TypicalMS   float64 `json:"typical_ms"`
	FailedAlone float64 `json:"failed_alone"`
	Outages     int     `json:"outages_left_out"`
	OutagesS    float64 `json:"outages_left_out_s"`
	Slow        int     `json:"slow_spells_left_out"`
	SlowS       float64 `json:"slow_spells_left_out_s"`
}

func suggestionFormOf(s *Suggestion) *suggestionForm {
	d := s.Data
	f := &suggestionForm{
		Refused: s.Refused, FalseAlarmEveryS: s.Every.Seconds(), Remarks: append([]string{}, s.Remarks...),
		Data: dataForm{d.Runs, d.Span.Seconds(), ms(d.Typical), d.FailedAlone,
			d.LeftOut.Outages, d.LeftOut.OutageTime.Seconds(), d.LeftOut.Slow, d.LeftOut.SlowTime.Seconds()},
	}
	if s.Refused != "" {
		return f
	}
	f.DegradedMS, f.FailedMS, f.EstimateMS, f.UpperMS = ms(s.Degraded), ms(s.Failed), ms(s.Estimate), ms(s.Upper)
	f.Confirm, f.YAML, f.False = s.confirm(), s.YAML, &s.False
	if s.PresentFalse >= 0 {
		f.PresentFalse = &s.PresentFalse
	}
	result := formOf(s.Result)
	f.Backtest = &result
	return f
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
