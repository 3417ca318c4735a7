package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"outrider/checks"
)

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate PATH...",
		Short: "Check definition files: exit 0, or 2 with every problem",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			_, defs, err := readDefinitions(cmd, paths)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d checks and %d audiences in %d files are fine\n", len(defs.Checks), len(defs.Audiences), len(defs.Files))
			return err
		},
	}
}

// readDefinitions reads the settings and, with them, the definitions. It tells
// the user of every problem and warning.
func readDefinitions(cmd *cobra.Command, paths []string) (settings, *checks.Definitions, error) {
	s, err := readSettings()
	if err != nil {
		return s, nil, err
	}
	defs, err := s.load(paths)
	if err != nil {
		return s, nil, definitionError(cmd, err)
	}
	for _, w := range defs.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", w.Pos, w.Message)
	}
	return s, defs, nil
}

// definitionError prints every problem, one a line, as editors read them.
func definitionError(cmd *cobra.Command, err error) error {
	var problems checks.Problems
	if !errors.As(err, &problems) {
		return usageError(err)
	}
	for _, p := range problems {
		fmt.Fprintln(cmd.ErrOrStderr(), p.Error())
	}
	return &exitError{code: exitUsage}
}
