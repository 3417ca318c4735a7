package checks

import (
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// checkDraft is a check while its definition is read. A draft that holds
// defaults is the base that checks are copied from: whatever reads into a
// draft replaces maps and slices and never changes them in place.
type checkDraft struct {
	Check
	http    httpDraft
	browser browserDraft

	maintenance []maintenanceDraft
	journey     *yaml.Node // the steps
	notifySet   bool
	notifyPos   []Position
	timeoutPos  Position // of a timeout that was given
}

func newCheckDraft() *checkDraft {
	return &checkDraft{
		Check: Check{
			Enabled:  true,
			Schedule: Schedule{Every: DefaultEvery, Zone: time.UTC},
			Timeout:  DefaultTimeout,
			Retries:  Retries{Count: DefaultRetries, Backoff: DefaultRetryBackoff},
			Confirm:  Confirm{Failures: 2, Of: 3, Recovery: 2},

			Detection: DefaultDetection(),
		},
		http: httpDraft{HTTPOptions: HTTPOptions{
			MaxRedirects: DefaultMaxRedirects,
			MaxBody:      DefaultMaxBody,
			MaxHeader:    DefaultMaxHeader,
		}},
		browser: browserDraft{BrowserOptions: BrowserOptions{
			Width:  DefaultViewportWidth,
			Height: DefaultViewportHeight,
		}},
	}
}

// sharedKeys are the keys that checks and defaults have in common.
var sharedKeys = []key[checkDraft]{
	{name: "labels", doc: "Names and values to sort and filter checks by, such as the component and its tier.",
		form: form{"type": "object", "additionalProperties": textForm, "maxProperties": maxLabels}, read: readLabels, instead: []string{"tags"}},
	{name: "enabled", doc: "Whether the check runs. Default: true.", form: boolForm,
		read: func(d *decoder, n *yaml.Node, c *checkDraft) { set(&c.Enabled)(d.boolean(n)) }},
	{name: "every", doc: "How often the check runs, such as 30s or 5m. Checks are spread over the period. Default: 1m.", form: durationForm,
		read: readEvery, instead: []string{"interval", "period", "frequency", "schedule"}},
	{name: "cron", doc: "When the check runs, as a cron expression of five fields, read in zone. Instead of every.", form: textForm,
		read: readCron},
	{name: "zone", doc: "Time zone (IANA name) of cron, active and recurring maintenance. Default: UTC.", form: textForm,
		read: func(d *decoder, n *yaml.Node, c *checkDraft) {
			set(&c.Schedule.Zone)(parsed(d, n, "a time zone such as Europe/Berlin", d.zone))
		}, instead: []string{"timezone", "time_zone", "tz"}},
	{name: "active", doc: "The hours in which the check runs, such as mon-fri 08:00-18:00. Default: always.",
		form: orList(activeForm), read: readActive, instead: []string{"hours", "active_hours"}},
	{name: "maintenance", doc: "Windows in which runs are recorded but judged by nobody.", form: orList(ref("maintenance")),
		read: readMaintenance, instead: []string{"downtime"}},
	{name: "timeout", doc: "How long one attempt at the whole journey may take. Default: 30s.", form: durationForm,
		read: func(d *decoder, n *yaml.Node, c *checkDraft) {
			if v, ok := d.duration(n, time.Millisecond); ok {
				c.Timeout, c.timeoutPos = v, d.at(n)
			}
		}},
	{name: "retries", doc: "How often a failed attempt is repeated before the run counts as failed, and the first pause. Default: 1.",
		form: anyOf(form{"type": "integer", "minimum": 0, "maximum": maxRetries}, ref("retries"), variableForm), read: readRetries, instead: []string{"retry"}},
	{name: "confirm", doc: "How many of the last runs must be bad before an incident opens, such as 2 of 3, and how many good ones in a row end it. Default: 2 of 3, recovery 2.",
		form: anyOf(ofForm, ref("confirm")), read: readConfirm, instead: []string{"confirmation", "failures"}},
	{name: "thresholds", doc: "Bounds on what the journey may take; going over one makes a run degraded or failed.",
		form: ref("thresholds"), read: func(d *decoder, n *yaml.Node, c *checkDraft) { d.readThresholds(n, &c.Thresholds) }},
	{name: "objective", doc: "The promise: which share of runs is good, over which rolling window.",
		form: anyOf(percentForm, ref("objective")), read: readObjective, instead: []string{"slo"}},
	{name: "detection", doc: "What is watched for besides thresholds and promises; false for nothing.",
		form: anyOf(boolForm, ref("detection")), read: readDetection, instead: []string{"detect", "anomaly", "anomaly_detection"}},
	{name: "objectives", doc: "Several promises side by side, such as one on availability and one on latency.",
		form: form{"type": "array", "maxItems": maxObjectives, "items": anyOf(percentForm, ref("objective"))}, read: readObjectives, instead: []string{"slos"}},
	{name: "locations", doc: "The locations that run the check. Default: all.", form: orList(idForm),
		read: func(d *decoder, n *yaml.Node, c *checkDraft) {
			if ids, _, ok := d.ids(n); ok {
				c.Locations = ids
			}
		}},
	{name: "notify", doc: "The audiences that hear of incidents; [] for nobody.", form: orList(idForm), read: readNotify,
		instead: []string{"alert", "alerts", "audience", "audiences", "notifications"}},
	{name: "procedure", doc: "What responders do first: text, a link, or the path of a Markdown file beside this one.",
		form: anyOf(textForm, ref("procedure")), read: readProcedure, instead: []string{"runbook", "playbook"}},
	{name: "load", doc: "The load series that latency is held against, for projecting planned events.", form: ref("load"),
		read: readLoad, instead: []string{"traffic", "visitors"}},
	{name: "http_options", doc: "How all requests of an HTTP journey are sent.", form: ref("http_options"),
		read: func(d *decoder, n *yaml.Node, c *checkDraft) { d.readHTTPOptions(n, &c.http) }},
	{name: "browser_options", doc: "How the browser of a browser journey is set up.", form: ref("browser_options"),
		read: func(d *decoder, n *yaml.Node, c *checkDraft) { d.readBrowserOptions(n, &c.browser) }},
}

var defaultsObject = object[checkDraft]{name: "defaults", noun: "defaults",
	doc:  "What applies to every check of this file or, in a file named defaults.yaml, to every check of the folder and those below.",
	keys: sharedKeys}

var checkObject = object[checkDraft]{name: "check", noun: "a check", sample: "a check, as a mapping that has id and http or browser",
	doc: "One journey that is watched.",
	keys: append([]key[checkDraft]{
		{name: "id", doc: "Names the check for ever, since history hangs on it: lower-case letters, digits, -, _ and '.'.", form: idForm,
			read: func(d *decoder, n *yaml.Node, c *checkDraft) { set(&c.ID)(d.id(n)) }},
		{name: "name", doc: "The check's name for people. Default: the id.", form: textForm,
			read: func(d *decoder, n *yaml.Node, c *checkDraft) { set(&c.Name)(d.bounded(n, 200)) }, instead: []string{"title"}},
		{name: "description", doc: "What the check stands for, for people.", form: textForm,
			read: func(d *decoder, n *yaml.Node, c *checkDraft) { set(&c.Description)(d.bounded(n, 4096)) }},
		{name: "http", doc: "The journey as HTTP requests, in order.", form: form{"type": "array", "minItems": 1, "maxItems": maxSteps, "items": ref("request")},
			read: func(_ *decoder, n *yaml.Node, c *checkDraft) { c.Journey.Kind, c.journey = KindHTTP, n }, instead: []string{"https", "request", "requests", "steps", "api"}},
		{name: "browser", doc: "The journey as actions in a browser, in order, or a recording.", form: anyOf(form{"type": "array", "minItems": 1, "maxItems": maxSteps, "items": ref("step")}, ref("recording")),
			read: func(_ *decoder, n *yaml.Node, c *checkDraft) { c.Journey.Kind, c.journey = KindBrowser, n }},
	}, sharedKeys...),
	rules: form{"required": []string{"id"}, "oneOf": []form{{"required": []string{"http"}}, {"required": []string{"browser"}}}}}

// set stores a value that could be read.
func set[T any](into *T) func(T, bool) {
	return func(v T, ok bool) {
		if ok {
			*into = v
		}
	}
}

// readCheck reads one check on top of its defaults.
func (d *decoder) readCheck(n *yaml.Node, base *checkDraft) {
	draft := *base
	c := &draft
	entries, ok := checkObject.decode(d, n, c)
	if !ok {
		return
	}
	c.Pos = d.at(n)
	find := func(name string) *yaml.Node {
		for _, e := range entries {
			if e.name == name {
				return e.key
			}
		}
		return nil
	}
	if id := find("id"); id == nil {
		d.problem(n, "this check has no id: add one, such as id: checkout")
	} else if c.ID != "" {
		if first, taken := d.checkIDs[c.ID]; taken {
			d.problem(id, "id: check %q is already defined at %s: ids are unique over all files", c.ID, first)
		} else {
			d.checkIDs[c.ID] = d.at(id)
		}
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	every, cron := find("every"), find("cron")
	switch {
	case every != nil && cron != nil:
		d.problem(cron, "every and cron exclude each other: remove one")
	case every != nil:
		c.Schedule.Cron, c.Schedule.cron = "", nil
	case cron != nil:
		c.Schedule.Every = 0
	}
	httpKey, browserKey := find("http"), find("browser")
	switch {
	case httpKey != nil && browserKey != nil:
		d.problem(browserKey, "a check is either http or browser: make two checks of it")
	case httpKey == nil && browserKey == nil:
		d.problem(n, "this check has no journey: add http: or browser: with a list of steps")
	}
	c.localTimes(d)
	d.checkThresholds(n, &c.Thresholds)
	d.oneWay(n, entries)
	c.nameObjectives()
	if c.Journey.Kind == KindBrowser && d.isMapping(c.journey) {
		d.readRecording(c, &base.browser, valueOf(entries, "browser_options"))
		d.nameSteps(c.Journey.Steps)
	} else {
		d.readJourney(c)
	}
	if c.timeoutPos.Line > 0 && c.Schedule.Every > 0 && c.Timeout > c.Schedule.Every {
		d.warn(c.timeoutPos, "timeout: %s is longer than every %s: a run that hangs makes the check miss its next start", formatDuration(c.Timeout), formatDuration(c.Schedule.Every))
	}
	if len(d.checks) == maxChecks {
		d.problem(n, "more than %d checks", maxChecks)
	}
	if len(d.checks) < maxChecks {
		d.checks = append(d.checks, c)
	}
}

// readJourney reads the steps.
func (d *decoder) readJourney(c *checkDraft) {
	if c.journey == nil {
		return
	}
	kind := string(c.Journey.Kind)
	items, ok := d.items(c.journey, "a list of steps, each starting with -")
	if !ok {
		return
	}
	switch {
	case len(items) == 0:
		d.problem(c.journey, "%s: has no steps: add one", kind)
		return
	case len(items) > maxSteps:
		d.problem(c.journey, "%s: has %d steps: write at most %d", kind, len(items), maxSteps)
		return
	}
	if c.Journey.Kind == KindHTTP {
		d.readRequests(items, c)
	} else {
		d.readBrowserSteps(items, c)
	}
	d.nameSteps(c.Journey.Steps)
}

func readNotify(d *decoder, n *yaml.Node, c *checkDraft) {
	if ids, at, ok := d.ids(n); ok {
		c.Notify, c.notifyPos = ids, at
	}
	c.notifySet = true
}

// readFile reads a file that a definition names.
func (d *decoder) readFile(n *yaml.Node, path string, limit int64) ([]byte, bool) {
	if path == "" {
		d.problem(n, "write the path of a file")
		return nil, false
	}
	full := d.source.resolvePath(path)
	d.files = append(d.files, full)
	data, err := d.read(full, limit)
	if err != nil {
		d.problem(n, "%s", err)
		return nil, false
	}
	return data, true
}
