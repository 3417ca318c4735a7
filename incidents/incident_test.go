package incidents

import (
	"slices"
	"strings"
	"testing"
	"time"

	"outrider/incidents/detect"

	"github.com/google/uuid"
)

func TestApplyRefuses(t *testing.T) {
	opened := Event{Number: 1, Kind: EventOpened, Severity: detect.Warning}
	tests := []struct {
		name   string
		before []Event
		event  Event
		want   string
	}{
		{"a number left out", nil, Event{Number: 2, Kind: EventOpened, Severity: detect.Warning}, "number 1"},
		{"a number again", []Event{opened}, Event{Number: 1, Kind: EventEscalated, Severity: detect.Critical}, "number 2"},
		{"no beginning", nil, Event{Number: 1, Kind: EventResolved, Severity: detect.Warning}, "opens it"},
		{"opened twice", []Event{opened}, Event{Number: 2, Kind: EventOpened, Severity: detect.Warning}, "opens it"},
		{"no severity", nil, Event{Number: 1, Kind: EventOpened}, "unknown severity"},
		{"unknown kind", []Event{opened}, Event{Number: 2, Kind: "closed", Severity: detect.Warning}, "unknown kind"},
		{"escalated to the same", []Event{opened}, Event{Number: 2, Kind: EventEscalated, Severity: detect.Warning}, "not higher"},
		{"updated to higher", []Event{opened}, Event{Number: 2, Kind: EventUpdated, Severity: detect.Critical}, "not lower"},
		{"resolved with another severity", []Event{opened}, Event{Number: 2, Kind: EventResolved, Severity: detect.Critical}, "keeps"},
		{"after the end", []Event{opened, {Number: 2, Kind: EventResolved, Severity: detect.Warning}},
			Event{Number: 3, Kind: EventEscalated, Severity: detect.Critical}, "is resolved"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var i Incident
			for _, e := range tt.before {
				if err := i.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
			err := i.Apply(tt.event)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want one with %q", err, tt.want)
			}
			if len(i.Events) != len(tt.before) {
				t.Error("a refused event is in the timeline")
			}
		})
	}
}

func TestNewID(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ids []string
	for n := range 100 {
		ids = append(ids, newID(at.Add(time.Duration(n)*time.Millisecond), "a", "b"))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort by time")
	}
	id, err := uuid.Parse(ids[0])
	if err != nil || id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%s: error %v, version %d, variant %s", ids[0], err, id.Version(), id.Variant())
	}
	if newID(at, "a", "b") != ids[0] {
		t.Error("the same parts give another id")
	}
	for _, parts := range [][]string{{"ab"}, {"", "ab"}, {"ab", ""}, {"b", "a"}, {"a", "b", ""}} {
		if newID(at, parts...) == ids[0] {
			t.Errorf("parts %q give the id of %q", parts, []string{"a", "b"})
		}
	}
}
