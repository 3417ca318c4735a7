package evaluate

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// nabStamp is how the benchmark writes times, in no zone.
const nabStamp = "2006-01-02 15:04:05"

// NABWindow is a labelled anomaly: its first and its last row, both inside.
type NABWindow struct{ First, Last int }

func (w NABWindow) width() int { return w.Last - w.First + 1 }

// NABSeries is one file of the Numenta Anomaly Benchmark.
type NABSeries struct {
	// Name is the file as the labels name it: CATEGORY/NAME.csv.
	Name    string
	Stamps  []string
	Times   []time.Time
	Values  []float64
	Windows []NABWindow // in the order of rows
}

// Category is the folder of the file.
func (s *NABSeries) Category() string { return path.Dir(s.Name) }

// Probation is the number of rows at the start that are not scored: 15 % of
// the file, at most 750.
func (s *NABSeries) Probation() int { return min(len(s.Values)*15/100, 750) }

// LoadNAB reads the series that the file of labels names, in the order of
// their names, from the folder data.
func LoadNAB(data, labels string) ([]*NABSeries, error) {
	text, err := os.ReadFile(labels)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var windows map[string][][2]string
	if err := json.Unmarshal(text, &windows); err != nil {
		return nil, fmt.Errorf("read labels %s: %w", labels, err)
	}
	corpus := make([]*NABSeries, 0, len(windows))
	for name, spans := range windows {
		s, err := loadSeries(data, name)
		if err != nil {
			return nil, err
		}
		for _, span := range spans {
			w, err := s.window(span[0], span[1])
			if err != nil {
				return nil, fmt.Errorf("labels of %s: %w", name, err)
			}
			s.Windows = append(s.Windows, w)
		}
		sort.Slice(s.Windows, func(i, j int) bool { return s.Windows[i].First < s.Windows[j].First })
		corpus = append(corpus, s)
	}
	sort.Slice(corpus, func(i, j int) bool { return corpus[i].Name < corpus[j].Name })
	return corpus, nil
}

func loadSeries(data, name string) (*NABSeries, error) {
	columns, err := readColumns(filepath.Join(data, filepath.FromSlash(name)), "timestamp", "value")
	if err != nil {
		return nil, err
	}
	s := &NABSeries{Name: name, Stamps: columns[0]}
	for i, text := range columns[1] {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", name, i, err)
		}
		at, err := time.Parse(nabStamp, s.Stamps[i])
		if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", name, i, err)
		}
		s.Values, s.Times = append(s.Values, v), append(s.Times, at)
	}
	return s, nil
}

// window finds the rows of two stamps; a stamp that occurs twice means its
// first row. Labels carry fractions of seconds, rows do not.
func (s *NABSeries) window(first, last string) (NABWindow, error) {
	row := func(stamp string) int {
		whole, _, _ := strings.Cut(stamp, ".")
		for i, at := range s.Stamps {
			if at == whole {
				return i
			}
		}
		return -1
	}
	w := NABWindow{row(first), row(last)}
	if w.First < 0 || w.Last < w.First {
		return w, fmt.Errorf("no window from %q to %q", first, last)
	}
	return w, nil
}

// LoadNABScores reads what a detector handed in for the corpus:
// CATEGORY/NAME.csv or CATEGORY/PREFIX_NAME.csv in the folder, with the columns
// timestamp and anomaly_score.
func LoadNABScores(folder string, corpus []*NABSeries) ([][]float64, error) {
	all := make([][]float64, len(corpus))
	for i, s := range corpus {
		file, err := findScores(folder, s.Name)
		if err != nil {
			return nil, err
		}
		columns, err := readColumns(file, "timestamp", "anomaly_score")
		if err != nil {
			return nil, err
		}
		if len(columns[1]) != len(s.Values) {
			return nil, fmt.Errorf("%s has %d rows, the data has %d", file, len(columns[1]), len(s.Values))
		}
		all[i] = make([]float64, len(s.Values))
		for row, text := range columns[1] {
			if all[i][row], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, fmt.Errorf("%s, row %d: %w", file, row, err)
			}
		}
	}
	return all, nil
}

func findScores(folder, name string) (string, error) {
	exact := filepath.Join(folder, filepath.FromSlash(name))
	if _, err := os.Stat(exact); err == nil {
		return exact, nil
	}
	dir, base := filepath.Split(exact)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("find scores: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_"+base) {
			return filepath.Join(dir, e.Name()), nil
		}
	}
	return "", fmt.Errorf("no scores for %s in %s", name, folder)
}

// readColumns gives the named columns of a CSV file with a header.
func readColumns(file string, names ...string) ([][]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read the header: %w", file, err)
	}
	index := make([]int, len(names))
	for i, name := range names {
		index[i] = -1
		for j, title := range header {
			if title == name {
				index[i] = j
			}
		}
		if index[i] < 0 {
			return nil, fmt.Errorf("%s: no column %q", file, name)
		}
	}
	columns := make([][]string, len(names))
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return columns, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for i, j := range index {
			columns[i] = append(columns[i], record[j])
		}
	}
}
