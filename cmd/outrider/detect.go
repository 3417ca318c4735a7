package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"outrider/incidents/detect/anomaly"
)

func newDetect() *cobra.Command {
	var file, column, output string
	cmd := &cobra.Command{
		Use:   "detect --csv FILE",
		Short: "Score how unusual each sample of a series is",
		Long: `Score how unusual each sample of a series is, from 0 to 1; 0.5 and above is an
alarm. Every sample is judged by those before it alone, and there is nothing to
set: the same detector serves every series.

The input is CSV with a header and the columns timestamp and value; times as
2006-01-02 15:04:05 (UTC), RFC 3339 or Unix time in seconds or milliseconds. The
output has the columns timestamp, value and anomaly_score, a row for each of the
input and in its order. A row whose value is empty or NaN scores 0.

Exit codes: 0 done, 2 bad usage or input, 3 the output could not be written.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, name, err := openSeries(cmd, file)
			if err != nil {
				return usageError(err)
			}
			defer in.Close()
			if output == "" {
				return detectError(anomaly.ScoreCSV(cmd.OutOrStdout(), in, name, column))
			}
			return detectError(replaceFile(output, func(w io.Writer) error {
				return anomaly.ScoreCSV(w, in, name, column)
			}))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "csv", "", "the series: a `FILE`, or - for standard input")
	flags.StringVar(&column, "column", "value", "`NAME` of the column of values")
	flags.StringVarP(&output, "output", "o", "", "write to this `FILE`, once all is scored, instead of standard output")
	if err := cmd.MarkFlagRequired("csv"); err != nil {
		panic(err) // no such flag: a mistake in this function
	}
	return cmd
}

func openSeries(cmd *cobra.Command, file string) (in io.ReadCloser, name string, err error) {
	if file == "-" {
		return io.NopCloser(cmd.InOrStdin()), "standard input", nil
	}
	f, err := os.Open(file)
	return f, file, err
}

// detectError tells whose fault it was: the input's, or ours.
func detectError(err error) error {
	var input *anomaly.InputError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &input):
		return usageError(err)
	}
	return &exitError{exitCannot, err}
}

// replaceFile writes a file whole or not at all, so that it may be the one that
// is being read.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
