package web

import (
	"bytes"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"outrider/checks"
	"outrider/incidents/detect"
	"outrider/probes"
)

// nbsp keeps a figure and its unit on one line.
const nbsp = "\u00a0"

// showDuration writes a measured time with three digits: 0.42 ms, 823 ms,
// 1.24 s, 3 min 12 s.
func showDuration(d time.Duration) string {
	switch a := d.Abs(); {
	case a == 0:
		return "0" + nbsp + "ms"
	case a < 10*time.Millisecond:
		return trimZeros(strconv.FormatFloat(float64(d)/1e6, 'f', 2, 64)) + nbsp + "ms"
	case a < 999500*time.Microsecond:
		return strconv.FormatInt(d.Round(time.Millisecond).Milliseconds(), 10) + nbsp + "ms"
	case a < 9995*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + nbsp + "s"
	case a < 59950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + nbsp + "s"
	}
	return showSpan(d.Round(time.Second))
}

// showSpan writes a span as people do, in its two largest units: 30 d,
// 1 h 30 min, 2.5 s, 800 ms.
func showSpan(d time.Duration) string {
	if d < 0 {
		return "-" + showSpan(-d)
	}
	if d < time.Second {
		if d%time.Millisecond != 0 {
			return showDuration(d)
		}
		return strconv.FormatInt(d.Milliseconds(), 10) + nbsp + "ms"
	}
	if d < time.Minute {
		return trimZeros(strconv.FormatFloat(d.Seconds(), 'f', 3, 64)) + nbsp + "s"
	}
	units := [...]struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := strconv.FormatInt(int64(d/u.size), 10) + nbsp + u.name
		if i+1 < len(units) {
			if next := units[i+1]; d%u.size >= next.size {
				text += " " + strconv.FormatInt(int64(d%u.size/next.size), 10) + nbsp + next.name
			}
		}
		return text
	}
	return "0" + nbsp + "s"
}

// showMilliseconds writes a vital or threshold measure: milliseconds, or the
// bare score for CLS.
func showMilliseconds(v float64, measure string) string {
	if measure == string(checks.VitalCLS) {
		return trimZeros(strconv.FormatFloat(v, 'f', 3, 64))
	}
	if math.IsNaN(v) || math.Abs(v) > 1e9 {
		return "?"
	}
	return showDuration(time.Duration(v * float64(time.Millisecond)))
}

// showBytes writes a size with decimal units, as network people count.
func showBytes(n int64) string {
	const units = "kMGT"
	if n < 1000 {
		return strconv.FormatInt(n, 10) + nbsp + "B"
	}
	f, i := float64(n)/1000, 0
	for f >= 999.5 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	digits := 1
	if f >= 99.5 {
		digits = 0
	}
	return trimZeros(strconv.FormatFloat(f, 'f', digits, 64)) + nbsp + units[i:i+1] + "B"
}

// showPercent writes a share, rounded down, since 99.996 % good is not 100 %.
func showPercent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return "?"
	}
	p := share * 100
	// The small addition heals 0.995*100 = 99.4999….
	floor := math.Floor(p*100+1e-6) / 100
	if p >= 99.9 || p <= -99.9 {
		floor = math.Floor(p*1000+1e-6) / 1000
	}
	return trimZeros(strconv.FormatFloat(floor, 'f', 3, 64)) + nbsp + "%"
}

// showChance writes a probability; nobody knows one to the fraction of a
// percent.
func showChance(p float64) string {
	switch {
	case p < 0.01:
		return "under 1" + nbsp + "%"
	case p > 0.99:
		return "over 99" + nbsp + "%"
	}
	return strconv.Itoa(int(math.Round(p*100))) + nbsp + "%"
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// showTime writes a moment in UTC, to the second, for reading.
func showTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + nbsp + "UTC"
}

// ago writes how long before or after now a moment is.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch a := d.Abs(); {
	case a < time.Second:
		return "now"
	case a < time.Minute:
		d = d.Truncate(time.Second)
	case a < time.Hour:
		d = d.Truncate(time.Minute)
	case a < 48*time.Hour:
		d = d.Truncate(time.Hour)
	default:
		d = d.Truncate(24 * time.Hour)
	}
	if d < 0 {
		return "in " + showSpan(-d)
	}
	return showSpan(d) + " ago"
}

// moment is a time together with the now that it is seen from.
type moment struct {
	At  time.Time
	Now time.Time
}

// Ago writes the distance in words.
func (m moment) Ago() string { return ago(m.At, m.Now) }

// plural writes a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// glyph is the sign that goes with a state, so that colour is never the only
// carrier of meaning.
func glyph(state any) string {
	switch fmt.Sprint(state) {
	case string(probes.Passed), "resolved", "delivered", "good":
		return "✓"
	case string(probes.Degraded), "warning", "needs improvement":
		return "▲"
	case string(probes.Failed), "critical", "undeliverable", "poor":
		return "✕"
	case string(probes.Unknown):
		return "?"
	case string(detect.Notice):
		return "→"
	case stateNever:
		return "○"
	case statePaused, "pending":
		return "‖"
	}
	return "•"
}

// noteWord is how a kind of note is called on pages.
func noteWord(k detect.NoteKind) string {
	switch k {
	case detect.NoteDeploy:
		return "deployment"
	case detect.NoteChange:
		return "change of level"
	case detect.NoteForecast:
		return "prediction"
	case detect.NoteOutcome:
		return "outcome of a prediction"
	}
	return string(k)
}

// word is how a state is called on pages.
func word(state any) string {
	switch w := fmt.Sprint(state); w {
	case stateNever:
		return "never ran"
	default:
		return w
	}
}

// cut shortens text to at most n runes.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// says tells whether a step's name begins with its verb, as names do that the
// definition did not give.
func says(name, verb string) bool {
	return len(name) >= len(verb) && strings.EqualFold(name[:len(verb)], verb)
}

// webLink gives a URL back if a browser may follow it from our pages: http or
// https with a host. Anything else, javascript: above all, gives nothing.
func webLink(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// bidi are the control characters that reorder text (Unicode UAX #9): with
// them a monitored page could make our page read otherwise than it is. They
// are U+061C, U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069 in UTF-8.
var bidi = [...]string{
	"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
	"\u2066", "\u2067", "\u2068", "\u2069",
}

// disarmBidi puts U+FFFD in place of bidirectional controls. It works on the
// whole rendered page, so that no template can forget it; our own templates
// have none.
func disarmBidi(page []byte) []byte {
	for _, c := range bidi {
		if bytes.Contains(page, []byte(c)) {
			page = bytes.ReplaceAll(page, []byte(c), []byte("\ufffd"))
		}
	}
	return page
}
