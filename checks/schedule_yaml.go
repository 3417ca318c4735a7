package checks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones must work on images without the tz database

	yaml "go.yaml.in/yaml/v4"
)

func readEvery(d *decoder, n *yaml.Node, c *checkDraft) {
	set(&c.Schedule.Every)(parsed(d, n, writeDuration, func(s string) (time.Duration, error) {
		v, err := ParseDuration(s)
		if err == nil && (v < minEvery || v > maxEvery) {
			err = fmt.Errorf("write from %s to %s", formatDuration(minEvery), formatDuration(maxEvery))
		}
		return v, err
	}))
}

const (
	minEvery = time.Second
	maxEvery = 366 * 24 * time.Hour
)

func readCron(d *decoder, n *yaml.Node, c *checkDraft) {
	set(&c.Schedule.Cron)(parsed(d, n, writeCron, checkCron))
	if c.Schedule.Cron != "" {
		c.Schedule.cron, _ = parseCron(c.Schedule.Cron)
	}
}

const writeCron = `a cron expression of five fields, such as "*/15 8-18 * * mon-fri"`

func checkCron(s string) (string, error) {
	if _, err := parseCron(s); err != nil {
		return "", fmt.Errorf("%w: write %s", err, writeCron)
	}
	return s, nil
}

func readActive(d *decoder, n *yaml.Node, c *checkDraft) {
	var active []ActiveHours
	for _, item := range d.itemsOrOne(n) {
		if v, ok := parsed(d, item, "hours such as mon-fri 08:00-18:00", parseActive); ok {
			active = append(active, v)
		}
	}
	c.Schedule.Active = active
}

var errActive = errors.New("write days, hours or both, such as mon-fri 08:00-18:00, sat,sun or 22:00-06:00")

// parseActive reads "mon-fri 08:00-18:00", "sat,sun", "22:00-06:00".
func parseActive(s string) (ActiveHours, error) {
	hours := ActiveHours{To: 24 * time.Hour}
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 2 {
		return hours, errActive
	}
	if words[0][0] > '9' { // days come first
		var err error
		if hours.Days, err = parseDays(words[0]); err != nil {
			return hours, err
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return hours, nil
	}
	from, to, ok := strings.Cut(words[len(words)-1], "-")
	if !ok || len(words) > 1 {
		return hours, errActive
	}
	var err1, err2 error
	hours.From, err1 = parseClock(from)
	hours.To, err2 = parseClock(to)
	if err1 != nil || err2 != nil || hours.From == 24*time.Hour {
		return hours, errActive
	}
	return hours, nil
}

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads "mon-fri", "sat,sun", "fri-mon".
func parseDays(s string) ([]time.Weekday, error) {
	var days [7]bool
	for item := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(item, "-")
		if !isRange {
			to = from
		}
		first, ok1 := weekday(from)
		last, ok2 := weekday(to)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("%q is no day: write mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri", cut(item))
		}
		for day := first; ; day = (day + 1) % 7 {
			days[day] = true
			if day == last {
				break
			}
		}
	}
	var list []time.Weekday
	for day, on := range days {
		if on {
			list = append(list, time.Weekday(day))
		}
	}
	return list, nil
}

