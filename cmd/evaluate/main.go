// Command evaluate computes the tables of figures that the detectors are
// measured by. It is a tool for those who develop Outrider.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if err := newRoot().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "evaluate",
		Short:         "Compute the tables of figures that the detectors are measured by",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newSurge())
	return root
}
