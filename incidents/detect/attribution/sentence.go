package attribution

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"outrider/checks"
)

// timeSentence says what part of the gained time something is.
func (w *slowRuns) timeSentence(c Culprit, what string) string {
	percent := strconv.Itoa(int(math.Round(100 * c.Share)))
	switch {
	case w.fresh:
		return fmt.Sprintf("nothing is known yet of what is usual; %s %% of %s is %s", percent, duration(w.gains), what)
	case w.total > 0 && w.gains <= 1.3*w.total:
		return fmt.Sprintf("%s %% of the extra %s is %s (%s → %s)", percent, duration(w.gains), what, duration(c.Was), duration(c.Is))
	}
	// Other parts got faster: a percentage would mislead.
	return fmt.Sprintf("%s went from %s to %s", what, duration(c.Was), duration(c.Is))
}

// atomText names an atom.
func (w *slowRuns) atomText(a *atom) string {
	s := w.steps[a.step]
	switch {
	case a.group != nil:
		return resourceText(a.group.own, a.group.host, pathOf(a.group.top)) + " in step " + s.name
	case a.part < partRest:
		return phaseText(a.part.phase()) + " in step " + s.name
	case w.kind == checks.KindBrowser:
		return "scripts and drawing in step " + s.name + ", which no request explains"
	}
	return "in step " + s.name + " outside of any phase"
}

// resourceText names what a page waits for.
func resourceText(own bool, host, path string) string {
	if host == "" {
		host = "further hosts"
	}
	if own {
		return "waiting for " + path + " of " + host
	}
	if path == "" || path == "/" {
		return "waiting for third party " + host
	}
	return "waiting for third party " + host + " (" + path + ")"
}

func steps(n int) string {
	if n == 1 {
		return "one step"
	}
	return strconv.Itoa(n) + " steps"
}

// duration writes milliseconds the way people do: "0.4 ms", "60 ms", "1.2 s",
// "2 min 5 s".
func duration(ms float64) string {
	switch {
	case !(ms > 0):
		return "0 ms"
	case ms < 9.95:
		return trim(ms, 1) + " ms"
	case ms < 999.5:
		return trim(ms, 0) + " ms"
	case ms < 9_950:
		return trim(ms/1000, 1) + " s"
	case ms < 59_500:
		return trim(ms/1000, 0) + " s"
	}
	seconds := math.Round(ms / 1000)
	minutes := math.Floor(seconds / 60)
	return trim(minutes, 0) + " min " + trim(seconds-60*minutes, 0) + " s"
}

// size writes bytes the way people do.
func size(bytes float64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{" GB", 1e9}, {" MB", 1e6}, {" kB", 1e3}} {
		if bytes >= 0.9995*u.of {
			return trim(bytes/u.of, 1) + u.name
		}
	}
	return trim(bytes, 0) + " bytes"
}

// trim writes a number with at most so many places.
func trim(x float64, places int) string {
	s := math.Pow10(places)
	return strconv.FormatFloat(math.Round(x*s)/s, 'f', -1, 64)
}

// maxQuoted bounds what a sentence quotes of the site, in bytes.
const maxQuoted = 200

// quoted cuts a text to one readable line.
func quoted(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxQuoted {
		return text
	}
	at := maxQuoted
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + "…"
}
