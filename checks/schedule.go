package checks

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a check runs. Exactly one of Every and Cron is set.
type Schedule struct {
	Every time.Duration
	// Cron is a standard five-field expression, read in Zone.
	Cron string
	// Zone applies to Cron, Active and recurring Maintenance; never nil.
	Zone *time.Location
	// Active limits runs to certain hours; empty means always.
	Active []ActiveHours
	// Maintenance lists the windows in which runs are still made and recorded
	// but judged by nobody: they open no incident and spend no error budget.
	Maintenance []Maintenance

	cron cron.Schedule // Cron, parsed; nil: not yet
}

// ActiveHours is a span of the day on certain weekdays.
type ActiveHours struct {
	Days []time.Weekday // empty means every day
	// From and To count from midnight, wall-clock time. To may be 24h; a To
	// at or before From reaches into the next day.
	From, To time.Duration
}

// Maintenance is a planned window: one-off (From and To) or recurring (Cron
// and For).
type Maintenance struct {
	Reason   string
	From, To time.Time
	Cron     string // start of each window, standard five-field expression
	For      time.Duration

	cron cron.Schedule // Cron, parsed; nil: not yet
}

// Offset is where in its period a check starts, so that a thousand checks of
// one period do not start together. It follows from the id alone and is thus
// the same after every restart. Zero for cron schedules.
func (s Schedule) Offset(id string) time.Duration {
	if s.Every <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	// Finalizer of MurmurHash3: FNV alone leaves the high bits of similar ids
	// (check-1, check-2, …) close together.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return time.Duration(x % uint64(s.Every))
}

// FirstStart is the first moment at or after t at which a check with an Every
// schedule is due: periods count from the Unix epoch, moved by the Offset.
func (s Schedule) FirstStart(id string, t time.Time) time.Time {
	since := time.Duration(t.UnixNano()) - s.Offset(id)
	wait := (s.Every - since%s.Every) % s.Every
	return t.Add(wait)
}

// NextCron is the first moment after t at which a check with a Cron schedule
// is due. Its error says that there is none, or that Cron is not valid.
//
// A time of day that daylight saving skips is left out that day, and one that
// comes twice is due twice, as in the scheduler that fires checks.
func (s Schedule) NextCron(t time.Time) (time.Time, error) {
	next, err := cronIn(s.cron, s.Cron, s.Zone)
	if err != nil {
		return time.Time{}, err
	}
	due := next.Next(t)
	if due.IsZero() {
		return due, fmt.Errorf("cron %q is never due", s.Cron)
	}
	return due, nil
}

// ActiveAt tells whether the check runs at t by its active hours. Hours are
// wall-clock time: on days that daylight saving makes shorter or longer they
// are shorter or longer, too.
func (s Schedule) ActiveAt(t time.Time) bool {
	if len(s.Active) == 0 {
		return true
	}
	local := t.In(s.zone())
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	today := local.Weekday()
	yesterday := (today + 6) % 7
	for _, a := range s.Active {
		if a.To > a.From {
			if a.on(today) && clock >= a.From && clock < a.To {
				return true
			}
			continue
		}
		if a.on(today) && clock >= a.From || a.on(yesterday) && clock < a.To {
			return true
		}
	}
	return false
}

func (a ActiveHours) on(day time.Weekday) bool {
	return len(a.Days) == 0 || slices.Contains(a.Days, day)
}

// InMaintenance gives the maintenance window that t is in, From included and
// To not. Of a recurring one, From and To tell when this one started and ends.
func (s Schedule) InMaintenance(t time.Time) (Maintenance, bool) {
	for _, m := range s.Maintenance {
		if m.Cron == "" {
			if !t.Before(m.From) && t.Before(m.To) {
				return m, true
			}
			continue
		}
		if start, ok := m.started(t, s.zone()); ok {
			m.From, m.To = start.UTC(), start.Add(m.For).UTC()
			return m, true
		}
	}
	return Maintenance{}, false
}

// started gives the start of the recurring window that t is in.
func (m *Maintenance) started(t time.Time, zone *time.Location) (time.Time, bool) {
	next, err := cronIn(m.cron, m.Cron, zone)
	if err != nil {
		return time.Time{}, false // loading has refused it
	}
	earliest := t.Add(-m.For)
	if start := next.Next(earliest); !start.IsZero() && !start.After(t) {
		return start, true
	}
	// A start that daylight saving skips (02:30 in the night that goes from
	// 02:00 to 03:00) is no start for cron, but the work is done all the same:
	// take it as the wall clock would have gone on.
	_, before := earliest.In(zone).Zone()
	_, after := t.In(zone).Zone()
	if after <= before {
		return time.Time{}, false
	}
	wall, err := cronIn(m.cron, m.Cron, time.UTC)
	if err != nil {
		return time.Time{}, false
	}
	skipped := wall.Next(asWall(earliest, before))
	start := skipped.Add(-time.Duration(before) * time.Second)
	if skipped.IsZero() || start.After(t) || !start.After(earliest) {
		return time.Time{}, false
	}
	return start, true
}

// asWall is the reading of a clock at the given offset, as if it were UTC.
func asWall(t time.Time, offset int) time.Time {
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func (s Schedule) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// cronIn gives a cron schedule in a zone; parsed may be nil.
func cronIn(parsed cron.Schedule, expression string, zone *time.Location) (cron.Schedule, error) {
	if parsed == nil {
		var err error
		if parsed, err = parseCron(expression); err != nil {
			return nil, err
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return parsed, nil
	}
	local := *spec
	local.Location = zone
	return &local, nil
}

// parseCron reads a standard cron expression of five fields.
func parseCron(expression string) (cron.Schedule, error) {
	if strings.Contains(expression, "TZ=") {
		return nil, errors.New("the time zone has a key of its own, zone")
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	s, err := parser.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("no cron expression (%w)", err)
	}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return nil, errors.New("never due")
	}
	return s, nil
}
