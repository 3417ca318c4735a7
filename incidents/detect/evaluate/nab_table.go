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
	t.row(name, fmt.Sprintf("%.1f", r.Normalised()), fmt.Sprintf("%.4f", r.Threshold), r.Hit, r.Windows, r.False, r.Rows)
}

func (t nabTable) flush() error { return t.w.Flush() }
