package backtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var page string

// maxCharts is how many locations are drawn.
const maxCharts = 20

// WriteHTML writes the report as one page that needs nothing else: no script,
// no font, no picture from elsewhere. Names and summaries come from sites and
// files, and are never taken for markup.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Parse(page)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := t.Execute(w, r.view()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// view is the report as its page shows it.
type view struct {
	Title, Data, Setting, Totals string
	Charts                       []chart
	Several                      bool // locations
	Alerts                       table
	Notes                        []noteRow
	Compared                     string // empty: nothing was recorded
	Comparison                   []comparisonRow
	Suggestion                   *suggestionView
	Remarks                      []string
}

type table struct {
	Rows []row
	More string
}

type noteRow struct{ At, Kind, Text string }

type suggestionView struct {
	Title, Refused, Reason, YAML string
	Settings                     [][3]string
	Alerts                       table
	Remarks                      []string
}

func (r *Report) view() view {
	v := view{
		Title: line(r.title()), Data: line(r.dataText()), Setting: line(r.Result.Setting.String()), Totals: r.Result.totalsText(),
		Several: len(r.Result.Profiles) > 1, Alerts: tableOf(r.Result), Remarks: lines(r.Remarks),
	}
	for i, p := range r.Result.Profiles {
		if i == maxCharts {
			v.Remarks = append(v.Remarks, fmt.Sprintf("%d more locations are not drawn.", len(r.Result.Profiles)-maxCharts))
			break
		}
		v.Charts = append(v.Charts, newChart(p, r))
	}
	for i := range r.Result.Notes {
		if i == maxLines {
			break
		}
		n := &r.Result.Notes[i]
		v.Notes = append(v.Notes, noteRow{timeText(n.At), line(string(n.Kind)), noteText(n, v.Several)})
	}
	if c := r.Comparison; c != nil {
		v.Compared = c.words()
		if v.Comparison = c.rows(); len(v.Comparison) > maxLines {
			v.Comparison = v.Comparison[:maxLines]
		}
	}
	if s := r.Suggestion; s != nil {
		v.Suggestion = &suggestionView{Title: "Suggestion, for at most one false alert in " + lengthText(s.Every), Refused: s.Refused}
		if s.Refused == "" {
			v.Suggestion.Reason, v.Suggestion.YAML, v.Suggestion.Remarks = s.reason(), s.YAML, lines(s.Remarks)
			v.Suggestion.Settings, v.Suggestion.Alerts = r.sideBySide(), tableOf(s.Result)
		}
	}
	return v
}

func tableOf(r *Result) table {
	var t table
	for i := range r.Alerts {
		if i == maxLines {
			t.More = "and " + count(len(r.Alerts)-maxLines) + " more"
			break
		}
		t.Rows = append(t.Rows, rowOf(&r.Alerts[i], r))
	}
	return t
}
