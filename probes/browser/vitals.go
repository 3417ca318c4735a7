package browser

import (
	"encoding/json"
	"math"

	"outrider/probes"
)

// vitalReport is one report of web-vitals (js/vitals.js).
type vitalReport struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// At is when the last thing happened that the value tells of, in
	// milliseconds since 1970.
	At float64 `json:"at"`
}

// parseVital reads a report; ok is false if it is none.
func parseVital(payload string) (r vitalReport, ok bool) {
	if len(payload) > 1<<10 || json.Unmarshal([]byte(payload), &r) != nil {
		return vitalReport{}, false
	}
	return r, !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) && r.Value >= 0
}

// keep puts a report into its place; a later one replaces an earlier.
func (r vitalReport) keep(v *probes.Vitals) {
	value := r.Value
	switch r.Name {
	case "LCP":
		v.LCP = &value
	case "CLS":
		v.CLS = &value
	case "INP":
		v.INP = &value
	case "FCP":
		v.FCP = &value
	case "TTFB":
		v.TTFB = &value
	}
}
