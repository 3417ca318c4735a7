package web

import (
	"strings"

	"outrider/checks"
	"outrider/probes"
)

// vitalsRow is the Web Vitals of the page that a step left behind.
type vitalsRow struct {
	Step    string
	View    string // address of the view, after a soft navigation
	Vitals  []vitalView
	Because []becauseView
}

// becauseView says what made a vital what it is.
type becauseView struct{ Name, Text string }

// vitalView is one vital and how it is rated.
type vitalView struct {
	Name   string // LCP
	Long   string // largest contentful paint
	Value  string
	Rating string // good, needs improvement, poor
	Bounds string
}

// vitalBound is where Google's web-vitals rating changes: up to Good a value
// is good, over Poor it is poor (web.dev/articles/vitals).
type vitalBound struct {
	long       string
	good, poor float64
}

func boundOf(v checks.Vital) vitalBound {
	switch v {
	case checks.VitalLCP:
		return vitalBound{"largest contentful paint", 2500, 4000}
	case checks.VitalCLS:
		return vitalBound{"cumulative layout shift", 0.1, 0.25}
	case checks.VitalINP:
		return vitalBound{"interaction to next paint", 200, 500}
	case checks.VitalFCP:
		return vitalBound{"first contentful paint", 1800, 3000}
	case checks.VitalTTFB:
		return vitalBound{"time to first byte", 800, 1800}
	case checks.VitalTBT: // as Lighthouse rates it on desktops
		return vitalBound{"total blocking time", 150, 350}
	}
	return vitalBound{}
}

// rate gives the rating of a value.
func rate(v checks.Vital, value float64) string {
	switch b := boundOf(v); {
	case value <= b.good:
		return "good"
	case value <= b.poor:
		return "needs improvement"
	}
	return "poor"
}

// vitalsRows gives the vitals of every step that has some.
func vitalsRows(run *probes.Run) []vitalsRow {
	var out []vitalsRow
	for i := range run.Steps {
		st := &run.Steps[i]
		row := vitalsRow{Step: st.Name}
		if st.Vitals != nil {
			row.View = st.Vitals.SoftNavigation
		}
		for _, name := range checks.Vitals() {
			value := st.Vitals.Of(name)
			if value == nil {
				continue
			}
			if text := run.Because(i, name); text != "" {
				row.Because = append(row.Because, becauseView{strings.ToUpper(string(name)), text})
			}
			b := boundOf(name)
			row.Vitals = append(row.Vitals, vitalView{
				Name: strings.ToUpper(string(name)), Long: b.long, Value: showMilliseconds(*value, string(name)), Rating: rate(name, *value),
				Bounds: "good up to " + showMilliseconds(b.good, string(name)) + ", poor over " + showMilliseconds(b.poor, string(name)),
			})
		}
		if len(row.Vitals) > 0 {
			out = append(out, row)
		}
	}
	return out
}
