package detect

import (
	"fmt"

	"outrider/checks"
	"outrider/probes"
)

// latency reads whether a journey that could be done went over a threshold. A
// broken journey says nothing about it: what was not reached took no time. Nor
// does one whose host was disturbed: it measured the host.
type latency struct{}

func (latency) read(run *probes.Run) (Severity, bool) {
	if broken(run) || run.Disturbed != "" {
		return None, false
	}
	switch run.Outcome {
	case probes.Failed:
		return Critical, true
	case probes.Degraded:
		return Warning, true
	}
	return None, true
}

func (latency) worse(check *checks.Check, run *probes.Run, severity Severity, t tally) string {
	text := check.Name + " was too slow"
	if e, ok := worst(run.Exceeded); ok {
		text = exceededText(check.Name, e)
	}
	if t.of <= 1 {
		return text
	}
	kind := "a"
	if severity == Critical {
		kind = "a failed"
	}
	return fmt.Sprintf("%s; it was over %s threshold in %d of the last %d runs", text, kind, t.confirming, t.of)
}

func (latency) better(check *checks.Check, run *probes.Run, severity Severity, runs int) string {
	if severity == Warning {
		return fmt.Sprintf("%s kept its failed thresholds%s, but not all of its degraded ones", check.Name, inARowText(runs))
	}
	return fmt.Sprintf("%s kept its thresholds%s, the last one took %s",
		check.Name, inARowText(runs), milliseconds(float64(run.Duration)/1e6, 2))
}

// worst picks the threshold to speak of: the most severe level, the journey as
// a whole before its parts, then the one that was gone over by the most.
func worst(all []probes.Exceeded) (probes.Exceeded, bool) {
	if len(all) == 0 {
		return probes.Exceeded{}, false
	}
	pick := all[0]
	for _, e := range all[1:] {
		if tellsMore(e, pick) {
			pick = e
		}
	}
	return pick, true
}

func tellsMore(a, b probes.Exceeded) bool {
	if a.Level != b.Level {
		return a.Level == probes.Failed
	}
	if (a.Step == "") != (b.Step == "") {
		return a.Step == ""
	}
	return a.Got*b.Limit > b.Got*a.Limit
}

// exceededText says what was measured and which bound it went over.
func exceededText(name string, e probes.Exceeded) string {
	got, limit := measured(e)
	return fmt.Sprintf("%s %s, over its %s threshold of %s", subjectText(name, e), got, e.Level, limit)
}

// subjectText names what was measured, verb included.
func subjectText(name string, e probes.Exceeded) string {
	verb := " took"
	if isScore(e) {
		verb = " was"
	}
	switch {
	case e.Measure == "total" && e.Step == "":
		return name + verb
	case e.Measure == "total":
		return name + ": step " + e.Step + verb
	case e.Step == "":
		return name + ": " + measureText(e.Measure) + verb
	}
	return name + ": " + measureText(e.Measure) + " of step " + e.Step + verb
}
