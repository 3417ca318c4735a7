package evaluate

import (
	"fmt"
	"io"
)

// NABVariant is a detector with something about it changed.
type NABVariant struct {
	Name string
	New  func() Scorer
}

// NABSensitivity writes what each variant makes of the corpus, on the standard
// profile: with the threshold chosen on all of it, and with each category at
// the threshold of the others. Figures that hang on one constant are luck.
func NABSensitivity(w io.Writer, corpus []*NABSeries, variants []NABVariant) error {
	p := NABProfiles()[0]
	table := newNABTable(w, "variant", "score", "by category", "hit", "windows", "false")
	for _, v := range variants {
		o := NABOptions{Corpus: corpus, New: v.New}
		scores := o.scores()
		r := ScoreNABCorpus(corpus, scores, BestNABThreshold(corpus, scores, p), p)
		apart := NABResult{Profile: p}
		for _, c := range categories(corpus) {
			apart.add(leaveOut(corpus, scores, c, p))
		}
		table.row(v.Name, fmt.Sprintf("%.1f", r.Normalised()), fmt.Sprintf("%.1f", apart.Normalised()), r.Hit, r.Windows, r.False)
	}
	return table.flush()
}
