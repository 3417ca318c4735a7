package evaluate

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Scorer gives each sample of a series a score as it comes.
type Scorer func(at time.Time, value float64) float64

// NABOptions are what the table of the labelled benchmark is made from.
type NABOptions struct {
	Corpus []*NABSeries
	// New gives a fresh detector for each series.
	New func() Scorer
	// Scores replaces the detector by what one handed in before.
	Scores [][]float64
}

func (o NABOptions) scores() [][]float64 {
	if o.Scores != nil {
		return o.Scores
	}
	all := make([][]float64, len(o.Corpus))
	for i, s := range o.Corpus {
		all[i] = runNAB(s, o.New(), len(s.Values))
	}
	return all
}

// runNAB scores the first rows of a series.
func runNAB(s *NABSeries, score Scorer, rows int) []float64 {
	scores := make([]float64, rows)
	for i := range scores {
		scores[i] = score(s.Times[i], s.Values[i])
	}
	return scores
}

// NAB writes how the detector does on each series, at the one threshold that is
// best for the standard profile, and in total for each profile at that
// profile's best threshold, as the benchmark wants it.
func NAB(w io.Writer, o NABOptions) error {
	scores := o.scores()
	standard := NABProfiles()[0]
	threshold := BestNABThreshold(o.Corpus, scores, standard)
	table := newNABTable(w, "series", "raw", "hit", "windows", "false", "rows")
	for i, s := range o.Corpus {
		r := ScoreNAB(s, scores[i], threshold, standard)
		table.row(s.Name, fmt.Sprintf("%.2f", r.Raw), r.Hit, r.Windows, r.False, r.Rows)
	}
	if err := table.flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	table = newNABTable(w, "profile", "score", "threshold", "hit", "windows", "false", "rows")
	for _, p := range NABProfiles() {
		r := ScoreNABCorpus(o.Corpus, scores, BestNABThreshold(o.Corpus, scores, p), p)
		table.result(p.Name, r)
	}
	return table.flush()
}

// NABByCategory writes, for each category, how the detector does on it at the
// threshold that is best for all the others, and the sum: what to expect on
// series that had no say in the threshold. With a category named, only that one.
func NABByCategory(w io.Writer, o NABOptions, only string) error {
	scores := o.scores()
	categories := categories(o.Corpus)
	if only != "" && !slices.Contains(categories, only) {
		return fmt.Errorf("no category %q; there are: %v", only, categories)
	}
	table := newNABTable(w, "profile, category left out", "score", "threshold", "hit", "windows", "false", "rows")
	for _, p := range NABProfiles() {
		sum := NABResult{Profile: p}
		for _, c := range categories {
			if only != "" && c != only {
				continue
			}
			r := leaveOut(o.Corpus, scores, c, p)
			table.result(p.Name+", "+c, r)
			sum.add(r)
		}
		if only == "" {
			table.result(p.Name+", all", sum)
		}
	}
	return table.flush()
}

// categories are those of the series, in their order.
func categories(corpus []*NABSeries) (all []string) {
	for _, s := range corpus {
		if c := s.Category(); !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// leaveOut scores a category at the threshold of the others.
func leaveOut(corpus []*NABSeries, scores [][]float64, category string, p NABProfile) NABResult {
	var in, out []*NABSeries
	var inScores, outScores [][]float64
	for i, s := range corpus {
		if s.Category() == category {
			out, outScores = append(out, s), append(outScores, scores[i])
		} else {
			in, inScores = append(in, s), append(inScores, scores[i])
		}
	}
	return ScoreNABCorpus(out, outScores, BestNABThreshold(in, inScores, p), p)
}

// NABLookAhead runs the detector on series cut at the shares (0 to 1) of their
// lengths, and writes how many of the scores before the cut differ from those
// of the whole series. It fails if one does.
func NABLookAhead(w io.Writer, o NABOptions, cuts []float64) error {
	table := newNABTable(w, "cut", "series", "rows", "changed")
	whole := o.scores()
	bad := 0
	for _, cut := range cuts {
		rows, changed := 0, 0
		for i, s := range o.Corpus {
			n := int(cut * float64(len(s.Values)))
			for row, score := range runNAB(s, o.New(), n) {
				rows++
				if score != whole[i][row] {
					changed++
				}
			}
		}
		table.row(fmt.Sprintf("%g %%", 100*cut), len(o.Corpus), rows, changed)
		bad += changed
	}
	if err := table.flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d scores depend on what came later", bad)
	}
	return nil
}
