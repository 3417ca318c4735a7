package surge

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"outrider/checks"
)

// Bound is a promise about latency that a surge may break.
type Bound struct {
	Name  string // such as "threshold degraded"
	Limit time.Duration
	// Quantile is the share of runs that it is for; 0.5 for a typical run.
	Quantile float64
}

// BoundBreak is a bound and where it breaks.
type BoundBreak struct {
	Name string `json:"name"`
	Break
}

// Report is everything that is told of one check.
type Report struct {
	Check       string
	Unit        string // of the load, such as "/min"
	Fit         *Fit
	Alignment   Alignment
	Projections []Projection
	Breaks      []BoundBreak
	// Outlooks are the check's planned events.
	Outlooks []Outlook
}

// reachFactor is up to how many times the peak a bound is looked for at least.
const reachFactor = 10

// NewReport projects a fit to the targets and the events, and finds where the
// bounds break.
func NewReport(check, unit string, f *Fit, a Alignment, targets []Target, bounds []Bound, events []checks.Event) Report {
	r := Report{Check: check, Unit: unit, Fit: f, Alignment: a}
	reach := reachFactor * f.Peak
	for _, t := range targets {
		load := t.Of(f.Peak)
		reach = max(reach, load)
		r.Projections = append(r.Projections, f.At(load))
	}
	for _, e := range events {
		o := Project(f, e, bounds, unit)
		reach = max(reach, o.Projection.Load)
		r.Outlooks = append(r.Outlooks, o)
	}
	for _, b := range bounds {
		r.Breaks = append(r.Breaks, BoundBreak{b.Name, f.Breaks(b.Limit, b.Quantile, reach)})
	}
	return r
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	f := r.Fit
	fmt.Fprintf(&b, "%s: latency against load\n\n", r.Check)
	fmt.Fprintf(&b, "Data   %d runs", f.Pairs)
	if !f.From.IsZero() {
		fmt.Fprintf(&b, ", %s to %s", f.From.UTC().Format("2006-01-02 15:04"), f.To.UTC().Format("2006-01-02 15:04 UTC"))
	}
	fmt.Fprintf(&b, "; load %s to %s\n", FormatLoad(f.Low, r.Unit), FormatLoad(f.Peak, r.Unit))
	fmt.Fprintf(&b, "Fit    %s; explains %s of the differences between loads; single runs vary by a factor of %.2f\n\n",
		modelNames(f.Models), percent(max(0, f.Explained)), f.Noise)
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "LOAD\tOF PEAK\tTYPICAL RUN\t95 % INTERVAL\tONE IN 20\tSATURATION\t")
	for _, p := range r.all() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", FormatLoad(p.Load, r.Unit), factor(p.Factor), p.Median,
			interval(p), p.slowest(), percent(p.Saturation), remark(p))
	}
	t.Flush()
	b.WriteByte('\n')
	for _, p := range r.Projections {
		fmt.Fprintln(&b, f.Sentence(p, r.Unit))
	}
	for _, o := range r.Outlooks {
		fmt.Fprintln(&b, o.Sentence)
	}
	for _, k := range r.Breaks {
		fmt.Fprintf(&b, "%s %s: %s\n", capital(k.Name), FormatLatency(k.Limit), k.Sentence(r.Unit))
	}
	if caveats := f.Caveats(r.Alignment, r.Unit); len(caveats) > 0 {
		b.WriteString("\nMind:\n")
		for _, c := range caveats {
			fmt.Fprintf(&b, "- %s\n", c)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// all gives the peak that was seen, then what is planned.
func (r *Report) all() []Projection {
	list := append([]Projection{r.Fit.At(r.Fit.Peak)}, r.Projections...)
	for _, o := range r.Outlooks {
		list = append(list, o.Projection)
	}
	return list
}

func interval(p Projection) string {
	if p.Low.Saturates {
		return "saturates"
	}
	if p.High.Saturates {
		return p.Low.String() + " to saturated"
	}
	return p.Low.String() + " to " + p.High.String()
}

func remark(p Projection) string {
	switch {
	case p.Verdict == CannotTell:
		return "cannot tell"
	case p.Verdict == Leans:
		return "probable"
	case p.Extrapolated:
		return "extrapolated"
	}
	return "seen"
}

// modelNames lists the models that count.
func modelNames(models []Weight) string {
	var names []string
	for i, m := range models {
		if i == 0 || m.Share >= 0.1 {
			names = append(names, fmt.Sprintf("%s %.0f %%", m.Model, 100*m.Share))
		}
	}
	return strings.Join(names, ", ")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// MarshalJSON gives the report for programs; latencies are in milliseconds.
func (r Report) MarshalJSON() ([]byte, error) {
	type binJSON struct {
		Load     float64 `json:"load"`
		Median   Latency `json:"median_ms"`
		Runs     int     `json:"runs"`
		TimedOut bool    `json:"timed_out,omitempty"`
	}
	type fitJSON struct {
		Runs      int         `json:"runs"`
		TimedOut  int         `json:"timed_out"`
		From      time.Time   `json:"from"`
		To        time.Time   `json:"to"`
		Low       float64     `json:"low_load"`
		Peak      float64     `json:"peak_load"`
		Models    []Weight    `json:"models"`
		Explained float64     `json:"explained"`
		Noise     float64     `json:"noise_factor"`
		TimeOfDay Confounding `json:"goes_with"`
		Bins      []binJSON   `json:"bins"`
	}
	type projectionJSON struct {
		Projection
		Sentence string `json:"sentence"`
	}
	type eventJSON struct {
		Name string    `json:"name"`
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
		projectionJSON
		Risks map[string]float64 `json:"risks"` // probabilities by the bound's name
	}
	f := r.Fit
	out := struct {
		Check       string           `json:"check"`
		Unit        string           `json:"unit,omitempty"`
		Fit         fitJSON          `json:"fit"`
		LagSeconds  float64          `json:"lag_s"`
		Failed      int              `json:"failed_runs"`
		Unmatched   int              `json:"runs_without_load"`
		Projections []projectionJSON `json:"projections"`
		Events      []eventJSON      `json:"events"`
		Breaks      []BoundBreak     `json:"breaks"`
		Caveats     []string         `json:"caveats"`
	}{
		Check: r.Check, Unit: r.Unit,
		Fit: fitJSON{Runs: f.Pairs, TimedOut: f.TimedOut, From: f.From, To: f.To, Low: f.Low, Peak: f.Peak,
			Models: f.Models, Explained: f.Explained, Noise: f.Noise, TimeOfDay: f.TimeOfDay},
		LagSeconds: (time.Duration(r.Alignment.Lag) * r.Alignment.Step).Seconds(),
		Failed:     r.Alignment.Failed, Unmatched: r.Alignment.Unmatched,
		Projections: []projectionJSON{}, Events: []eventJSON{}, Breaks: r.Breaks, Caveats: f.Caveats(r.Alignment, r.Unit),
	}
	for _, b := range f.Bins {
		out.Fit.Bins = append(out.Fit.Bins, binJSON{b.Load, Latency{Value: b.Median}, b.Runs, b.TimedOut})
	}
	for _, p := range r.Projections {
		out.Projections = append(out.Projections, projectionJSON{p, f.Sentence(p, r.Unit)})
	}
	for _, o := range r.Outlooks {
		e := eventJSON{o.Event.Name, o.Event.From, o.Event.To, projectionJSON{o.Projection, o.Sentence}, map[string]float64{}}
		for _, risk := range o.Risks {
			e.Risks[risk.Name] = risk.Probability
		}
		out.Events = append(out.Events, e)
	}
	return json.Marshal(out)
}
