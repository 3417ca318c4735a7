package incidents

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"outrider/checks"
	"outrider/incidents/detect"
)

// Retire resolves the open incidents of checks that, by the definitions in
// force, are not run any more: removed, disabled or no longer run at the
// incident's location. No run will ever resolve those. It is to be called
// when Outrider starts and after every change of definitions. Its number is
// how many incidents it resolved; for errors see Judge.
func (k *Keeper) Retire(ctx context.Context) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defs := k.Definitions()
	if defs == nil {
		return 0, fmt.Errorf("retire incidents: no definitions are loaded")
	}
	if err := k.load(ctx); err != nil {
		return 0, fmt.Errorf("retire incidents: %w", err)
	}
	k.forget(defs)
	retired := 0
	for _, at := range k.openInOrder() {
		check, reason := k.reason(defs, at.series)
		if reason == "" {
			continue
		}
		incident := k.open[at]
		e := Event{
			At:       k.Now().UTC(),
			Kind:     EventResolved,
			Severity: incident.Severity,
			Summary:  incident.CheckName + " " + reason + ": the incident ends without a confirmed recovery",
		}
		if err := k.happen(ctx, basis{defs: defs, check: check}, at, incident, e); err != nil {
			k.lose()
			return 0, fmt.Errorf("retire incident %s: %w", incident.ID, err)
		}
		retired++
	}
	return retired, k.flush(ctx)
}

// reason tells why a series is not run any more; empty if it is.
func (k *Keeper) reason(defs *checks.Definitions, s series) (*checks.Check, string) {
	check, ok := k.index.check(defs, s.check)
	switch {
	case !ok:
		return nil, "was removed from the definitions"
	case !check.Enabled:
		return check, "was disabled"
	case !check.RunsAt(s.location):
		return check, "is no longer run at location " + s.location
	}
	return check, ""
}

// forget starts the memory of every series afresh that is not run any more,
// so that runs of long ago confirm nothing when it comes back.
func (k *Keeper) forget(defs *checks.Definitions) {
	for s, w := range k.watched {
		if _, reason := k.reason(defs, s); reason != "" && !w.IsZero() {
			w.Series, w.changed = detect.NewSeries(), true
			k.pending.touchSeries(s)
		}
	}
}

// openInOrder gives what there are open incidents for, oldest first.
func (k *Keeper) openInOrder() []trouble {
	list := make([]trouble, 0, len(k.open))
	for at := range k.open {
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b trouble) int {
		return cmp.Compare(k.open[a].ID, k.open[b].ID)
	})
	return list
}
