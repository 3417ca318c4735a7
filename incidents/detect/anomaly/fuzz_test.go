package anomaly

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"
	"time"
)

// FuzzState decodes anything, with the checksum made right so that it gets past
// that: what is accepted must work, and be stored as it came.
func FuzzState(f *testing.F) {
	for _, n := range []int{0, 10, 1000} {
		d := New()
		score(d, daily(n, 1))
		state, err := d.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state[:len(state)-crc32.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		state := binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.ChecksumIEEE(body))
		d := New()
		if d.UnmarshalBinary(state) != nil {
			return
		}
		for i := range 20 {
			if s := d.Observe(start.Add(time.Duration(i)*time.Hour), float64(i)); !(s >= 0 && s <= 1) {
				t.Fatalf("scores %v", s)
			}
		}
		again, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := New().UnmarshalBinary(again); err != nil {
			t.Fatalf("refuses its own state: %v", err)
		}
	})
}

// FuzzObserve reads samples from bytes: no series may break the detector.
func FuzzObserve(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New()
		for len(data) >= 16 {
			at := time.Unix(int64(binary.LittleEndian.Uint64(data)), 0)
			value := math.Float64frombits(binary.LittleEndian.Uint64(data[8:]))
			if s := d.Observe(at, value); !(s >= 0 && s <= 1) {
				t.Fatalf("%v at %v scores %v", value, at, s)
			}
			data = data[16:]
		}
		state, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := New().UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
	})
}
