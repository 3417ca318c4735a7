package checks

import (
	"fmt"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNextCron(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct {
		name, cron, after, want string
		zone                    *time.Location
	}{
		{"strictly after", "30 5 * * *", "2026-01-05T05:30:00Z", "2026-01-06T05:30:00Z", time.UTC},
		{"in its zone", "30 5 * * *", "2026-01-05T00:00:00Z", "2026-01-05T04:30:00Z", berlin},
		{"summer time", "30 5 * * *", "2026-07-05T00:00:00Z", "2026-07-05T03:30:00Z", berlin},
		{"no zone is UTC", "30 5 * * *", "2026-07-05T00:00:00Z", "2026-07-05T05:30:00Z", nil},
		{"weekdays", "0 8 * * mon-fri", "2026-01-03T00:00:00Z", "2026-01-05T08:00:00Z", time.UTC},
		{"leap day", "0 0 29 2 *", "2026-01-03T00:00:00Z", "2028-02-29T00:00:00Z", time.UTC},
		// On 29 March 2026 clocks in Berlin go from 02:00 to 03:00.
		{"hour that is skipped", "30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-30T00:30:00Z", berlin},
		// On 25 October 2026 they go from 03:00 back to 02:00.
		{"hour that comes twice, first", "30 2 * * *", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", berlin},
		{"hour that comes twice, again", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", berlin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := Schedule{Cron: test.cron, Zone: test.zone}
			got, err := s.NextCron(at(t, test.after))
			if err != nil || !got.Equal(at(t, test.want)) {
				t.Errorf("got %v, %v; want %s", got, err, test.want)
			}
			s.cron, _ = parseCron(test.cron)
			if parsed, err := s.NextCron(at(t, test.after)); err != nil || !parsed.Equal(got) {
				t.Errorf("parsed beforehand: %v, %v", parsed, err)
			}
		})
	}
	for _, bad := range []string{"", "* * * *", "0 0 30 2 *", "TZ=UTC * * * * *", "TZ=0", "@every 1s"} {
		if got, err := (Schedule{Cron: bad}).NextCron(time.Now()); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestActiveAt(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	hours := func(s string) []ActiveHours {
		a, err := parseActive(s)
		if err != nil {
			t.Fatal(err)
		}
		return []ActiveHours{a}
	}
	tests := []struct {
		active string
		at     string // local time in Berlin
		want   bool
	}{
		{"mon-fri 08:00-18:00", "2026-01-05 08:00", true},
		{"mon-fri 08:00-18:00", "2026-01-05 07:59", false},
		{"mon-fri 08:00-18:00", "2026-01-05 18:00", false},
		{"mon-fri 08:00-18:00", "2026-01-03 12:00", false}, // Saturday
		{"sat,sun", "2026-01-03 00:00", true},
		{"sat,sun", "2026-01-05 00:00", false},
		{"22:00-06:00", "2026-01-05 23:59", true},
		{"22:00-06:00", "2026-01-05 05:59", true},
		{"22:00-06:00", "2026-01-05 06:00", false},
		{"fri 22:00-06:00", "2026-01-09 23:00", true},
		{"fri 22:00-06:00", "2026-01-10 05:00", true},  // Saturday, begun on Friday
		{"fri 22:00-06:00", "2026-01-09 05:00", false}, // Friday, begun on Thursday
		{"sun 22:00-06:00", "2026-01-05 05:00", true},
		{"fri-mon 00:00-24:00", "2026-01-04 23:59", true},
		{"fri-mon 00:00-24:00", "2026-01-06 12:00", false},
		{"08:00-08:00", "2026-01-05 07:59", true}, // all day
		// The day on which clocks go forward, and the one on which they go back.
		{"08:00-18:00", "2026-03-29 08:00", true},
		{"08:00-18:00", "2026-03-29 07:59", false},
		{"02:00-03:00", "2026-03-29 03:00", false},
		{"08:00-18:00", "2026-10-25 17:59", true},
	}
	for _, test := range tests {
		t.Run(test.active+" at "+test.at, func(t *testing.T) {
			local, err := time.ParseInLocation("2006-01-02 15:04", test.at, berlin)
			if err != nil {
				t.Fatal(err)
			}
			s := Schedule{Zone: berlin, Active: hours(test.active)}
			if got := s.ActiveAt(local.UTC()); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if !(Schedule{}).ActiveAt(time.Now()) {
		t.Error("without active hours, it is always active")
	}
	// Both times that clocks show 02:30 on the night of 25 October.
	s := Schedule{Zone: berlin, Active: hours("02:00-03:00")}
	for _, utc := range []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"} {
		if !s.ActiveAt(at(t, utc)) {
			t.Errorf("not active at %s", utc)
		}
	}
}

func TestInMaintenance(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	once := Maintenance{Reason: "once", From: at(t, "2026-05-01T02:00:00Z"), To: at(t, "2026-05-01T04:00:00Z")}
	nightly := Maintenance{Reason: "nightly", Cron: "30 2 * * *", For: 2 * time.Hour}
	weekly := Maintenance{Reason: "weekly", Cron: "0 22 * * sun", For: 12 * time.Hour}
	tests := []struct {
		name     string
		windows  []Maintenance
		at       string
		from, to string // empty: none
	}{
		{"before", []Maintenance{once}, "2026-05-01T01:59:59Z", "", ""},
		{"at its start", []Maintenance{once}, "2026-05-01T02:00:00Z", "2026-05-01T02:00:00Z", "2026-05-01T04:00:00Z"},
		{"at its end", []Maintenance{once}, "2026-05-01T04:00:00Z", "", ""},
		{"recurring, before", []Maintenance{nightly}, "2026-01-05T01:29:59Z", "", ""},
		{"recurring, at its start", []Maintenance{nightly}, "2026-01-05T01:30:00Z", "2026-01-05T01:30:00Z", "2026-01-05T03:30:00Z"},
		{"recurring, within", []Maintenance{once, nightly}, "2026-01-05T03:29:00Z", "2026-01-05T01:30:00Z", "2026-01-05T03:30:00Z"},
		{"recurring, at its end", []Maintenance{nightly}, "2026-01-05T03:30:00Z", "", ""},
		{"over midnight", []Maintenance{weekly}, "2026-01-05T08:59:00Z", "2026-01-04T21:00:00Z", "2026-01-05T09:00:00Z"},
		{"over midnight, after", []Maintenance{weekly}, "2026-01-05T09:00:00Z", "", ""},
		// 02:30 does not come on 29 March; the work is done all the same.
		{"start that is skipped", []Maintenance{nightly}, "2026-03-29T02:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T03:30:00Z"},
		{"before the start that is skipped", []Maintenance{nightly}, "2026-03-29T01:29:00Z", "", ""},
		{"start that comes twice", []Maintenance{nightly}, "2026-10-25T03:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T03:30:00Z"},
		{"none", nil, "2026-01-05T03:30:00Z", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, parsedBefore := range []bool{false, true} {
				s := Schedule{Zone: berlin}
				for _, m := range test.windows {
					if parsedBefore && m.Cron != "" {
						m.cron, _ = parseCron(m.Cron)
					}
					s.Maintenance = append(s.Maintenance, m)
				}
				got, in := s.InMaintenance(at(t, test.at))
				if in != (test.from != "") {
					t.Fatalf("in maintenance: %v (%v)", in, got)
				}
				if in && (!got.From.Equal(at(t, test.from)) || !got.To.Equal(at(t, test.to)) || got.Reason == "") {
					t.Errorf("window %v to %v (%s)", got.From, got.To, got.Reason)
				}
			}
		})
	}
}

func TestStartsAreSpread(t *testing.T) {
	for _, every := range []time.Duration{10 * time.Second, time.Minute, time.Hour} {
		s := Schedule{Every: every}
		const ids, slots = 1000, 20
		var counts [slots]int
		for i := range ids {
			offset := s.Offset(fmt.Sprintf("check-%d", i))
			if offset < 0 || offset >= every {
				t.Fatalf("offset %s of a period of %s", offset, every)
			}
			counts[int(offset*slots/every)]++
		}
		// 50 are expected in each; with a standard deviation of 6.9, fewer than
		// 22 or more than 78 would be four of them away.
		for slot, n := range counts {
			if n < 22 || n > 78 {
				t.Errorf("every %s: %d of %d checks start in part %d of %d", every, n, ids, slot, slots)
			}
		}
	}
	if (Schedule{Cron: "* * * * *"}).Offset("a") != 0 {
		t.Error("cron has no offset")
	}
}

func TestFirstStart(t *testing.T) {
	s := Schedule{Every: time.Minute}
	for _, from := range []string{"2026-01-01T00:00:00Z", "2026-01-01T00:00:59.999999999Z", "1969-12-31T23:59:30Z"} {
		t0 := at(t, from)
		first := s.FirstStart("a", t0)
		if first.Before(t0) || first.Sub(t0) >= s.Every {
			t.Errorf("first start after %s is %s", t0, first)
		}
		if again := s.FirstStart("a", first); !again.Equal(first) {
			t.Errorf("at %s it is due, not at %s", first, again)
		}
		if next := s.FirstStart("a", first.Add(1)); next.Sub(first) != s.Every {
			t.Errorf("after %s comes %s", first, next)
		}
	}
}
