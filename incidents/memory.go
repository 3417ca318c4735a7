package incidents

import (
	"context"
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
	k.memories = make(map[series]detect.Memory, len(memories))
	for _, m := range memories {
		k.memories[series{m.CheckID, m.Location}] = k.decode(m)
	}
	k.agree()
	k.loaded = true
	return nil
}

// decode reads a memory. A damaged one starts afresh: it costs a confirmation
// or two, no incident.
func (k *Keeper) decode(m Memory) detect.Memory {
	memory, err := detect.DecodeMemory(m.Data)
	if err != nil {
		k.Logger.Warn("memory of a check starts afresh", "check", m.CheckID, "location", m.Location, "error", err)
	}
	return memory
}

// agree brings the memories in accord with the incidents that are open. It
// changes something only where a memory was damaged or lost.
func (k *Keeper) agree() {
	for at := range k.open {
		if _, ok := k.memories[at.series]; !ok {
			k.memories[at.series] = detect.Memory{}
		}
	}
	for s, m := range k.memories {
		for _, cause := range detect.Causes() {
			severity := detect.None
			if i := k.open[trouble{s, cause}]; i != nil {
				severity = i.Severity
			}
			m = m.Assume(cause, severity)
		}
		k.memories[s] = m
	}
}

// lose forgets everything that is not stored. It follows every error, since
// after one it is unknown how far the store has come.
func (k *Keeper) lose() {
	k.loaded, k.followed = false, false
	k.open, k.memories, k.pending = nil, nil, pending{}
}

// remember keeps a memory for the next run, and for the next change.
func (k *Keeper) remember(s series, m detect.Memory) {
	k.memories[s] = m
	if k.pending.memories == nil {
		k.pending.memories = map[series]struct{}{}
	}
	k.pending.memories[s] = struct{}{}
}

// index finds checks by id among definitions that are replaced now and then.
type index struct {
	of   *checks.Definitions
	byID map[string]*checks.Check
}

func (x *index) check(defs *checks.Definitions, id string) (*checks.Check, bool) {
	if x.of != defs {
		x.of, x.byID = defs, make(map[string]*checks.Check, len(defs.Checks))
		for i := range defs.Checks {
			x.byID[defs.Checks[i].ID] = &defs.Checks[i]
		}
	}
	c, ok := x.byID[id]
	return c, ok
}

// pending is what was judged and is not yet stored.
type pending struct {
	runs          int
	urgent        bool // something happened to an incident
	memories      map[series]struct{}
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

// touch notes that an incident has changed.
func (p *pending) touch(i *Incident) {
	if !slices.Contains(p.incidents, i) {
		p.incidents = append(p.incidents, i)
	}
}

// flush stores what is pending and tells who has to know.
func (k *Keeper) flush(ctx context.Context) error {
	if !k.loaded || (k.cursor == k.stored && !k.pending.urgent && len(k.pending.memories) == 0) {
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

// change puts what is pending into the form in which it is stored.
func (k *Keeper) change(p *pending) Change {
	c := Change{Seq: k.cursor, Notifications: p.notifications}
	for s := range p.memories {
		m := Memory{CheckID: s.check, Location: s.location, Data: k.memories[s].Encode()}
		if c.CheckID == "" {
			c.CheckID, c.Location, c.Memory = m.CheckID, m.Location, m.Data
			continue
		}
		c.Memories = append(c.Memories, m)
	}
	for _, i := range p.incidents {
		c.Incidents = append(c.Incidents, *i)
	}
	return c
}
