package checks

import (
	yaml "go.yaml.in/yaml/v4"
)

var loadObject = object[LoadSeries]{name: "load", noun: "a load series", doc: "Where the load comes from that latency is held against: a CSV file or a Flux query.",
	keys: []key[LoadSeries]{
		{name: "csv", doc: "Path of a CSV file of timestamp,value, relative to this file.", form: textForm, read: readLoadFile, instead: []string{"file", "path"}},
		{name: "flux", doc: "Flux query against the InfluxDB of the settings that gives one series of _time and _value.", form: textForm,
			read: func(d *decoder, n *yaml.Node, l *LoadSeries) { set(&l.Flux)(d.bounded(n, maxFlux)) }, instead: []string{"query", "influx", "influxdb"}},
		{name: "unit", doc: "Unit of the load for people, such as /min.", form: textForm,
			read: func(d *decoder, n *yaml.Node, l *LoadSeries) { set(&l.Unit)(d.bounded(n, 20)) }},
	}}

func readLoadFile(d *decoder, n *yaml.Node, l *LoadSeries) {
	if path, ok := d.bounded(n, 4096); ok {
		if path == "" {
			d.problem(n, "write the path of a file")
			return
		}
		l.CSV = d.source.resolvePath(path)
	}
}

func readLoad(d *decoder, n *yaml.Node, c *checkDraft) {
	var l LoadSeries
	entries, ok := loadObject.decode(d, n, &l)
	if !ok {
		return
	}
	switch csv, flux := has(entries, "csv"), has(entries, "flux"); {
	case csv && flux:
		d.problem(n, "csv and flux exclude each other: remove one")
	case !csv && !flux:
		d.problem(n, "needs csv or flux, such as csv: visitors.csv")
	}
	c.Load = &l
}
