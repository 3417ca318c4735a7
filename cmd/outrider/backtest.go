package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect"
	"outrider/incidents/detect/backtest"
	"outrider/incidents/detect/surge"
	"outrider/probes"
	"outrider/storage"
	"outrider/storage/sqlite"
)

// backtestFlags is what the user asks for.
type backtestFlags struct {
	check, csv       string
	paths            []string
	location         string
	from, to         string
	column           string
	degraded, failed length
	suggest          bool
	every            length
	report           string
	format           string
}

func newBacktest() *cobra.Command {
	f := backtestFlags{every: length(checks.DefaultDetection().FalseAlarmEvery)}
	cmd := &cobra.Command{
		Use:   "backtest --check ID | --csv FILE",
		Short: "Say what would have alerted, when, with which setting",
		Long: `Say what would have alerted, when, with which setting: put the runs that were
recorded through the judges, oldest first, as if they were made now.

With --check, the runs come from the database in OUTRIDER_DATA, which "outrider
serve" may be writing at the same time. With --checks they are held against the
thresholds, confirmation, promise and detection of these definitions, so that a
change can be tried before it is made; without, thresholds are those of the time
and everything else is the default. The incidents that really were are held
against the result.

With --csv, they come from a CSV file of timestamp,value: milliseconds, or a
duration such as 1.2s; a column outcome may say timeout or failed.

Runs before --from are learnt from, as they were then. --suggest proposes
thresholds and a rule of confirmation with which there is at most one false
alert in 30 days, or --false-alarm-every, and shows what would have alerted with
them.

Exit codes: 0 done, whether anything would have alerted or not, 2 bad usage,
definition or input, 3 the runs could not be read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBacktest(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.check, "check", "", "try the check with this `ID` on its recorded runs")
	flags.StringVar(&f.csv, "csv", "", "try the series in this `FILE`, or - for standard input")
	flags.StringSliceVar(&f.paths, "checks", nil, "definitions with the setting to try (`PATH`)")
	flags.StringVar(&f.location, "location", "", "only runs made at this location (`NAME`)")
	flags.StringVar(&f.from, "from", "", "report from this `TIME` on: 2006-01-02, 2006-01-02 15:04 (UTC) or RFC 3339")
	flags.StringVar(&f.to, "to", "", "report and judge up to this `TIME`")
	flags.StringVar(&f.column, "column", "", "`NAME` of the column of values (default: value)")
	flags.Var(&f.degraded, "degraded", "try this threshold of the journey (`DURATION`) instead of the defined one")
	flags.Var(&f.failed, "failed", "try this threshold of the journey (`DURATION`) instead of the defined one")
	flags.BoolVar(&f.suggest, "suggest", false, "propose thresholds and a rule of confirmation")
	flags.Var(&f.every, "false-alarm-every", "how far apart false alerts of the proposal may be, such as 30d")
	flags.StringVar(&f.report, "report", "", "also write the report with a chart into this HTML `FILE`")
	flags.StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

// length is a duration as definitions write it: 800ms, 12h, 30d.
type length time.Duration

func (l *length) String() string {
	const day = 24 * time.Hour
	switch d := time.Duration(*l); {
	case d == 0:
		return "" // not set
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	default:
		return d.String()
	}
}

func (l *length) Type() string { return "DURATION" }

func (l *length) Set(text string) error {
	d, err := checks.ParseDuration(text)
	if err == nil && d == 0 {
		err = errors.New("write more than 0")
	}
	*l = length(d)
	return err
}

// span reads and checks what can be checked without reading anything.
func (f *backtestFlags) span() (from, to time.Time, err error) {
	switch {
	case f.check == "" && f.csv == "":
		return from, to, errors.New("name the check to try with --check, or a file of samples with --csv")
	case f.check != "" && f.csv != "":
		return from, to, errors.New("--check and --csv exclude each other: runs come from the database or from a file")
	case f.csv != "" && len(f.paths) > 0:
		return from, to, errors.New("--checks goes with --check: for --csv, write --degraded and --failed")
	case f.csv != "" && f.location != "":
		return from, to, errors.New("--location goes with --check: a file has no locations")
	case f.csv == "" && f.column != "":
		return from, to, errors.New("--column goes with --csv")
	case f.format != "text" && f.format != "json":
		return from, to, fmt.Errorf("--format is %q: write text or json", f.format)
	case f.degraded > 0 && f.failed > 0 && f.degraded >= f.failed:
		return from, to, fmt.Errorf("--degraded (%s) must be below --failed (%s)", time.Duration(f.degraded), time.Duration(f.failed))
	}
	if from, err = parseMoment("--from", f.from); err != nil {
		return from, to, err
	}
	if to, err = parseMoment("--to", f.to); err != nil {
		return from, to, err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, errors.New("--from must be before --to")
	}
	return from, to, nil
}

func parseMoment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is %q: write 2006-01-02, 2006-01-02 15:04 (UTC) or RFC 3339", flag, text)
}

func runBacktest(cmd *cobra.Command, f backtestFlags) error {
	from, to, err := f.span()
	if err != nil {
		return usageError(err)
	}
	var t trial
	if f.csv != "" {
		t, err = f.fileTrial(cmd)
	} else {
		t, err = f.storeTrial(cmd)
	}
	if err != nil {
		return err
	}
	defer t.close()
	t.options.From, t.options.To = from, to
	report, err := t.run(cmd.Context(), f.suggest, time.Duration(f.every))
	if err != nil {
		return err
	}
	if f.report != "" {
		if err := replaceFile(f.report, func(w io.Writer) error { return report.WriteHTML(w) }); err != nil {
			return &exitError{exitCannot, err}
		}
	}
	return printReport(cmd.OutOrStdout(), f.format, report, report.WriteText)
}

// printReport writes a report as JSON or as the text that it makes of itself.
func printReport(out io.Writer, format string, report any, text func(io.Writer) error) error {
	write := text
	if format == "json" {
		write = func(out io.Writer) error {
			e := json.NewEncoder(out)
			e.SetIndent("", "  ")
			e.SetEscapeHTML(false)
			return e.Encode(report)
		}
	}
	if err := write(out); err != nil {
		return &exitError{exitCannot, err}
	}
	return nil
}

// trial is a setting and the runs that it is tried on.
type trial struct {
	source  backtest.Source
	options backtest.Options
	name    string // of the source
	remarks []string
	reader  *sqlite.Reader // nil: the runs come from a file
	empty   error          // what to say if there is no run
	checkID string
	only    string // location; empty: all
}

func (t *trial) close() {
	if t.reader != nil {
		t.reader.Close() // it has only read
	}
}

func (t *trial) run(ctx context.Context, suggest bool, every time.Duration) (*backtest.Report, error) {
	result, err := backtest.Replay(t.source, t.options)
	if err != nil {
		return nil, &exitError{exitCannot, err}
	}
	if result.Runs.Total == 0 {
		return nil, t.empty
	}
	report := &backtest.Report{Check: t.checkID, Name: t.options.Check.Name, Source: t.name, Result: result, Remarks: t.remarks}
	if n := result.Runs.Elsewhere; n > 0 {
		report.Remarks = append(report.Remarks, fmt.Sprintf("%d runs were made at locations at which the definition does not run the check: they are left out.", n))
	}
	var recorded []backtest.Recorded
	if t.reader != nil {
		if recorded, err = recordedIncidents(ctx, t.reader, t.checkID, t.only, result.From); err != nil {
			return nil, &exitError{exitCannot, err}
		}
		const slackRuns = 3
		report.Comparison = backtest.Compare(result, recorded, max(slackRuns*t.options.Check.Schedule.Every, 5*time.Minute))
	}
	if suggest {
		if report.Suggestion, err = backtest.Suggest(t.source, t.options, every, result, recorded); err != nil {
			return nil, &exitError{exitCannot, err}
		}
	}
	return report, nil
}

// plainCheck is a check of which nothing is known.
func plainCheck(id, name string) checks.Check {
	return checks.Check{
		ID: id, Name: name, Enabled: true, Confirm: checks.Confirm{Failures: 2, Of: 3, Recovery: 2},
		Detection: checks.DefaultDetection(), Journey: checks.Journey{Kind: checks.KindHTTP},
	}
}

// override puts the thresholds of the flags into a check.
func (f *backtestFlags) override(c *checks.Check) error {
	total := &c.Thresholds.Total
	if f.degraded > 0 {
		total.Degraded = time.Duration(f.degraded)
	}
	if f.failed > 0 {
		total.Failed = time.Duration(f.failed)
	}
	if total.Degraded > 0 && total.Failed > 0 && total.Degraded >= total.Failed {
		return usageError(fmt.Errorf("the degraded threshold (%s) must be below the failed one (%s): give both", total.Degraded, total.Failed))
	}
	return nil
}

// fileTrial makes a trial of a CSV file.
func (f *backtestFlags) fileTrial(cmd *cobra.Command) (t trial, err error) {
	in, name, err := openSeries(cmd, f.csv)
	if err != nil {
		return t, usageError(fmt.Errorf("--csv: %w", err))
	}
	defer in.Close()
	rows, err := surge.ReadLatencyColumn(in, f.column)
	if err != nil {
		return t, usageError(fmt.Errorf("%s: %w", name, err))
	}
	samples := make([]backtest.Sample, len(rows))
	for i, r := range rows {
		samples[i] = backtest.Sample{At: r.Time, Latency: r.Latency, TimedOut: r.TimedOut, Failed: r.Failed}
	}
	check := plainCheck("csv", filepath.Base(name))
	if err := f.override(&check); err != nil {
		return t, err
	}
	t.source = backtest.Samples(&check, samples)
	times := make([]time.Time, len(samples))
	for i := range samples {
		times[i] = samples[i].At
	}
	check.Schedule.Every = backtest.Cadence(times)
	t.options.Check, t.name, t.checkID = &check, name, filepath.Base(name)
	t.empty = usageError(fmt.Errorf("%s: there is no row in the span", name))
	return t, nil
}

// storeTrial makes a trial of the recorded runs of a check.
func (f *backtestFlags) storeTrial(cmd *cobra.Command) (t trial, err error) {
	s, check, err := f.definition(cmd, &t)
	if err != nil {
		return t, err
	}
	if err := f.override(check); err != nil {
		return t, err
	}
	path := filepath.Join(s.Data, "outrider.db")
	t.reader, err = sqlite.OpenReader(cmd.Context(), path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, &exitError{exitCannot, fmt.Errorf("no history: there is no database at %s: set OUTRIDER_DATA, or give --csv", path)}
	}
	if err != nil {
		return t, &exitError{exitCannot, err}
	}
	t.options.Check, t.checkID, t.only = check, f.check, f.location
	where := ""
	if f.location != "" {
		t.name, where = "location "+f.location, fmt.Sprintf(" at location %q", f.location)
	}
	t.empty = &exitError{exitCannot, fmt.Errorf("no history: no run of check %q%s in the span is recorded in %s", f.check, where, path)}
	marked, err := t.reader.Deployments(cmd.Context(), f.check, time.Time{}, time.Time{})
	if err != nil {
		t.close()
		return t, &exitError{exitCannot, err}
	}
	for _, m := range marked {
		t.options.Marks = append(t.options.Marks, m.Note)
	}
	t.source = storedRuns(cmd.Context(), t.reader, f.check, f.location)
	if check.Schedule.Every == 0 {
		if check.Schedule.Every, err = firstCadence(t.source); err != nil {
			t.close()
			return t, &exitError{exitCannot, err}
		}
	}
	return t, nil
}

// definition gives the setting to try.
func (f *backtestFlags) definition(cmd *cobra.Command, t *trial) (settings, *checks.Check, error) {
	if len(f.paths) == 0 {
		s, err := readSettings()
		check := plainCheck(f.check, f.check)
		t.options.AsRecorded = f.degraded == 0 && f.failed == 0
		t.remarks = append(t.remarks, "No definitions were given: confirmation, promise and detection are the defaults. --checks tries those of a definition.")
		return s, &check, err
	}
	s, defs, err := readDefinitions(cmd, f.paths)
	if err != nil {
		return s, nil, err
	}
	chosen, err := choose(defs, []string{f.check})
	if err != nil {
		return s, nil, usageError(err)
	}
	check := &chosen[0]
	t.options.Holidays = defs.Holidays
	for i := range defs.Deploys {
		if d := &defs.Deploys[i]; d.Covers(check) {
			t.options.Marks = append(t.options.Marks, detect.Note{Kind: detect.NoteDeploy, At: d.At, Text: d.Name})
		}
	}
	return s, check, nil
}

// storedRuns reads the runs of a check from a store, a page at a time.
func storedRuns(ctx context.Context, reader *sqlite.Reader, checkID, location string) backtest.Source {
	const page = 500
	return func(yield func(*probes.Run) error) error {
		for seq := int64(0); ; {
			entries, err := reader.CheckRunsAfter(ctx, checkID, seq, page)
			if err != nil {
				return err
			}
			for i := range entries {
				run := &entries[i].Run
				if location != "" && run.Location != location {
					continue
				}
				if err := yield(run); err != nil {
					return err
				}
			}
			if len(entries) < page {
				return nil
			}
			seq = entries[len(entries)-1].Seq
		}
	}
}

// firstCadence finds out how often a check runs from its first runs at a
// location.
func firstCadence(source backtest.Source) (time.Duration, error) {
	const enough = 200
	var times []time.Time
	where := ""
	done := errors.New("enough")
	err := source(func(run *probes.Run) error {
		if len(times) == 0 {
			where = run.Location
		}
		if run.Location == where {
			times = append(times, run.Started)
		}
		if len(times) == enough {
			return done
		}
		return nil
	})
	if err != nil && !errors.Is(err, done) {
		return 0, err
	}
	return backtest.Cadence(times).Round(time.Second), nil
}

// recordedIncidents reads what incidents of a check were open since a moment.
func recordedIncidents(ctx context.Context, reader *sqlite.Reader, checkID, location string, since time.Time) ([]backtest.Recorded, error) {
	var out []backtest.Recorded
	q := storage.IncidentQuery{CheckID: checkID, Since: since, Limit: 1_000}
	for {
		page, err := reader.Incidents(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page {
			k := &page[i]
			if location != "" && k.Location != location {
				continue
			}
			out = append(out, recordedIncident(k))
		}
		if len(page) < q.Limit {
			return out, nil
		}
		q.OpenedBefore = page[len(page)-1].OpenedAt
	}
}

// recordedIncident tells of an incident what is compared: the worst it came to,
// and what was said then.
func recordedIncident(k *incidents.Incident) backtest.Recorded {
	r := backtest.Recorded{
		ID: k.ID, Location: k.Location, Cause: k.Cause, Opened: k.OpenedAt, Since: k.Impact.Since,
		Resolved: k.ResolvedAt, BadRuns: k.Impact.BadRuns, Severity: k.Severity, Summary: k.Summary,
	}
	for i := range k.Events {
		if e := &k.Events[i]; i == 0 || e.Severity.WorseThan(r.Severity) {
			r.Severity, r.Summary = e.Severity, e.Summary
		}
	}
	return r
}
