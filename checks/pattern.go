package checks

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Short expressions can compile to very much: (a{1000}){1000} is 16 bytes.
const (
	maxPattern      = 4096      // bytes of one regular expression
	maxInstructions = 20_000    // of one, compiled
	maxPatterns     = 2_000_000 // instructions of all of them
)

// compilePattern compiles a regular expression, and gives its size in
// instructions.
func compilePattern(text string) (re *regexp.Regexp, weight int, err error) {
	if len(text) > maxPattern {
		return nil, 0, fmt.Errorf("a regular expression has at most %d bytes", maxPattern)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, fmt.Errorf("not a regular expression of Go's syntax: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, 0, fmt.Errorf("not a regular expression of Go's syntax: %w", err)
	}
	if len(program.Inst) > maxInstructions {
		return nil, 0, errors.New("the regular expression is too large once its repetitions are written out")
	}
	re, err = regexp.Compile(text)
	return re, len(program.Inst), err
}

// payPattern takes a regular expression off what all of them may take.
func (d *decoder) payPattern(n *yaml.Node, weight int) bool {
	d.patternRoom -= weight
	if d.patternRoom >= 0 {
		return true
	}
	if !d.broke {
		d.problem(n, "all regular expressions together are too large")
		d.broke = true // each would still have to be compiled
	}
	return false
}
