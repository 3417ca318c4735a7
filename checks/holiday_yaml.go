package checks

import (
	"errors"
	"fmt"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// holidayDraft is a holiday while it is read.
type holidayDraft struct {
	Holiday
	selector selectorDraft
}

var holidayObject = object[holidayDraft]{name: "holiday", noun: "a holiday", doc: "A day on which customers behave as on another day of the week.",
	keys: append([]key[holidayDraft]{
		{name: "date", doc: "The day, such as 2026-12-25, by the calendar of each check's zone.", form: textForm, read: readDate, instead: []string{"day", "on"}},
		{name: "name", doc: "The holiday's name, for people.", form: textForm,
			read: func(d *decoder, n *yaml.Node, h *holidayDraft) { set(&h.Name)(d.bounded(n, 200)) }},
		{name: "like", doc: "The day of the week that it is like. Default: sunday.", form: form{"enum": likeNames()},
			read: func(d *decoder, n *yaml.Node, h *holidayDraft) {
				set(&h.Like)(parsed(d, n, "a day of the week such as sunday", func(s string) (time.Weekday, error) {
					day, ok := weekday(s)
					if !ok {
						return 0, errors.New("write a day of the week such as sunday")
					}
					return day, nil
				}))
			}},
	}, lift(selectorKeys, func(h *holidayDraft) *selectorDraft { return &h.selector })...),
	rules: form{"required": []string{"date"}}}

// likeNames are the days of the week, in full and short.
func likeNames() []string {
	var names []string
	for day := time.Sunday; day <= time.Saturday; day++ {
		name := strings.ToLower(day.String())
		names = append(names, name, name[:3])
	}
	return names
}

func readDate(d *decoder, n *yaml.Node, h *holidayDraft) {
	day, ok := parsed(d, n, "a day such as 2026-12-25", func(s string) (time.Time, error) {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			err = errors.New("write a day such as 2026-12-25")
		}
		return t, err
	})
	if ok {
		h.Year, h.Month, h.Day = day.Date()
	}
}

// readHolidays reads the file's holidays: days, or mappings with what they are
// like.
func (d *decoder) readHolidays() {
	for _, n := range d.listed(d.top.holidays, "holidays", "a list of days, such as [2026-12-25]") {
		h := holidayDraft{Holiday: Holiday{Like: time.Sunday}}
		if d.isMapping(n) {
			entries, ok := holidayObject.decode(d, n, &h)
			if !ok || !d.needs(n, entries, "this holiday", "date") {
				continue
			}
		} else {
			d.within("holidays", func() { readDate(d, n, &h) })
		}
		if h.Day == 0 {
			continue // noted
		}
		h.Pos, h.Selector = d.at(n), h.selector.Selector
		if len(d.holidays) == maxEvents {
			d.problem(n, "more than %d holidays", maxEvents)
			return
		}
		d.holidays = append(d.holidays, h.Holiday)
		d.selected = append(d.selected, selection{fmt.Sprintf("holiday %04d-%02d-%02d", h.Year, h.Month, h.Day), h.Pos, h.selector})
	}
}
