package incidents_test

import (
	"testing"

	"outrider/checks"
	"outrider/incidents"

	"github.com/google/go-cmp/cmp"
)

func TestRetire(t *testing.T) {
	tests := []struct {
		name   string
		change func(*checks.Check) bool // false: remove the check
		want   string                   // summary of the end; empty: stays open
	}{
		{"removed", func(*checks.Check) bool { return false },
			"Checkout was removed from the definitions: the incident ends without a confirmed recovery"},
		{"disabled", func(c *checks.Check) bool { c.Enabled = false; return true },
			"Checkout was disabled: the incident ends without a confirmed recovery"},
		{"elsewhere only", func(c *checks.Check) bool { c.Locations = []string{"away"}; return true },
			"Checkout is no longer run at location home: the incident ends without a confirmed recovery"},
		{"here too", func(c *checks.Check) bool { c.Locations = []string{"away", "home"}; return true }, ""},
		{"other thresholds", func(c *checks.Check) bool { c.Thresholds.Total.Failed = 1; return true }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.judge("fff")
			before := *w.defs
			changed := before
			changed.Checks = append([]checks.Check(nil), before.Checks...)
			if !tt.change(&changed.Checks[0]) {
				changed.Checks = nil
			}
			w.defs = &changed
			retired := w.retire()

			i := w.store.all()[0]
			if tt.want == "" {
				if retired != 0 || i.State != incidents.Open {
					t.Errorf("got %d retired and state %s, want it to stay open", retired, i.State)
				}
				return
			}
			end := i.Events[len(i.Events)-1]
			if retired != 1 || i.State != incidents.Resolved || end.Summary != tt.want || end.RunID != "" || !end.At.Equal(w.now) {
				t.Errorf("retired %d, state %s, event %+v, want %q", retired, i.State, end, tt.want)
			}
			want := []string{"Checkout opened critical bad=2 run=checkout-home-2", "Checkout resolved critical bad=3 run="}
			if diff := cmp.Diff(want, w.told()["responders/chat"]); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if again := w.retire(); again != 0 {
				t.Errorf("again: got %d retired", again)
			}

			w.judge("ff") // still under way when the definitions changed
			w.defs = &before
			w.retire()
			w.judge("f")
			if n := len(w.store.all()); n != 1 {
				t.Errorf("one failure after it came back: got %d incidents, want it unconfirmed", n)
			}
			w.judge("f")
			if n := len(w.store.all()); n != 2 {
				t.Errorf("second failure after it came back: got %d incidents, want 2", n)
			}
		})
	}
}

// A damaged memory must not carry over what was retired.
func TestRetireDamagedMemory(t *testing.T) {
	w := newWorld(t)
	w.judge("ff")
	clear(w.store.memories)
	before := w.defs
	w.defs = &checks.Definitions{}
	w.restart()
	w.retire()
	w.defs = before
	w.judge("f")
	if n := len(w.store.all()); n != 1 {
		t.Errorf("one failure after it came back: got %d incidents, want it unconfirmed", n)
	}
}

// What changed while Outrider was off counts as well: also for memories
// without an open incident.
func TestRetireAfterRestart(t *testing.T) {
	w := newWorld(t)
	w.judge("f")
	before := w.defs
	w.defs = &checks.Definitions{}
	w.restart()
	w.retire()
	if len(w.store.memories) != 0 {
		t.Errorf("memories of a removed check: %v", w.store.memories)
	}
	w.defs = before
	w.judge("f")
	if n := len(w.store.all()); n != 0 {
		t.Errorf("a failure from before the removal confirmed one after it: %d incidents", n)
	}
}
