package main

import (
	"io"

	"github.com/spf13/cobra"

	"outrider/incidents/detect/evaluate"
)

// newBaseline has a subcommand for each table of package baseline.
func newBaseline() *cobra.Command {
	o := evaluate.BaselineOptions{Seed: 1, Seeds: 5, Weeks: 4}
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Degradation against itself: false alarms, delays, faults, outages",
	}
	cmd.PersistentFlags().Uint64Var(&o.Seed, "seed", o.Seed, "first seed")
	cmd.PersistentFlags().IntVar(&o.Seeds, "seeds", o.Seeds, "number of seeds; time grows with it")
	cmd.PersistentFlags().IntVar(&o.Weeks, "weeks", o.Weeks, "length of quiet series after two weeks of learning")
	cmd.PersistentFlags().StringVar(&o.Scenes, "scenes", "", "only kinds of series with this in their name")
	table := func(use, short string, f func(io.Writer, evaluate.BaselineOptions) error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return f(c.OutOrStdout(), o) },
		})
	}
	table("quiet", "false alarms on quiet and seasonal series, and coverage of the band", evaluate.BaselineQuiet)
	table("budget", "false alarms allowed and raised", evaluate.BaselineBudget)
	table("delay", "delay of steps against Lorden's bound", evaluate.BaselineDelay)
	table("faults", "faults found within 30 samples, incidents per fault", evaluate.BaselineFaults)
	table("outage", "time to confirm a full outage, and false ones", evaluate.BaselineOutage)
	return cmd
}
