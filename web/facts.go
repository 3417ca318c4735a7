package web

import (
	"fmt"
	"strings"
	"time"

	"outrider/checks"
)

// facts puts a check's definition into words.
func facts(c *checks.Check) []fact {
	var out []fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, fact{name, value})
		}
	}
	add("Runs", schedule(c.Schedule))
	add("Active", activeHours(c.Schedule))
	for _, m := range c.Schedule.Maintenance {
		add("Maintenance", maintenance(m))
	}
	if c.Timeout > 0 {
		add("Timeout", showSpan(c.Timeout))
	}
	if c.Retries.Count > 0 {
		add("Retries", fmt.Sprintf("%d, first after %s", c.Retries.Count, showSpan(c.Retries.Backoff)))
	}
	add("Thresholds", thresholds(c.Thresholds))
	if c.Confirm.Failures > 0 {
		add("Incident", fmt.Sprintf("opens after %d bad of %d runs, ends after %s in a row",
			c.Confirm.Failures, max(c.Confirm.Of, c.Confirm.Failures), plural(c.Confirm.Recovery, "good run", "good runs")))
	}
	for _, o := range c.Objectives {
		add("Objective", objective(o, len(c.Objectives) > 1)+burnRemarks(c, &o))
	}
	add("Locations", strings.Join(c.Locations, ", "))
	add("Told", strings.Join(c.Notify, ", "))
	return out
}

// objective puts a promise into words.
func objective(o checks.Objective, named bool) string {
	text := showPercent(o.Good) + " of runs good over " + showSpan(o.Over)
	if o.Latency > 0 {
		text += ", each within " + showSpan(o.Latency)
	}
	if named {
		text = o.Name + ": " + text
	}
	if o.Burn != nil && len(o.Burn) == 0 {
		text += "; no alerts"
	}
	for i, b := range o.Burn {
		if i == 0 {
			text += "; alerts at"
		} else {
			text += ","
		}
		text += fmt.Sprintf(" %g× over %s and %s (%s)", b.Rate, showSpan(b.Long), showSpan(b.Short), b.Severity)
	}
	return text
}

// schedule says when a check runs.
func schedule(s checks.Schedule) string {
	switch {
	case s.Every > 0:
		return "every " + showSpan(s.Every)
	case s.Cron != "":
		return "cron " + s.Cron + " (" + zone(s) + ")"
	}
	return ""
}

func zone(s checks.Schedule) string {
	if s.Zone == nil {
		return "UTC"
	}
	return s.Zone.String()
}

// activeHours says to which hours runs are limited.
func activeHours(s checks.Schedule) string {
	var spans []string
	for _, a := range s.Active {
		days := "daily"
		if len(a.Days) > 0 {
			names := make([]string, len(a.Days))
			for i, d := range a.Days {
				names[i] = d.String()[:3]
			}
			days = strings.Join(names, " ")
		}
		spans = append(spans, days+" "+clock(a.From)+"–"+clock(a.To))
	}
	if len(spans) == 0 {
		return ""
	}
	return strings.Join(spans, ", ") + " (" + zone(s) + ")"
}

// clock writes a time of day.
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// maintenance says when a planned window is.
func maintenance(m checks.Maintenance) string {
	text := showTime(m.From) + " – " + showTime(m.To)
	if m.Cron != "" {
		text = "cron " + m.Cron + " for " + showSpan(m.For)
	}
	if m.Reason != "" {
		text += ": " + m.Reason
	}
	return text
}

// thresholds puts bounds into words, in the order in which they are met.
func thresholds(t checks.Thresholds) string {
	var out []string
	add := func(name, degraded, failed string) {
		var parts []string
		if degraded != "" {
			parts = append(parts, "degraded over "+degraded)
		}
		if failed != "" {
			parts = append(parts, "failed over "+failed)
		}
		if len(parts) > 0 {
			out = append(out, strings.TrimSpace(name+" "+strings.Join(parts, ", ")))
		}
	}
	limit := func(d time.Duration) string {
		if d <= 0 {
			return ""
		}
		return showSpan(d)
	}
	add("", limit(t.Total.Degraded), limit(t.Total.Failed))
	for _, p := range checks.Phases() {
		if l, ok := t.Phases[p]; ok {
			add(measureName(string(p)), limit(l.Degraded), limit(l.Failed))
		}
	}
	for _, v := range checks.Vitals() {
		if l, ok := t.Vitals[v]; ok {
			score := func(f float64) string {
				if f <= 0 {
					return ""
				}
				return showMilliseconds(f, string(v))
			}
			add(measureName(string(v)), score(l.Degraded), score(l.Failed))
		}
	}
	return strings.Join(out, "; ")
}

// stepFacts lists the steps of a check as defined.
func stepFacts(c *checks.Check) []stepFact {
	out := make([]stepFact, len(c.Journey.Steps))
	for i, st := range c.Journey.Steps {
		out[i] = stepFact{Number: i + 1, Name: st.Name, Thresholds: thresholds(st.Thresholds)}
		if st.Action != nil {
			out[i].Verb = st.Action.Verb()
		}
	}
	return out
}
