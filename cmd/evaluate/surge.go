package main

import (
	"github.com/spf13/cobra"

	"outrider/incidents/detect/evaluate"
)

func newSurge() *cobra.Command {
	o := evaluate.SurgeOptions{Seed: 1, Servers: 30}
	loopback := false
	cmd := &cobra.Command{
		Use:   "surge",
		Short: "How right projections of latency to twice and five times the peak are, on servers with known curves",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if loopback {
				return evaluate.SurgeReal(cmd.Context(), cmd.OutOrStdout(), evaluate.SurgeRealOptions{Seed: o.Seed})
			}
			return evaluate.Surge(cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().Uint64Var(&o.Seed, "seed", o.Seed, "first seed; other seeds are other servers")
	cmd.Flags().IntVar(&o.Servers, "servers", o.Servers, "servers of each class")
	cmd.Flags().BoolVar(&loopback, "loopback", false, "load a real server on loopback instead, for about a minute and a half")
	return cmd
}
