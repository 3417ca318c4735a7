package checks

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const planned = `
events:
  - {name: Later, from: 2026-12-06T19:55:00Z, to: 2026-12-06T20:30:00Z, load: 1700, checks: [a]}
  - {name: Black Friday, from: 2026-11-27 00:00, to: 2026-11-28, zone: Europe/Berlin, load: 2.5x, labels: {tier: gold}}
holidays:
  - 2026-12-25
  - {date: 2026-12-24, like: Saturday, name: Christmas Eve, checks: b}
deploys:
  - {name: deploy 1.42, at: 2026-11-20T10:12:00Z}
defaults:
  load: {csv: visitors.csv, unit: /min}
checks:
  - {id: a, zone: Asia/Tokyo, notify: [], http: [get: 'http://127.0.0.1/']}
  - {id: b, labels: {tier: gold}, notify: [], load: {flux: 'from(bucket: "x")'}, http: [get: 'http://127.0.0.1/']}
`

func TestEvents(t *testing.T) {
	defs, err := LoadBytes("configs/shop.yaml", []byte(planned), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := &defs.Checks[0], &defs.Checks[1]
	before := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if events := defs.EventsOf(a, before); len(events) != 1 || events[0].Name != "Later" || events[0].Load != (PlannedLoad{Value: 1700}) {
		t.Errorf("a: %+v", events)
	}
	events := defs.EventsOf(b, before)
	if len(events) != 1 || events[0].Load.String() != "2.5x" || !events[0].From.Equal(time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("b: %+v", events)
	}
	if events[0].Pos.Line != 4 || defs.Events[0].Name != "Black Friday" {
		t.Errorf("events are not in the order of time, or nowhere: %+v", defs.Events)
	}
	if events := defs.EventsOf(b, events[0].To); len(events) != 0 {
		t.Errorf("over, but still there: %+v", events)
	}
	if a.Load == nil || a.Load.CSV != filepath.Join("configs", "visitors.csv") || a.Load.Unit != "/min" {
		t.Errorf("a's load: %+v", a.Load)
	}
	if b.Load == nil || b.Load.Flux == "" || b.Load.CSV != "" {
		t.Errorf("b's load: %+v", b.Load)
	}
	if len(defs.Deploys) != 1 || !defs.Deploys[0].At.Equal(time.Date(2026, 11, 20, 10, 12, 0, 0, time.UTC)) {
		t.Errorf("deploys: %+v", defs.Deploys)
	}
}

func TestDayLike(t *testing.T) {
	defs, err := LoadBytes("shop.yaml", []byte(planned), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := &defs.Checks[0], &defs.Checks[1] // in Tokyo and in UTC
	for _, test := range []struct {
		check   *Check
		at      string
		day     time.Weekday
		holiday bool
	}{
		{b, "2026-12-25T12:00:00Z", time.Sunday, true},
		{b, "2026-12-24T12:00:00Z", time.Saturday, true},
		{b, "2026-12-23T23:59:59Z", time.Wednesday, false},
		{a, "2026-12-24T12:00:00Z", time.Thursday, false}, // not its holiday
		{a, "2026-12-24T15:00:00Z", time.Sunday, true},    // already the 25th there
		{a, "2026-12-25T15:00:00Z", time.Saturday, false},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if day, holiday := defs.DayLike(test.check, at); day != test.day || holiday != test.holiday {
			t.Errorf("%s at %s: %s, %v", test.check.ID, test.at, day, holiday)
		}
	}
}

func TestSelectionOfNoCheckWarns(t *testing.T) {
	defs, err := LoadBytes("shop.yaml", []byte(planned+"x-end: 1\n"), Options{})
	if err != nil || len(defs.Warnings) != 0 {
		t.Fatalf("%v, %v", err, defs.Warnings)
	}
	text := strings.Replace(planned, "labels: {tier: gold}}\nholidays", "labels: {tier: lead}}\nholidays", 1)
	defs, err = LoadBytes("shop.yaml", []byte(text), Options{})
	if err != nil || len(defs.Warnings) != 1 || !strings.Contains(defs.Warnings[0].Message, `"Black Friday" is about no check`) {
		t.Errorf("%v, %v", err, defs.Warnings)
	}
}
