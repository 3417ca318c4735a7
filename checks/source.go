package checks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The limits of definition files. They are far above what people write and
// keep a hostile file from taking the process with it.
const (
	maxFile      = 1 << 20  // bytes of one definition file
	maxFiles     = 10_000   // definition files
	maxTotal     = 64 << 20 // bytes of all definition files
	maxNesting   = 60       // lists and mappings within each other
	maxChecks    = 10_000
	maxSteps     = 200 // of one journey
	maxProcedure = 256 << 10
	maxPEM       = 1 << 20
	maxSchema    = 1 << 20
	maxUpload    = 10 << 20 // bytes of a file that a request sends
)

// source is one definition file, parsed.
type source struct {
	path  string
	text  []byte
	root  *yaml.Node // nil: the file says nothing
	lines []int      // offset of each line's start, made when first needed
}

// offset is where a line and column (in characters, from 1) are in the text.
func (s *source) offset(line, column int) int {
	if s.lines == nil {
		s.lines = []int{0}
		for i, c := range s.text {
			if c == '\n' {
				s.lines = append(s.lines, i+1)
			}
		}
	}
	if line < 1 || line > len(s.lines) {
		return 0
	}
	at := s.lines[line-1]
	for ; column > 1 && at < len(s.text); column-- {
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	return at
}

// parseSource parses the text of a definition file.
func parseSource(path string, text []byte) (s *source, problem *Problem) {
	s = &source{path: path, text: text}
	whole := Position{File: path}
	// The YAML library is fuzzed less than it is used: a panic of its must not
	// end a process that has other definitions in force.
	defer func() {
		if r := recover(); r != nil {
			problem = &Problem{whole, fmt.Sprintf("cannot be read as YAML: %v", r)}
		}
	}()
	if len(text) > maxFile {
		return s, &Problem{whole, fmt.Sprintf("is larger than %d KiB: split it", maxFile>>10)}
	}
	if i := invalidUTF8(text); i >= 0 {
		line := 1 + bytes.Count(text[:i], []byte{'\n'})
		column := 1 + utf8.RuneCount(text[bytes.LastIndexByte(text[:i], '\n')+1:i])
		return s, &Problem{Position{path, line, column}, "is no UTF-8 text: save the file as UTF-8"}
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxNesting))))
	if err != nil {
		return s, &Problem{whole, fmt.Sprintf("cannot be read as YAML: %v", err)}
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return s, nil
	case err != nil:
		return s, s.syntaxProblem(err)
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return s, s.syntaxProblem(err)
	default:
		return s, &Problem{Position{path, second.Line, second.Column}, "a second document starts here: use one file for each, or remove the line ---"}
	}
	if len(document.Content) > 0 {
		if root := document.Content[0]; root.Kind != yaml.ScalarNode || root.Tag != "!!null" {
			s.root = root
		}
	}
	return s, nil
}

func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// syntaxProblem says where and why the YAML cannot be parsed.
func (s *source) syntaxProblem(err error) *Problem {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return &Problem{Position{File: s.path}, "cannot be read as YAML: " + err.Error()}
	}
	message := "not valid YAML: " + load.Message
	pos := Position{s.path, load.Mark.Line, load.Mark.Column}
	if load.ContextMsg != "" && load.ContextMark.Line > 0 {
		message += fmt.Sprintf(" (%s from line %d on)", load.ContextMsg, load.ContextMark.Line)
	}
	if strings.Contains(load.Message, "max depth") {
		message = fmt.Sprintf("lists and mappings are nested more than %d deep", maxNesting)
	} else if line := s.line(pos.Line); strings.Contains(load.ContextMsg, "flow ") && strings.ContainsAny(line, "{[") {
		message += `; within { } and [ ] put quotes around text that has such brackets or a comma, such as "$.items[0].name" or "${SHOP_URL}/"`
	} else if strings.Contains(line, "\t") {
		message += "; indent with spaces, not with tabs"
	}
	if pos.Line == 0 {
		pos.Column = 0
	}
	return &Problem{pos, message}
}

func (s *source) line(n int) string {
	if n < 1 {
		return ""
	}
	line, _, _ := strings.Cut(string(s.text[s.offset(n, 1):]), "\n")
	return line
}

// readFile reads a regular file of a bounded size. Devices and pipes are
// refused before they are opened, since opening a pipe waits for its writer.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plainPathError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", path, limit>>10)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, plainPathError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainPathError(path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", path, limit>>10)
	}
	return data, nil
}

// plainPathError leaves out the system call's name, which tells a user nothing.
func plainPathError(path string, err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return fmt.Errorf("%s: %w", path, pathErr.Err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// resolvePath reads a path relative to the definition file that names it.
func (s *source) resolvePath(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(s.path), path)
}
