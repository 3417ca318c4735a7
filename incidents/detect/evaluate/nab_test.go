package evaluate

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// syntheticNAB writes a corpus of three series, without, with one and with two
// windows, and reads it back.
func syntheticNAB(t *testing.T) []*NABSeries {
	t.Helper()
	folder := t.TempDir()
	start := time.Date(2014, 4, 1, 0, 0, 0, 0, time.UTC)
	stamp := func(row int) string { return start.Add(time.Duration(row) * 5 * time.Minute).Format(nabStamp) }
	for name, rows := range map[string]int{"quiet/none.csv": 6000, "loud/one.csv": 1000, "loud/two.csv": 400} {
		var text strings.Builder
		text.WriteString("timestamp,value\n")
		for i := range rows {
			fmt.Fprintf(&text, "%s,%d\n", stamp(i), i%7)
		}
		writeFile(t, filepath.Join(folder, "data", name), text.String())
	}
	labels := fmt.Sprintf(`{"quiet/none.csv": [], "loud/one.csv": [["%s.000000", "%s.000000"]],
		"loud/two.csv": [["%s.000000", "%s.000000"], ["%s.000000", "%s.000000"]]}`,
		stamp(500), stamp(599), stamp(300), stamp(309), stamp(100), stamp(119))
	writeFile(t, filepath.Join(folder, "labels.json"), labels)
	corpus, err := LoadNAB(filepath.Join(folder, "data"), filepath.Join(folder, "labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	return corpus
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// marks gives score 1 to the rows that are named by series, 0 to all others.
func marks(corpus []*NABSeries, rows map[string][]int) [][]float64 {
	scores := make([][]float64, len(corpus))
	for i, s := range corpus {
		scores[i] = make([]float64, len(s.Values))
		for _, row := range rows[s.Name] {
			scores[i][row] = 1
		}
	}
	return scores
}

func TestNABReadsWindows(t *testing.T) {
	corpus := syntheticNAB(t)
	if len(corpus) != 3 || corpus[0].Name != "loud/one.csv" || corpus[0].Category() != "loud" {
		t.Fatalf("got %d series, first %q", len(corpus), corpus[0].Name)
	}
	want := []NABWindow{{100, 119}, {300, 309}}
	if got := corpus[1].Windows; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("windows %v, want %v", got, want)
	}
	for i, want := range []int{150, 60, 750} {
		if got := corpus[i].Probation(); got != want {
			t.Errorf("%s: probation %d, want %d", corpus[i].Name, got, want)
		}
	}
}

func TestNABTrivialDetectors(t *testing.T) {
	corpus := syntheticNAB(t)
	first := map[string][]int{"loud/one.csv": {500}, "loud/two.csv": {100, 300}}
	probation := map[string][]int{"quiet/none.csv": {0, 749}, "loud/one.csv": {0, 149}}
	tests := []struct {
		name   string
		scores [][]float64
		want   float64
	}{
		{"never flags", marks(corpus, nil), 0},
		{"flags the first row of each window", marks(corpus, first), 100},
		{"flags the probation only", marks(corpus, probation), 0},
	}
	for _, test := range tests {
		for _, p := range NABProfiles() {
			t.Run(test.name+", "+p.Name, func(t *testing.T) {
				threshold := BestNABThreshold(corpus, test.scores, p)
				r := ScoreNABCorpus(corpus, test.scores, threshold, p)
				if got := r.Normalised(); math.Abs(got-test.want) > 1e-9 || r.False != 0 {
					t.Errorf("got %v with %d false rows, want %v", got, r.False, test.want)
				}
				if fixed := ScoreNABCorpus(corpus, test.scores, 1, p).Normalised(); math.Abs(fixed-test.want) > 1e-9 {
					t.Errorf("at threshold 1: got %v, want %v", fixed, test.want)
				}
			})
		}
	}
}

// TestNABByHand works the rules out for one series: windows 100..119 and
// 300..309 of 400 rows, probation 60.
func TestNABByHand(t *testing.T) {
	two := syntheticNAB(t)[1]
	s := func(x float64) float64 { return 2/(1+math.Exp(5*x)) - 1 }
	for x, want := range map[float64]float64{-1: 0.98661, -0.5: 0.84828, 0: 0, 1: -0.98661, 3.01: -1} {
		if got := sigmoid(x); math.Abs(got-want) > 1e-5 {
			t.Errorf("sigmoid(%v) = %v, want %v", x, got, want)
		}
	}
	standard := NABProfiles()[0]
	tests := []struct {
		name string
		rows []int
		want float64
	}{
		{"nothing", nil, -2},
		{"before any window", []int{60}, -2.11},
		{"in the middle of the first", []int{110}, s(-0.5)/s(-1) - 1},
		{"last row of the first", []int{119}, s(-1.0/20)/s(-1) - 1},
		{"earliest counts", []int{110, 115, 119}, s(-0.5)/s(-1) - 1},
		{"one behind the first", []int{120}, 0.11*s(1.0/19) - 2},
		{"far behind the first", []int{250}, -0.11 - 2},
		{"one before the second costs all", []int{299}, -0.11 - 2},
		{"behind the second", []int{318}, 0.11*s(1) - 2},
		{"both and two false", []int{100, 200, 201, 300}, 2 - 2*0.11},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			scores := make([]float64, len(two.Values))
			for _, row := range test.rows {
				scores[row] = 0.7
			}
			if r := ScoreNAB(two, scores, 0.7, standard); math.Abs(r.Raw-test.want) > 1e-12 {
				t.Errorf("raw score %v, want %v", r.Raw, test.want)
			}
		})
	}
}

