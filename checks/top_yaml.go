package checks

import yaml "go.yaml.in/yaml/v4"

// top is a definition file's outermost mapping.
type top struct {
	defaults, checks, audiences, events, holidays, deploys *yaml.Node
}

var topObject = object[top]{name: "definitions", noun: "a definition file",
	doc: "What Outrider watches, and who hears of it.",
	keys: []key[top]{
		{name: "checks", doc: "The journeys that are watched.", form: listOf(ref("check")),
			read: func(_ *decoder, n *yaml.Node, t *top) { t.checks = n }, instead: []string{"check", "endpoints", "monitors", "tests"}},
		{name: "defaults", doc: "What applies to every check of this file or, in a file named defaults.yaml, to every check of the folder and those below.",
			form: ref("defaults"), read: func(_ *decoder, n *yaml.Node, t *top) { t.defaults = n }, instead: []string{"default"}},
		{name: "audiences", doc: "Who can be told of incidents, and how.", form: listOf(ref("audience")),
			read: func(_ *decoder, n *yaml.Node, t *top) { t.audiences = n }, instead: []string{"audience", "notify", "alerting", "receivers"}},
		{name: "events", doc: "Planned surges: when more customers come than usual, and how many.", form: listOf(ref("event")),
			read: func(_ *decoder, n *yaml.Node, t *top) { t.events = n }, instead: []string{"event", "surges"}},
		{name: "holidays", doc: "Days on which customers behave as on another day of the week, a sunday unless it says otherwise.",
			form: listOf(anyOf(form{"type": "string"}, ref("holiday"))),
			read: func(_ *decoder, n *yaml.Node, t *top) { t.holidays = n }, instead: []string{"holiday"}},
		{name: "deploys", doc: "When something was changed, so that a change of latency can be matched with it.", form: listOf(ref("deploy")),
			read: func(_ *decoder, n *yaml.Node, t *top) { t.deploys = n }, instead: []string{"deploy", "deployments", "releases"}},
	},
	rules: form{"patternProperties": form{"^x-": form{"description": "Left alone: a place for YAML anchors."}}}}

// readTop finds the parts of the file. Keys that start with x- are left
// alone: a place for anchors.
func (d *decoder) readTop() {
	if d.source.root == nil {
		d.warn(Position{File: d.source.path}, "this file defines nothing")
		return
	}
	entries, _ := d.entries(d.source.root, topObject.example())
	for _, e := range entries {
		if len(e.name) > 2 && e.name[:2] == "x-" {
			continue
		}
		if k := topObject.find(e.name); k != nil {
			k.read(d, e.value, &d.top)
			continue
		}
		d.problem(e.key, "%s", topObject.unknown(e.name))
	}
}

// readDefaults reads the file's defaults on top of base.
func (d *decoder) readDefaults(base *checkDraft) *checkDraft {
	if d.top.defaults == nil {
		return base
	}
	draft := *base
	d.within("defaults", func() {
		entries, _ := defaultsObject.decode(d, d.top.defaults, &draft)
		switch every, cron := has(entries, "every"), has(entries, "cron"); {
		case every && cron:
			d.problem(d.top.defaults, "every and cron exclude each other: remove one")
		case every:
			draft.Schedule.Cron, draft.Schedule.cron = "", nil
		case cron:
			draft.Schedule.Every = 0
		}
		d.checkThresholds(d.top.defaults, &draft.Thresholds)
		d.oneWay(d.top.defaults, entries)
	})
	return &draft
}

// readChecks reads the file's checks on top of its defaults.
func (d *decoder) readChecks(base *checkDraft) {
	if d.top.checks == nil {
		return
	}
	d.within("checks", func() {
		items, _ := d.items(d.top.checks, "a list of checks, each starting with - id:")
		d.key = ""
		for _, n := range items {
			d.readCheck(n, base)
		}
	})
}
