package surge

import (
	"strings"
	"testing"
	"time"
)

func TestReadLoad(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, text := range map[string]string{
		"header":           "timestamp,value\n2026-11-20T12:00:00Z,312.5\n",
		"no header":        "2026-11-20T12:00:00Z,312.5\n",
		"byte order mark":  "\ufefftimestamp,value\n2026-11-20T12:00:00Z,312.5\n",
		"other order":      "value,time\n312.5,2026-11-20 12:00:00\n",
		"other names":      "when,how much\n2026-11-20 12:00,312.5\n",
		"more columns":     "host,_time,_value\na,2026-11-20T13:00:00+01:00,312.5\n",
		"Unix seconds":     "1795176000,312.5\n",
		"milliseconds":     "1795176000000,312.5\n",
		"microseconds":     "1795176000000000,312.5\n",
		"nanoseconds":      "1795176000000000000,312.5\n",
		"gaps and remarks": "# load\ntimestamp,value\n2026-11-20T11:00:00Z,\n2026-11-20T11:30:00Z,NaN\n2026-11-20T12:00:00Z, 312.5\n",
	} {
		points, err := ReadLoad(strings.NewReader(text))
		if err != nil || len(points) != 1 || points[0].Value != 312.5 || !points[0].Time.Equal(noon) {
			t.Errorf("%s: %v, %v", name, points, err)
		}
	}
	for name, test := range map[string]struct{ text, says string }{
		"nothing":      {"", "no row"},
		"only gaps":    {"2026-11-20T12:00:00Z,\n", "no row"},
		"bad time":     {"timestamp,value\n2026-11-20T12:00:00Z,1\nyesterday,2\n", `line 3: timestamp "yesterday"`},
		"bad value":    {"2026-11-20T12:00:00Z,many\n", `line 1: value "many"`},
		"negative":     {"2026-11-20T12:00:00Z,-1\n", "line 1"},
		"one column":   {"timestamp,value\n2026-11-20T12:00:00Z\n", "line 2: has 1 columns"},
		"broken quote": {"\"2026\n", "line"},
	} {
		if _, err := ReadLoad(strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
}

func TestReadLatency(t *testing.T) {
	samples, err := ReadLatency(strings.NewReader("timestamp,latency_ms,outcome\n2026-11-20T12:00:00Z,250,passed\n2026-11-20T12:01:00Z,1.5s,degraded\n2026-11-20T12:02:00Z,30000,timeout\n2026-11-20T12:03:00Z,20,failed\n"))
	if err != nil || len(samples) != 4 {
		t.Fatalf("%v, %v", samples, err)
	}
	if samples[0].Latency != 250*time.Millisecond || samples[1].Latency != 1500*time.Millisecond || !samples[2].TimedOut || samples[2].Failed || !samples[3].Failed {
		t.Errorf("%+v", samples)
	}
	for _, text := range []string{"", "2026-11-20T12:00:00Z,-5\n", "2026-11-20T12:00:00Z,1e300\n", "2026-11-20T12:00:00Z,Inf\n", "2026-11-20T12:00:00Z,5 apples\n"} {
		if _, err := ReadLatency(strings.NewReader(text)); err == nil {
			t.Errorf("took %q", text)
		}
	}
}

func TestReadLatencyColumn(t *testing.T) {
	const text = "timestamp,value,Search\n2026-11-20T12:00:00Z,1,250\n"
	for column, want := range map[string]time.Duration{"": time.Millisecond, "search": 250 * time.Millisecond} {
		samples, err := ReadLatencyColumn(strings.NewReader(text), column)
		if err != nil || len(samples) != 1 || samples[0].Latency != want {
			t.Errorf("%q: %v, %v", column, samples, err)
		}
	}
	for _, text := range []string{text, "2026-11-20T12:00:00Z,1\n"} {
		if _, err := ReadLatencyColumn(strings.NewReader(text), "pay"); err == nil || !strings.Contains(err.Error(), `line 1: no column "pay"`) {
			t.Errorf("a missing column: %v", err)
		}
	}
}

func FuzzReadLoad(f *testing.F) {
	for _, seed := range []string{"timestamp,value\n2026-11-20T12:00:00Z,312.5\n", "1795176000,1\n", "a,b\n", "\"", "value,time\n1,2026-11-20 12:00\n", ",\n,\n", "#\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		points, err := ReadLoad(strings.NewReader(text))
		if err == nil && len(points) == 0 {
			t.Error("neither points nor an error")
		}
		for _, p := range points {
			if !(p.Value >= 0) || p.Time.IsZero() {
				t.Errorf("%+v", p)
			}
		}
		samples, err := ReadLatency(strings.NewReader(text))
		if err == nil && len(samples) == 0 {
			t.Error("neither samples nor an error")
		}
		for _, s := range samples {
			if s.Latency < 0 {
				t.Errorf("%+v", s)
			}
		}
		pairs, a := Align(points, samples)
		if len(pairs) != a.Matched || a.Matched+a.Unmatched+a.Failed != len(samples) {
			t.Errorf("%d pairs of %d samples, %+v", len(pairs), len(samples), a)
		}
	})
}