// TestNABThreshold compares the sweep with trying every score.
func TestNABThreshold(t *testing.T) {
	corpus := syntheticNAB(t)
	scores := make([][]float64, len(corpus))
	for i, s := range corpus {
		scores[i] = make([]float64, len(s.Values))
		for row := range scores[i] {
			scores[i][row] = float64((row*7919+i*31)%101) / 101
		}
	}
	scores[0][520], scores[0][521], scores[0][522] = 1, math.NaN(), 0.999
	for _, p := range NABProfiles() {
		best, want := math.Inf(-1), 0.0
		for _, candidate := range append([]float64{1.1, 1, 0.999}, hundredths()...) {
			if raw := ScoreNABCorpus(corpus, scores, candidate, p).Raw; raw > best+1e-9 {
				best, want = raw, candidate
			}
		}
		if got := BestNABThreshold(corpus, scores, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: threshold %v, want %v", p.Name, got, want)
		}
	}
}

// hundredths are the scores k/101, the highest first.
func hundredths() (all []float64) {
	for k := 100; k >= 0; k-- {
		all = append(all, float64(k)/101)
	}
	return all
}

func TestNABLookAhead(t *testing.T) {
	corpus := syntheticNAB(t)
	causal := func() Scorer {
		sum := 0.0
		return func(_ time.Time, v float64) float64 { sum += v; return sum }
	}
	if err := NABLookAhead(&strings.Builder{}, NABOptions{Corpus: corpus, New: causal}, []float64{0.3, 0.9}); err != nil {
		t.Error(err)
	}
	runs := 0.0
	peeks := func() Scorer {
		runs++
		return func(time.Time, float64) float64 { return runs }
	}
	if err := NABLookAhead(&strings.Builder{}, NABOptions{Corpus: corpus, New: peeks}, []float64{0.3}); err == nil {
		t.Error("scores that change with the cut are let through")
	}
}

func TestNABTables(t *testing.T) {
	corpus := syntheticNAB(t)
	perfect := marks(corpus, map[string][]int{"loud/one.csv": {500}, "loud/two.csv": {100, 300}})
	o := NABOptions{Corpus: corpus, Scores: perfect}
	var table strings.Builder
	if err := NAB(&table, o); err != nil || strings.Count(table.String(), "100.0") != 3 {
		t.Errorf("%v\n%s", err, &table)
	}
	table.Reset()
	if err := NABByCategory(&table, o, "quiet"); err != nil || !strings.Contains(table.String(), "quiet") {
		t.Errorf("%v\n%s", err, &table)
	}
	if err := NABByCategory(&table, o, "queit"); err == nil {
		t.Error("no error for an unknown category")
	}
}

func TestNABSensitivity(t *testing.T) {
	corpus := syntheticNAB(t)
	row := func(flags int) func() Scorer {
		return func() Scorer {
			rows := 0
			return func(time.Time, float64) float64 {
				rows++
				if rows == flags {
					return 1
				}
				return 0
			}
		}
	}
	var table strings.Builder
	// Row 500 is the first of a window in one series, and not scored in the others.
	err := NABSensitivity(&table, corpus, []NABVariant{{"never", row(0)}, {"row 500", row(501)}})
	if err != nil || !strings.Contains(table.String(), "never    0.0") || !strings.Contains(table.String(), "row 500  33.3") {
		t.Errorf("%v\n%s", err, &table)
	}
}

func TestNABReadsScores(t *testing.T) {
	corpus := syntheticNAB(t)
	folder := t.TempDir()
	for i, s := range corpus {
		var text strings.Builder
		text.WriteString("timestamp,value,anomaly_score,label\n")
		for row := range s.Values {
			fmt.Fprintf(&text, "%s,0,%v,0\n", s.Stamps[row], float64(row)/1e4)
		}
		dir, base := filepath.Split(filepath.Join(folder, s.Name))
		if i == 1 {
			base = "detector_" + base
		}
		writeFile(t, filepath.Join(dir, base), text.String())
	}
	scores, err := LoadNABScores(folder, corpus)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range corpus {
		if len(scores[i]) != len(s.Values) || scores[i][17] != 0.0017 {
			t.Errorf("%s: %d scores, the 18th %v", s.Name, len(scores[i]), scores[i][17])
		}
	}
	writeFile(t, filepath.Join(folder, "loud/one.csv"), "timestamp,anomaly_score\n2014-04-01 00:00:00,1\n")
	if _, err := LoadNABScores(folder, corpus); err == nil {
		t.Error("no error for missing rows")
	}
}
