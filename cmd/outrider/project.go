package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"outrider/checks"
	"outrider/incidents/detect/surge"
	"outrider/monitor"
	"outrider/storage/influx"
	"outrider/storage/sqlite"
)

// projectFlags is what the user asks for.
type projectFlags struct {
	check      string
	load       string
	at         []string
	paths      []string
	thresholds []time.Duration
	latency    string
	unit       string
	format     string
	chart      string
}

func newProject() *cobra.Command {
	var f projectFlags
	cmd := &cobra.Command{
		Use:   "project --check ID [--load SERIES] [--at 5x]",
		Short: "Say what a journey will take at a planned load",
		Long: `Say what a journey will take at a planned load, and at which load its promises
break: fit the check's recorded latency against a load series, and project.

SERIES is a CSV file of timestamp,value, or a Flux query against the InfluxDB of
the settings: flux:QUERY, or flux:@FILE. --at takes factors of the peak that was
seen (5x) and loads (1700). With --checks, the check's thresholds and objective
are held against the projection, its planned events are projected, and --load
and --at may be left out if the definitions have a load and events.

The history comes from the database in OUTRIDER_DATA, which "outrider serve" may
be writing at the same time, or from --latency FILE: a CSV of timestamp,value in
milliseconds, and optionally a column outcome (timeout, failed).

Exit codes: 0 said what there is to say, 2 bad usage or definition, 3 there is
nothing to say it from.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return project(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.check, "check", "", "project the check with this `ID`")
	flags.StringVar(&f.load, "load", "", "the load `SERIES`: a CSV file, flux:QUERY or flux:@FILE")
	flags.StringSliceVar(&f.at, "at", nil, "planned `LOAD`, as a factor of the peak (5x) or in the series' unit (1700); may be repeated")
	flags.StringSliceVar(&f.paths, "checks", nil, "definitions that the check's thresholds and objective are in (`PATH`)")
	flags.DurationSliceVar(&f.thresholds, "threshold", nil, "also tell at which load a typical run takes longer than this `DURATION`")
	flags.StringVar(&f.latency, "latency", "", "read the history from this CSV `FILE` instead of the database")
	flags.StringVar(&f.unit, "unit", "", "unit of the load for the output, such as /min")
	flags.StringVar(&f.format, "format", "text", "text or json")
	flags.StringVar(&f.chart, "chart", "", "also draw the fit into this SVG `FILE`")
	return cmd
}

func project(cmd *cobra.Command, f projectFlags) error {
	s, q, err := f.question(cmd)
	if err != nil {
		return err
	}
	load, err := readLoad(cmd.Context(), s, q.load)
	if err != nil {
		return err
	}
	samples, err := f.history(cmd.Context(), s, load)
	if err != nil {
		return err
	}
	pairs, alignment := surge.Align(load, samples)
	fit, err := surge.New(pairs)
	if err != nil {
		hint := ""
		if alignment.Unmatched > alignment.Matched {
			hint = fmt.Sprintf(" (%d runs have no load at their time: do both cover the same days?)", alignment.Unmatched)
		}
		return &exitError{exitCannot, fmt.Errorf("project %s: %w%s", f.check, err, hint)}
	}
	report := surge.NewReport(f.check, q.unit, fit, alignment, q.targets, q.bounds, q.events)
	if f.chart != "" {
		if err := writeChart(f.chart, &report); err != nil {
			return &exitError{exitCannot, err}
		}
	}
	return printReport(cmd.OutOrStdout(), f.format, report, report.WriteText)
}

// validate checks the flags that can be checked without reading anything.
func (f *projectFlags) validate() error {
	switch {
	case f.check == "":
		return errors.New("--check is missing: name the check to project")
	case f.load == "" && len(f.paths) == 0:
		return errors.New("--load is missing: give a CSV file of timestamp,value or flux:QUERY, or --checks with definitions that have the check's load")
	case len(f.at) == 0 && len(f.paths) == 0:
		return errors.New("--at is missing: write the planned load, such as 5x or 1700, or --checks with definitions that have events")
	case f.format != "text" && f.format != "json":
		return fmt.Errorf("--format is %q: write text or json", f.format)
	}
	for _, t := range f.thresholds {
		if t <= 0 {
			return fmt.Errorf("--threshold is %s: write a positive duration", t)
		}
	}
	return nil
}

// question is what is asked, from flags and definitions.
type question struct {
	load    string // source of the load series
	unit    string
	targets []surge.Target
	bounds  []surge.Bound
	events  []checks.Event
}

// question reads the settings and, if asked for, the definitions.
func (f *projectFlags) question(cmd *cobra.Command) (s settings, q question, err error) {
	if err := f.validate(); err != nil {
		return s, q, usageError(err)
	}
	q = question{load: f.load, unit: f.unit}
	if len(f.at) > 0 {
		if q.targets, err = surge.ParseTargets(strings.Join(f.at, ",")); err != nil {
			return s, q, usageError(fmt.Errorf("--at: %w", err))
		}
	}
	for _, t := range f.thresholds {
		q.bounds = append(q.bounds, surge.Bound{Name: "threshold", Limit: t, Quantile: 0.5})
	}
	if len(f.paths) == 0 {
		s, err = readSettings()
		return s, q, err
	}
	s, defs, err := readDefinitions(cmd, f.paths)
	if err != nil {
		return s, q, err
	}
	chosen, err := choose(defs, []string{f.check})
	if err != nil {
		return s, q, usageError(err)
	}
	return s, q, q.define(defs, &chosen[0])
}

// define adds what the definitions say of the check.
func (q *question) define(defs *checks.Definitions, c *checks.Check) error {
	q.bounds = append(q.bounds, surge.Bounds(c)...)
	q.events = defs.EventsOf(c, time.Now())
	if l := c.Load; l != nil && q.load == "" {
		q.load = loadSource(*l)
		if q.unit == "" {
			q.unit = l.Unit
		}
	}
	switch {
	case q.load == "":
		return usageError(fmt.Errorf("check %q has no load: add load: to its definition, or give --load", c.ID))
	case len(q.targets) == 0 && len(q.events) == 0:
		return usageError(fmt.Errorf("no event is planned for check %q: add events: to the definitions, or give --at", c.ID))
	}
	return nil
}

const fluxPrefix = "flux:"

// loadSource puts the load of a definition as --load is written.
func loadSource(l checks.LoadSeries) string {
	if l.Flux != "" {
		return fluxPrefix + l.Flux
	}
	return l.CSV
}

// readLoad reads a load series from where the user says.
func readLoad(ctx context.Context, s settings, source string) ([]surge.Point, error) {
	query, isFlux := strings.CutPrefix(source, fluxPrefix)
	if !isFlux {
		file, err := os.Open(source)
		if err != nil {
			return nil, usageError(fmt.Errorf("--load: %w", err))
		}
		defer file.Close()
		points, err := surge.ReadLoad(file)
		if err != nil {
			return nil, usageError(fmt.Errorf("%s: %w", source, err))
		}
		return points, nil
	}
	if path, isFile := strings.CutPrefix(query, "@"); isFile {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, usageError(fmt.Errorf("--load: %w", err))
		}
		query = string(text)
	}
	if s.InfluxURL == "" {
		return nil, usageError(errors.New("--load asks InfluxDB, but INFLUXDB_URL is not set"))
	}
	values, err := influx.Series(ctx, influx.Options{URL: s.InfluxURL, Token: s.InfluxToken, Org: s.InfluxOrg, Bucket: s.InfluxBucket}, query)
	if err != nil {
		return nil, &exitError{exitCannot, err}
	}
	points := make([]surge.Point, len(values))
	for i, v := range values {
		points[i] = surge.Point(v)
	}
	return points, nil
}

// history reads what runs of the check took while the load is known.
func (f *projectFlags) history(ctx context.Context, s settings, load []surge.Point) ([]surge.Sample, error) {
	if f.latency != "" {
		file, err := os.Open(f.latency)
		if err != nil {
			return nil, usageError(fmt.Errorf("--latency: %w", err))
		}
		defer file.Close()
		samples, err := surge.ReadLatency(file)
		if err != nil {
			return nil, usageError(fmt.Errorf("%s: %w", f.latency, err))
		}
		return samples, nil
	}
	path := filepath.Join(s.Data, "outrider.db")
	reader, err := sqlite.OpenReader(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &exitError{exitCannot, fmt.Errorf("no history: there is no database at %s: set OUTRIDER_DATA, or give --latency", path)}
	}
	if err != nil {
		return nil, &exitError{exitCannot, err}
	}
	defer reader.Close()
	from, to := monitor.Span(load)
	samples, err := monitor.Samples(ctx, reader, f.check, from, to)
	if err != nil {
		return nil, &exitError{exitCannot, err}
	}
	if len(samples) == 0 {
		return nil, &exitError{exitCannot, fmt.Errorf("no history: no run of check %q from %s to %s is recorded in %s",
			f.check, from.Format(time.RFC3339), to.Format(time.RFC3339), path)}
	}
	return samples, nil
}

func writeChart(path string, report *surge.Report) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("draw the chart: %w", err)
	}
	if err := report.WriteChart(file); err != nil {
		file.Close()
		return fmt.Errorf("draw the chart: %w", err)
	}
	return file.Close()
}
