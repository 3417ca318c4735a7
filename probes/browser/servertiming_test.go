package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/probes"
)

func TestParseServerTiming(t *testing.T) {
	d := func(ms float64) *time.Duration { d := milliseconds(ms); return &d }
	tests := []struct {
		name, header string
		want         []probes.ServerTiming
	}{
		{"nothing", "", nil},
		{"a name", "miss", []probes.ServerTiming{{Name: "miss"}}},
		{"all", `db;dur=53.2;desc="the table"`, []probes.ServerTiming{{Name: "db", Duration: d(53.2), Description: "the table"}}},
		{"several, in any case, with spaces", " a ; DUR = 1 , b;Desc=x ;dur=2 ", []probes.ServerTiming{{Name: "a", Duration: d(1)}, {Name: "b", Description: "x", Duration: d(2)}}},
		{"several headers", "a;dur=1\nb;dur=2", []probes.ServerTiming{{Name: "a", Duration: d(1)}, {Name: "b", Duration: d(2)}}},
		{"commas and quotes in a description", `a;desc="x, \"y\"; z";dur=1,b`, []probes.ServerTiming{{Name: "a", Description: `x, "y"; z`, Duration: d(1)}, {Name: "b"}}},
		{"the first of a parameter counts", "a;dur=1;dur=2;desc=x;desc=y", []probes.ServerTiming{{Name: "a", Duration: d(1), Description: "x"}}},
		{"what is no number", "a;dur=fast;desc=b, c;dur=-1, d;dur=1e99, e;dur=", []probes.ServerTiming{{Name: "a", Description: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}},
		{"unknown parameters, and rubbish behind values", `a;x="1,2";dur=3 4;;desc="b"c, d`, []probes.ServerTiming{{Name: "a", Duration: d(3), Description: "b"}, {Name: "d"}}},
		{"empty members", ",, a ,,b;", []probes.ServerTiming{{Name: "a"}, {Name: "b"}}},
		{"a quote that never ends", `a;desc="b, c`, []probes.ServerTiming{{Name: "a", Description: "b, c"}}},
		{"no name", `"x";dur=1, b`, []probes.ServerTiming{{Name: "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseServerTiming(tt.header)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.header, diff)
			}
		})
	}
}

func FuzzParseServerTiming(f *testing.F) {
	f.Add(`db;dur=53.2;desc="the \"table\"", cache, x;dur="1e3"`)
	f.Add(strings.Repeat("a,", 5000))
	f.Add("\";=,\\\n")
	f.Fuzz(func(t *testing.T, header string) {
		list := parseServerTiming(header)
		if len(list) > maxAnswerTimings {
			t.Fatalf("%q has %d metrics", header, len(list))
		}
		size := 0
		for _, m := range list {
			if size += len(m.Name) + len(m.Description); m.Name == "" || m.Duration != nil && *m.Duration < 0 {
				t.Fatalf("%q has %+v", header, m)
			}
		}
		if size > maxServerTiming {
			t.Fatalf("%q has %d bytes of text", header, size)
		}
	})
}
