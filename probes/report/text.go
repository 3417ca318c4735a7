package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Style says how text is set.
type Style struct {
	// Color uses ANSI colours; give it only to a terminal.
	Color bool
}

// look is how an outcome is shown: never by colour alone.
func look(o probes.Outcome) (mark, color string) {
	switch o {
	case probes.Passed:
		return "✓", "32"
	case probes.Degraded:
		return "~", "33"
	case probes.Failed:
		return "✗", "31"
	}
	return "?", "35"
}

func (s Style) paint(color, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (s Style) mark(o probes.Outcome) string {
	mark, color := look(o)
	return s.paint(color, mark)
}

// WriteText writes one run with its steps.
func WriteText(w io.Writer, run probes.Run, style Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  %s  %s\n", style.mark(run.Outcome), style.paint("1", run.CheckID), Duration(run.Duration), run.Outcome)
	width := 0
	for _, step := range run.Steps {
		width = max(width, len([]rune(step.Name)))
	}
	for _, step := range run.Steps {
		fmt.Fprintf(&b, "    %s %-*s  %9s%s\n", style.mark(step.Outcome), width, step.Name, Duration(step.Duration), details(step))
	}
	for _, e := range run.Exceeded {
		fmt.Fprintf(&b, "    %s %s%s\n", style.mark(e.Level), exceeded(e), because(&run, e))
	}
	if run.Disturbed != "" {
		fmt.Fprintf(&b, "    %s its times are not trusted, for this host was disturbed: %s\n", style.mark(probes.Degraded), run.Disturbed)
	}
	if f := run.Failure; f != nil {
		where := ""
		if f.Step != "" {
			where = f.Step + ": "
		}
		fmt.Fprintf(&b, "    %s%s\n", where, f.Message)
		if f.Expected != "" {
			fmt.Fprintf(&b, "      expected %s\n      got      %s\n", f.Expected, f.Got)
		}
	}
	if n := len(run.Attempts); n > 0 {
		fmt.Fprintf(&b, "    after %d failed attempt(s) before this one\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// details says in a few words where a step's time went.
func details(step probes.Step) string {
	var parts []string
	if h := step.HTTP; h != nil {
		if h.Status != 0 {
			parts = append(parts, fmt.Sprintf("status %d", h.Status))
		}
		for _, p := range checks.Phases() {
			if d := h.Phases.Of(p); d > 0 {
				parts = append(parts, fmt.Sprintf("%s %s", strings.ReplaceAll(string(p), "_", " "), Duration(d)))
			}
		}
	}
	parts = append(parts, split(step)...)
	for _, v := range checks.Vitals() {
		if x := step.Vitals.Of(v); x != nil {
			parts = append(parts, fmt.Sprintf("%s %s", strings.ToUpper(string(v)), measure(string(v), *x)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "  " + strings.Join(parts, ", ")
}

// split says what a step in a browser waited for, as far as it is worth a word.
func split(step probes.Step) (parts []string) {
	if step.Split == nil {
		return nil
	}
	for _, part := range []struct {
		name string
		took time.Duration
	}{
		{"network", step.Split.Network}, {"server", step.Split.Server}, {"script", step.Split.Script}, {"rendering", step.Split.Rendering},
	} {
		// The phases of a document tell already what it waited for.
		told := step.HTTP != nil && (part.name == "network" || part.name == "server")
		if !told && part.took >= 10*time.Millisecond && 10*part.took >= step.Duration {
			parts = append(parts, part.name+" "+Duration(part.took))
		}
	}
	return parts
}

// because says what a vital that went over its threshold comes from.
func because(run *probes.Run, e probes.Exceeded) string {
	for i := range run.Steps {
		if run.Steps[i].Name == e.Step {
			if text := run.Because(i, checks.Vital(e.Measure)); text != "" {
				return ": " + text
			}
		}
	}
	return ""
}

// exceeded says in words which threshold was gone over.
func exceeded(e probes.Exceeded) string {
	what := e.Measure
	if e.Step != "" {
		what = e.Step + ": " + what
	}
	return fmt.Sprintf("%s was %s, over its %s threshold of %s", what, measure(e.Measure, e.Got), e.Level, measure(e.Measure, e.Limit))
}

// measure writes a threshold's figure with its unit.
func measure(name string, x float64) string {
	if name == string(checks.VitalCLS) {
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprintf("%.4g ms", x)
}

// WriteSummary writes the closing line.
func WriteSummary(w io.Writer, runs []probes.Run) error {
	s := Summarize(runs)
	_, err := fmt.Fprintf(w, "%d passed, %d degraded, %d failed, %d unknown\n", s.Passed, s.Degraded, s.Failed, s.Unknown)
	return err
}
