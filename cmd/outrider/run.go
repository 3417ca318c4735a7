package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/report"
)

func newRun() *cobra.Command {
	var (
		only     []string
		format   string
		strict   bool
		parallel int
		keep     string
		update   bool
	)
	cmd := &cobra.Command{
		Use:   "run PATH...",
		Short: "Run checks once, now",
		Long: `Run checks once, now, whatever their schedules say.

Exit codes: 0 all passed (degraded counts as passed unless --strict), 1 a check
failed, 2 bad usage or definition, 3 Outrider itself could not probe.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			form, err := report.ParseFormat(format)
			if err != nil {
				return usageError(err)
			}
			if parallel < 1 {
				return usageError(fmt.Errorf("--parallel is %d: write at least 1", parallel))
			}
			s, defs, err := readDefinitions(cmd, paths)
			if err != nil {
				return err
			}
			chosen, err := choose(defs, only)
			if err != nil {
				return usageError(err)
			}
			var taken *baselines
			if update {
				taken = &baselines{}
			}
			runs, err := runOnce(cmd, s, defs, chosen, form, parallel, taken)
			if err != nil {
				return &exitError{exitCannot, err}
			}
			if update {
				taken.tell(cmd.ErrOrStderr())
			}
			if keep != "" {
				if err := keepArtifacts(keep, runs); err != nil {
					return &exitError{exitCannot, err}
				}
			}
			switch form {
			case report.JSON:
				err = report.WriteJSON(cmd.OutOrStdout(), runs)
			case report.JUnit:
				err = report.WriteJUnit(cmd.OutOrStdout(), runs, strict)
			default:
				err = report.WriteSummary(cmd.OutOrStdout(), runs)
			}
			if err != nil {
				return &exitError{exitCannot, err}
			}
			return verdict(runs, strict)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&only, "check", nil, "run only the check with this `ID` (may be repeated; runs a disabled check, too)")
	flags.StringVar(&format, "format", "text", "text, json or junit")
	flags.BoolVar(&strict, "strict", false, "a degraded check counts as failed")
	flags.IntVar(&parallel, "parallel", 1, "how many checks run at once; more than one makes them disturb each other")
	flags.BoolVar(&update, "update", false, "take the pictures that looks_like expectations are held against, and write them")
	flags.StringVar(&keep, "artifacts", "", "keep screenshots and page texts in this `FOLDER`")
	return cmd
}

// choose picks the checks to run: the enabled ones, or those that were named.
func choose(defs *checks.Definitions, ids []string) ([]checks.Check, error) {
	var chosen []checks.Check
	if len(ids) == 0 {
		for _, c := range defs.Checks {
			if c.Enabled {
				chosen = append(chosen, c)
			}
		}
		if len(chosen) == 0 {
			return nil, fmt.Errorf("no enabled check in these definitions")
		}
		return chosen, nil
	}
	for _, id := range ids {
		c, ok := defs.Check(id)
		if !ok {
			return nil, fmt.Errorf("no check %q; there are: %s", id, strings.Join(checkIDs(defs), ", "))
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}

func checkIDs(defs *checks.Definitions) []string {
	ids := make([]string, len(defs.Checks))
	for i, c := range defs.Checks {
		ids[i] = c.ID
	}
	return ids
}

// runOnce runs the checks and gives the runs in the order of the checks. With
// text, each is written as it ends. Baselines that are not nil are taken.
func runOnce(cmd *cobra.Command, s settings, defs *checks.Definitions, chosen []checks.Check, form report.Format, parallel int, taken *baselines) ([]probes.Run, error) {
	log := s.logger()
	prober, err := newProber(s, log, taken)
	if err != nil {
		return nil, err
	}
	defer prober.Close()
	redactor := checks.NewRedactor(defs.Secrets...)
	progress := newProgress(cmd.OutOrStdout(), form, log)
	runs := make([]probes.Run, len(chosen))
	group, ctx := errgroup.WithContext(cmd.Context())
	group.SetLimit(parallel)
	for i, c := range chosen {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			progress.started(c)
			runs[i] = prober.Execute(ctx, c, time.Now(), redactor)
			progress.finished(runs[i])
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return runs, nil
}

// verdict turns outcomes into the exit code.
func verdict(runs []probes.Run, strict bool) error {
	sum := report.Summarize(runs)
	switch {
	case sum.Failed > 0, strict && sum.Degraded > 0:
		return &exitError{code: exitFailed}
	case sum.Unknown > 0:
		return &exitError{code: exitCannot}
	}
	return nil
}

// progress tells a person what is going on. Only text has it, and only a
// terminal sees what is under way.
type progress struct {
	mu      sync.Mutex
	out     io.Writer
	text    bool
	live    bool
	running []string
	style   report.Style
	log     *slog.Logger
}

func newProgress(out io.Writer, form report.Format, log *slog.Logger) *progress {
	p := &progress{out: out, text: form == report.Text, log: log}
	if f, ok := out.(*os.File); ok && p.text && term.IsTerminal(int(f.Fd())) {
		p.live = true
		_, plain := os.LookupEnv("NO_COLOR") // no-color.org
		p.style.Color = !plain
	}
	return p
}

func (p *progress) started(c checks.Check) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, c.ID)
	p.draw()
}

func (p *progress) finished(run probes.Run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, id := range p.running {
		if id == run.CheckID {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	if !p.text {
		return
	}
	p.clear()
	if err := report.WriteText(p.out, run, p.style); err != nil {
		p.log.Warn("write the report", "error", err)
	}
	p.draw()
}

func (p *progress) draw() {
	if p.live && len(p.running) > 0 {
		p.clear()
		fmt.Fprintf(p.out, "… %s", strings.Join(p.running, ", "))
	}
}

func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[2K")
	}
}
