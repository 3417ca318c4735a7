package web

import (
	"outrider/checks"
	promise "outrider/incidents/detect/objective"
)

// burnRemarks says which burn rates a promise's judge had to widen or leave out
// for a check that runs so often; nothing if none.
func burnRemarks(c *checks.Check, o *checks.Objective) (text string) {
	j, err := promise.New(promise.GoalOf(c, o, 1))
	if err != nil {
		return ""
	}
	for _, r := range j.Remarks() {
		text += "; " + r
	}
	return text
}
