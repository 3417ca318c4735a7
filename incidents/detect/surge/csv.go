package surge

import (
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

// maxRows bounds how many rows of a series are read.
const maxRows = 5_000_000

// ReadLoad reads a load series: rows of timestamp and value, as
//
//	timestamp,value
//	2026-11-20T10:00:00Z,312
//
// The header may be missing, or name the columns in another order. Rows
// without a value are gaps. Times are RFC 3339, "2006-01-02 15:04:05" (UTC) or
// Unix seconds, milliseconds, microseconds or nanoseconds.
func ReadLoad(r io.Reader) ([]Point, error) {
	var points []Point
	err := rows(r, []string{"value", "_value", "load"}, false, func(at time.Time, value, _ string) error {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || v < 0 || math.IsInf(v, 0) {
			return fmt.Errorf("value %q: write a number that is not negative", cut(value))
		}
		points = append(points, Point{at, v})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read load: %w", err)
	}
	if len(points) == 0 {
		return nil, errors.New("read load: no row has a value")
	}
	return points, nil
}

// ReadLatency reads what runs took: rows of timestamp and value as ReadLoad
// does, the value in milliseconds or with a unit (1.2s), and optionally a
// column outcome: "timeout" for a run that was cut off, "failed" for one whose
// latency says nothing.
func ReadLatency(r io.Reader) ([]Sample, error) { return ReadLatencyColumn(r, "") }

// ReadLatencyColumn does what ReadLatency does, with the values from the
// column of the given name, which has to be in the header; empty: as
// ReadLatency finds it.
func ReadLatencyColumn(r io.Reader, column string) ([]Sample, error) {
	var samples []Sample
	names := []string{"value", "_value", "latency", "latency_ms", "duration_ms"}
	if column != "" {
		names = []string{strings.ToLower(column)}
	}
	err := rows(r, names, column != "", func(at time.Time, value, outcome string) error {
		d, err := parseLatency(value)
		if err != nil {
			return err
		}
		s := Sample{Time: at, Latency: d}
		switch strings.ToLower(outcome) {
		case "timeout", "timed out":
			s.TimedOut = true
		case "failed", "error", "unknown":
			s.Failed = true
		}
		samples = append(samples, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read latency: %w", err)
	}
	if len(samples) == 0 {
		return nil, errors.New("read latency: no row has a value")
	}
	return samples, nil
}

func parseLatency(s string) (time.Duration, error) {
	const longest = 1e6 // seconds
	wrong := fmt.Errorf("value %q: write milliseconds, or a duration such as 1.2s", cut(s))
	if ms, err := strconv.ParseFloat(s, 64); err == nil {
		if !(ms >= 0 && ms <= longest*1e3) {
			return 0, wrong
		}
		return time.Duration(ms * float64(time.Millisecond)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d.Seconds() > longest {
		return 0, wrong
	}
	return d, nil
}

// columns are where a row has what.
type columns struct {
	time, value, outcome int
	named                bool // the header has the name of the values
}

// rows reads a CSV row by row, errors naming the line. With named, the header
// must have one of the names.
func rows(r io.Reader, names []string, named bool, row func(at time.Time, value, outcome string) error) error {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	reader.TrimLeadingSpace = true
	reader.Comment = '#'
	where := columns{time: 0, value: 1, outcome: -1}
	for n := 0; ; n++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err // it names the line
		}
		line, _ := reader.FieldPos(0)
		if n == maxRows {
			return fmt.Errorf("line %d: more than %d rows", line, maxRows)
		}
		if n == 0 {
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			header, ok := findColumns(record, names)
			if named && !header.named {
				return fmt.Errorf("line %d: no column %q; there are: %s", line, cut(names[0]), cut(strings.Join(record, ", ")))
			}
			if ok {
				where = header
				continue
			}
		}
		if len(record) <= max(where.time, where.value) {
			return fmt.Errorf("line %d: has %d columns: write timestamp,value", line, len(record))
		}
		value := strings.TrimSpace(record[where.value])
		if isGap(value) {
			continue
		}
		at, err := parseTime(strings.TrimSpace(record[where.time]))
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		outcome := ""
		if where.outcome >= 0 && where.outcome < len(record) {
			outcome = strings.TrimSpace(record[where.outcome])
		}
		if err := row(at, value, outcome); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// findColumns reads a header; a first row whose first field is a time is none.
func findColumns(record, values []string) (columns, bool) {
	if _, err := parseTime(strings.TrimSpace(record[0])); err == nil {
		return columns{}, false
	}
	c := columns{time: -1, value: -1, outcome: -1}
	for i, name := range record {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case c.time < 0 && slices.Contains([]string{"timestamp", "time", "_time", "date"}, name):
			c.time = i
		case c.value < 0 && slices.Contains(values, name):
			c.value = i
		case c.outcome < 0 && (name == "outcome" || name == "status"):
			c.outcome = i
		}
	}
	c.named = c.value >= 0
	if c.time < 0 && c.value < 0 {
		return columns{time: 0, value: 1, outcome: c.outcome}, true // names of their own, in the usual order
	}
	if c.time < 0 {
		c.time = firstBut(c.value)
	}
	if c.value < 0 {
		c.value = firstBut(c.time)
	}
	return c, true
}

// firstBut is the first column that is not the given one.
func firstBut(other int) int {
	if other == 0 {
		return 1
	}
	return 0
}

func isGap(value string) bool {
	switch strings.ToLower(value) {
	case "", "nan", "null", "na", "-":
		return true
	}
	return false
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
			return t.UTC(), nil
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 1e8 && v < 9e18) {
		return time.Time{}, fmt.Errorf("timestamp %q: write a time such as 2026-11-20T10:00:00Z", cut(s))
	}
	switch { // year 5138 in the smaller unit is 1973 in the larger one
	case v < 1e11:
		return time.Unix(0, int64(v*1e9)).UTC(), nil
	case v < 1e14:
		return time.UnixMilli(int64(v)).UTC(), nil
	case v < 1e17:
		return time.UnixMicro(int64(v)).UTC(), nil
	}
	return time.Unix(0, int64(v)).UTC(), nil
}
