// Package locations says whether a failing check fails everywhere or only from
// some of the places it is run from: a broken site, or a broken path to it. It
// keeps the last result of each location of one check.
//
// It judges nothing else: whether a failure is confirmed is for others to say,
// and so is which runs count (none of unknown outcome, none in maintenance).
package locations

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of what is remembered. When there is no room, the location that was
// silent for longest is forgotten.
const (
	MaxLocations = 64
	maxName      = 128 // bytes; longer names are cut
)

// StaleAfter is after how many of a check's usual intervals a location without
// a new run has no say any more.
const StaleAfter = 3

// Map is the last result of each location of one check. The zero value knows
// none. It must not be used by two goroutines at once.
type Map struct {
	places []place // sorted by name
}

// place is a location.
type place struct {
	name string
	at   int64 // start of its last run, microseconds since 1970
	bad  bool
}

// Observe notes the result of a run. Duplicates and runs older than the last
// one of the same location change nothing.
func (m *Map) Observe(location string, started time.Time, bad bool) {
	at := started.UnixMicro()
	if at <= 0 {
		return
	}
	if len(location) > maxName {
		location = strings.ToValidUTF8(location[:maxName], "")
	}
	i, found := slices.BinarySearchFunc(m.places, location, func(p place, name string) int { return strings.Compare(p.name, name) })
	if found {
		if p := &m.places[i]; at > p.at {
			p.at, p.bad = at, bad
		}
		return
	}
	if len(m.places) == MaxLocations {
		oldest := m.oldest()
		if m.places[oldest].at >= at {
			return
		}
		m.places = slices.Delete(m.places, oldest, oldest+1)
		if oldest < i {
			i--
		}
	}
	m.places = slices.Insert(m.places, i, place{location, at, bad})
}

func (m *Map) oldest() int {
	oldest := 0
	for i := range m.places {
		if m.places[i].at < m.places[oldest].at {
			oldest = i
		}
	}
	return oldest
}

// Rewind forgets locations whose last run is after a time, for a clock that was
// set back: their next runs would else count as old.
func (m *Map) Rewind(now time.Time) {
	at := now.UnixMicro()
	m.places = slices.DeleteFunc(m.places, func(p place) bool { return p.at > at })
}

// Scope is how widely a check fails.
type Scope uint8

// The scopes.
const (
	// Nowhere: no location fails, or none has a say.
	Nowhere Scope = iota
	// Alone: it fails at the only location there is, which cannot tell.
	Alone
	// Local: it fails at a single one of three or more, or at no more than a
	// third: suspect the path from there, or the prober.
	Local
	// Partial: it fails at up to half of the locations, or at one of two.
	Partial
	// Global: it fails at more than half of them.
	Global
)

// String gives a word for a label.
func (s Scope) String() string {
	switch s {
	case Nowhere:
		return "nowhere"
	case Alone:
		return "alone"
	case Local:
		return "local"
	case Partial:
		return "partial"
	case Global:
		return "global"
	}
	return "unknown"
}

// View is where a check fails at some time. Names are sorted.
type View struct {
	Scope   Scope
	Failing []string
	Fine    []string
	// Silent are locations whose last run is too old to count.
	Silent []string
}

// Over gives the view at a time. every is the usual time between two runs at
// the same location; a location that missed StaleAfter of them is silent. If it
// is zero, all have a say.
func (m *Map) Over(now time.Time, every time.Duration) View {
	var v View
	at := now.UnixMicro()
	for _, p := range m.places {
		switch {
		case every > 0 && (at-p.at)/StaleAfter > every.Microseconds():
			v.Silent = append(v.Silent, p.name)
		case p.bad:
			v.Failing = append(v.Failing, p.name)
		default:
			v.Fine = append(v.Fine, p.name)
		}
	}
	v.Scope = scopeOf(len(v.Failing), len(v.Failing)+len(v.Fine))
	return v
}

func scopeOf(failing, of int) Scope {
	switch {
	case failing == 0:
		return Nowhere
	case of == 1:
		return Alone
	case 2*failing > of:
		return Global
	case 3*failing <= of:
		return Local
	}
	return Partial
}

// Explain puts the view into words: part of a sentence about a check, empty if
// there is nothing to say.
func (v View) Explain() string {
	of := len(v.Failing) + len(v.Fine)
	var text string
	switch v.Scope {
	case Nowhere, Alone:
		return ""
	case Global:
		if len(v.Fine) == 0 {
			text = fmt.Sprintf("fails at all %d locations", of)
		} else {
			text = fmt.Sprintf("fails at %d of %d locations; fine at %s", len(v.Failing), of, names(v.Fine))
		}
	case Local:
		text = fmt.Sprintf("fails at %d of %d locations (%s); fine at the others: suspect the path from there", len(v.Failing), of, names(v.Failing))
	case Partial:
		if of == 2 {
			text = fmt.Sprintf("fails at %s; fine at %s: either the path from there or the site", v.Failing[0], v.Fine[0])
			break
		}
		text = fmt.Sprintf("fails at %d of %d locations (%s); fine at %s: suspect what the failing ones share", len(v.Failing), of, names(v.Failing), names(v.Fine))
	}
	if len(v.Silent) > 0 {
		text += fmt.Sprintf(" (nothing new from %s)", names(v.Silent))
	}
	return text
}

// names lists a few names and counts the rest.
func names(all []string) string {
	const most = 4
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most-1], ", "), len(all)-most+1)
}
