// Package report writes finished runs for people and for pipelines: as text,
// as JSON, and as JUnit XML.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"outrider/probes"
)

// Format is a form of report.
type Format string

// The formats.
const (
	Text  Format = "text"
	JSON  Format = "json"
	JUnit Format = "junit"
)

// ParseFormat gives the format of that name; its error lists the formats.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case Text, JSON, JUnit:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: write text, json or junit", name)
}

// Summary counts runs by outcome.
type Summary struct {
	Passed   int `json:"passed"`
	Degraded int `json:"degraded"`
	Failed   int `json:"failed"`
	Unknown  int `json:"unknown"`
}

// Summarize counts the outcomes of runs.
func Summarize(runs []probes.Run) Summary {
	var s Summary
	for _, r := range runs {
		switch r.Outcome {
		case probes.Passed:
			s.Passed++
		case probes.Degraded:
			s.Degraded++
		case probes.Failed:
			s.Failed++
		default:
			s.Unknown++
		}
	}
	return s
}

// WriteJSON writes {"summary": …, "runs": […]}, indented.
func WriteJSON(w io.Writer, runs []probes.Run) error {
	if runs == nil {
		runs = []probes.Run{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Summary Summary      `json:"summary"`
		Runs    []probes.Run `json:"runs"`
	}{Summarize(runs), runs})
}

// Duration writes a duration as people read it: three figures are enough.
func Duration(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
