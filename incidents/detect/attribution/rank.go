package attribution

import (
	"cmp"
	"math"
	"slices"
	"time"

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
// They are held against what was usual before the first of them. Where trouble
// began earlier than that, and the profile has learned from it, say so by
// p.Before(start).Rank(bad).
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
	p = p.before(slow, broken)
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

// before is the profile as it was before the first of some runs.
func (p *Profile) before(lists ...[]*probes.Run) *Profile {
	first := int64(math.MaxInt64)
	for _, list := range lists {
		if len(list) > 0 {
			first = min(first, list[0].Started.UnixNano())
		}
	}
	if p.learned < first || p.since != 0 {
		return p // nothing was learned since, or it is looking back already
	}
	return p.Before(time.Unix(0, first))
}
