package baseline

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"reflect"
)

// A judge is written as a mark with a version, its state as it is in memory
// (little-endian, of fixed length), and a check sum.
const (
	mark       = "odb\x02"
	headLength = len(mark)
	sumLength  = 4
)

var (
	_ encoding.BinaryMarshaler   = (*Judge)(nil)
	_ encoding.BinaryUnmarshaler = (*Judge)(nil)
)

// ErrDamaged says that bytes are not a judge's, or were damaged.
var ErrDamaged = errors.New("damaged or foreign state")

// AppendBinary appends the judge's memory; its Config is not part of it.
func (j *Judge) AppendBinary(b []byte) ([]byte, error) {
	from := len(b)
	b = append(b, mark...)
	b, err := binary.Append(b, binary.LittleEndian, &j.s)
	if err != nil {
		return nil, fmt.Errorf("encode baseline: %w", err)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:])), nil
}

// MarshalBinary gives the judge's memory; its Config is not part of it.
func (j *Judge) MarshalBinary() ([]byte, error) { return j.AppendBinary(nil) }

// UnmarshalBinary makes the judge remember what another one did, and keeps its
// Config. What it was is unchanged if the bytes are refused.
func (j *Judge) UnmarshalBinary(b []byte) error {
	if len(b) < headLength+sumLength || string(b[:headLength]) != mark {
		return fmt.Errorf("decode baseline: %w", ErrDamaged)
	}
	body, sum := b[:len(b)-sumLength], binary.LittleEndian.Uint32(b[len(b)-sumLength:])
	if crc32.ChecksumIEEE(body) != sum {
		return fmt.Errorf("decode baseline: check sum: %w", ErrDamaged)
	}
	var s state
	n, err := binary.Decode(body[headLength:], binary.LittleEndian, &s)
	if err != nil || n != len(body)-headLength {
		return fmt.Errorf("decode baseline: length %d: %w", len(b), ErrDamaged)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("decode baseline: %w: %w", err, ErrDamaged)
	}
	j.s = s
	if j.config.Zone == nil {
		j.config = j.config.withDefaults()
	}
	return nil
}

// check refuses a state that no judge can be in.
func (s *state) check() error {
	for _, v := range []struct {
		name      string
		got, most int64
	}{
		{"state", int64(s.State), int64(Faster)},
		{"place", s.At, recentLen - 1},
		{"unlearnt", s.Unlearnt, recentLen},
		{"first block", s.Season.First, blockLag - 1},
		{"blocks", s.Season.Len, blockLag},
		{"blocks learnt", s.Season.Blocks, math.MaxInt64},
		{"first hour", s.Hours.First, hoursKept - 1},
		{"hours", s.Hours.Len, hoursKept},
		{"slot", s.Routine.Slot + 1, slots},
		{"hour", s.Noise.Hour, 23},
		{"test", s.Trouble.Test, ups + downs - 1},
		{"samples", s.Samples, math.MaxInt64},
	} {
		if v.got < 0 || v.got > v.most {
			return fmt.Errorf("%s is %d", v.name, v.got)
		}
	}
	if !(s.Noise.Scale > 0) || s.Interval < 0 {
		return errors.New("scale or interval out of range")
	}
	if !finite(reflect.ValueOf(s).Elem()) {
		return errors.New("not a number")
	}
	return nil
}

// finite tells whether every number in a value is one.
func finite(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0)
	case reflect.Array:
		if k := v.Type().Elem().Kind(); k >= reflect.Int && k <= reflect.Uint64 {
			return true
		}
		for i := range v.Len() {
			if !finite(v.Index(i)) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !finite(v.Field(i)) {
				return false
			}
		}
	}
	return true
}
