package checks

import (
	"strconv"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// deployDraft keeps the local time as text until the zone is known.
type deployDraft struct {
	Deploy
	selector selectorDraft
	zone     *time.Location
	node     *yaml.Node
}

var deployObject = object[deployDraft]{name: "deploy", noun: "a deploy", doc: "When something was changed, so that a change of latency can be matched with it.",
	keys: append([]key[deployDraft]{
		{name: "name", doc: "What was changed, for people.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *deployDraft) { set(&m.Name)(d.bounded(n, 200)) }, instead: []string{"title", "version"}},
		{name: "at", doc: "When it was changed: RFC 3339, or 2026-11-20 10:00 in zone.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *deployDraft) { m.node = d.scalar(n, writeTime) }, instead: []string{"time", "when"}},
		{name: "zone", doc: "Time zone (IANA name) of at. Default: UTC.", form: textForm,
			read:    func(d *decoder, n *yaml.Node, m *deployDraft) { readZone(d, n, &m.zone) },
			instead: []string{"timezone", "time_zone", "tz"}},
	}, lift(selectorKeys, func(m *deployDraft) *selectorDraft { return &m.selector })...),
	rules: form{"required": []string{"name", "at"}}}

// readDeploys reads the file's deploy markers.
func (d *decoder) readDeploys() {
	for _, n := range d.listed(d.top.deploys, "deploys", "a list of deploys, each starting with - name:") {
		m := deployDraft{zone: time.UTC}
		entries, ok := deployObject.decode(d, n, &m)
		if !ok || !d.needs(n, entries, "this deploy", "name", "at") || m.node == nil {
			continue
		}
		m.Pos, m.Selector = d.at(n), m.selector.Selector
		d.within("at", func() { set(&m.At)(d.time(m.node, m.zone)) })
		if len(d.deploys) == maxEvents {
			d.problem(n, "more than %d deploys", maxEvents)
			return
		}
		d.deploys = append(d.deploys, m.Deploy)
		d.selected = append(d.selected, selection{"deploy " + strconv.Quote(cut(m.Name)), m.Pos, m.selector})
	}
}
