package anomaly

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestScoreCSV(t *testing.T) {
	tests := []struct {
		name, in, column, want string
	}{
		{"nothing but a header", "timestamp,value\n", "value", "timestamp,value,anomaly_score\n"},
		{"as they were read", "timestamp,value\n2014-04-01 00:00:00,1.50\n2014-04-01T00:05:00Z, 2e0\n", "value",
			"timestamp,value,anomaly_score\n2014-04-01 00:00:00,1.50,0\n2014-04-01T00:05:00Z,\" 2e0\",0\n"},
		{"other column, other order", "p95,host,timestamp\n7,\"a,b\",1396310400\n", "p95", "timestamp,value,anomaly_score\n1396310400,7,0\n"},
		{"no number", "timestamp,value\n1396310400,\n1396310400000,NaN\n1396310400.5,-Inf\n", "value",
			"timestamp,value,anomaly_score\n1396310400,,0\n1396310400000,NaN,0\n1396310400.5,-Inf,0\n"},
		{"from a spreadsheet", "\ufefftimestamp,value\r\n2014-04-01 00:00,3\r\n", "value", "timestamp,value,anomaly_score\n2014-04-01 00:00,3,0\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := ScoreCSV(&out, strings.NewReader(test.in), "in.csv", test.column); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
}

func TestScoreCSVSaysWhere(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "in.csv: empty"},
		{"no such column", "timestamp,latency\n", `in.csv:1: no column "value"; there are: timestamp, latency`},
		{"no times", "time,value\n", `in.csv:1: no column "timestamp"`},
		{"bad value", "timestamp,value\n2014-04-01,1\n2014-04-02,1 s\n", `in.csv:3: value "1 s" is no number`},
		{"bad time", "timestamp,value\n\nyesterday,1\n", `in.csv:3: timestamp "yesterday"`},
		{"missing field", "timestamp,value\n2014-04-01\n", "in.csv:2: wrong number of fields"},
		{"bad quote", "timestamp,value\n2014-04-01,\"1\n", "in.csv:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := ScoreCSV(io.Discard, strings.NewReader(test.in), "in.csv", "value")
			var input *InputError
			if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestScoreCSVCannotWrite(t *testing.T) {
	err := ScoreCSV(brokenWriter{}, strings.NewReader("timestamp,value\n1,1\n"), "in.csv", "value")
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

// TestScoreCSVIsTheDetector compares with the detector used directly.
func TestScoreCSVIsTheDetector(t *testing.T) {
	s := daily(1000, 1)
	s[900].value = 4000
	var in, out strings.Builder
	in.WriteString("timestamp,value\n")
	for _, x := range s {
		fmt.Fprintf(&in, "%s,%v\n", x.at.Format(time.RFC3339), x.value)
	}
	if err := ScoreCSV(&out, strings.NewReader(in.String()), "in.csv", "value"); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(records) != len(s)+1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, want := range score(New(), s) {
		if got, err := parseValue(records[i+1][2]); err != nil || got != want {
			t.Fatalf("row %d scores %s, want %v", i, records[i+1][2], want)
		}
	}
}

func TestParseStamp(t *testing.T) {
	want := time.Date(2014, 4, 1, 12, 30, 15, 0, time.UTC)
	for _, text := range []string{
		"2014-04-01 12:30:15", "2014-04-01T12:30:15Z", "2014-04-01T14:30:15+02:00", "2014-04-01T12:30:15", "2014-04-01 12:30:15.000000",
		"2014-04-01 14:30:15+02:00", "2014/04/01 12:30:15", "1396355415", "1396355415000", "1396355415000000", "1396355415000000000", "1396355415.0",
	} {
		if at, err := parseStamp(text); err != nil || !at.Equal(want) {
			t.Errorf("%q: got %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"", "12:30", "NaN", "1e300", "01.04.2014", "2014-13-01"} {
		if at, err := parseStamp(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, at)
		}
	}
}

// FuzzScoreCSV: whatever is read, there is an error or a score for each row.
func FuzzScoreCSV(f *testing.F) {
	f.Add([]byte("timestamp,value\n2014-04-01 00:00:00,1\n1396310400,\n"))
	f.Add([]byte("\ufeffvalue,timestamp\r\n\"1\",2014-04-01T00:00:00Z\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if ScoreCSV(&out, bytes.NewReader(in), "in.csv", "value") != nil {
			return
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(in, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		scored, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(scored) != len(rows) {
			t.Fatalf("%d rows, %d scored, %v", len(rows), len(scored), err)
		}
	})
}
