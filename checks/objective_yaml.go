package checks

import (
	"errors"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

const defaultObjectiveWindow = 30 * 24 * time.Hour

var objectiveObject = object[Objective]{name: "objective", noun: "an objective", doc: "A promise: a share of good runs over a rolling window.",
	keys: []key[Objective]{
		{name: "good", doc: "The share of good runs, such as 99.5%.", form: percentForm, read: readGood, instead: []string{"target"}},
		{name: "over", doc: "The rolling window. Default: 30d.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Objective) { set(&o.Over)(d.duration(n, time.Hour)) }, instead: []string{"window"}},
		{name: "latency", doc: "A run is good only if its journey took no longer.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Objective) { set(&o.Latency)(d.duration(n, time.Millisecond)) }},
	},
	rules: form{"required": []string{"good"}}}

func readGood(d *decoder, n *yaml.Node, o *Objective) {
	set(&o.Good)(parsed(d, n, "a percentage such as 99.5%", func(s string) (float64, error) {
		v, err := parsePercent(s)
		if err == nil && (v <= 0 || v >= 1) {
			err = errors.New("write a percentage over 0% and under 100%")
		}
		return v, err
	}))
}

func readObjective(d *decoder, n *yaml.Node, c *checkDraft) {
	o := Objective{Over: defaultObjectiveWindow}
	if c.Objective != nil {
		o = *c.Objective
	}
	if !d.isMapping(n) {
		readGood(d, n, &o)
	} else if _, ok := objectiveObject.decode(d, n, &o); ok && o.Good == 0 {
		d.problem(n, "needs good, such as good: 99.5%%")
	}
	c.Objective = &o
}
