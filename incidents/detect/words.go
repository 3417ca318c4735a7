package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"outrider/checks"
	"outrider/probes"
)

// maxMessage bounds the part of a summary that comes from the site, in bytes.
const maxMessage = 400

// brief cuts a message to a readable length and to one line.
func brief(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if len(message) <= maxMessage {
		return message
	}
	cut := maxMessage
	for !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + "…"
}

// lowerFirst makes a sentence fit to follow a colon.
func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}

// inARowText is the end of a sentence about so many runs.
func inARowText(runs int) string {
	if runs <= 1 {
		return " in the last run"
	}
	return fmt.Sprintf(" in %d runs in a row", runs)
}

// measureText is what people call a phase or a Web Vital.
func measureText(measure string) string {
	if p := checks.Phase(measure); p.Text() != measure {
		return p.Text()
	}
	return checks.Vital(measure).Text()
}

// isScore tells whether the measure is a number without unit.
func isScore(e probes.Exceeded) bool { return e.Measure == string(checks.VitalCLS) }

// measured gives what was got and its limit, precisely enough to tell them
// apart.
func measured(e probes.Exceeded) (got, limit string) {
	format := milliseconds
	if isScore(e) {
		format = decimal
	}
	limit = format(e.Limit, 3)
	for places := 2; places <= 6; places++ {
		if got = format(e.Got, places); got != limit {
			break
		}
	}
	return got, limit
}

// milliseconds writes a duration the way people do: "950 ms", "6.1 s",
// "2 min 5 s".
func milliseconds(ms float64, places int) string {
	switch {
	case ms < 1000:
		return decimal(ms, min(places, 3)) + " ms"
	case ms < 60_000:
		return decimal(ms/1000, places) + " s"
	}
	minutes := math.Floor(ms / 60_000)
	return decimal(minutes, 0) + " min " + decimal((ms-minutes*60_000)/1000, places) + " s"
}

// decimal writes a number with at most so many places.
func decimal(x float64, places int) string {
	scale := math.Pow10(places)
	return strconv.FormatFloat(math.Round(x*scale)/scale, 'f', -1, 64)
}
