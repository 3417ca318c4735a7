package detect

import (
	"fmt"
	"slices"
	"time"

	"outrider/checks"
	"outrider/incidents/detect/forecast"
	"outrider/probes"
)

const (
	// expirySoon is how long before its end a certificate is warned of. Those
	// that renew themselves do so at a third of their life, 30 of 90 days.
	expirySoon = 14 * 24 * time.Hour
	// outlookEvery is how often the probability of a breach is computed anew:
	// models work on five minutes at a time.
	outlookEvery = 5 * time.Minute
	// The share of failed runs that is predicted is the one at which the budget
	// burns 14.4 times too fast (Site Reliability Workbook, chapter 5), within
	// what a run a minute can tell.
	pagingBurn                    = 14.4
	leastErrorRate, mostErrorRate = 0.05, 0.5
	partLatencyForecast           = "forecast/latency"
	partErrorForecast             = "forecast/errors"
	partOutlook                   = "outlook"
)

// outlook says what will come.
type outlook struct {
	latency, errors *forecast.Model // nil: not predicted
	latencyOptions  forecast.Options
	errorOptions    forecast.Options
	horizon         time.Duration
	on              bool
	outlookState
}

// outlookState is what is remembered besides the models.
type outlookState struct {
	// Reason says what is predicted; empty if nothing is.
	Reason string `json:"reason,omitempty"`
	// Ended says what became of the last prediction.
	Ended string `json:"ended,omitempty"`
	// Latency, Errors and Expiry are what is predicted to go wrong.
	Latency bool `json:"latency,omitempty"`
	Errors  bool `json:"errors,omitempty"`
	Expiry  bool `json:"expiry,omitempty"`
	// Chance is the probability of a breach as of Asked, Unix seconds.
	Chance float64 `json:"chance,omitempty"`
	Asked  int64   `json:"asked,omitempty"`
	// Held are the last runs, of which it is not yet known whether they belong
	// to an outage.
	Held []heldRun `json:"held,omitempty"`
}

// heldRun is when a run started, Unix nanoseconds, and whether it failed.
type heldRun struct {
	At     int64 `json:"at"`
	Failed bool  `json:"failed,omitempty"`
}

func (o *outlook) prepare(check *checks.Check, known map[string][]byte) error {
	*o = outlook{on: check.Detection.Forecast, horizon: check.Detection.Horizon}
	if !o.on {
		return nil
	}
	o.latencyOptions = latencyLimit(check)
	o.latency = forecast.New(o.latencyOptions)
	errs := []error{recall(known, partLatencyForecast, o.latency)}
	for i := range check.Objectives {
		if good := check.Objectives[i].Good; check.Objectives[i].Latency == 0 {
			o.errorOptions = forecast.Options{
				Kind: forecast.ErrorRate, Limit: min(max(pagingBurn*(1-good), leastErrorRate), mostErrorRate), Location: check.Schedule.Zone,
			}
			o.errors = forecast.New(o.errorOptions)
			errs = append(errs, recall(known, partErrorForecast, o.errors))
			break
		}
	}
	if data, ok := known[partOutlook]; ok {
		errs = append(errs, decodeJSON(data, &o.outlookState))
	}
	return joined(errs)
}

// latencyLimit is what the journey's latency is held against: the threshold
// that comes first, else what a promise says.
func latencyLimit(check *checks.Check) forecast.Options {
	o := forecast.Options{Location: check.Schedule.Zone}
	for _, limit := range []time.Duration{check.Thresholds.Total.Degraded, check.Thresholds.Total.Failed} {
		if limit > 0 {
			o.Limit = millis(limit)
			return o
		}
	}
	for i := range check.Objectives {
		if p := &check.Objectives[i]; p.Latency > 0 {
			o.Limit, o.Quantile = millis(p.Latency), min(p.Good, 0.95)
			return o
		}
	}
	return o
}

func (o *outlook) parts(list []part) []part {
	if !o.on {
		return list
	}
	list = addPart(list, partLatencyForecast, o.latency)
	if o.errors != nil {
		list = addPart(list, partErrorForecast, o.errors)
	}
	return append(list, part{partOutlook, mustJSON(o.outlookState)})
}

