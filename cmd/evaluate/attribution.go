package main

import (
	"time"

	"github.com/spf13/cobra"

	"outrider/incidents/detect/evaluate"
)

func newAttribution() *cobra.Command {
	var o evaluate.AttributionOptions
	cmd := &cobra.Command{
		Use:   "attribution",
		Short: "How often the part of a journey that moved is ranked first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return evaluate.Attribution(cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "seed of the first simulated journey")
	cmd.Flags().IntVar(&o.Journeys, "journeys", 200, "how many journeys to simulate")
	cmd.Flags().IntVar(&o.Runs, "runs", 3, "how many bad runs are ranked")
	cmd.Flags().IntVar(&o.Late, "late", 0, "how many bad runs were learned from before they were noticed")
	cmd.Flags().BoolVar(&o.Blind, "blind", false, "do not tell when the trouble began")
	cmd.Flags().DurationVar(&o.Every, "every", time.Minute, "time from one run to the next")
	return cmd
}
