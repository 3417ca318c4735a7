// Command evaluate prints the tables by which the detectors are judged. It is a
// tool for developers; nothing of it is in the released program.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := &cobra.Command{
		Use:           "evaluate",
		Short:         "Print the tables by which the detectors are judged",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newForecast(), newCoverage(), newBreach())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}
