package surge

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Target is a planned load: a factor of the peak that was seen, or a load in
// the series' own unit. Exactly one of the two is set.
type Target struct {
	Factor float64
	Load   float64
}

const (
	mostTargets = 100
	mostFactor  = 10_000
)

var errTarget = errors.New("write a factor of the peak such as 5x, or a load such as 1700")

// ParseTarget reads "5x", "1.5x" or "1700"; "1,700" is two targets and not
// taken here.
func ParseTarget(s string) (Target, error) {
	text := strings.TrimSpace(s)
	number, isFactor := strings.CutSuffix(text, "x")
	if !isFactor {
		number, isFactor = strings.CutSuffix(text, "×")
	}
	number = strings.TrimSpace(number)
	if number == "" || strings.IndexFunc(number, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != 'e' }) >= 0 {
		return Target{}, fmt.Errorf("%q: %w", cut(s), errTarget)
	}
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || v <= 0 || math.IsInf(v, 0):
		return Target{}, fmt.Errorf("%q: %w", cut(s), errTarget)
	case isFactor && v > mostFactor:
		return Target{}, fmt.Errorf("%q: write a factor of at most %dx", cut(s), mostFactor)
	case isFactor:
		return Target{Factor: v}, nil
	}
	return Target{Load: v}, nil
}

// ParseTargets reads several targets, separated by commas.
func ParseTargets(s string) ([]Target, error) {
	var targets []Target
	for item := range strings.SplitSeq(s, ",") {
		t, err := ParseTarget(item)
		if err != nil {
			return nil, err
		}
		if targets = append(targets, t); len(targets) > mostTargets {
			return nil, fmt.Errorf("write at most %d loads", mostTargets)
		}
	}
	return targets, nil
}

// String gives the target as it is written.
func (t Target) String() string {
	if t.Factor > 0 {
		return strconv.FormatFloat(t.Factor, 'g', -1, 64) + "x"
	}
	return strconv.FormatFloat(t.Load, 'f', -1, 64)
}

// Of gives the load that is meant, where a factor is one of peak.
func (t Target) Of(peak float64) float64 {
	if t.Factor > 0 {
		return t.Factor * peak
	}
	return t.Load
}

// cut keeps what a message quotes short.
func cut(s string) string {
	const longest = 60
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}
