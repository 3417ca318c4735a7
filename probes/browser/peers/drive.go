package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"outrider/checks"
	"outrider/probes"
	"outrider/probes/browser"
)

// journeyer does one journey. It may be called several times at once.
type journeyer func(context.Context) error

// drive is the program of a contestant that is written in Go: for each line of
// its input, such as "4 2", it does 4 journeys, 2 at once, and says "done".
func drive(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	var journey journeyer
	var end func()
	var err error
	shop, binary := os.Getenv("SHOP_URL"), os.Getenv("CHROMIUM")
	switch name {
	case "outrider":
		journey, end, err = outriderJourney(shop)
	case "chromedp":
		journey, end, err = sharedChromedp(shop, binary)
	case "chromedp-fresh":
		journey, end = freshChromedp(shop, binary), func() {}
	default:
		err = fmt.Errorf("no contestant %q", name)
	}
	if err != nil {
		return err
	}
	defer end()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var journeys, lanes int
		if _, err := fmt.Sscan(lines.Text(), &journeys, &lanes); err != nil {
			return err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(lanes)
		for range journeys {
			group.Go(func() error { return journey(ctx) })
		}
		if err := group.Wait(); err != nil {
			fmt.Fprintln(out, err)
			return err
		}
		fmt.Fprintln(out, "done")
	}
	return lines.Err()
}

// outriderJourney does the journey of journey.yaml as the monitor does it, with
// everything that is on by default.
func outriderJourney(shop string) (journeyer, func(), error) {
	check, err := loadCheck(shop, os.Getenv("BUILD"))
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	probe, err := browser.New(browser.Options{Logger: log})
	if err != nil {
		return nil, nil, err
	}
	executor := &probes.Executor{Probes: map[checks.Kind]probes.Probe{checks.KindBrowser: probe}, Logger: log}
	redactor := checks.NewRedactor()
	return func(ctx context.Context) error {
		run := executor.Execute(ctx, check, time.Now(), redactor)
		if run.Outcome != probes.Passed {
			return fmt.Errorf("the run is %s: %+v", run.Outcome, run.Failure)
		}
		return nil
	}, probe.Close, nil
}

// loadCheck reads journey.yaml.
func loadCheck(shop, build string) (checks.Check, error) {
	values := map[string]string{"SHOP_URL": shop, "BUILD": build}
	defs, err := checks.Load([]string{"journey.yaml"}, checks.Options{LookupEnv: func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}})
	if err != nil {
		return checks.Check{}, err
	}
	return defs.Checks[0], nil
}
