package evaluate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// nabTable lines up columns: the first to the left, figures as they come.
type nabTable struct{ w *tabwriter.Writer }

func newNABTable(w io.Writer, titles ...string) nabTable {
	t := nabTable{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(t.w, strings.Join(titles, "\t"))
	return t
}

func (t nabTable) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = fmt.Sprint(c)
	}
	fmt.Fprintln(t.w, strings.Join(texts, "\t"))
}

func (t nabTable) result(name string, r NABResult) {
	score, threshold := "-", "-"
	if r.Windows > 0 {
		score = fmt.Sprintf("%.1f", r.Normalised())
	}
	if r.Threshold > 0 { // a sum over several has none
		threshold = fmt.Sprintf("%.4f", r.Threshold)
	}
	t.row(name, score, threshold, r.Hit, r.Windows, r.False, r.Rows)
}

func (t nabTable) flush() error { return t.w.Flush() }
