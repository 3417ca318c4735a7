package checks

import (
	"fmt"
	"maps"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

var limitKeys = []key[Limit]{
	{name: "degraded", doc: "Going over it makes a run degraded.", form: durationForm,
		read:    func(d *decoder, n *yaml.Node, l *Limit) { set(&l.Degraded)(d.duration(n, time.Millisecond)) },
		instead: []string{"warn", "warning", "slow"}},
	{name: "failed", doc: "Going over it makes a run failed.", form: durationForm,
		read:    func(d *decoder, n *yaml.Node, l *Limit) { set(&l.Failed)(d.duration(n, time.Millisecond)) },
		instead: []string{"critical", "error", "fail"}},
}

var limitObject = object[Limit]{name: "limit", noun: "a threshold", doc: "Bounds on a duration.", keys: limitKeys}

// vitalDraft is a vital's limit while it is read: how, depends on the vital.
type vitalDraft struct {
	vital Vital
	VitalLimit
}

var vitalObject = object[vitalDraft]{name: "vital", noun: "a threshold", doc: "Bounds on a Web Vital: a duration or, for cls, a score.",
	keys: []key[vitalDraft]{
		{name: "degraded", doc: "Going over it makes a run degraded.", form: anyOf(durationForm, form{"type": "number"}),
			read: func(d *decoder, n *yaml.Node, v *vitalDraft) { set(&v.Degraded)(d.vitalBound(n, v.vital)) }},
		{name: "failed", doc: "Going over it makes a run failed.", form: anyOf(durationForm, form{"type": "number"}),
			read: func(d *decoder, n *yaml.Node, v *vitalDraft) { set(&v.Failed)(d.vitalBound(n, v.vital)) }},
	}}

var thresholdsObject = object[Thresholds]{name: "thresholds", noun: "thresholds",
	doc: "Bounds on what a journey or step may take. At a check, phases and vitals bound every step.",
	keys: append(lift(limitKeys, func(t *Thresholds) *Limit { return &t.Total }),
		key[Thresholds]{name: "phases", doc: "Bounds on parts of a request's time.", form: phasesForm(), read: readPhases},
		key[Thresholds]{name: "vitals", doc: "Bounds on the Web Vitals of a page.", form: vitalsForm(), read: readVitals},
	)}

func phasesForm() form {
	properties := form{}
	for _, p := range phases {
		properties[string(p)] = ref("limit")
	}
	return form{"type": "object", "properties": properties, "additionalProperties": false}
}

func vitalsForm() form {
	properties := form{}
	for _, v := range vitals {
		properties[string(v)] = ref("vital")
	}
	return form{"type": "object", "properties": properties, "additionalProperties": false}
}

func (d *decoder) readThresholds(n *yaml.Node, into *Thresholds) {
	thresholdsObject.decode(d, n, into)
}

func readPhases(d *decoder, n *yaml.Node, t *Thresholds) {
	limits := maps.Clone(t.Phases)
	if limits == nil {
		limits = map[Phase]Limit{}
	}
	entries, _ := d.entries(n, "phases with their bounds, such as {first_byte: {degraded: 300ms}}")
	for _, e := range entries {
		phase, ok := known(d, e, phases[:])
		if !ok {
			continue
		}
		limit := limits[phase]
		d.within("phases."+e.name, func() { limitObject.decode(d, e.value, &limit) })
		limits[phase] = limit
	}
	t.Phases = limits
}

func readVitals(d *decoder, n *yaml.Node, t *Thresholds) {
	limits := maps.Clone(t.Vitals)
	if limits == nil {
		limits = map[Vital]VitalLimit{}
	}
	entries, _ := d.entries(n, "vitals with their bounds, such as {lcp: {degraded: 2.5s}}")
	for _, e := range entries {
		vital, ok := known(d, e, vitals[:])
		if !ok {
			continue
		}
		draft := vitalDraft{vital, limits[vital]}
		d.within("vitals."+e.name, func() { vitalObject.decode(d, e.value, &draft) })
		limits[vital] = draft.VitalLimit
	}
	t.Vitals = limits
}

// otherNames are what other tools call the phases.
var otherNames = map[string]Phase{"dns": PhaseResolve, "tcp": PhaseConnect, "processing": PhaseFirstByte, "transfer": PhaseDownload}

// known reads a key that is one of a few words.
func known[T ~string](d *decoder, e entry, words []T) (T, bool) {
	if phase, ok := otherNames[e.name]; ok {
		d.problem(e.key, "unknown key %q, did you mean %q?", e.name, phase)
		return "", false
	}
	names := make([]string, len(words))
	for i, w := range words {
		if string(w) == e.name {
			return w, true
		}
		names[i] = string(w)
	}
	d.problem(e.key, "unknown key %q%s", cut(e.name), suggestion(e.name, names))
	return "", false
}

// vitalBound reads milliseconds or, for CLS, a score.
func (d *decoder) vitalBound(n *yaml.Node, v Vital) (float64, bool) {
	if v == VitalCLS {
		return d.number(n)
	}
	bound, ok := d.duration(n, time.Millisecond)
	return float64(bound) / float64(time.Millisecond), ok
}

// checkThresholds finds bounds that could never do anything.
func (d *decoder) checkThresholds(n *yaml.Node, t *Thresholds) {
	d.checkLimit(n, "", t.Total)
	for _, p := range phases {
		d.checkLimit(n, "phases."+string(p)+".", t.Phases[p])
	}
	for _, v := range vitals {
		if l := t.Vitals[v]; l.Degraded > 0 && l.Failed > 0 && l.Degraded >= l.Failed {
			d.problem(n, "thresholds: vitals.%s: degraded (%v) must be below failed (%v)", v, l.Degraded, l.Failed)
		}
	}
}

func (d *decoder) checkLimit(n *yaml.Node, name string, l Limit) {
	if l.Degraded > 0 && l.Failed > 0 && l.Degraded >= l.Failed {
		d.problem(n, "thresholds: %s", strings.TrimSpace(fmt.Sprintf("%sdegraded (%s) must be below failed (%s)", name, formatDuration(l.Degraded), formatDuration(l.Failed))))
	}
}
