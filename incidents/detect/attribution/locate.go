package attribution

import (
	"fmt"
	"strings"

	"outrider/probes"
)

// Place is one location of a check: what is usual there and how the last runs
// went, good or bad, oldest first.
type Place struct {
	Location string
	Profile  *Profile
	Runs     []*probes.Run
}

// Locate tells whether the trouble of a check is of a few of its locations
// only: then it gives one culprit for each of these, and the prober there or
// its way to the site is suspect rather than the site. It gives nothing if most
// locations suffer, or if there are fewer than two to compare.
func Locate(places []Place) []Culprit {
	var bad []Culprit
	var well []string
	for i := range places {
		c, suffers, known := places[i].judge()
		switch {
		case !known:
		case suffers:
			bad = append(bad, c)
		default:
			well = append(well, places[i].Location)
		}
	}
	if len(bad) == 0 || len(bad) > len(well) {
		return nil
	}
	for i := range bad {
		c := &bad[i]
		others := strings.Join(well[:min(len(well), 3)], ", ")
		if n := len(well) - 3; n > 0 {
			others += fmt.Sprintf(" and %d more", n)
		}
		// One against one may be chance; one against many is not.
		c.Confidence *= 1 - 0.5/float64(len(well))
		c.Share = 1
		c.Sentence = fmt.Sprintf("only %s suffers: %s; as usual at %s", c.Part, c.Sentence, others)
	}
	return bad
}

// judge tells whether a place suffers, and whether that can be told.
func (l *Place) judge() (c Culprit, suffers, known bool) {
	c = Culprit{Kind: KindLocation, Part: l.Location}
	var logs []float64
	broke := 0
	for _, run := range l.Runs[max(0, len(l.Runs)-maxRuns):] {
		switch {
		case run == nil || run.Maintenance || run.Outcome == probes.Unknown:
		case isBroken(run):
			broke++
		default:
			logs = append(logs, millisecondScale.log(float64(run.Duration)/1e6))
		}
	}
	worked := len(logs)
	if worked+broke == 0 {
		return c, false, false
	}
	if broke*2 >= worked+broke {
		c.Unit, c.Is, c.Confidence = Ratio, float64(broke)/float64(worked+broke), 0.95
		c.Sentence = fmt.Sprintf("%d of the last %d runs failed", broke, worked+broke)
		return c, true, true
	}
	if l.Profile == nil || l.Profile.duration.n < enoughRuns || worked == 0 {
		return c, false, false
	}
	p := l.Profile.before(l.Runs)
	d := compare(&p.duration, millisecondScale, logs)
	c.Unit, c.Was, c.Is, c.Confidence = Milliseconds, d.was, d.is, confidence(d.evidence)
	c.Sentence = fmt.Sprintf("the journey went from %s to %s", duration(d.was), duration(d.is))
	return c, d.evidence > 3 && d.is > 1.15*d.was, true
}
