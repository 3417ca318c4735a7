package backtest

import (
	"testing"
	"time"

	"outrider/incidents/detect"
)

func TestCompare(t *testing.T) {
	minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	alert := func(cause detect.Cause, from, to int) Alert {
		return Alert{Location: "local", Cause: cause, Severity: detect.Warning, Opened: minute(from), Resolved: minute(to)}
	}
	was := func(cause detect.Cause, from, to int) Recorded {
		r := Recorded{Location: "local", Cause: cause, Opened: minute(from)}
		if to != 0 {
			r.Resolved = minute(to)
		}
		return r
	}
	far := was("latency", 10, 20)
	far.Location = "far"
	for _, test := range []struct {
		name                  string
		alerts                []Alert
		recorded              []Recorded
		both, record, onlyRun int
	}{
		{name: "nothing"},
		{name: "the same", alerts: []Alert{alert("latency", 10, 20)}, recorded: []Recorded{was("latency", 10, 20)}, both: 1},
		{name: "nearly", alerts: []Alert{alert("latency", 10, 20)}, recorded: []Recorded{was("latency", 24, 30)}, both: 1},
		{name: "apart", alerts: []Alert{alert("latency", 10, 20)}, recorded: []Recorded{was("latency", 26, 30)}, record: 1, onlyRun: 1},
		{name: "elsewhere", alerts: []Alert{alert("latency", 10, 20)}, recorded: []Recorded{far}, record: 1, onlyRun: 1},
		{name: "another cause", alerts: []Alert{alert("failure", 10, 20)}, recorded: []Recorded{was("latency", 10, 20)}, both: 1},
		{name: "own cause first", alerts: []Alert{alert("failure", 10, 20), alert("latency", 14, 20)}, recorded: []Recorded{was("latency", 10, 20)}, both: 1, onlyRun: 1},
		{name: "a prediction is no failure", alerts: []Alert{alert("forecast", 10, 20)}, recorded: []Recorded{was("failure", 10, 20)}, record: 1, onlyRun: 1},
		{name: "two in one", alerts: []Alert{alert("latency", 10, 40)}, recorded: []Recorded{was("latency", 10, 20), was("latency", 30, 40)}, both: 2},
		{name: "still open", alerts: []Alert{alert("latency", 80, 0)}, recorded: []Recorded{was("latency", 70, 0)}, both: 1},
		{name: "not in the span", recorded: []Recorded{was("latency", -90, -60), was("latency", 200, 210)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.alerts {
				if a := &test.alerts[i]; a.Resolved.Equal(start) {
					a.Resolved = time.Time{}
				}
			}
			r := &Result{From: start, To: minute(100), Alerts: test.alerts}
			c := Compare(r, test.recorded, 5*time.Minute)
			if len(c.Matched) != test.both || len(c.OnlyRecorded) != test.record || len(c.OnlyBacktest) != test.onlyRun {
				t.Errorf("%s", c.words())
			}
		})
	}
}
