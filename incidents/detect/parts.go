package detect

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// part is what one judge has to remember. The parts of a series stand one after
// the other, each with its name and its length before it, so that a damaged one
// costs no other.
type part struct {
	name string
	data []byte
}

// seriesVersion changes when older encodings can no longer be read.
const seriesVersion = 2

// maxParts bounds what is read.
const maxParts = 200

func encodeParts(list []part) []byte {
	slices.SortFunc(list, func(a, b part) int { return strings.Compare(a.name, b.name) })
	data := []byte{seriesVersion}
	for _, p := range list {
		data = binary.AppendUvarint(data, uint64(len(p.name)))
		data = append(data, p.name...)
		data = binary.AppendUvarint(data, uint64(len(p.data)))
		data = append(data, p.data...)
	}
	return data
}

// decodeParts gives the parts by name, as far as they can be read.
func decodeParts(data []byte) (map[string][]byte, error) {
	parts := map[string][]byte{}
	if data[0] != seriesVersion {
		return parts, fmt.Errorf("decode a series: version %d, this program reads version %d", data[0], seriesVersion)
	}
	for data = data[1:]; len(data) > 0; {
		name, rest, ok := cutPart(data)
		if !ok {
			return parts, errors.New("decode a series: a part is cut off")
		}
		content, rest, ok := cutPart(rest)
		if !ok {
			return parts, fmt.Errorf("decode a series: part %.40q is cut off", name)
		}
		if len(parts) == maxParts {
			return parts, fmt.Errorf("decode a series: more than %d parts", maxParts)
		}
		parts[string(name)] = content
		data = rest
	}
	return parts, nil
}

// cutPart takes a length and so many bytes from the front.
func cutPart(data []byte) (content, rest []byte, ok bool) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return nil, nil, false
	}
	return data[n : n+int(length)], data[n+int(length):], true
}

// codec is a judge that can be remembered.
type codec interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// addPart adds what a judge has to remember.
func addPart(list []part, name string, judge codec) []part {
	data, err := judge.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("encode %s: %v", name, err)) // judges are made of numbers
	}
	return append(list, part{name, data})
}

// recall has a judge remember what is known of it, if anything is. After an
// error the judge is as it was.
func recall(known map[string][]byte, name string, judge codec) error {
	data, ok := known[name]
	if !ok {
		return nil
	}
	if err := judge.UnmarshalBinary(data); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}
