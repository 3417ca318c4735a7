package locations

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// encodingVersion changes when older states can no longer be read.
const encodingVersion = 1

var errDamaged = errors.New("damaged")

// MarshalBinary gives everything that the Map knows: some 20 bytes a location.
func (m *Map) MarshalBinary() ([]byte, error) {
	data := []byte{encodingVersion, byte(len(m.places))}
	for _, p := range m.places {
		data = append(data, byte(len(p.name)))
		data = append(data, p.name...)
		bad := uint64(0)
		if p.bad {
			bad = 1
		}
		data = binary.AppendUvarint(data, uint64(p.at)<<1|bad)
	}
	return data, nil
}

// UnmarshalBinary takes over what MarshalBinary wrote. On an error the Map is
// left as it was.
func (m *Map) UnmarshalBinary(data []byte) error {
	places, err := decode(data)
	if err != nil {
		return fmt.Errorf("decode the state of locations: %w", err)
	}
	m.places = places
	return nil
}

func decode(data []byte) ([]place, error) {
	if len(data) < 2 {
		return nil, errDamaged
	}
	if data[0] != encodingVersion {
		return nil, fmt.Errorf("version %d, this program reads version %d", data[0], encodingVersion)
	}
	n, rest := int(data[1]), data[2:]
	if n > MaxLocations {
		return nil, errDamaged
	}
	var places []place
	for range n {
		if len(rest) == 0 || int(rest[0]) > maxName || len(rest) <= int(rest[0]) {
			return nil, errDamaged
		}
		name := string(rest[1 : 1+rest[0]])
		rest = rest[1+rest[0]:]
		v, size := binary.Uvarint(rest)
		if size <= 0 || v>>1 == 0 || v > math.MaxInt64 {
			return nil, errDamaged
		}
		rest = rest[size:]
		if len(places) > 0 && name <= places[len(places)-1].name {
			return nil, errDamaged
		}
		places = append(places, place{name, int64(v >> 1), v&1 == 1})
	}
	if len(rest) > 0 {
		return nil, errDamaged
	}
	return places, nil
}
