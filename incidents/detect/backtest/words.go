package backtest

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// line makes one line of a text that may come from a site or a file: what could
// fool a terminal or a reader becomes U+FFFD.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

func lines(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = line(text)
	}
	return out
}

// decimal writes a number with at most so many places.
func decimal(x float64, places int) string {
	scale := math.Pow10(places)
	return strconv.FormatFloat(math.Round(x*scale)/scale, 'f', -1, 64)
}

// latencyText writes what a journey takes: "950 ms", "6.1 s", "2 min 5 s".
func latencyText(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return decimal(ms, 2) + " ms"
	case ms < 999.5:
		return decimal(ms, 0) + " ms"
	case ms < 59_995:
		return decimal(ms/1000, 2) + " s"
	}
	seconds := math.Round(ms / 1000)
	minutes := math.Floor(seconds / 60)
	text := decimal(minutes, 0) + " min"
	if rest := seconds - 60*minutes; rest > 0 {
		text += " " + decimal(rest, 0) + " s"
	}
	return text
}

// lengthText writes how long something lasted: "40 s", "35 min", "2 h 5 min",
// "6.5 days".
func lengthText(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + lengthText(-d)
	case d < time.Minute:
		return decimal(d.Seconds(), 0) + " s"
	case d < time.Hour-30*time.Second:
		return decimal(d.Minutes(), 0) + " min"
	case d < 24*time.Hour-30*time.Second:
		d = d.Round(time.Minute)
		text := decimal(math.Floor(d.Hours()), 0) + " h"
		if rest := d % time.Hour; rest > 0 {
			text += " " + decimal(rest.Minutes(), 0) + " min"
		}
		return text
	}
	days := decimal(d.Hours()/24, 1)
	if days == "1" {
		return "1 day"
	}
	return days + " days"
}

// timeText writes a moment, in UTC.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.01:
		return "under 0.01 %"
	case p == 0 || p >= 10:
		return decimal(p, 1) + " %"
	default:
		return decimal(p, 2) + " %"
	}
}

// count writes a number with a comma at the thousands.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// definitionDuration writes a duration the way definitions do: 800ms, 1.2s.
func definitionDuration(d time.Duration) string {
	if d < time.Second {
		return decimal(float64(d)/float64(time.Millisecond), 0) + "ms"
	}
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return decimal(d.Hours()/24, 0) + "d"
	}
	return decimal(d.Seconds(), 3) + "s"
}
