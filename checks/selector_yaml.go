package checks

import (
	"fmt"
	"slices"

	yaml "go.yaml.in/yaml/v4"
)

// selectorDraft is a selector while it is read.
type selectorDraft struct {
	Selector
	checksPos []Position
}

var selectorKeys = []key[selectorDraft]{
	{name: "checks", doc: "The checks that it is about. Default: all.", form: orList(idForm),
		read: func(d *decoder, n *yaml.Node, s *selectorDraft) { s.Checks, s.checksPos, _ = d.ids(n) }, instead: []string{"check"}},
	{name: "labels", doc: "Labels that a check must have for it to be about it. Default: any.", form: mapOf(textForm), read: readSelectorLabels,
		instead: []string{"tags"}},
}

func readSelectorLabels(d *decoder, n *yaml.Node, s *selectorDraft) {
	var c checkDraft
	readLabels(d, n, &c)
	s.Labels = c.Labels
}

// selection is something with a selector, for holding it against the checks.
type selection struct {
	what     string
	pos      Position
	selector selectorDraft
}

// checkSelections holds what selectors name against the checks that exist.
func (l *loader) checkSelections() {
	ids := make([]string, len(l.checks))
	for i, c := range l.checks {
		ids[i] = c.ID
	}
	for _, s := range l.selected {
		known := true
		for i, id := range s.selector.Checks {
			if _, broken := l.checkIDs[id]; broken || slices.Contains(ids, id) {
				continue
			}
			known = false
			message := fmt.Sprintf("checks: unknown check %q", cut(id))
			if len(ids) > 0 {
				message += suggestion(id, ids[:min(len(ids), 20)])
			}
			l.addProblem(s.selector.checksPos[i], message)
		}
		covers := func(c *checkDraft) bool { return s.selector.Covers(&c.Check) }
		if known && len(l.checks) > 0 && !slices.ContainsFunc(l.checks, covers) {
			l.addWarning(s.pos, s.what+" is about no check: none has these labels")
		}
	}
}