// observe feeds the models and notes what they predict and what became of it.
func (o *outlook) observe(t *turn, r *Result) {
	if !o.on {
		return
	}
	if s, ok := sampleOf(t); ok {
		o.hear(t, r, o.latency.Observe(s.At, s.Millis, s.Censored), o.latencyOptions, &o.Latency)
	}
	o.observeErrors(t, r)
	o.observeExpiry(t, r)
	if o.latencyOptions.Limit <= 0 {
		return
	}
	if now := t.run.Started.Unix(); now-o.Asked >= int64(outlookEvery/time.Second) {
		o.Asked, o.Chance = now, o.latency.BreachProbability(o.latencyOptions.Limit, o.horizon).Probability
	}
	chance := o.Chance
	r.Judgement.BreachProbability = &chance
}

// observeErrors feeds the model of the share of failed runs. An outage is no
// such share: its runs are held back until it is clear whether they belong to
// one.
func (o *outlook) observeErrors(t *turn, r *Result) {
	if o.errors == nil {
		return
	}
	if t.failing {
		o.Held = slices.DeleteFunc(o.Held, func(h heldRun) bool { return h.Failed })
		return
	}
	o.Held = append(o.Held, heldRun{t.run.Started.UnixNano(), t.run.Outcome == probes.Failed})
	for len(o.Held) > ruleOf(t.check.Confirm).Of {
		first := o.Held[0]
		o.Held = slices.Delete(o.Held, 0, 1)
		failed := 0.0
		if first.Failed {
			failed = 1
		}
		o.hear(t, r, o.errors.Observe(time.Unix(0, first.At).UTC(), failed, false), o.errorOptions, &o.Errors)
	}
}

// hear takes what a model says.
func (o *outlook) hear(t *turn, r *Result, c forecast.Change, options forecast.Options, predicted *bool) {
	text := t.check.Name + ": " + lowerFirst(c.Explain(options))
	switch c.Kind {
	case forecast.Raised:
		*predicted, o.Reason = true, text
		r.Notes = append(r.Notes, Note{Kind: NoteForecast, At: c.At.UTC(), Text: text})
	case forecast.CameTrue, forecast.Withdrawn:
		*predicted, o.Ended = false, text
		r.Notes = append(r.Notes, Note{Kind: NoteOutcome, At: c.At.UTC(), Text: text, CameTrue: c.Kind == forecast.CameTrue})
	}
}

// observeExpiry looks at the certificates that a run met.
func (o *outlook) observeExpiry(t *turn, r *Result) {
	var first *probes.Step
	for i := range t.run.Steps {
		step := &t.run.Steps[i]
		if step.HTTP == nil || step.HTTP.TLS == nil || !step.HTTP.TLS.Verified || step.HTTP.TLS.NotAfter.IsZero() {
			continue
		}
		if first == nil || step.HTTP.TLS.NotAfter.Before(first.HTTP.TLS.NotAfter) {
			first = step
		}
	}
	if first == nil {
		return
	}
	end := first.HTTP.TLS.NotAfter
	left := end.Sub(t.run.Started)
	switch soon := left < expirySoon; {
	case soon && !o.Expiry:
		o.Expiry = true
		o.Reason = fmt.Sprintf("%s: the certificate of %s (step %s) expires in %.0f days, on %s",
			t.check.Name, first.HTTP.TLS.Subject, first.Name, left.Hours()/24, end.UTC().Format("2 Jan 2006 15:04 UTC"))
		r.Notes = append(r.Notes, Note{Kind: NoteForecast, At: t.run.Started.UTC(), Text: o.Reason, Step: first.Name})
	case !soon && o.Expiry:
		o.Expiry = false
		o.Ended = fmt.Sprintf("%s: the certificate was renewed, it lasts until %s", t.check.Name, end.UTC().Format("2 Jan 2006"))
	}
}

// verdict says what is predicted. What has already come is no prediction.
func (o *outlook) verdict(t *turn, before Severity, inTrouble bool) Verdict {
	v := Verdict{Cause: CauseForecast, Before: before}
	if (o.Latency || o.Errors || o.Expiry) && !inTrouble {
		v.Severity = Notice
	}
	overtaken := inTrouble && (o.Latency || o.Errors)
	if inTrouble {
		// What has come is not predicted again when it goes.
		o.Latency, o.Errors = false, false
	}
	switch {
	case !v.Changed():
	case v.Severity == Notice:
		v.Summary, v.Since = o.Reason, t.run.Started.UTC()
	case overtaken:
		v.Summary = t.check.Name + ": what was predicted is overtaken by an incident"
	default:
		v.Summary = o.Ended
	}
	if v.Changed() && v.Summary == "" {
		v.Summary = t.check.Name + ": nothing is predicted any more"
	}
	return v
}