func weekday(s string) (time.Weekday, bool) {
	s = strings.ToLower(s)
	for i, name := range dayNames {
		if s == name || s == strings.ToLower(time.Weekday(i).String()) {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

// parseClock reads a time of day: 08:00, 24:00.
func parseClock(s string) (time.Duration, error) {
	hours, minutes, ok := strings.Cut(s, ":")
	h, err1 := strconv.ParseUint(hours, 10, 8)
	m, err2 := strconv.ParseUint(minutes, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(minutes) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, errActive
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// maintenanceDraft keeps local times as text until the zone is known.
type maintenanceDraft struct {
	Maintenance
	fromNode, toNode *yaml.Node
}

var maintenanceObject = object[maintenanceDraft]{name: "maintenance", noun: "a maintenance window",
	doc: "A planned window: one-off (from and to) or recurring (cron and for).",
	keys: []key[maintenanceDraft]{
		{name: "from", doc: "When a one-off window starts: RFC 3339, or 2026-12-01 02:00 in the check's zone.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *maintenanceDraft) { m.fromNode = d.scalar(n, writeTime) }, instead: []string{"start", "begin"}},
		{name: "to", doc: "When a one-off window ends.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *maintenanceDraft) { m.toNode = d.scalar(n, writeTime) }, instead: []string{"end", "until"}},
		{name: "cron", doc: "When each recurring window starts: a cron expression of five fields in the check's zone.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *maintenanceDraft) { set(&m.Cron)(parsed(d, n, writeCron, checkCron)) }},
		{name: "for", doc: "How long each recurring window lasts.", form: durationForm,
			read: func(d *decoder, n *yaml.Node, m *maintenanceDraft) {
				set(&m.For)(parsed(d, n, writeDuration, func(s string) (time.Duration, error) {
					v, err := ParseDuration(s)
					if err == nil && (v < time.Minute || v > maxEvery) {
						err = fmt.Errorf("write from 1m to %s", formatDuration(maxEvery))
					}
					return v, err
				}))
			}, instead: []string{"duration"}},
		{name: "reason", doc: "Why, for people.", form: textForm,
			read: func(d *decoder, n *yaml.Node, m *maintenanceDraft) { set(&m.Reason)(d.bounded(n, 500)) }},
	}}

const writeTime = "a time such as 2026-12-01 02:00 or 2026-12-01T02:00:00Z"

func readMaintenance(d *decoder, n *yaml.Node, c *checkDraft) {
	var drafts []maintenanceDraft
	for _, item := range d.itemsOrOne(n) {
		var m maintenanceDraft
		entries, ok := maintenanceObject.decode(d, item, &m)
		if !ok {
			continue
		}
		oneOff := has(entries, "from") || has(entries, "to")
		recurring := has(entries, "cron") || has(entries, "for")
		switch {
		case oneOff && recurring:
			d.problem(item, "a window is either from and to, or cron and for: make two of it")
		case oneOff && !(has(entries, "from") && has(entries, "to")):
			d.problem(item, "a one-off window needs both from and to")
		case recurring && !(has(entries, "cron") && has(entries, "for")):
			d.problem(item, "a recurring window needs both cron and for")
		case !oneOff && !recurring:
			d.problem(item, "write from and to, or cron and for")
		default:
			if m.Cron != "" {
				m.cron, _ = parseCron(m.Cron)
			}
			drafts = append(drafts, m)
		}
	}
	c.maintenance = drafts
}

// localTimes reads the times of maintenance windows, now that the zone is
// known in which those without one are meant.
func (c *checkDraft) localTimes(d *decoder) {
	c.Schedule.Maintenance = nil
	for _, m := range c.maintenance {
		if m.fromNode != nil && m.toNode != nil {
			var ok1, ok2 bool
			d.within("maintenance", func() {
				m.From, ok1 = d.time(m.fromNode, c.Schedule.Zone)
				m.To, ok2 = d.time(m.toNode, c.Schedule.Zone)
				if ok1 && ok2 && !m.From.Before(m.To) {
					d.problem(m.toNode, "to: the window ends before it starts: write a later time")
				}
			})
			if !ok1 || !ok2 {
				continue
			}
		}
		c.Schedule.Maintenance = append(c.Schedule.Maintenance, m.Maintenance)
	}
}

func (d *decoder) time(n *yaml.Node, zone *time.Location) (time.Time, bool) {
	return parsed(d, n, writeTime, func(s string) (time.Time, error) {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t.UTC(), nil
		}
		for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"} {
			if t, err := time.ParseInLocation(layout, s, zone); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, errors.New("write " + writeTime)
	})
}
