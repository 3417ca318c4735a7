package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"outrider/checks"
	"outrider/probes"
	"outrider/storage"
)

// summaries makes runs one minute apart up to noon, newest first.
func summaries(outcome probes.Outcome, took ...time.Duration) []storage.Summary {
	var out []storage.Summary
	for i, d := range took {
		out = append(out, storage.Summary{Seq: int64(len(took) - i), ID: fmt.Sprint("r", i), Started: noon.Add(-time.Duration(i+1) * time.Minute), Duration: d, Outcome: outcome})
	}
	return out
}

func TestChart(t *testing.T) {
	const ms = time.Millisecond
	from := noon.Add(-time.Hour)
	limit := checks.Limit{Degraded: 200 * ms, Failed: 5 * time.Second}
	runs := summaries(probes.Passed, 100*ms, 120*ms, 110*ms)
	failed := summaries(probes.Failed, 30*time.Second)
	failed[0].Started, failed[0].ID = noon.Add(-30*time.Minute), "bad"
	c := newChart(bucketsOf(append(runs, failed...), from, noon), from, noon, 3*time.Minute, limit, background{})
	if len(c.Marks) != 1 || !c.Marks[0].Above || c.Marks[0].URL != "/runs/bad" || c.Marks[0].X < 49 || c.Marks[0].X > 51 || c.Marks[0].Y < 0 {
		t.Errorf("marks: %+v", c.Marks)
	}
	if len(c.Limits) != 1 || c.Limits[0].Level != probes.Degraded || len(c.Words) != 1 || !strings.Contains(c.Words[0], "failed over 5") {
		t.Errorf("limits: %+v %v", c.Limits, c.Words)
	}
	if n := strings.Count(c.Line, "M"); n != 1 {
		t.Errorf("line in %d pieces: %s", n, c.Line)
	}
	if len(c.Down) < 2 || len(c.Across) < 4 || c.Empty {
		t.Errorf("axes: %v %v", c.Down, c.Across)
	}
	if !strings.Contains(c.Text, "typically 110") || !strings.Contains(c.Text, "1 place") {
		t.Errorf("words: %s", c.Text)
	}
}

func TestChartBreaksWhereNothingRan(t *testing.T) {
	from := noon.Add(-time.Hour)
	runs := summaries(probes.Passed, time.Second, time.Second)
	runs[1].Started = noon.Add(-50 * time.Minute)
	c := newChart(bucketsOf(runs, from, noon), from, noon, 3*time.Minute, checks.Limit{}, background{})
	if n := strings.Count(c.Line, "M"); n != 2 {
		t.Errorf("line in %d pieces: %s", n, c.Line)
	}
}

func TestChartOddInput(t *testing.T) {
	from := noon.Add(-time.Hour)
	for name, runs := range map[string][]storage.Summary{
		"nothing":         nil,
		"no time at all":  summaries(probes.Passed, 0, 0),
		"only failures":   summaries(probes.Failed, time.Second, 0),
		"only unknown":    summaries(probes.Unknown, 0),
		"huge":            summaries(probes.Passed, 1<<62),
		"in the future":   {{Started: noon.Add(time.Hour), Duration: time.Second, Outcome: probes.Passed}},
		"long ago":        {{Started: noon.Add(-time.Hour * 48), Duration: time.Second, Outcome: probes.Passed}},
		"unheard outcome": {{Started: noon.Add(-time.Minute), Duration: time.Second, Outcome: "strange"}},
	} {
		c := newChart(bucketsOf(runs, from, noon), from, noon, time.Minute, checks.Limit{Degraded: time.Second}, background{})
		if all := fmt.Sprintf("%+v", c); strings.Contains(all, "NaN") || strings.Contains(all, "Inf") {
			t.Errorf("%s: %s", name, all)
		}
		if s := newStrip(runs); s.Text == "" {
			t.Errorf("%s: strip without words", name)
		}
	}
}

func TestStrip(t *testing.T) {
	runs := append(summaries(probes.Failed, time.Second), summaries(probes.Passed, 500*time.Millisecond, time.Second)...)
	s := newStrip(runs)
	if s.Text != "last 3 runs: 1 failed, 2 passed" || len(s.Paths) != 2 {
		t.Errorf("%+v", s)
	}
	if s.Paths[0].Outcome != probes.Failed || s.Paths[0].D != "M198 30v-30" {
		t.Errorf("failed bar: %+v", s.Paths[0])
	}
	if s.Paths[1].D != "M193 26v-14M188 26v-26" {
		t.Errorf("passed bars: %+v", s.Paths[1])
	}
}

func TestSparkLeavesGaps(t *testing.T) {
	hour := func(ago int, p95 time.Duration) storage.Hour {
		return storage.Hour{Start: noon.Add(-time.Duration(ago) * time.Hour), P95: p95, Passed: 1}
	}
	s := newSpark([]storage.Hour{hour(30, time.Hour), hour(5, time.Second), hour(4, 2*time.Second), hour(1, time.Second)}, noon)
	if strings.Count(s.Line, "M") != 2 || s.Max != 2*time.Second || s.P95 != time.Second {
		t.Errorf("%+v", s)
	}
	if s := newSpark(nil, noon); s.Line != "" || s.Text == "" {
		t.Errorf("nothing: %+v", s)
	}
}

func TestWaterfallKeepsPhasesWithinTheStep(t *testing.T) {
	run := probes.Run{Steps: []probes.Step{
		{Name: "a", Duration: time.Second, HTTP: &probes.HTTP{Phases: probes.Phases{Resolve: 300 * time.Millisecond, FirstByte: 600 * time.Millisecond}}},
		{Name: "b", Started: time.Second, Duration: time.Second, HTTP: &probes.HTTP{Phases: probes.Phases{FirstByte: 9 * time.Second, Download: time.Second}}},
		{Name: "c", Verb: "click", Started: 2 * time.Second, Duration: 2 * time.Second, Outcome: probes.Failed},
		{Name: "d", Started: 4 * time.Second, Duration: time.Second, HTTP: &probes.HTTP{Phases: probes.Phases{FirstByte: time.Second}},
			Split: &probes.Split{Server: 500 * time.Millisecond, Script: 250 * time.Millisecond, Other: 250 * time.Millisecond}},
	}}
	w := newWaterfall(run)
	var got []string
	for _, r := range w.Rows {
		for _, b := range r.Bars {
			got = append(got, fmt.Sprintf("%s %.1f+%.1f", b.Phase, b.X, b.W))
		}
	}
	want := "resolve 0.0+6.0, first_byte 6.0+12.0, other 18.0+2.0, first_byte 20.0+20.0, failed 40.0+40.0, server 80.0+10.0, script 90.0+5.0, other 95.0+5.0"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if len(newWaterfall(probes.Run{}).Rows) != 0 {
		t.Error("rows without steps")
	}
}
