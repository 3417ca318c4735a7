package checks

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"outrider/checks/draft"
	"outrider/checks/har"
	"outrider/checks/recording"
)

// Import is a definition file that was made of something recorded.
type Import struct {
	ID string // of its check
	// Definition is the file; it loads as soon as its secrets are set.
	Definition []byte
	// Notes are what a person should know: what was not carried over, with its
	// place in the imported file, and what deserves a look.
	Notes []Problem
	// Secrets are the names of the secrets that it needs.
	Secrets []string
	Steps   int
}

// ImportOptions is how something recorded is made a definition.
type ImportOptions struct {
	// Schema is the path of the JSON Schema that the file's first line leads
	// editors to; empty: outrider.schema.json beside it.
	Schema string
	// Positions keeps where in an element was clicked; see recording.Options.
	Positions bool
	// ThirdParties and Static include what is left out of a HAR; see
	// har.Options.
	ThirdParties, Static bool
}

func (o *ImportOptions) schema() string {
	if o.Schema == "" {
		return "outrider.schema.json"
	}
	return o.Schema
}

// ImportRecording makes a browser check of a recording of Chrome DevTools
// Recorder. name is the file's name, for messages. The error is Problems.
func ImportRecording(name string, data []byte, options ImportOptions) (*Import, error) {
	r, err := recording.Parse(data)
	if err != nil {
		return nil, recordingProblem(name, err)
	}
	d, err := recording.Translate(r, recording.Options{Vocabulary: vocabulary(), Source: filepath.Base(name), Positions: options.Positions})
	if err != nil {
		return nil, recordingProblem(name, err)
	}
	return finishImport(name, d, options)
}

// ImportHAR makes an HTTP check of a HAR. name is the file's name, for
// messages. The error is Problems.
func ImportHAR(name string, r io.Reader, options ImportOptions) (*Import, error) {
	a, err := har.Parse(r)
	if err != nil {
		return nil, Problems{{Position{File: name}, err.Error()}}
	}
	d, err := har.Translate(a, har.Options{Source: filepath.Base(name), ThirdParties: options.ThirdParties, Static: options.Static})
	if err != nil {
		return nil, Problems{{Position{File: name}, err.Error()}}
	}
	return finishImport(name, d, options)
}

// vocabulary is what recordings may speak of.
func vocabulary() recording.Vocabulary { return recording.Vocabulary{Roles: roles, Keys: namedKeys} }

func recordingProblem(name string, err error) error {
	var p *recording.Problem
	if !errors.As(err, &p) {
		return Problems{{Position{File: name}, err.Error()}}
	}
	return Problems{{Position{name, p.Line, p.Column}, p.Message}}
}

// finishImport writes the definition and sees to it that it loads.
func finishImport(name string, d *draft.Definition, options ImportOptions) (*Import, error) {
	text, err := d.YAML(options.schema())
	if err != nil {
		return nil, Problems{{Position{File: name}, err.Error()}}
	}
	out := &Import{ID: d.ID, Definition: text, Secrets: d.Secrets.Names(), Steps: len(d.Steps)}
	for _, n := range d.Notes {
		out.Notes = append(out.Notes, Problem{Position{name, n.Line, n.Column}, n.Message})
	}
	if _, err := LoadBytes(d.ID+".yaml", text, importLookups()); err != nil {
		var problems Problems
		errors.As(err, &problems)
		return nil, Problems{{Position{File: name}, fmt.Sprintf("what it was made into does not load, which is a fault of the import: %s", problems[0])}}
	}
	return out, nil
}

// importLookups find everything: a definition has to load before its secrets
// are there.
func importLookups() Options {
	return Options{
		LookupEnv: func(string) (string, bool) { return "", false },
		LookupSecret: func(name string) (string, bool, error) {
			if strings.HasSuffix(name, "TOTP") || strings.Contains(name, "TOTP_") {
				return "JBSWY3DPEHPK3PXP", true, nil // a key of RFC 4226's length, in Base32
			}
			return "a secret that stands for " + name, true, nil
		},
	}
}
