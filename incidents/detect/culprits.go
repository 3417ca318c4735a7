package detect

import (
	"encoding/json"
	"slices"
	"time"

	"outrider/incidents/detect/attribution"
	"outrider/probes"
)

// Culprit is one thing that moved, and what it has to do with the trouble.
type Culprit = attribution.Culprit

const (
	// recentBad is how many bad runs are held against what is usual, and
	// recentGood how many good ones help to tell addresses apart.
	recentBad, recentGood = 3, 2
	// maxFindings, leastConfidence and, of what took time, leastShare of the time
	// gained are what is worth saying.
	maxFindings     = 3
	leastConfidence = 0.5
	leastShare      = 0.05
)

// culprits says where trouble comes from.
type culprits struct {
	profile attribution.Profile
	bad     []*probes.Run // the last ones, oldest first
	good    []*probes.Run // the last ones before or among those
}

const (
	partProfile = "attribution"
	partRecent  = "recent"
)

// recentRuns is how the last runs are remembered.
type recentRuns struct {
	Bad  []*probes.Run `json:"bad,omitempty"`
	Good []*probes.Run `json:"good,omitempty"`
}

func (c *culprits) prepare(known map[string][]byte) error {
	*c = culprits{}
	err := recall(known, partProfile, &c.profile)
	var recent recentRuns
	if data, ok := known[partRecent]; ok {
		if e := decodeJSON(data, &recent); e != nil {
			return joined([]error{err, e})
		}
	}
	c.bad, c.good = newest(recent.Bad, recentBad), newest(recent.Good, recentGood)
	return err
}

func newest(runs []*probes.Run, n int) []*probes.Run {
	var kept []*probes.Run
	for _, r := range runs[max(0, len(runs)-n):] {
		if r != nil {
			kept = append(kept, r)
		}
	}
	return kept
}

func (c *culprits) parts(list []part) []part {
	list = addPart(list, partProfile, &c.profile)
	if len(c.bad)+len(c.good) == 0 {
		return list
	}
	// A figure that JSON cannot write costs no more than the sentences that
	// would have come of these runs.
	if data, err := json.Marshal(recentRuns{c.bad, c.good}); err == nil {
		list = append(list, part{partRecent, data})
	}
	return list
}

// observe takes a run; good ones of calm times are what is usual.
func (c *culprits) observe(t *turn, bad, troubled bool) {
	if bad {
		c.bad = newest(append(c.bad, bare(t.run)), recentBad)
	} else if len(c.bad) > 0 {
		// Good runs are of interest among bad ones only.
		c.good = newest(append(c.good, bare(t.run)), recentGood)
		if !troubled && len(c.good) == recentGood && c.good[0].Started.After(c.bad[len(c.bad)-1].Started) {
			c.bad, c.good = nil, nil
		}
	}
	c.profile.Observe(t.run, bad || troubled)
}

// over forgets the runs of a trouble that has ended, so that they are not taken
// for those of the next.
func (c *culprits) over() { c.bad, c.good = nil, nil }

// bare is a run without its evidence and what its pages said, which may be large
// and tells nothing of what is usual.
func bare(run *probes.Run) *probes.Run {
	r := *run
	r.Artifacts = nil
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		s := &r.Steps[i]
		s.Marks, s.ServerTiming, s.Console, s.FailedRequests = nil, nil, nil, nil
	}
	return &r
}

// rank holds the last bad runs against what was usual before a moment, which is
// when the trouble began; zero: before the first of them.
func (c *culprits) rank(since time.Time) []Culprit {
	if len(c.bad) == 0 {
		return nil
	}
	profile := &c.profile
	if !since.IsZero() {
		profile = profile.Before(since)
	}
	return profile.Rank(c.bad, c.good...)
}

// findings are the sentences worth saying.
func (c *culprits) findings(since time.Time) []string {
	var list []string
	for _, culprit := range c.rank(since) {
		if culprit.Confidence >= leastConfidence && !trifling(&culprit) && len(list) < maxFindings {
			list = append(list, brief(culprit.Sentence))
		}
	}
	return list
}

// trifling tells whether a culprit is a part of the journey's time that hardly
// matters, however sure it is that it moved, or a host that is not to blame.
func trifling(c *Culprit) bool {
	switch c.Kind {
	case attribution.KindPhase, attribution.KindStep, attribution.KindScript, attribution.KindResource, attribution.KindThirdParty, attribution.KindHost:
		return c.Share < leastShare
	}
	return false
}
