package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"outrider/incidents/detect/anomaly"
	"outrider/incidents/detect/evaluate"
)

func newNAB() *cobra.Command {
	var (
		data, labels, scores, leaveOut string
		byCategory, sensitivity        bool
		cuts                           []int
	)
	cmd := &cobra.Command{
		Use:   "nab",
		Short: "Score the anomaly detector on the Numenta Anomaly Benchmark",
		Long: `Score the anomaly detector on series of the Numenta Anomaly Benchmark, by its
rules: one threshold for all series, chosen for each profile.

With --scores, score what another detector handed in: CATEGORY/NAME.csv with the
columns timestamp and anomaly_score.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			corpus, err := evaluate.LoadNAB(data, labels)
			if err != nil {
				return err
			}
			o := evaluate.NABOptions{Corpus: corpus, New: func() evaluate.Scorer { return anomaly.New().Observe }}
			if scores != "" {
				if o.Scores, err = evaluate.LoadNABScores(scores, corpus); err != nil {
					return err
				}
			}
			out := cmd.OutOrStdout()
			switch {
			case len(cuts) > 0:
				if scores != "" {
					return errors.New("--cut runs the detector: it cannot go with --scores")
				}
				shares := make([]float64, len(cuts))
				for i, percent := range cuts {
					if percent < 0 || percent > 100 {
						return fmt.Errorf("--cut %d is no percentage", percent)
					}
					shares[i] = float64(percent) / 100
				}
				return evaluate.NABLookAhead(out, o, shares)
			case sensitivity:
				return evaluate.NABSensitivity(out, corpus, nabVariants())
			case byCategory, leaveOut != "":
				return evaluate.NABByCategory(out, o, leaveOut)
			}
			return evaluate.NAB(out, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&data, "data", "", "`FOLDER` of the series")
	flags.StringVar(&labels, "labels", "", "`FILE` of the windows, combined_windows.json")
	flags.StringVar(&scores, "scores", "", "score what is in this `FOLDER` instead of running the detector")
	flags.BoolVar(&byCategory, "by-category", false, "score each category at the threshold that suits the others")
	flags.StringVar(&leaveOut, "leave-out", "", "the same for this `CATEGORY` alone")
	flags.BoolVar(&sensitivity, "sensitivity", false, "score detectors with one constant changed by a fifth")
	flags.IntSliceVar(&cuts, "cut", nil, "check that scores before these `PERCENTAGES` of each series do not change when the rest is cut off")
	for _, name := range []string{"data", "labels"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // no such flag: a mistake in this function
		}
	}
	return cmd
}

// nabVariants are the detector, and it with each constant less and more.
func nabVariants() []evaluate.NABVariant {
	variants := []evaluate.NABVariant{{Name: "standard", New: func() evaluate.Scorer { return anomaly.New().Observe }}}
	for _, v := range anomaly.Variations(0.8, 1.2) {
		variants = append(variants, evaluate.NABVariant{Name: v.Name, New: func() evaluate.Scorer { return v.New().Observe }})
	}
	return variants
}
