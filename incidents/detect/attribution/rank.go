package attribution

import (
	"cmp"
	"slices"

	"outrider/probes"
)

const (
	// maxRuns bounds the runs that Rank looks at: the last of those given.
	maxRuns = 32
	// maxCulprits bounds what it says.
	maxCulprits = 12
	// enoughRuns is how many runs must have been learned from before anything
	// is held against them.
	enoughRuns = 3
)

// Rank says what moved in bad runs, most telling first. They are the last runs
// of the check at the profile's location that count as bad, oldest first, and
// one of them is enough. Runs among them that were good may be given, too: they
// help to tell whether one of several addresses is the slow one.
//
// Where the runs failed, what broke them comes before what was slow.
func (p *Profile) Rank(bad []*probes.Run, good ...*probes.Run) []Culprit {
	var broken, slow []*probes.Run
	for _, run := range bad[max(0, len(bad)-maxRuns):] {
		switch {
		case run == nil || run.Maintenance || run.Outcome == probes.Unknown:
		case isBroken(run):
			broken = append(broken, run)
		default:
			slow = append(slow, run)
		}
	}
	var culprits []Culprit
	if len(slow) > 0 {
		culprits = p.explainSlow(slow, good)
	}
	if len(broken) > 0 {
		culprits = append(culprits, p.explainBroken(broken, len(broken) >= len(slow))...)
	}
	slices.SortStableFunc(culprits, func(a, b Culprit) int { return cmp.Compare(b.score, a.score) })
	return culprits[:min(len(culprits), maxCulprits)]
}
