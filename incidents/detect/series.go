package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"outrider/checks"
	"outrider/probes"
)

// Result is what one run of a check means.
type Result struct {
	// Verdicts are those of the causes for which the run was bad or the
	// confirmed severity changed.
	Verdicts []Verdict
	// Judgement is the zero value if nothing is said of the run.
	Judgement Judgement
	Notes     []Note
}

// Series judges the runs of one check at one location, in the order in which
// they started. It follows from the runs alone: whoever judges the same runs
// with the same definitions gets the same verdicts, whatever restarts lie in
// between. It is not safe for concurrent use.
type Series struct {
	memory Memory
}

// NewSeries makes a Series that has seen no run.
func NewSeries() *Series { return &Series{} }

// Judge gives what a run means. A run with outcome unknown, one made in
// maintenance, and one that did not start after the last judged run mean
// nothing and change nothing.
func (s *Series) Judge(check *checks.Check, run *probes.Run) Result {
	var r Result
	s.memory, r.Verdicts = Judge(check, s.memory, run)
	return r
}

// Last is when the last judged run started; zero if there was none.
func (s *Series) Last() time.Time { return s.memory.Last() }

// Rewind forgets when the last run started, so that the next run counts
// whenever it started. It is for a clock that was set back.
func (s *Series) Rewind() { s.memory = s.memory.Rewound() }

// Assume puts a severity in force for a cause. It changes nothing, and gives
// false, if that is so already; else it starts afresh for the cause. It is for
// memories that were lost while an incident was open, and for incidents that
// ended by something other than a run.
func (s *Series) Assume(cause Cause, severity Severity) bool {
	before := s.memory
	s.memory = s.memory.Assume(cause, severity)
	return before.severity(cause) != severity
}

// IsZero tells whether there is nothing to remember.
func (s *Series) IsZero() bool { return s.memory.IsZero() }

// The parts of an encoded series, each with its length before it, so that a
// damaged one costs no other.
const (
	partMemory = iota + 1
)

// seriesVersion changes when older encodings can no longer be read.
const seriesVersion = 2

// Encode gives what has to be remembered as bytes; no bytes at all where there
// is nothing.
func (s *Series) Encode() []byte {
	if s.IsZero() {
		return nil
	}
	data := []byte{seriesVersion}
	return appendPart(data, partMemory, s.memory.Encode())
}

// appendPart adds a part: its number, its length, itself.
func appendPart(data []byte, number byte, part []byte) []byte {
	data = append(data, number)
	data = binary.AppendUvarint(data, uint64(len(part)))
	return append(data, part...)
}

// DecodeSeries reads what Encode wrote. Parts that cannot be read start afresh,
// and the error says which: the series is there in any case.
func DecodeSeries(data []byte) (*Series, error) {
	s := NewSeries()
	if len(data) == 0 {
		return s, nil
	}
	if data[0] != seriesVersion {
		return s, fmt.Errorf("decode a series: version %d, this program reads version %d", data[0], seriesVersion)
	}
	var errs []error
	for data = data[1:]; len(data) > 0; {
		number := data[0]
		length, n := binary.Uvarint(data[1:])
		if n <= 0 || length > uint64(len(data)-1-n) {
			return s, errors.Join(append(errs, errors.New("decode a series: a part is cut off"))...)
		}
		part := data[1+n : 1+n+int(length)]
		data = data[1+n+int(length):]
		if err := s.decodePart(number, part); err != nil {
			errs = append(errs, err)
		}
	}
	return s, errors.Join(errs...)
}

// decodePart reads one part. One that is not known, from a newer version, say,
// is passed over.
func (s *Series) decodePart(number byte, part []byte) (err error) {
	switch number {
	case partMemory:
		s.memory, err = DecodeMemory(part)
	}
	return err
}
