package checks

import (
	"errors"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

var detectionObject = object[Detection]{name: "detection", noun: "detection",
	doc: "What is watched for besides thresholds and promises.",
	keys: []key[Detection]{
		{name: "degradation", doc: "Whether to warn when the journey is slower than it usually is at this time of the week. Default: true.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.Degradation)(d.boolean(n)) }, instead: []string{"baseline", "anomalies"}},
		{name: "false_alarm_every", doc: "How far apart false alarms of degradation may be, on average. Default: 30d.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.FalseAlarmEvery)(d.duration(n, time.Hour)) }, instead: []string{"false_alarms", "sensitivity"}},
		{name: "smallest_change", doc: "The least slowdown that matters, as a share of what is usual. Default: 10%.", form: percentForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) {
				set(&o.SmallestChange)(parsed(d, n, "a percentage such as 10%", func(s string) (float64, error) {
					v, err := parsePercent(s)
					if err == nil && (v < 0 || v > 10) {
						err = errors.New("write a percentage from 0% to 1000%")
					}
					return v, err
				}))
			}},
		{name: "smallest_delay", doc: "The least slowdown that matters, as a time; both must be gone over. Default: 20ms.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.SmallestDelay)(d.duration(n, 0)) }},
		{name: "accept_after", doc: "How long an alarm stands before the new level is taken for the usual one. Default: 1d.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.AcceptAfter)(d.duration(n, 10*time.Minute)) }},
		{name: "forecast", doc: "Whether to predict that a threshold or promise will be broken. Predictions have the severity notice. Default: true.", form: boolForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.Forecast)(d.boolean(n)) }, instead: []string{"prediction", "predictions"}},
		{name: "horizon", doc: "How far ahead predictions look. Default: 6h.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, o *Detection) { set(&o.Horizon)(d.duration(n, 10*time.Minute)) }},
	}}

// readDetection reads "false" for neither, or what is watched for.
func readDetection(d *decoder, n *yaml.Node, c *checkDraft) {
	if d.isMapping(n) {
		detectionObject.decode(d, n, &c.Detection)
		return
	}
	if on, ok := d.boolean(n); ok {
		c.Detection.Degradation, c.Detection.Forecast = on, on
	}
}
