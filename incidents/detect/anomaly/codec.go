package anomaly

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// codecVersion changes with anything that the encoded state depends on, the
// number of measures and the grid of the tails included.
const codecVersion = 2

// ErrState means that bytes are not the stored state of a detector.
var ErrState = errors.New("not the state of an anomaly detector")

// MarshalBinary stores the state: a version, the running values, the profiles'
// bins, the tails' counts, a checksum.
func (d *Detector) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 8<<10)
	b = append(b, codecVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(d.lastAt))
	for _, p := range d.running() {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*p))
	}
	for _, x := range d.memory.recent {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	for _, bins := range d.bins() {
		for _, bin := range bins {
			b = append(b, bin.seen)
			if bin.seen > 0 {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(bin.centre))
				b = binary.LittleEndian.AppendUint16(b, uint16(bin.spread))
			}
		}
	}
	for _, t := range d.allTails() {
		for _, c := range t.count {
			b = binary.AppendUvarint(b, uint64(c))
		}
	}
	h := &d.alarm.habit
	b = append(b, h.next)
	for i := range h.kinds {
		b = binary.LittleEndian.AppendUint32(b, h.at[i])
		if h.at[i] > 0 {
			b = append(b, h.kinds[i][:]...)
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// UnmarshalBinary restores what MarshalBinary stored. The detector is unchanged
// if it returns an error, which wraps ErrState.
func (d *Detector) UnmarshalBinary(b []byte) error {
	body := len(b) - crc32.Size
	if body < 1 || binary.LittleEndian.Uint32(b[body:]) != crc32.ChecksumIEEE(b[:body]) {
		return fmt.Errorf("%w: damaged", ErrState)
	}
	if b[0] != codecVersion {
		return fmt.Errorf("%w: version %d, this program reads %d", ErrState, b[0], codecVersion)
	}
	read := New()
	r := stateReader{rest: b[1:body]}
	read.lastAt = int64(r.uint64())
	for _, p := range read.running() {
		*p = r.float(math.Float64frombits(r.uint64()))
	}
	for i := range read.memory.recent {
		read.memory.recent[i] = float32(r.float(float64(math.Float32frombits(r.uint32()))))
	}
	for _, bins := range read.bins() {
		for i := range bins {
			if bins[i].seen = r.byte(); bins[i].seen > 0 {
				bins[i].centre = float32(r.float(float64(math.Float32frombits(r.uint32()))))
				bins[i].spread = size(r.uint16())
			}
		}
	}
	for _, t := range read.allTails() {
		r.tail(t)
	}
	r.habit(&read.alarm.habit)
	if n := read.memory.n; n < 0 || n != math.Trunc(n) {
		r.bad = true
	}
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: no sensible values", ErrState)
	}
	*d = *read
	return nil
}

// running are the single values of the state, in the order they are stored in.
func (d *Detector) running() []*float64 {
	m := &d.memory
	all := []*float64{
		&m.n, &m.last, &m.days.n, &m.weeks.n, &d.alarm.echo, &d.alarm.silent,
		(*float64)(&m.level.centre), (*float64)(&m.level.spread), (*float64)(&m.level.whole),
		(*float64)(&m.rough), (*float64)(&m.days.usual), (*float64)(&m.weeks.usual),
	}
	all = append(all, &m.reach)
	for i := range m.changes {
		c := &m.changes[i]
		all = append(all, (*float64)(&c.fast), (*float64)(&c.slow), (*float64)(&c.usual))
	}
	for _, means := range [][]average{m.means[:], m.roughs[:], m.ranges[:], m.days.means[:], m.weeks.means[:]} {
		for i := range means {
			all = append(all, (*float64)(&means[i]))
		}
	}
	return all
}

func (d *Detector) bins() [][]bin { return [][]bin{d.memory.day[:], d.memory.week[:]} }

func (d *Detector) allTails() []*tail {
	all := []*tail{&d.alarm.tail}
	for i := range d.tails {
		all = append(all, &d.tails[i])
	}
	return all
}

// stateReader takes values off the front; bad tells that one was missing or
// made no sense.
type stateReader struct {
	rest []byte
	bad  bool
}

// take gives the next n bytes, or zeros where they end.
func (r *stateReader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *stateReader) byte() byte     { return r.take(1)[0] }
func (r *stateReader) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *stateReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *stateReader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// float lets through what a running value can be.
func (r *stateReader) float(x float64) float64 {
	if !(math.Abs(x) <= 10*largest) {
		r.bad = true
	}
	return x
}

func (r *stateReader) habit(h *habit) {
	if h.next = r.byte(); h.next >= remembered {
		r.bad = true
		return
	}
	for i := range h.kinds {
		if h.at[i] = r.uint32(); h.at[i] > 0 {
			copy(h.kinds[i][:], r.take(measures))
		}
	}
}

func (r *stateReader) tail(t *tail) {
	for i := range t.count {
		c, n := binary.Uvarint(r.rest)
		if n <= 0 || c+uint64(t.total) >= tailForgetsAt {
			r.bad = true
			return
		}
		r.rest = r.rest[n:]
		t.count[i] = uint16(c)
		t.total += uint16(c)
		if c > 0 {
			t.top = uint8(i)
		}
	}
}
