package checks

import (
	"maps"
	"regexp"

	yaml "go.yaml.in/yaml/v4"
)

const maxLabels = 32

var labelName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

func readLabels(d *decoder, n *yaml.Node, c *checkDraft) {
	entries, ok := d.entries(n, "labels, such as {component: shop, tier: gold}")
	if !ok {
		return
	}
	labels := maps.Clone(c.Labels)
	if labels == nil {
		labels = make(map[string]string, len(entries))
	}
	for _, e := range entries {
		if !labelName.MatchString(e.name) {
			d.problem(e.key, "found %q: write a name of at most 64 letters, digits, _, - and .", cut(e.name))
			continue
		}
		if v, ok := d.bounded(e.value, 256); ok {
			labels[e.name] = v
		}
	}
	if len(labels) > maxLabels {
		d.problem(n, "has %d names: write at most %d", len(labels), maxLabels)
	}
	c.Labels = labels
}
