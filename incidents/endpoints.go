package incidents

import (
	"context"
	"fmt"
	"slices"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// Message is what a notification says: one event of an incident, the incident
// as it stood after it, and the run that led to it.
type Message struct {
	Incident Incident
	Event    Event
	Run      *probes.Run // nil if no run led to the event
}

// ComposeFunc gives the payload of a message, secrets taken out.
type ComposeFunc func(Message) []byte

// endpoints gives where an event has to be told, as notifications that have
// nothing but their audience and channel: the audiences of the check, and
// whoever has heard of the incident before, as far as they are still defined.
// Who has never heard of an incident need not hear that it is over.
func (k *Keeper) endpoints(ctx context.Context, b basis, incident *Incident, e Event) ([]Notification, error) {
	told, err := k.told(ctx, incident, e)
	if err != nil {
		return nil, err
	}
	var list []Notification
	for _, a := range b.defs.Audiences {
		notify := b.check != nil && slices.Contains(b.check.Notify, a.ID) && e.Kind != EventResolved && hears(a, e.Severity)
		for _, c := range a.Channels {
			n := Notification{Audience: a.ID, Channel: c.Name}
			if notify || slices.Contains(told, n.Endpoint()) {
				list = append(list, n)
			}
		}
	}
	return list, nil
}

// hears tells whether an audience wants to hear of a severity.
func hears(a checks.Audience, s detect.Severity) bool {
	least := detect.Severity(a.Severity)
	if least == detect.None {
		least = detect.Warning
	}
	return !least.WorseThan(s)
}

// told gives the endpoints that an incident's earlier events went to.
func (k *Keeper) told(ctx context.Context, incident *Incident, e Event) ([]string, error) {
	if e.Kind == EventOpened {
		return nil, nil
	}
	all, err := k.Store.Notifications(ctx, incident.ID)
	if err != nil {
		return nil, fmt.Errorf("read notifications of incident %s: %w", incident.ID, err)
	}
	endpoints := make([]string, 0, len(all))
	for i := range all {
		endpoints = append(endpoints, all[i].Endpoint())
	}
	return endpoints, nil
}
