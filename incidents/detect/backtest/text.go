package backtest

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"outrider/checks"
	"outrider/incidents/detect"
)

// maxLines is how many rows of a table are written for people; JSON has all.
const maxLines = 200

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: what would have alerted\n\n", line(r.title()))
	fmt.Fprintf(&b, "Data      %s\n", line(r.dataText()))
	fmt.Fprintf(&b, "Setting   %s\n", line(r.Result.Setting.String()))
	fmt.Fprintf(&b, "Totals    %s\n\n", r.Result.totalsText())
	r.writeAlerts(&b, r.Result)
	r.writeNotes(&b)
	if r.Comparison != nil {
		r.writeComparison(&b)
	}
	if r.Suggestion != nil {
		r.writeSuggestion(&b)
	}
	if len(r.Remarks) > 0 {
		b.WriteString("\nMind:\n")
		for _, m := range r.Remarks {
			fmt.Fprintf(&b, "- %s\n", line(m))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) title() string {
	if r.Name == "" || r.Name == r.Check {
		return r.Check
	}
	return r.Check + " (" + r.Name + ")"
}

func (r *Report) dataText() string {
	c := r.Result.Runs
	text := plural(c.Total, "run", "runs")
	if r.Source != "" {
		text += " from " + r.Source
	}
	text += fmt.Sprintf(", %s to %s UTC (%s)", timeText(r.Result.From), timeText(r.Result.To), lengthText(r.Result.To.Sub(r.Result.From)))
	if n := len(r.Result.Profiles); n > 1 {
		text += fmt.Sprintf(", at %d locations", n)
	}
	for _, k := range [...]struct {
		n    int
		what string
	}{{c.Failed, "failed"}, {c.Degraded, "degraded"}, {c.Unknown, "unknown"}, {c.Maintenance, "in maintenance"}} {
		if k.n > 0 {
			text += fmt.Sprintf(", %s %s", count(k.n), k.what)
		}
	}
	if c.Before > 0 {
		text += fmt.Sprintf("; %s before were learnt from", plural(c.Before, "run", "runs"))
	}
	return text
}

func (r *Result) totalsText() string {
	t := r.Totals
	text := plural(t.Alerts, "alert", "alerts")
	var causes []string
	for _, c := range detect.Causes() {
		if n := t.ByCause[c]; n > 0 && c != detect.CauseForecast {
			causes = append(causes, fmt.Sprintf("%d %s", n, c))
		}
	}
	if len(causes) > 0 {
		text += " (" + strings.Join(causes, ", ") + ")"
	}
	if t.Notices > 0 {
		text += " and " + plural(t.Notices, "notice", "notices")
	}
	text += fmt.Sprintf("; %s alerts per check-week; %s of the time in alert", decimal(t.AlertsPerWeek, 2), percent(t.InAlert))
	if t.Predictions > 0 {
		text += fmt.Sprintf("; %d of %s came true", t.CameTrue, plural(t.Predictions, "prediction", "predictions"))
	}
	if r.AlertsLeftOut > 0 {
		text += fmt.Sprintf("; %s more alerts are in no figure", count(r.AlertsLeftOut))
	}
	return text
}

// row is an alert in words.
type row struct {
	Opened, Location, Cause, Severity, Lasted, BadRuns, Summary string
	Findings                                                    []string
}

func rowOf(a *Alert, r *Result) row {
	out := row{
		Opened: timeText(a.Opened), Location: line(a.Location), Cause: line(string(a.Cause)), Severity: line(string(a.Severity)),
		Lasted: lengthText(lasted(a, r.To)), BadRuns: count(a.BadRuns), Summary: line(a.Summary),
	}
	if a.Resolved.IsZero() {
		out.Lasted += ", open"
	}
	for _, f := range a.Findings {
		out.Findings = append(out.Findings, line(f))
	}
	return out
}

func (r *Report) writeAlerts(b *strings.Builder, result *Result) {
	if len(result.Alerts) == 0 {
		b.WriteString("Nothing would have alerted.\n")
		return
	}
	several := len(result.Profiles) > 1
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	head := "OPENED (UTC)\tLOCATION\tCAUSE\tSEVERITY\tLASTED\tBAD RUNS\tSUMMARY"
	if !several {
		head = strings.Replace(head, "LOCATION\t", "", 1)
	}
	fmt.Fprintln(t, head)
	for i := range result.Alerts {
		if i == maxLines {
			break
		}
		a := rowOf(&result.Alerts[i], result)
		cells := []string{a.Opened, a.Location, a.Cause, a.Severity, a.Lasted, a.BadRuns, a.Summary}
		if !several {
			cells = append(cells[:1], cells[2:]...)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
		for _, f := range a.Findings {
			fmt.Fprintln(t, strings.Repeat("\t", len(cells)-1)+"- "+f)
		}
	}
	t.Flush()
	if n := len(result.Alerts) - maxLines; n > 0 {
		fmt.Fprintf(b, "and %s more: --format json lists them all\n", count(n))
	}
}

func (r *Report) writeNotes(b *strings.Builder) {
	if len(r.Result.Notes) == 0 {
		return
	}
	b.WriteString("\nNotes\n")
	for i, n := range r.Result.Notes {
		if i == maxLines {
			fmt.Fprintf(b, "and %s more: --format json lists them\n", count(len(r.Result.Notes)-maxLines))
			break
		}
		fmt.Fprintf(b, "%s  %s\n", timeText(n.At), noteText(&n, len(r.Result.Profiles) > 1))
	}
}

func noteText(n *Note, several bool) string {
	text := line(n.Text)
	if n.Kind == detect.NoteDeploy {
		text = "deployment " + text
	}
	if several && n.Location != "" {
		text = line(n.Location) + ": " + text
	}
	return text
}

func (r *Report) writeComparison(b *strings.Builder) {
	c := r.Comparison
	fmt.Fprintf(b, "\nAgainst what was recorded: %s\n", c.words())
	if len(c.Matched)+len(c.OnlyRecorded)+len(c.OnlyBacktest) == 0 {
		return
	}
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tOPENED (UTC)\tCAUSE\tSUMMARY")
	rows := c.rows()
	for i, k := range rows {
		if i == maxLines {
			break
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", k.What, k.Opened, k.Cause, k.Summary)
	}
	t.Flush()
	if n := len(rows) - maxLines; n > 0 {
		fmt.Fprintf(b, "and %s more: --format json lists them all\n", count(n))
	}
}

func (c *Comparison) words() string {
	return fmt.Sprintf("%s matched, %d only recorded, %d only in the backtest",
		plural(len(c.Matched), "incident", "incidents"), len(c.OnlyRecorded), len(c.OnlyBacktest))
}

// comparisonRow is a line of the comparison in words.
type comparisonRow struct{ What, Opened, Cause, Summary string }

func (c *Comparison) rows() []comparisonRow {
	var out []comparisonRow
	for i := range c.Matched {
		m := &c.Matched[i]
		what := "both"
		switch d := m.Later(); {
		case d <= -1e9:
			what += ", " + lengthText(-d) + " earlier"
		case d >= 1e9:
			what += ", " + lengthText(d) + " later"
		}
		cause := line(string(m.Recorded.Cause))
		if m.Alert.Cause != m.Recorded.Cause {
			cause += ", as " + line(string(m.Alert.Cause))
		}
		out = append(out, comparisonRow{what, timeText(m.Recorded.Opened), cause, line(m.Recorded.Summary)})
	}
	for _, i := range c.OnlyRecorded {
		out = append(out, comparisonRow{"only recorded", timeText(i.Opened), line(string(i.Cause)), line(i.Summary)})
	}
	for _, a := range c.OnlyBacktest {
		out = append(out, comparisonRow{"only backtest", timeText(a.Opened), line(string(a.Cause)), line(a.Summary)})
	}
	return out
}

func (r *Report) writeSuggestion(b *strings.Builder) {
	s := r.Suggestion
	fmt.Fprintf(b, "\nSuggestion, for at most one false alert in %s\n", lengthText(s.Every))
	if s.Refused != "" {
		fmt.Fprintln(b, s.Refused)
		return
	}
	fmt.Fprintf(b, "%s\n\n", s.reason())
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, k := range r.sideBySide() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", k[0], k[1], k[2])
	}
	t.Flush()
	for _, m := range s.Remarks {
		fmt.Fprintf(b, "%s\n", line(m))
	}
	b.WriteString("\nWith the suggestion:\n")
	r.writeAlerts(b, s.Result)
	fmt.Fprintf(b, "\nTo paste into the definitions:\n\n%s", indent(s.YAML))
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// sideBySide is a table of the present and the suggested setting, its head
// first.
func (r *Report) sideBySide() [][3]string {
	s, now, then := r.Suggestion, r.Result, r.Suggestion.Result
	falseNow := "unknown"
	if s.PresentFalse >= 0 {
		falseNow = count(s.PresentFalse)
	}
	degraded, failed := limitText(now.Setting.Degraded), limitText(now.Setting.Failed)
	if now.Setting.AsRecorded {
		degraded, failed = "as recorded", "as recorded"
	}
	return [][3]string{
		{"", "PRESENT", "SUGGESTED"},
		{"Degraded over", degraded, limitText(s.Degraded)},
		{"Failed over", failed, limitText(s.Failed)},
		{"Confirmed by", now.Setting.Confirm, s.confirm()},
		{"Threshold alerts outside known trouble", falseNow, count(s.False)},
		{"Alerts", count(now.Totals.Alerts), count(then.Totals.Alerts)},
		{"Notices", count(now.Totals.Notices), count(then.Totals.Notices)},
		{"Alerts per check-week", decimal(now.Totals.AlertsPerWeek, 2), decimal(then.Totals.AlertsPerWeek, 2)},
		{"Time in alert", percent(now.Totals.InAlert), percent(then.Totals.InAlert)},
	}
}

func (s *Suggestion) confirm() string {
	return confirmText(checks.Confirm{Failures: s.Failures, Of: s.Of})
}

// reason says what the suggestion rests on.
func (s *Suggestion) reason() string {
	d := s.Data
	text := fmt.Sprintf("%s in no trouble over %s, typically %s", plural(d.Runs, "run", "runs"), lengthText(d.Span), latencyText(d.Typical))
	var left []string
	if n := d.LeftOut.Outages; n > 0 {
		left = append(left, plural(n, "outage", "outages"))
	}
	if n := d.LeftOut.Slow; n > 0 {
		left = append(left, plural(n, "slow spell", "slow spells"))
	}
	if len(left) > 0 {
		text += fmt.Sprintf("; %s left out, %s with what is around", strings.Join(left, " and "), lengthText(d.LeftOut.OutageTime+d.LeftOut.SlowTime))
	}
	text += fmt.Sprintf(". %s over %s once in %s; at 80 %% confidence, over no more than %s",
		s.ruleText(), latencyText(s.Estimate), lengthText(s.Every), latencyText(s.Upper))
	if s.Every-d.Span > s.Every/20 {
		text += ": extrapolated from " + lengthText(d.Span)
	}
	return text + "."
}

func (s *Suggestion) ruleText() string {
	if s.Of == 1 {
		return "A run is"
	}
	return fmt.Sprintf("%d of %d runs are", s.Failures, s.Of)
}
