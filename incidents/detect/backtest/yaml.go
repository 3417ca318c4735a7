package backtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"outrider/checks"
)

// yaml writes the suggestion as part of a definition.
func (s *Suggestion) yaml(check *checks.Check) string {
	id := check.ID
	if plain := regexp.MustCompile(`^[a-z][a-z0-9_.-]*$`); !plain.MatchString(id) {
		id = strconv.Quote(line(id))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "- id: %s\n  thresholds:\n    degraded: %s\n", id, definitionDuration(s.Degraded))
	if s.Failed > 0 {
		fmt.Fprintf(&b, "    failed: %s\n", definitionDuration(s.Failed))
	}
	if n := len(check.Thresholds.Phases) + len(check.Thresholds.Vitals); n > 0 {
		b.WriteString("    # and the phases and vitals as they are\n")
	}
	fmt.Fprintf(&b, "  confirm: {failures: %d of %d, recovery: %d}\n", s.Failures, s.Of, max(check.Confirm.Recovery, 1))
	if check.Detection.Degradation && check.Detection.FalseAlarmEvery != s.Every {
		fmt.Fprintf(&b, "  detection:\n    false_alarm_every: %s\n", definitionDuration(s.Every))
	}
	return b.String()
}
