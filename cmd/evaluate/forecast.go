package main

import (
	"io"

	"github.com/spf13/cobra"

	"outrider/incidents/detect/evaluate"
)

// forecastTable is a command that prints one of the tables of forecasts.
func forecastTable(use, short string, o evaluate.ForecastOptions, table func(io.Writer, evaluate.ForecastOptions) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return table(cmd.OutOrStdout(), o) },
	}
	c.Flags().Uint64Var(&o.Seed, "seed", o.Seed, "seed of the first series; the others follow")
	c.Flags().IntVar(&o.Series, "series", o.Series, "series of each class or kind")
	c.Flags().IntVar(&o.Weeks, "weeks", o.Weeks, "weeks of a series after learning")
	return c
}

func newForecast() *cobra.Command {
	return forecastTable("forecast", "Error of hourly forecasts against the seasonal naive one",
		evaluate.ForecastOptions{Seed: 1000, Series: 20, Weeks: 4}, evaluate.ForecastTable)
}

func newCoverage() *cobra.Command {
	return forecastTable("coverage", "Coverage of the 95 % intervals, also after a level shift",
		evaluate.ForecastOptions{Seed: 1000, Series: 20, Weeks: 4}, evaluate.CoverageTable)
}

func newBreach() *cobra.Command {
	return forecastTable("breach", "Predicted breaches: ramps, false predictions, calibration",
		evaluate.ForecastOptions{Seed: 1000, Series: 20, Weeks: 6}, evaluate.BreachTable)
}
