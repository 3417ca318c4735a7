// Command peers measures Outrider's browser probe beside others that do the
// same: a bare chromedp script, Playwright and k6, each with the same Chromium
// on the same journey of five steps in the demo shop ("make peers").
//
// The contestants take turns, a few journeys each, so that all meet the same
// load of the machine. What counts is the CPU time of the contestant's whole
// process tree, browser and driver, with what its dead processes took. Those
// that keep a browser are measured once it is warm; the others with everything
// that they start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"outrider/cmd/demoshop/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case len(os.Args) > 2 && os.Args[1] == "drive":
		err = drive(ctx, os.Args[2], os.Stdin, os.Stdout)
	default:
		err = compare(ctx, os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// errFolder says that the program was not started where its scripts are.
var errFolder = errors.New("start it in its own folder (make peers), where playwright.mjs is")

// binaries are the builds of Chromium, by the name that Debian gives them.
var binaries = map[string]string{"shell": "chromium-headless-shell", "full": "chromium"}

// compare runs the benchmark and prints its tables.
func compare(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("peers", flag.ExitOnError)
	rounds := flags.Int("rounds", 5, "how often each contestant has its turn")
	journeys := flags.Int("journeys", 4, "journeys of a turn, at each concurrency")
	builds := flags.String("builds", "shell,full", "builds of Chromium to measure with, separated by commas")
	only := flags.String("only", "", "names of the contestants, separated by commas; empty: all")
	k6 := flags.String("k6", "", "path of k6; empty: found by name")
	_ = flags.Parse(args) // exits on an error
	if _, err := os.Stat("playwright.mjs"); err != nil {
		return errFolder
	}
	server, err := openShop()
	if err != nil {
		return err
	}
	defer server.Close()
	for _, build := range strings.Split(*builds, ",") {
		binary, err := exec.LookPath(binaries[build])
		if err != nil {
			return fmt.Errorf("build %q: %w", build, err)
		}
		contestants, err := enter(*only, build, binary, server.URL, *k6)
		if err != nil {
			return err
		}
		err = takeTurns(ctx, contestants, *rounds, *journeys)
		for _, c := range contestants {
			err = errors.Join(err, c.close())
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s, %d journeys each\n", filepath.Base(binary), *rounds**journeys)
		if err := table(out, contestants); err != nil {
			return err
		}
	}
	return nil
}

// openShop serves a demo shop.
func openShop() (*httptest.Server, error) {
	s, err := shop.New(shop.Options{})
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(s), nil
}

// lanes are the concurrencies at which everybody is measured.
var lanes = [...]int{1, 2}

// takeTurns has every contestant do its journeys, round by round.
func takeTurns(ctx context.Context, contestants []*contestant, rounds, journeys int) error {
	for round := range rounds {
		for i := range contestants {
			// Each round starts with another: none always runs in the same wake.
			c := contestants[(i+round)%len(contestants)]
			for l, n := range lanes {
				if err := c.turn(ctx, l, journeys, n); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
			}
			fmt.Fprint(os.Stderr, ".")
		}
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

// table prints what was measured. The ratios are to the bare script that
// shares its browser, if it took part, else to the first contestant.
func table(out io.Writer, contestants []*contestant) error {
	base := contestants[0]
	for _, c := range contestants {
		if c.name == baseline {
			base = c
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "contestant\tCPU s\tratio\t")
	for _, n := range lanes {
		fmt.Fprintf(w, "at %d: wall s\tjourneys/min\tratio\t", n)
	}
	fmt.Fprint(w, "memory MB\t\n")
	for _, c := range contestants {
		cpu := c.cpuEach()
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\t", c.name, cpu.Seconds(), ratio(cpu, base.cpuEach()))
		for l := range lanes {
			p := c.pace[l]
			fmt.Fprintf(w, "%.2f\t%.0f\t%.2f\t", p.each().Seconds()*float64(lanes[l]), float64(time.Minute)/float64(p.each()), ratio(base.pace[l].each(), p.each()))
		}
		fmt.Fprintf(w, "%d\t\n", c.peak>>20)
	}
	return w.Flush()
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
