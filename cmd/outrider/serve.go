package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"outrider/checks"
	"outrider/incidents"
	"outrider/incidents/detect/surge"
	"outrider/incidents/notify"
	"outrider/monitor"
	"outrider/storage"
	"outrider/storage/influx"
	"outrider/storage/sqlite"
	"outrider/web"
)

func newServe() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use:   "serve --checks PATH...",
		Short: "Run the monitor: schedule, record, judge, notify, pages",
		Long: `Run the monitor over definition files and folders. They are read again when
they change, and on SIGHUP; a version with problems is refused and the old one
goes on.

` + settingsHelp(),
		RunE: func(cmd *cobra.Command, more []string) error {
			paths = append(paths, more...) // --checks A B: what follows belongs to it
			if len(paths) == 0 {
				return usageError(errors.New("no definitions: write --checks and a file or folder"))
			}
			s, defs, err := readDefinitions(cmd, paths)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), s, paths, defs, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringSliceVar(&paths, "checks", nil, "definition `FILE_OR_FOLDER`; more may follow")
	return cmd
}

// serve runs the monitor until ctx ends.
func serve(ctx context.Context, s settings, paths []string, defs *checks.Definitions, out io.Writer) error {
	log := s.logger()
	slog.SetDefault(log) // for what libraries say
	auth := web.Auth{Token: s.Token, User: s.BasicUser, Password: s.BasicPassword}
	if err := web.RequireAuth(s.Listen, auth); err != nil {
		return usageError(fmt.Errorf("settings: OUTRIDER_LISTEN: %w (OUTRIDER_TOKEN, or OUTRIDER_BASIC_USER and OUTRIDER_BASIC_PASSWORD)", err))
	}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return &exitError{exitCannot, err}
	}
	a, err := newApp(ctx, s, log, auth)
	if err != nil {
		listener.Close()
		return &exitError{exitCannot, err}
	}
	defer a.close()
	if err := a.monitor.Apply(ctx, defs); err != nil {
		listener.Close()
		return &exitError{exitCannot, err}
	}
	fmt.Fprintf(out, "Outrider watches %d checks: http://%s/\n", len(defs.Checks), listener.Addr())
	if err := a.run(ctx, listener, paths); err != nil {
		return &exitError{exitCannot, err}
	}
	return nil
}

// app is every room of the house, wired.
type app struct {
	settings settings
	log      *slog.Logger
	store    *sqlite.Store
	prober   *prober
	monitor  *monitor.Monitor
	keeper   *incidents.Keeper
	planner  *monitor.Planner
	notifier *notify.Notifier
	exporter *influx.Exporter // nil: no InfluxDB is set
	web      *web.Server
	close    func()
}

func newApp(ctx context.Context, s settings, log *slog.Logger, auth web.Auth) (_ *app, err error) {
	a := &app{settings: s, log: log}
	var closers []func()
	a.close = func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()

	a.store, err = sqlite.Open(ctx, sqlite.Options{
		Path:   filepath.Join(s.Data, "outrider.db"),
		Logger: log,
		Retention: sqlite.Retention{
			Runs: s.KeepRuns, Artifacts: s.KeepArtifacts, Hours: s.KeepHours, MaxBytes: s.KeepBytes,
		},
	})
	if err != nil {
		return nil, err
	}
	closers = append(closers, func() {
		if err := a.store.Close(); err != nil {
			log.Error("close the store", "error", err)
		}
	})
	if a.prober, err = newProber(s, log, nil); err != nil {
		return nil, err
	}
	closers = append(closers, a.prober.Close)

	// The rooms need each other's outlets only once they run, so that the
	// functions below may refer to what is made after them.
	definitions := func() *checks.Definitions { return a.monitor.Definitions() }
	redactor := func() *checks.Redactor { return a.monitor.Redactor() }
	senders, closeSenders := newSenders(redactor)
	closers = append(closers, closeSenders)
	a.notifier = notify.New(notify.Options{Store: a.store, Definitions: definitions, Senders: senders, Logger: log})
	composer := &notify.Composer{BaseURL: s.BaseURL, Redactor: redactor}
	a.keeper = incidents.NewKeeper(incidents.Options{
		Store: a.store, Definitions: definitions, Compose: composer.Compose, Wake: a.notifier.Wake, Logger: log,
	})
	a.planner = monitor.NewPlanner(monitor.PlannerOptions{
		Definitions: definitions, History: a.store, Logger: log,
		Load: func(ctx context.Context, l checks.LoadSeries) ([]surge.Point, error) {
			return readLoad(ctx, s, loadSource(l))
		},
	})
	a.monitor = monitor.New(monitor.Options{
		Executor: a.prober, Log: a.store, Judge: a.keeper, Location: s.Location,
		Slots:   map[checks.Kind]int{checks.KindHTTP: s.HTTPSlots, checks.KindBrowser: s.BrowserSlots},
		Prune:   a.prune,
		Changed: func() { a.notifier.Wake(); a.planner.Wake() },
		Logger:  log,
	})
	if s.InfluxURL != "" {
		a.exporter, err = influx.New(a.store, influx.Options{
			URL: s.InfluxURL, Token: s.InfluxToken, Org: s.InfluxOrg, Bucket: s.InfluxBucket, Labels: s.InfluxLabels, Logger: log,
		})
		if err != nil {
			return nil, fmt.Errorf("settings: INFLUXDB_URL: %w", err)
		}
		closers = append(closers, a.exporter.Close)
	} else if err := forgetExport(ctx, a.store); err != nil {
		return nil, err
	}
	a.web, err = web.New(web.Options{
		Runs: a.store, Incidents: a.store, Mark: a.store.Mark, Planned: a.planned, Status: newStatus(a), Definitions: definitions, Browsers: a.prober.usage(),
		Auth: auth, BaseURL: s.BaseURL, Version: version(), Location: s.Location, Logger: log,
	})
	return a, err
}

