package checks

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is a name for a quantity, the longest first where one starts another.
type unit struct {
	name string
	size float64
}

var durationUnits = [...]unit{
	{"w", float64(7 * 24 * time.Hour)},
	{"d", float64(24 * time.Hour)},
	{"h", float64(time.Hour)},
	{"m", float64(time.Minute)},
	{"s", float64(time.Second)},
	{"ms", float64(time.Millisecond)},
	{"us", float64(time.Microsecond)},
	{"µs", float64(time.Microsecond)},
	{"ns", 1},
}

var errNoUnit = errors.New("write a number with a unit, such as 800ms, 30s, 5m, 1h or 30d")

// ParseDuration reads a duration as people write it: 800ms, 4s, 2m, 1h, 30d,
// 1w, 1m30s. A day is 24 hours. It is never negative. The error says what to
// write.
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, errNoUnit
	}
	var sum float64
	smaller := math.Inf(1)
	for rest != "" {
		number, after, ok := cutNumber(rest)
		if !ok {
			return 0, errNoUnit
		}
		after = strings.TrimLeft(after, " ")
		name := after[:wordEnd(after)]
		size := 0.0
		for _, u := range durationUnits {
			if u.name == name {
				size = u.size
			}
		}
		if size == 0 {
			return 0, errNoUnit
		}
		if size >= smaller {
			return 0, errors.New("write the larger unit first, each once, such as 1m30s")
		}
		smaller = size
		sum += number * size
		rest = strings.TrimLeft(after[len(name):], " ")
	}
	if sum = math.Round(sum); sum >= math.MaxInt64 {
		return 0, errors.New("write less than 290 years")
	}
	return time.Duration(sum), nil
}

// parseOffset reads a duration with a sign: +1h, -30m.
func parseOffset(s string) (time.Duration, error) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, errors.New("write an offset with its sign, such as +1h or -30m")
	}
	d, err := ParseDuration(s[1:])
	if s[0] == '-' {
		d = -d
	}
	return d, err
}

// cutNumber splits off a decimal number without sign or exponent.
func cutNumber(s string) (number float64, after string, ok bool) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
		end++
	}
	if end == 0 || end > 18 || s[0] == '.' {
		return 0, s, false
	}
	number, err := strconv.ParseFloat(s[:end], 64)
	return number, s[end:], err == nil
}

// wordEnd is where the letters at the start of s end.
func wordEnd(s string) int {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == 'µ') {
			return i
		}
	}
	return len(s)
}

// formatDuration writes a duration the way definitions do.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range durationUnits {
		size := time.Duration(u.size)
		if n := d / size; n > 0 && u.name != "w" && u.name != "µs" {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * size
		}
	}
	return b.String()
}

var byteUnits = [...]unit{
	{"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
}

// parseBytes reads a size: 512, 100kB, 10MB, 1MiB.
func parseBytes(s string) (float64, error) {
	errUnit := errors.New("write a size such as 512, 100kB, 10MB or 1MiB")
	number, rest, ok := cutNumber(strings.TrimSpace(s))
	if !ok {
		return 0, errUnit
	}
	rest = strings.TrimLeft(rest, " ")
	if rest == "" {
		return number, nil
	}
	for _, u := range byteUnits {
		if u.name == rest {
			return number * u.size, nil
		}
	}
	return 0, errUnit
}

// parsePercent reads a share: 99.5% is 0.995.
func parsePercent(s string) (float64, error) {
	errForm := errors.New("write a percentage such as 99.5%")
	number, rest, ok := cutNumber(strings.TrimSpace(s))
	if !ok || strings.TrimLeft(rest, " ") != "%" {
		return 0, errForm
	}
	return number / 100, nil
}
