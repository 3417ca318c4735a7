package incidents

import (
	"fmt"

	"outrider/incidents/detect"
)

// Apply adds the next event to the incident and brings its state up to date.
// Its error says that the event cannot follow the ones before; the incident is
// then unchanged.
func (i *Incident) Apply(e Event) error {
	if err := i.accepts(e); err != nil {
		return fmt.Errorf("apply event %d (%s) to incident %s: %w", e.Number, e.Kind, i.ID, err)
	}
	i.Severity = e.Severity
	i.Summary = e.Summary
	i.UpdatedAt = e.At
	switch e.Kind {
	case EventOpened:
		i.State = Open
		i.OpenedAt = e.At
	case EventResolved:
		i.State = Resolved
		i.ResolvedAt = e.At
	}
	i.Events = append(i.Events, e)
	return nil
}

// accepts tells why an event cannot be the next one; nil if it can.
func (i *Incident) accepts(e Event) error {
	switch {
	case e.Number != len(i.Events)+1:
		return fmt.Errorf("the next event has number %d", len(i.Events)+1)
	case i.State == Resolved:
		return fmt.Errorf("the incident is resolved")
	case !e.Severity.WorseThan(detect.None):
		return fmt.Errorf("unknown severity %q", e.Severity)
	case (e.Kind == EventOpened) != (len(i.Events) == 0):
		return fmt.Errorf("an incident's first event, and no other, opens it")
	}
	switch e.Kind {
	case EventOpened:
	case EventEscalated:
		if !e.Severity.WorseThan(i.Severity) {
			return fmt.Errorf("%s is not higher than %s", e.Severity, i.Severity)
		}
	case EventUpdated:
		if !i.Severity.WorseThan(e.Severity) {
			return fmt.Errorf("%s is not lower than %s", e.Severity, i.Severity)
		}
	case EventResolved:
		if e.Severity != i.Severity {
			return fmt.Errorf("resolving keeps the severity %s, not %s", i.Severity, e.Severity)
		}
	default:
		return fmt.Errorf("unknown kind of event")
	}
	return nil
}