// forgetExport lets retention go on where an earlier start exported and this
// one does not. Should InfluxDB be set again, it gets all that is kept.
func forgetExport(ctx context.Context, store *sqlite.Store) error {
	for _, cursor := range []string{influx.DefaultFollower, storage.JudgementFollower(influx.DefaultFollower), storage.EventCursor(influx.DefaultFollower)} {
		if err := store.DropCursor(ctx, cursor); err != nil {
			return err
		}
	}
	return nil
}

// prune keeps the store in shape. The latencies that are promised by then
// outlive their runs; until then the runs are all there.
func (a *app) prune(ctx context.Context) error {
	return errors.Join(a.store.SetBounds(ctx, a.monitor.Definitions().Latencies()), a.store.Prune(ctx))
}

// run runs everything until ctx ends: first the monitor stops and judges its
// last runs, then those who deliver.
func (a *app) run(ctx context.Context, listener net.Listener, paths []string) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	reloader := &monitor.Reloader{
		Monitor: a.monitor, Paths: paths, Signal: hangup, Logger: a.log,
		Load: func() (*checks.Definitions, error) { return a.settings.load(paths) },
	}
	front, stopFront := context.WithCancel(ctx)
	defer stopFront()
	behind, stopBehind := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBehind()

	var delivering, serving sync.WaitGroup
	delivering.Go(func() { a.notifier.Run(behind) })
	if a.exporter != nil {
		delivering.Go(func() {
			if err := a.exporter.Run(behind); err != nil {
				a.log.Error("the export to InfluxDB ended", "error", err)
			}
		})
	}
	var served error
	serving.Go(func() {
		served = web.Serve(front, listener, a.web)
		stopFront() // a monitor that nobody can look at must not go on in silence
	})
	serving.Go(func() { reloader.Run(front) })
	serving.Go(func() { a.planner.Run(front) })

	err := a.monitor.Run(front)
	stopFront()
	last, cancel := context.WithTimeout(behind, 5*time.Second)
	if kerr := a.keeper.Close(last); kerr != nil {
		// Not lost: the next start learns it from the log again.
		a.log.Warn("store what the judge remembers", "error", kerr)
	}
	cancel()
	serving.Wait()
	stopBehind()
	delivering.Wait()
	return errors.Join(err, served)
}

// planned tells pages what is said of a check's planned events.
func (a *app) planned(checkID string) []web.PlannedEvent {
	plan, ok := a.planner.Plan(checkID)
	if !ok {
		return nil
	}
	if plan.Problem != "" {
		return []web.PlannedEvent{{Text: "The planned events cannot be projected: " + plan.Problem, Made: plan.Made}}
	}
	var list []web.PlannedEvent
	for _, o := range plan.Outlooks {
		list = append(list, web.PlannedEvent{Name: o.Event.Name, From: o.Event.From, To: o.Event.To, Text: o.Sentence, Made: plan.Made})
	}
	return list
}
