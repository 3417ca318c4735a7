package baseline

import (
	"testing"
	"time"
)

// Hours know when they were, across holes; a hole of more than ten days makes
// them start anew.
func TestHoursAcrossHoles(t *testing.T) {
	const first = 500_000
	var h hours
	at := []int64{first, first + 1, first + 5, first + 5 + 255, first + 5 + 256}
	for _, hour := range at {
		h.push(hour, 6)
	}
	for i, hour := range at {
		if got, want := h.when(int64(i)), time.Unix(hour*3600, 0).UTC(); !got.Equal(want) {
			t.Errorf("hour %d was at %v, want %v", i, got, want)
		}
	}
	later := at[len(at)-1] + 256
	if h.push(later, 6); h.Len != 1 || h.when(0).Unix() != later*3600 {
		t.Errorf("after a long hole there are %d hours, the first at %v", h.Len, h.when(0))
	}
	for i := range int64(2 * hoursKept) {
		h.push(later+2*i+2, 6)
	}
	if got, want := h.when(0).Unix(), (later+2*(2*hoursKept-hoursKept)+2)*3600; h.Len != hoursKept || got != want {
		t.Errorf("%d hours, the first at %d, want %d", h.Len, got, want)
	}
}
