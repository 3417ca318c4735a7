package backtest

import (
	"fmt"
	"strings"
	"time"

	"outrider/checks"
)

// Setting is what runs were judged with.
type Setting struct {
	// AsRecorded tells that the thresholds were those in force when the runs
	// were made, whatever they were.
	AsRecorded bool `json:"as_recorded,omitempty"`
	// Degraded and Failed bound the journey as a whole; zero: no bound.
	Degraded time.Duration `json:"degraded_ns"`
	Failed   time.Duration `json:"failed_ns"`
	// Further counts the bounds on phases, vitals and steps.
	Further    int                `json:"further_thresholds"`
	Confirm    string             `json:"confirm"` // such as "2 of 3"
	Recovery   int                `json:"recovery"`
	Every      time.Duration      `json:"every_ns"`
	Objectives []checks.Objective `json:"objectives"`
	Detection  checks.Detection   `json:"detection"`
}

// SettingOf tells what a check is judged with.
func SettingOf(c *checks.Check, asRecorded bool) Setting {
	s := Setting{
		AsRecorded: asRecorded, Confirm: confirmText(c.Confirm), Recovery: c.Confirm.Recovery,
		Every: c.Schedule.Every, Objectives: c.Objectives, Detection: c.Detection,
	}
	if asRecorded {
		return s
	}
	s.Degraded, s.Failed = c.Thresholds.Total.Degraded, c.Thresholds.Total.Failed
	s.Further = len(c.Thresholds.Phases) + len(c.Thresholds.Vitals)
	for i := range c.Journey.Steps {
		t := &c.Journey.Steps[i].Thresholds
		s.Further += len(t.Phases) + len(t.Vitals)
		if t.Total != (checks.Limit{}) {
			s.Further++
		}
	}
	return s
}

func confirmText(c checks.Confirm) string { return fmt.Sprintf("%d of %d", c.Failures, c.Of) }

// String tells it in a sentence.
func (s Setting) String() string {
	var parts []string
	switch {
	case s.AsRecorded:
		parts = append(parts, "thresholds as they were when the runs were made")
	case s.Degraded == 0 && s.Failed == 0:
		parts = append(parts, "no thresholds for the journey")
	default:
		if s.Degraded > 0 {
			parts = append(parts, "degraded over "+latencyText(s.Degraded))
		}
		if s.Failed > 0 {
			parts = append(parts, "failed over "+latencyText(s.Failed))
		}
	}
	if s.Further > 0 {
		parts = append(parts, plural(s.Further, "further threshold", "further thresholds"))
	}
	parts = append(parts, "confirmed by "+s.Confirm+" runs, ended by "+plural(s.Recovery, "good one", "good ones in a row"))
	for _, o := range s.Objectives {
		text := fmt.Sprintf("promise %s good", percent(o.Good))
		if o.Latency > 0 {
			text = fmt.Sprintf("promise %s within %s", percent(o.Good), latencyText(o.Latency))
		}
		text += " over " + lengthText(o.Over)
		parts = append(parts, text)
	}
	d := s.Detection
	if d.Degradation {
		parts = append(parts, "slower than usual at one false alarm in "+lengthText(d.FalseAlarmEvery))
	}
	if d.Forecast {
		parts = append(parts, "predictions "+lengthText(d.Horizon)+" ahead")
	}
	return strings.Join(parts, ", ")
}

func limitText(d time.Duration) string {
	if d == 0 {
		return "no bound"
	}
	return latencyText(d)
}
