package checks

import (
	"errors"
	"fmt"
	"slices"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

const (
	defaultObjectiveWindow = 30 * 24 * time.Hour
	maxObjectiveWindow     = 400 * 24 * time.Hour
	maxObjectives          = 8 // of one check
	maxBurnRates           = 8 // of one objective
	maxWindowRatio         = 60
)

// objectiveDraft is an objective while it is read.
type objectiveDraft struct {
	Objective
	alerts *yaml.Node   // what was written, nil for nothing
	burn   []*yaml.Node // where each burn rate stands
}

var objectiveObject = object[objectiveDraft]{name: "objective", noun: "an objective", doc: "A promise: a share of good runs over a rolling window.",
	keys: []key[objectiveDraft]{
		{name: "good", doc: "The share of good runs, such as 99.5%.", form: percentForm, read: readGood, instead: []string{"target"}},
		{name: "over", doc: "The rolling window. Default: 30d.", form: durationForm, read: readOver, instead: []string{"window"}},
		{name: "latency", doc: "A run is good only if its journey took no longer.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *objectiveDraft) { set(&o.Latency)(d.duration(n, time.Millisecond)) }},
		{name: "name", doc: "Tells the objectives of a check apart; history hangs on it. Default: availability or, with a latency, latency.", form: idForm,
			read: func(d *decoder, n *yaml.Node, o *objectiveDraft) { set(&o.Name)(d.id(n)) }, instead: []string{"id"}},
		{name: "alerts", doc: "off: count the budget, but never alert that it burns too fast. Default: default.",
			form: form{"enum": []string{alertsOff, alertsDefault}}, read: readAlerts, instead: []string{"alert"}},
		{name: "burn", doc: "The burn rates to alert at. Default: those of the Site Reliability Workbook, scaled to the window: 14.4 over 1h and 5m, 6 over 6h and 30m (critical), 3 over 1d and 2h, 1 over 3d and 6h (warning).",
			form: form{"type": "array", "minItems": 1, "maxItems": maxBurnRates, "items": ref("burn_rate")}, read: readBurn, instead: []string{"burn_rates", "burn_rate"}},
	}}

var burnRateObject = object[BurnRate]{name: "burn_rate", noun: "a burn rate", doc: "Alerts when the budget burns that much too fast in both windows.",
	keys: []key[BurnRate]{
		{name: "long", doc: "The long window, such as 1h: it says that the alert matters.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, b *BurnRate) { set(&b.Long)(d.duration(n, time.Second)) }},
		{name: "short", doc: "The short window, such as 5m: it ends the alert soon after the fault.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, b *BurnRate) { set(&b.Short)(d.duration(n, time.Second)) }},
		{name: "rate", doc: "How many times too fast: at 1 the budget is used up just at the end of the objective's window.", form: anyOf(form{"type": "number", "minimum": 0.1}, variableForm),
			read: readRate, instead: []string{"factor"}},
		{name: "severity", doc: "critical or warning. Default: critical.", form: form{"enum": []Severity{SeverityCritical, SeverityWarning}},
			read: func(d *decoder, n *yaml.Node, b *BurnRate) {
				set(&b.Severity)(choice[Severity](d, n, []string{string(SeverityCritical), string(SeverityWarning)}))
			}},
	},
	rules: form{"required": []string{"long", "short", "rate"}}}

func readGood(d *decoder, n *yaml.Node, o *objectiveDraft) {
	set(&o.Good)(parsed(d, n, "a percentage such as 99.5%", func(s string) (float64, error) {
		v, err := parsePercent(s)
		if err == nil && (v <= 0 || v >= 1) {
			err = errors.New("write a percentage over 0% and under 100%")
		}
		return v, err
	}))
}

func readOver(d *decoder, n *yaml.Node, o *objectiveDraft) {
	v, ok := d.duration(n, time.Hour)
	if ok && v > maxObjectiveWindow {
		d.problem(n, "write at most %s", formatDuration(maxObjectiveWindow))
		return
	}
	set(&o.Over)(v, ok)
}

func readRate(d *decoder, n *yaml.Node, b *BurnRate) {
	v, ok := d.number(n)
	if ok && (v < 0.1 || v > 1e6) {
		d.problem(n, "write a number from 0.1 to 1000000")
		return
	}
	set(&b.Rate)(v, ok)
}

const (
	alertsOff     = "off"
	alertsDefault = "default"
)

func readAlerts(d *decoder, n *yaml.Node, o *objectiveDraft) {
	o.alerts = n
	word, ok := choice[string](d, n, []string{alertsOff, alertsDefault})
	switch {
	case !ok:
	case word == alertsOff:
		o.Burn = []BurnRate{}
	default:
		o.Burn = nil
	}
}

func readBurn(d *decoder, n *yaml.Node, o *objectiveDraft) {
	items, ok := d.items(n, "a list of burn rates, such as [{long: 1h, short: 5m, rate: 14.4}]")
	switch {
	case !ok:
		return
	case len(items) == 0:
		d.problem(n, "is empty: write alerts: off to have no alerts")
		return
	case len(items) > maxBurnRates:
		d.problem(n, "has %d burn rates: write at most %d", len(items), maxBurnRates)
		return
	}
	o.Burn, o.burn = nil, items
	for _, item := range items {
		b := BurnRate{Severity: SeverityCritical}
		burnRateObject.decode(d, item, &b)
		o.Burn = append(o.Burn, b)
	}
}

// readObjective reads the one promise of a check.
func readObjective(d *decoder, n *yaml.Node, c *checkDraft) {
	o := objectiveDraft{Objective: Objective{Over: defaultObjectiveWindow}}
	if len(c.Objectives) == 1 {
		o.Objective = c.Objectives[0]
	}
	d.objective(n, &o)
	c.Objectives = []Objective{o.Objective}
}

// readObjectives reads several promises. They replace those of the defaults.
func readObjectives(d *decoder, n *yaml.Node, c *checkDraft) {
	items, ok := d.items(n, "a list of objectives, such as [{good: 99.5%}, {good: 95%, latency: 800ms}]")
	if !ok {
		return
	}
	if len(items) > maxObjectives {
		d.problem(n, "has %d objectives: write at most %d", len(items), maxObjectives)
		return
	}
	c.Objectives = nil
	for _, item := range items {
		o := objectiveDraft{Objective: Objective{Over: defaultObjectiveWindow}}
		d.objective(item, &o)
		name := o.name()
		if slices.ContainsFunc(c.Objectives, func(other Objective) bool { return other.name() == name }) {
			d.problem(item, "objective %q is there twice: give one of them another name", name)
			continue
		}
		c.Objectives = append(c.Objectives, o.Objective)
	}
}

// objective reads one promise and finds what could never be kept or told.
func (d *decoder) objective(n *yaml.Node, o *objectiveDraft) {
	if !d.isMapping(n) {
		readGood(d, n, o)
		return
	}
	if _, ok := objectiveObject.decode(d, n, o); ok && o.Good == 0 {
		d.problem(n, "needs good, such as good: 99.5%%")
	}
	if o.alerts != nil && o.burn != nil {
		d.problem(o.alerts, "alerts and burn exclude each other: remove one")
	}
	for i, b := range o.Burn {
		at := n // inherited
		if o.burn != nil {
			if at = o.burn[i]; !d.isMapping(at) {
				continue
			}
		}
		if text := b.nonsense(&o.Objective); text != "" {
			d.problem(at, "burn: %s", text)
		}
	}
}

// nonsense says what keeps a burn rate from ever alerting, or nothing. What
// could not be read is zero and was already said.
func (b BurnRate) nonsense(o *Objective) string {
	switch {
	case b.Long == 0 || b.Short == 0 || b.Rate == 0:
		return "needs long, short and rate, such as {long: 1h, short: 5m, rate: 14.4}"
	case b.Short >= b.Long:
		return fmt.Sprintf("short (%s) must be below long (%s)", formatDuration(b.Short), formatDuration(b.Long))
	case b.Long > maxWindowRatio*b.Short:
		return fmt.Sprintf("long (%s) is more than %d times short (%s): write a longer short", formatDuration(b.Long), maxWindowRatio, formatDuration(b.Short))
	case b.Long > o.Over:
		return fmt.Sprintf("long (%s) must not be over the objective's window (%s)", formatDuration(b.Long), formatDuration(o.Over))
	case o.Good > 0 && b.Rate*(1-o.Good) >= 1:
		return fmt.Sprintf("rate %v is never reached: even if every run were bad, the budget would burn only %.3g times too fast", b.Rate, 1/(1-o.Good))
	}
	return ""
}

// name is what is given, or follows from what is promised.
func (o *Objective) name() string {
	switch {
	case o.Name != "":
		return o.Name
	case o.Latency > 0:
		return "latency"
	}
	return "availability"
}

// nameObjectives gives every objective its name.
func (c *checkDraft) nameObjectives() {
	c.Objectives = slices.Clone(c.Objectives)
	for i := range c.Objectives {
		c.Objectives[i].Name = c.Objectives[i].name()
	}
}

// oneWay finds objectives that are written in both ways.
func (d *decoder) oneWay(n *yaml.Node, entries []entry) {
	if has(entries, "objective") && has(entries, "objectives") {
		d.problem(n, "objective and objectives exclude each other: remove one")
	}
}
