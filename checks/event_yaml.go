package checks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// The limits of what is planned; far above what people plan.
const (
	maxEvents  = 1_000
	maxFactor  = 10_000 // times the highest load that was seen
	maxFlux    = 16 << 10
	minRunning = time.Minute
)

// eventDraft keeps local times as text until the zone is known.
type eventDraft struct {
	Event
	selector         selectorDraft
	zone             *time.Location
	fromNode, toNode *yaml.Node
}

var eventObject = object[eventDraft]{name: "event", noun: "an event", doc: "A planned surge: when more customers come than usual, and how many.",
	keys: append([]key[eventDraft]{
		{name: "name", doc: "What happens, for people.", form: textForm,
			read: func(d *decoder, n *yaml.Node, e *eventDraft) { set(&e.Name)(d.bounded(n, 200)) }, instead: []string{"title"}},
		{name: "from", doc: "When it starts: RFC 3339, or 2026-11-27 00:00 in zone.", form: textForm,
			read: func(d *decoder, n *yaml.Node, e *eventDraft) { e.fromNode = d.scalar(n, writeTime) }, instead: []string{"start", "begin"}},
		{name: "to", doc: "When it ends.", form: textForm,
			read: func(d *decoder, n *yaml.Node, e *eventDraft) { e.toNode = d.scalar(n, writeTime) }, instead: []string{"end", "until"}},
		{name: "zone", doc: "Time zone (IANA name) of from and to. Default: UTC.", form: textForm,
			read:    func(d *decoder, n *yaml.Node, e *eventDraft) { readZone(d, n, &e.zone) },
			instead: []string{"timezone", "time_zone", "tz"}},
		{name: "load", doc: "The load that is expected: a factor of the highest that was seen, such as 5x, or a number in the unit of the load series.", form: plannedForm,
			read: func(d *decoder, n *yaml.Node, e *eventDraft) {
				set(&e.Load)(parsed(d, n, writePlanned, parsePlanned))
			}, instead: []string{"factor", "traffic"}},
	}, lift(selectorKeys, func(e *eventDraft) *selectorDraft { return &e.selector })...),
	rules: form{"required": []string{"name", "from", "to", "load"}}}

const writePlanned = "a factor such as 5x, or a load such as 1700"

// plannedForm is the form of a planned load.
var plannedForm = anyOf(form{"type": "number", "exclusiveMinimum": 0}, form{"type": "string", "pattern": `^ *[0-9.]+ *x? *$|\$\{`})

// parsePlanned reads "5x", "1.5x" or "1700".
func parsePlanned(s string) (PlannedLoad, error) {
	number, isFactor := strings.CutSuffix(strings.TrimSpace(s), "x")
	v, rest, ok := cutNumber(strings.TrimSpace(number))
	switch {
	case !ok || rest != "" || v <= 0:
		return PlannedLoad{}, errors.New("write " + writePlanned)
	case isFactor && v > maxFactor:
		return PlannedLoad{}, fmt.Errorf("write a factor of at most %dx", maxFactor)
	case isFactor:
		return PlannedLoad{Factor: v}, nil
	}
	return PlannedLoad{Value: v}, nil
}

// String writes the load the way definitions do.
func (l PlannedLoad) String() string {
	if l.Factor > 0 {
		return strconv.FormatFloat(l.Factor, 'f', -1, 64) + "x"
	}
	return strconv.FormatFloat(l.Value, 'f', -1, 64)
}

func readZone(d *decoder, n *yaml.Node, zone **time.Location) {
	set(zone)(parsed(d, n, "a time zone such as Europe/Berlin", d.zone))
}

// readEvents reads the file's planned events.
func (d *decoder) readEvents() {
	for _, n := range d.listed(d.top.events, "events", "a list of events, each starting with - name:") {
		e := eventDraft{zone: time.UTC}
		entries, ok := eventObject.decode(d, n, &e)
		if !ok || !d.needs(n, entries, "this event", "name", "from", "to", "load") {
			continue
		}
		e.Pos, e.Selector = d.at(n), e.selector.Selector
		if e.fromNode == nil || e.toNode == nil {
			continue // noted
		}
		var ok1, ok2 bool
		d.within("from", func() { e.From, ok1 = d.time(e.fromNode, e.zone) })
		d.within("to", func() {
			e.To, ok2 = d.time(e.toNode, e.zone)
			if ok1 && ok2 && e.To.Sub(e.From) < minRunning {
				d.problem(e.toNode, "the event ends before it has run a minute: write a later time")
			}
		})
		if len(d.events) == maxEvents {
			d.problem(n, "more than %d events", maxEvents)
			return
		}
		d.events = append(d.events, e.Event)
		d.selected = append(d.selected, selection{"event " + strconv.Quote(cut(e.Name)), e.Pos, e.selector})
	}
}

// readPlans reads what is planned or marked in the calendar.
func (d *decoder) readPlans() {
	d.readEvents()
	d.readHolidays()
	d.readDeploys()
}

// listed gives the items of a top-level list.
func (d *decoder) listed(n *yaml.Node, name, what string) (items []*yaml.Node) {
	if n == nil {
		return nil
	}
	d.within(name, func() { items, _ = d.items(n, what) })
	return items
}

// needs notes which of the keys are missing.
func (d *decoder) needs(n *yaml.Node, entries []entry, what string, keys ...string) bool {
	var missing []string
	for _, k := range keys {
		if !has(entries, k) {
			missing = append(missing, k)
		}
	}
	if len(missing) > 0 {
		d.problem(n, "%s needs %s", what, strings.Join(missing, " and "))
	}
	return len(missing) == 0
}
