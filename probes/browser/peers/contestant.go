package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// baseline names the contestant that the others are held against.
const baseline = "chromedp (shared browser)"

// contestant is one way to do the journey.
type contestant struct {
	name string
	// command does journeys. With serve it is started once and told on its
	// input how many to do; else it is started for each, or, with batch, for
	// a turn.
	command func(journeys, lanes int) *exec.Cmd
	kind    kind

	usage *usage
	child *child
	cpu   time.Duration
	pace  [len(lanes)]pace
	peak  int64 // PSS in bytes
}

// kind is how a contestant's program is used.
type kind int

const (
	serve kind = iota
	each
	batch
)

// pace is how fast journeys were done at one concurrency.
type pace struct {
	journeys int
	wall     time.Duration
}

// each is the time from one finished journey to the next.
func (p pace) each() time.Duration { return p.wall / time.Duration(max(p.journeys, 1)) }

func (c *contestant) cpuEach() time.Duration {
	n := 0
	for _, p := range c.pace {
		n += p.journeys
	}
	return c.cpu / time.Duration(max(n, 1))
}

// enter makes the contestants whose names are wanted.
func enter(only, build, binary, shop, k6 string) ([]*contestant, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if k6 == "" {
		k6 = "k6"
	}
	env := append(os.Environ(), "SHOP_URL="+shop, "CHROMIUM="+binary, "BUILD="+build)
	program := func(path string, args ...string) func(int, int) *exec.Cmd {
		return func(journeys, lanes int) *exec.Cmd {
			cmd := exec.Command(path, args...)
			cmd.Env = append(slices.Clone(env), fmt.Sprintf("JOURNEYS=%d", journeys), fmt.Sprintf("LANES=%d", lanes),
				"K6_BROWSER_EXECUTABLE_PATH="+binary, "K6_BROWSER_HEADLESS=true", "K6_NO_USAGE_REPORT=true")
			if os.Geteuid() == 0 {
				cmd.Env = append(cmd.Env, "K6_BROWSER_ARGS=no-sandbox")
			}
			return cmd
		}
	}
	all := []*contestant{
		{name: "Outrider", command: program(self, "drive", "outrider")},
		{name: baseline, command: program(self, "drive", "chromedp")},
		{name: "Playwright (shared browser)", command: program("node", "playwright.mjs", "serve")},
		{name: "chromedp (browser each)", command: program(self, "drive", "chromedp-fresh")},
		{name: "Playwright (process each)", command: program("node", "playwright.mjs"), kind: each},
		{name: "k6 (browser each)", command: program(k6, "run", "--quiet", "--no-summary", "k6.js"), kind: batch},
	}
	var chosen []*contestant
	for _, c := range all {
		if only == "" || slices.ContainsFunc(strings.Split(only, ","), func(part string) bool { return strings.Contains(c.name, part) }) {
			c.usage, err = newUsage()
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no contestant %q", only)
	}
	return chosen, nil
}

// turn does journeys, so many at once, and notes what they took.
func (c *contestant) turn(ctx context.Context, lane, journeys, lanes int) error {
	if c.kind == serve && c.child == nil {
		var err error
		if c.child, err = c.start(ctx); err != nil {
			return err
		}
		if err := c.child.do(1, 1); err != nil { // the browser is warm after this
			return err
		}
	}
	watch := c.usage.watch()
	before, err := c.usage.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	switch c.kind {
	case serve:
		err = c.child.do(journeys, lanes)
	case batch:
		err = c.finish(ctx, journeys, lanes)
	case each:
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(lanes)
		for range journeys {
			group.Go(func() error { return c.finish(ctx, 1, 1) })
		}
		err = group.Wait()
	}
	wall := time.Since(began)
	c.peak = max(c.peak, watch())
	if err != nil {
		return err
	}
	after, err := c.usage.cpu()
	if err != nil {
		return err
	}
	c.cpu += after - before
	c.pace[lane].journeys += journeys
	c.pace[lane].wall += wall
	return nil
}

// finish runs the command to its end.
func (c *contestant) finish(ctx context.Context, journeys, lanes int) error {
	cmd := c.usage.enter(ctx, c.command(journeys, lanes))
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, output.String())
	}
	return nil
}

// child is a program that does journeys when it is told to.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts the command.
func (c *contestant) start(ctx context.Context) (*child, error) {
	cmd := c.usage.enter(ctx, c.command(0, 0))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// do has the child do journeys and waits for it to say that they are done.
func (c *child) do(journeys, lanes int) error {
	if _, err := fmt.Fprintln(c.in, journeys, lanes); err != nil {
		return err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return err
	}
	if line != "done\n" {
		return errors.New(strings.TrimSpace(line))
	}
	return nil
}

// close ends what the contestant has started.
func (c *contestant) close() error {
	var err error
	if c.child != nil {
		c.child.in.Close()
		err = c.child.cmd.Wait()
	}
	return errors.Join(err, c.usage.close())
}
