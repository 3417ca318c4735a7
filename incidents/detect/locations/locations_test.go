package locations_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"outrider/incidents/detect/locations"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// mapOf reads "berlin- paris+ oslo?" as failing, fine and silent.
func mapOf(places string) *locations.Map {
	var m locations.Map
	for _, p := range strings.Fields(places) {
		name, state := p[:len(p)-1], p[len(p)-1]
		at := start
		if state == '?' {
			at = at.Add(-time.Hour)
		}
		m.Observe(name, at, state != '+')
	}
	return &m
}

func TestOver(t *testing.T) {
	tests := []struct {
		places, scope, text string
	}{
		{"", "nowhere", ""},
		{"berlin+ paris+", "nowhere", ""},
		{"berlin-", "alone", ""},
		{"berlin- paris?", "alone", ""},
		{"berlin?", "nowhere", ""},
		{"berlin- oslo+ paris+ rome+ wien+", "local", "fails at 1 of 5 locations (berlin); fine at the others: suspect the path from there"},
		{"berlin- oslo+ paris+ rome?", "local", "fails at 1 of 3 locations (berlin); fine at the others: suspect the path from there (nothing new from rome)"},
		{"a- b- c+ d+ e+ f+", "local", "fails at 2 of 6 locations (a, b); fine at the others: suspect the path from there"},
		{"a- b- c+ d+ e+", "partial", "fails at 2 of 5 locations (a, b); fine at c, d, e: suspect what the failing ones share"},
		{"a- b- c- d- e+", "global", "fails at 4 of 5 locations; fine at e"},
		{"a- b- c+", "global", "fails at 2 of 3 locations; fine at c"},
		{"a- b-", "global", "fails at all 2 locations"},
		{"a- b+", "partial", "fails at a; fine at b: either the path from there or the site"},
		{"a- b- c- d- e- f- g- h+ i+ j+ k+ l+", "global", "fails at 7 of 12 locations; fine at h, i, j and 2 more"},
	}
	for _, tt := range tests {
		t.Run(tt.places, func(t *testing.T) {
			v := mapOf(tt.places).Over(start.Add(2*time.Minute), time.Minute)
			if v.Scope.String() != tt.scope || v.Explain() != tt.text {
				t.Errorf("got %s: %q\nwant %s: %q", v.Scope, v.Explain(), tt.scope, tt.text)
			}
		})
	}
}

func TestStaleness(t *testing.T) {
	m := mapOf("a- b+")
	for _, tt := range []struct {
		after, every time.Duration
		silent       int
	}{
		{3 * time.Minute, time.Minute, 0}, {4 * time.Minute, time.Minute, 2}, {4 * time.Minute, 2 * time.Minute, 0},
		{1000 * time.Hour, 0, 0}, {-time.Hour, time.Minute, 0},
	} {
		if v := m.Over(start.Add(tt.after), tt.every); len(v.Silent) != tt.silent {
			t.Errorf("%s after, every %s: %d silent, want %d", tt.after, tt.every, len(v.Silent), tt.silent)
		}
	}
}

func TestOldRunsChangeNothing(t *testing.T) {
	m := mapOf("a- b+")
	before := m.Over(start, time.Minute)
	m.Observe("a", start, false)
	m.Observe("a", start.Add(-time.Minute), false)
	m.Observe("b", time.Time{}, true)
	m.Observe("c", time.Time{}, true)
	if diff := cmp.Diff(before, m.Over(start, time.Minute)); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
	m.Rewind(start.Add(-time.Second))
	m.Observe("a", start.Add(-time.Minute), false)
	if v := m.Over(start, time.Minute); v.Scope != locations.Nowhere || len(v.Fine) != 1 {
		t.Errorf("after the clock was set back: %+v", v)
	}
}

func TestBounded(t *testing.T) {
	var m locations.Map
	for i := range 500 {
		m.Observe(fmt.Sprintf("%s%d", strings.Repeat("é", 100), i%3), start.Add(time.Duration(i)*time.Second), true)
		m.Observe(fmt.Sprint(i*7919%500), start.Add(time.Duration(i)*time.Second), i%2 == 0)
	}
	v := m.Over(start.Add(500*time.Second), 0)
	if n := len(v.Failing) + len(v.Fine); n != locations.MaxLocations {
		t.Errorf("%d locations kept, want %d", n, locations.MaxLocations)
	}
	m.Observe("older than all", start.Add(-time.Hour), true)
	if diff := cmp.Diff(v, m.Over(start.Add(500*time.Second), 0)); diff != "" {
		t.Errorf("an old one pushed out a newer:\n%s", diff)
	}
	if data, _ := m.MarshalBinary(); len(data) > 8<<10 {
		t.Errorf("state has %d bytes", len(data))
	}
}

func TestRestartEqualsNoRestart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var a locations.Map
	b := &locations.Map{}
	for i := range 2000 {
		name, at, bad := fmt.Sprint(r.IntN(100)), start.Add(time.Duration(i-r.IntN(5))*time.Minute), r.IntN(2) == 0
		a.Observe(name, at, bad)
		b.Observe(name, at, bad)
		want, _ := a.MarshalBinary()
		got, _ := b.MarshalBinary()
		if !bytes.Equal(want, got) {
			t.Fatalf("states differ after %d runs", i)
		}
		b = &locations.Map{}
		if err := b.UnmarshalBinary(got); err != nil {
			t.Fatal(err)
		}
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	m := mapOf("a- b+ c+")
	at := start
	if n := testing.AllocsPerRun(100, func() { at = at.Add(time.Second); m.Observe("b", at, true) }); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	for _, places := range []string{"", "a-", "berlin- oslo+ paris?"} {
		data, _ := mapOf(places).MarshalBinary()
		f.Add(data)
		f.Add(data[:len(data)-1])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m locations.Map
		if m.UnmarshalBinary(data) != nil {
			return
		}
		m.Observe("x", start, true)
		_ = m.Over(start, time.Minute).Explain()
		again, _ := m.MarshalBinary()
		if err := m.UnmarshalBinary(again); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
	})
}
