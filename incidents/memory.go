package incidents

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"outrider/checks"
	"outrider/incidents/detect"
)

// load reads from the store what the Keeper works on, unless it has it.
func (k *Keeper) load(ctx context.Context) error {
	if k.loaded {
		return nil
	}
	cursor, err := k.Store.JudgeCursor(ctx)
	if err != nil {
		return fmt.Errorf("read the judge's cursor: %w", err)
	}
	all, err := k.Store.OpenIncidents(ctx)
	if err != nil {
		return fmt.Errorf("read open incidents: %w", err)
	}
	memories, err := k.Store.Memories(ctx)
	if err != nil {
		return fmt.Errorf("read what the judge remembers: %w", err)
	}
	k.cursor, k.stored = cursor, cursor
	k.pending = pending{}
	k.open = make(map[trouble]*Incident, len(all))
	for i := range all {
		k.open[trouble{series{all[i].CheckID, all[i].Location}, all[i].Cause}] = &all[i]
	}
	k.watched = make(map[series]*watched, len(memories))
	for _, m := range memories {
		if err := k.recall(ctx, m); err != nil {
			k.watched = nil
			return err
		}
	}
	k.agree()
	k.loaded = true
	return nil
}

// recall makes a series of what is stored of it, and of the runs that were
// judged since. A damaged memory starts afresh: it costs a confirmation or two
// and some learning, no incident.
func (k *Keeper) recall(ctx context.Context, m Memory) error {
	decoded, err := detect.DecodeSeries(m.Data)
	if err != nil {
		k.Logger.Warn("memory of a check starts afresh, all or in part", "check", m.CheckID, "location", m.Location, "error", err)
	}
	w := &watched{Series: decoded, judged: m.Seq, stored: m.Seq, storedAt: k.Now()}
	k.watched[series{m.CheckID, m.Location}] = w
	defs := k.Definitions()
	if defs == nil {
		return errors.New("no definitions are loaded")
	}
	check, reason := k.reason(defs, series{m.CheckID, m.Location})
	for reason == "" && w.judged < k.cursor {
		runs, err := k.Store.SeriesRuns(ctx, m.CheckID, m.Location, w.judged, k.cursor)
		if err != nil {
			return fmt.Errorf("read the runs of %s that are not remembered: %w", m.CheckID, err)
		}
		if len(runs) == 0 {
			break
		}
		for i := range runs {
			k.inOrder(w, &runs[i].Run)
			w.SetCalendar(k.index.calendar(defs, check))
			w.Judge(check, &runs[i].Run)
			w.judged = runs[i].Seq
		}
	}
	return nil
}

// agree makes what the judge remembers agree with the open incidents. They
// differ where a memory was lost, or where an incident ended by something other
// than a run.
func (k *Keeper) agree() {
	for at := range k.open {
		k.watch(at.series)
	}
	for s, w := range k.watched {
		for _, cause := range detect.Causes() {
			severity := detect.None
			if i := k.open[trouble{s, cause}]; i != nil {
				severity = i.Severity
			}
			if w.Assume(cause, severity) {
				w.changed = true
				k.pending.touchSeries(s)
			}
		}
	}
}

// lose forgets everything that is not stored.
func (k *Keeper) lose() {
	k.loaded, k.followed = false, false
	k.open, k.watched, k.pending = nil, nil, pending{}
}

// index finds checks by id among definitions that are replaced now and then.
type index struct {
	of        *checks.Definitions
	byID      map[string]*checks.Check
	calendars map[string]detect.Calendar // by check
}

func (x *index) check(defs *checks.Definitions, id string) (*checks.Check, bool) {
	if x.of != defs {
		x.of, x.byID, x.calendars = defs, make(map[string]*checks.Check, len(defs.Checks)), map[string]detect.Calendar{}
		for i := range defs.Checks {
			x.byID[defs.Checks[i].ID] = &defs.Checks[i]
		}
	}
	c, ok := x.byID[id]
	return c, ok
}

// calendar gives the holidays of a check; nil if it has none.
func (x *index) calendar(defs *checks.Definitions, check *checks.Check) detect.Calendar {
	if len(defs.Holidays) == 0 {
		return nil
	}
	c, ok := x.calendars[check.ID]
	if !ok {
		c = detect.CalendarOf(defs.Holidays, check)
		x.calendars[check.ID] = c
	}
	return c
}

// pending is what was judged and is not yet stored.
type pending struct {
	runs          int
	urgent        bool                // something happened to an incident
	series        map[series]struct{} // with something new to remember
	judgements    []Judgement
	notes         []Note
	incidents     []*Incident
	notifications []Notification
	news          []news
}

// news is an event to be logged once it is stored.
type news struct {
	incident, check, location string
	cause                     detect.Cause
	event                     Event
}

// touchSeries notes that there is something new to remember of a series.
func (p *pending) touchSeries(s series) {
	if p.series == nil {
		p.series = map[series]struct{}{}
	}
	p.series[s] = struct{}{}
}

// touch notes that an incident has changed.
func (p *pending) touch(i *Incident) {
	if !slices.Contains(p.incidents, i) {
		p.incidents = append(p.incidents, i)
	}
}

// flush stores what is pending and tells who has to know.
func (k *Keeper) flush(ctx context.Context) error {
	if !k.loaded || (k.cursor == k.stored && !k.pending.urgent && !k.pending.altered(k)) {
		return nil
	}
	p := k.pending
	if err := k.Store.Advance(ctx, k.change(&p)); err != nil {
		k.lose()
		return fmt.Errorf("store what was judged: %w", err)
	}
	k.stored, k.pending = k.cursor, pending{}
	for _, n := range p.news {
		k.Logger.Info("incident "+string(n.event.Kind), "incident", n.incident, "check", n.check,
			"location", n.location, "cause", n.cause, "severity", n.event.Severity, "summary", n.event.Summary)
	}
	if len(p.notifications) > 0 {
		k.Wake()
	}
	return nil
}

// altered tells whether a series was changed by something other than a run.
func (p *pending) altered(k *Keeper) bool {
	for s := range p.series {
		if k.watched[s].changed {
			return true
		}
	}
	return false
}

// change is what is to be stored. What is remembered of a series goes with it
// if an incident of the series changed, or if it has not been stored for long.
func (k *Keeper) change(p *pending) Change {
	c := Change{Seq: k.cursor, Notifications: p.notifications, Judgements: p.judgements, Notes: p.notes}
	for _, i := range p.incidents {
		c.Incidents = append(c.Incidents, *i)
		if w := k.watched[series{i.CheckID, i.Location}]; w != nil {
			w.changed = true
			p.touchSeries(series{i.CheckID, i.Location})
		}
	}
	now := k.Now()
	for s := range p.series {
		w := k.watched[s]
		if w.changed || now.Sub(w.storedAt).Abs() >= k.Remember {
			c.Memories = append(c.Memories, Memory{CheckID: s.check, Location: s.location, Seq: k.cursor, Data: w.Encode()})
			// Should storing fail, everything is read again.
			w.stored, w.storedAt, w.changed = k.cursor, now, false
		}
	}
	return c
}
