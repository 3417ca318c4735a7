package storage

import (
	"encoding/json"
	"errors"
	"math"

	"outrider/probes"
)

// EncodeRun gives the JSON in which stores keep a run. Its error says that the
// run lacks what identifies it.
func EncodeRun(r *probes.Run) (string, error) {
	if r.ID == "" || r.CheckID == "" {
		return "", errors.New("a run needs an id and a check")
	}
	text, err := json.Marshal(r)
	var number *json.UnsupportedValueError
	if errors.As(err, &number) {
		// JSON has no NaN and no infinity: a run is worth more than a number
		// that says nothing.
		finite := finiteRun(*r)
		text, err = json.Marshal(&finite)
	}
	return string(text), err
}

// finiteRun gives a copy without numbers that JSON cannot write.
func finiteRun(r probes.Run) probes.Run {
	r.Disturbance = finite(r.Disturbance)
	r.CPUPressure, r.CPUThrottled = finite(r.CPUPressure), finite(r.CPUThrottled)
	r.Exceeded = append([]probes.Exceeded(nil), r.Exceeded...)
	for i := range r.Exceeded {
		r.Exceeded[i].Limit = finite(r.Exceeded[i].Limit)
		r.Exceeded[i].Got = finite(r.Exceeded[i].Got)
	}
	r.Steps = append([]probes.Step(nil), r.Steps...)
	for i, step := range r.Steps {
		if step.Vitals == nil {
			continue
		}
		v := *step.Vitals
		for _, p := range []**float64{&v.LCP, &v.CLS, &v.INP, &v.FCP, &v.TTFB, &v.TBT} {
			if *p != nil && finite(**p) != **p {
				*p = nil // not reported
			}
		}
		r.Steps[i].Vitals = &v
	}
	return r
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// DecodeRun reads what EncodeRun wrote, in this version or another. Fields that
// this one does not know are passed over. Whatever the JSON says, or if it says
// nothing, the result is the run whose ID, CheckID, Location, Outcome,
// Maintenance, Started and Duration of has: one unreadable run must not stop
// those who follow the log. The error says what could not be read.
func DecodeRun(of probes.Run, text []byte) (probes.Run, error) {
	run := of
	err := json.Unmarshal(text, &run)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		run = of
	}
	run.ID, run.CheckID, run.Location = of.ID, of.CheckID, of.Location
	run.Outcome, run.Maintenance = of.Outcome, of.Maintenance
	run.Started, run.Duration = of.Started, of.Duration
	return run, err
}
