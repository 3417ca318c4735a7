package checks

import (
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a definition: where, what, and what
// to write instead.
type Problem struct {
	Pos     Position
	Message string
}

// Error gives the problem as file:line:column: message.
func (p Problem) Error() string {
	if p.Pos.File == "" {
		return p.Message
	}
	return p.Pos.String() + ": " + p.Message
}

// Problems is every problem that loading found, in the order of the files.
type Problems []Problem

// Error lists all problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// redacted takes secrets out of the messages: what a message quotes may come
// from one.
func (ps Problems) redacted(secrets []Secret) Problems {
	if len(secrets) == 0 || len(ps) == 0 {
		return ps
	}
	r := NewRedactor(secrets...)
	for i := range ps {
		ps[i].Message = r.Redact(ps[i].Message)
	}
	return ps
}

// sort orders problems by file, line and column; equal ones are kept once.
func (ps Problems) sort() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if c := strings.Compare(a.Pos.File, b.Pos.File); c != 0 {
			return c
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	return slices.Compact(ps)
}
