package incidents

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/incidents/detect/attribution"
	"outrider/incidents/detect/locations"
)

const (
	// deployWithin is how long before a change a deployment counts as near it,
	// and deploySlack how long after, since the time of a change is an estimate.
	deployWithin = time.Hour
	deploySlack  = 15 * time.Minute
	// commonWithin is how close in time incidents of several checks have opened
	// that may have one cause.
	commonWithin = 30 * time.Minute
	maxFindings  = 6
)

// suspect is what an open incident was traced to.
type suspect struct {
	attribution.Finding
	at time.Time
}

// findings says where the trouble of a verdict comes from: what moved in its
// runs, whether it is seen from everywhere, which other checks suffer alike, and
// what was deployed shortly before.
func (k *Keeper) findings(ctx context.Context, b basis, v *detect.Verdict) ([]string, error) {
	if !v.Severity.WorseThan(v.Before) || v.Cause == detect.CauseForecast {
		return v.Findings, nil
	}
	list := slices.Clone(v.Findings)
	if text := k.scope(b, v); text != "" {
		list = append(list, text)
	}
	if text := k.common(b, v); text != "" {
		list = append(list, text)
	}
	since := v.Since
	if since.IsZero() {
		since = b.run.Started
	}
	text, err := k.nearDeploy(ctx, b.defs, b.check, since)
	if err != nil {
		return nil, err
	}
	if text != "" {
		list = append(list, "It began "+text)
	}
	return list[:min(len(list), maxFindings)], nil
}

// scope says at how many of a check's locations it fails, if there are several.
func (k *Keeper) scope(b basis, v *detect.Verdict) string {
	if v.Cause != detect.CauseFailure {
		return ""
	}
	var m locations.Map
	for s, w := range k.watched {
		if s.check == b.check.ID && !w.Last().IsZero() {
			m.Observe(s.location, w.Last(), w.Failing())
		}
	}
	view := m.Over(b.run.Started, b.check.Schedule.Every)
	if len(view.Failing)+len(view.Fine) < 2 {
		return ""
	}
	return view.Explain()
}

// common says which other checks with open incidents suffer alike.
func (k *Keeper) common(b basis, v *detect.Verdict) string {
	w := k.watched[series{b.run.CheckID, b.run.Location}]
	if w == nil {
		return ""
	}
	own := suspect{at: b.run.Finished, Finding: attribution.Finding{
		Check: b.check.ID, Location: b.run.Location, Component: b.check.Labels["component"], Culprits: w.Culprits(v.Since),
	}}
	if k.suspects == nil {
		k.suspects = map[string]suspect{}
	}
	all := []attribution.Finding{own.Finding}
	open := map[string]bool{}
	for at, i := range k.open {
		open[i.ID] = true
		s, ok := k.suspects[i.ID]
		if ok && at.check != b.check.ID && own.at.Sub(s.at).Abs() <= commonWithin {
			all = append(all, s.Finding)
		}
	}
	for id := range k.suspects {
		if !open[id] {
			delete(k.suspects, id)
		}
	}
	at := trouble{series{b.run.CheckID, b.run.Location}, v.Cause}
	if i := k.open[at]; i != nil {
		k.suspects[i.ID] = own
	} else {
		k.suspects[incidentID(at, b.run)] = own
	}
	slices.SortFunc(all[1:], func(a, b attribution.Finding) int { return strings.Compare(a.Check+a.Location, b.Check+b.Location) })
	for _, shared := range attribution.Common(all) {
		if slices.Contains(shared.Checks, b.check.ID) {
			return shared.Sentence
		}
	}
	return ""
}

// nearDeploy says which deployment was made shortly before a moment, or at it;
// nothing if none was. It may have been marked, or the definitions tell of it.
func (k *Keeper) nearDeploy(ctx context.Context, defs *checks.Definitions, check *checks.Check, at time.Time) (string, error) {
	from, to := at.Add(-deployWithin), at.Add(deploySlack)
	marked, err := k.Store.Deployments(ctx, check.ID, from, to)
	if err != nil {
		return "", fmt.Errorf("read deployments: %w", err)
	}
	for i := range defs.Deploys {
		d := &defs.Deploys[i]
		if !d.At.Before(from) && d.At.Before(to) && d.Covers(check) {
			marked = append(marked, Note{Note: detect.Note{At: d.At, Text: d.Name}})
		}
	}
	if len(marked) == 0 {
		return "", nil
	}
	nearest := slices.MinFunc(marked, func(a, b Note) int { return cmp.Compare(at.Sub(a.At).Abs(), at.Sub(b.At).Abs()) })
	minutes := int(at.Sub(nearest.At).Round(time.Minute) / time.Minute)
	switch {
	case minutes > 0:
		return fmt.Sprintf("%d min after the deployment %q", minutes, nearest.Text), nil
	case minutes < 0:
		return fmt.Sprintf("%d min before the deployment %q, as far as can be told", -minutes, nearest.Text), nil
	}
	return fmt.Sprintf("with the deployment %q", nearest.Text), nil
}
