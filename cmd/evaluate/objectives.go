package main

import (
	"github.com/spf13/cobra"

	"outrider/incidents/detect/evaluate"
)

func newObjectives() *cobra.Command {
	var o evaluate.ObjectivesOptions
	c := &cobra.Command{
		Use:   "objectives",
		Short: "False and true burn-rate alerts on simulated streams of runs",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return evaluate.Objectives(c.OutOrStdout(), o)
		},
	}
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "which streams to simulate")
	c.Flags().IntVar(&o.Weeks, "weeks", 500, "check-weeks for each rate of false alerts")
	c.Flags().IntVar(&o.Faults, "faults", 200, "faults for each time to alert")
	return c
}
