package anomaly

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// InputError says what could not be read, and where.
type InputError struct {
	Name string // of the file
	Line int    // from 1; 0 where no line is to blame
	Err  error
}

func (e *InputError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

func (e *InputError) Unwrap() error { return e.Err }

// stampColumn is the title of the column of times.
const stampColumn = "timestamp"

// ScoreCSV reads a series from CSV with a header, in which the columns
// "timestamp" and the named one matter, and writes timestamp, value and
// anomaly_score for each row as soon as it was read; the first two as they
// stand in the input. A row whose value is empty or not a number scores 0. What
// cannot be read is an *InputError with the name of the input; other errors are
// of writing.
func ScoreCSV(w io.Writer, r io.Reader, name, column string) error {
	in := &csvSeries{name: name, csv: csv.NewReader(skipMark(r))}
	in.csv.ReuseRecord = true
	if err := in.header(column); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write([]string{stampColumn, "value", "anomaly_score"}); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	detector := New()
	for {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			out.Flush() // what was scored is not lost
			return err
		}
		score := detector.Observe(row.at, row.value)
		if err := out.Write([]string{row.stamp, row.text, strconv.FormatFloat(score, 'f', -1, 64)}); err != nil {
			return fmt.Errorf("write scores: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	return nil
}

// csvSeries reads rows and knows where it is.
type csvSeries struct {
	name         string
	csv          *csv.Reader
	stamp, value int // columns
}

type csvRow struct {
	stamp, text string
	at          time.Time
	value       float64
}

func (s *csvSeries) header(column string) error {
	titles, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return &InputError{Name: s.name, Err: errors.New("empty: write a header with timestamp and value")}
	}
	if err != nil {
		return s.fault(err)
	}
	for i := range titles {
		titles[i] = strings.TrimSpace(titles[i])
	}
	s.stamp, s.value = slices.Index(titles, stampColumn), slices.Index(titles, column)
	for i, title := range []string{stampColumn, column} {
		if []int{s.stamp, s.value}[i] < 0 {
			return &InputError{s.name, 1, fmt.Errorf("no column %q; there are: %s", title, strings.Join(titles, ", "))}
		}
	}
	return nil
}

func (s *csvSeries) next() (csvRow, error) {
	record, err := s.csv.Read()
	if err != nil {
		return csvRow{}, s.fault(err)
	}
	row := csvRow{stamp: record[s.stamp], text: record[s.value]}
	if row.at, err = parseStamp(strings.TrimSpace(row.stamp)); err != nil {
		return row, s.faultAt(s.stamp, err)
	}
	if row.value, err = parseValue(strings.TrimSpace(row.text)); err != nil {
		return row, s.faultAt(s.value, err)
	}
	return row, nil
}

// fault gives an error of the CSV reader its place; io.EOF stays what it is.
func (s *csvSeries) fault(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	e := &InputError{Name: s.name, Err: err}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		e.Line, e.Err = parse.Line, parse.Err
	}
	return e
}

func (s *csvSeries) faultAt(field int, err error) error {
	line, _ := s.csv.FieldPos(field)
	return &InputError{s.name, line, err}
}

// parseValue reads a number; an empty text is not a number, and no error.
func parseValue(text string) (float64, error) {
	if text == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("value %q is no number", text)
	}
	return v, nil
}

// stampLayouts are the forms of times beside Unix time; fractions of a second
// go with each, and what has no zone is UTC.
var stampLayouts = [...]string{
	"2006-01-02 15:04:05",
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	"2006-01-02",
	"2006/01/02 15:04:05",
}

// parseStamp reads a time in one of the layouts, or Unix time in seconds,
// milliseconds, microseconds or nanoseconds: the size tells which, for times
// from 1973 to 5138.
func parseStamp(text string) (time.Time, error) {
	for _, layout := range stampLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch size := max(n, -n); {
		case size >= 1e17 || size < 0: // the least integer has no opposite
			return time.Unix(0, n), nil
		case size >= 1e14:
			return time.UnixMicro(n), nil
		case size >= 1e11:
			return time.UnixMilli(n), nil
		}
		return time.Unix(n, 0), nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(f) < 1e11 {
		seconds := math.Floor(f)
		return time.Unix(int64(seconds), int64((f-seconds)*1e9)), nil
	}
	return time.Time{}, fmt.Errorf("timestamp %q: write 2006-01-02 15:04:05, RFC 3339 or Unix time", text)
}

// skipMark drops the byte order mark that spreadsheets write.
func skipMark(r io.Reader) io.Reader {
	mark := []byte("\ufeff")
	start := make([]byte, len(mark))
	n, err := io.ReadFull(r, start)
	start = start[:n]
	if err == nil && bytes.Equal(start, mark) {
		return r
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return io.MultiReader(bytes.NewReader(start), failing{err})
	}
	return io.MultiReader(bytes.NewReader(start), r)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
