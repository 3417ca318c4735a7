// Command evaluate measures the detectors. It is for those who develop
// Outrider: go run ./cmd/evaluate TABLE.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{
		Use:           "evaluate",
		Short:         "Measure the detectors; every table is computed anew",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newAttribution(),
	)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}
