package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"outrider/checks"
	"outrider/checks/recording"
)

func newImport() *cobra.Command {
	var (
		out     string
		force   bool
		options checks.ImportOptions
	)
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a check of a recording of Chrome DevTools Recorder (.json) or of a HAR (.har)",
		Long: `Make a check of something recorded.

A recording of Chrome DevTools Recorder (.json) becomes a browser journey, with
the recorded selectors in order as fall-backs. A HAR (.har), as the network panel
of a browser saves it, becomes an HTTP journey: the requests of the pages' own
site, with captures for tokens that an answer gave and a later request used.

The definition goes to stdout, or to the file of --output. What could not be
carried over is reported on stderr, one a line, and as a comment at its place in
the definition. Passwords are not kept: the definition refers to secrets instead.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			imported, err := importFile(args[0], options)
			if err != nil {
				return definitionError(cmd, err)
			}
			if err := writeImport(cmd.OutOrStdout(), out, imported.Definition, force); err != nil {
				return err
			}
			for _, n := range imported.Notes {
				fmt.Fprintln(cmd.ErrOrStderr(), n.Error())
			}
			fmt.Fprintln(cmd.ErrOrStderr(), importSummary(imported, out))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "output", "o", "", "write the definition to this `FILE`")
	flags.BoolVar(&force, "force", false, "overwrite the file of --output")
	flags.StringVar(&options.Schema, "schema", "", "`PATH` of the JSON Schema for editors, as seen from the definition (default outrider.schema.json; outrider schema writes it)")
	flags.BoolVar(&options.Positions, "positions", false, "keep where in an element was clicked, instead of its middle")
	flags.BoolVar(&options.ThirdParties, "third-parties", false, "of a HAR: include requests to other sites")
	flags.BoolVar(&options.Static, "static", false, "of a HAR: include scripts, styles, pictures and the like")
	return cmd
}

// importFile imports a file by its kind.
func importFile(path string, options checks.ImportOptions) (*checks.Import, error) {
	if strings.EqualFold(filepath.Ext(path), ".har") {
		f, err := os.Open(path)
		if err != nil {
			return nil, plainReason(path, err)
		}
		defer f.Close()
		return checks.ImportHAR(path, f, options)
	}
	data, err := readBounded(path, recording.MaxSize)
	if err != nil {
		return nil, err
	}
	return checks.ImportRecording(path, data, options)
}

// readBounded reads a file of a bounded size.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plainReason(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainReason(path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return data, nil
}

// plainReason leaves out the system call's name.
func plainReason(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// writeImport writes a definition to a file, or to stdout without one.
func writeImport(stdout io.Writer, path string, text []byte, force bool) error {
	if path == "" || path == "-" {
		_, err := stdout.Write(text)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usageError(fmt.Errorf("%s is there already: choose another name, or overwrite it with --force", path))
	}
	if err != nil {
		return &exitError{exitCannot, plainReason(path, err)}
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return &exitError{exitCannot, plainReason(path, err)}
	}
	return nil
}

// importSummary says what came of it and what to do next.
func importSummary(i *checks.Import, out string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "check %s: %d steps", i.ID, i.Steps)
	if n := len(i.Notes); n > 0 {
		fmt.Fprintf(&b, ", %d remarks above", n)
	}
	if len(i.Secrets) > 0 {
		fmt.Fprintf(&b, "; set the secrets %s", strings.Join(i.Secrets, ", "))
	}
	if out != "" && out != "-" {
		fmt.Fprintf(&b, "; try it: outrider run %s", filepath.ToSlash(out))
	}
	return b.String()
}
