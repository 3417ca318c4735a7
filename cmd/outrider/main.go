// Command outrider watches websites as their customers do. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes are a contract with scripts.
const (
	exitFailed = 1 // a check failed
	exitUsage  = 2 // bad usage or definition
	exitCannot = 3 // Outrider itself could not do its work
)

// exitError is an error that says which code to exit with. A nil err exits
// without a word, since everything was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(err error) error { return &exitError{exitUsage, err} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, os.Args[1:]))
}

func execute(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, "outrider:", exit.err)
		}
		return exit.code
	default:
		fmt.Fprintln(os.Stderr, "outrider:", err)
		return exitUsage // what cobra itself refuses is bad usage
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "outrider",
		Short: "Outrider rides ahead of your customers: it replays their journeys and tells you what they wait for",
		Long: `Outrider is a synthetic user-experience monitor. It replays customer journeys
against websites and APIs on a schedule, records what a customer waits for, and
raises incidents when that gets worse than promised.

Settings come from the environment; "outrider serve --help" lists them.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.AddCommand(
		newServe(), newDemo(), newValidate(), newRun(), newImport(), newSchema(), newNotify(), newMark(), newHealthcheck(), newVersion(), newProject(), newDetect(), newBacktest(),
	)
	return root
}
