package objective

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// encodingVersion changes when older states can no longer be read.
const encodingVersion = 1

// maxEncoded bounds what is read: twice of what the largest Judge writes.
const maxEncoded = 32 << 10

// manyRuns is more than any check makes.
const manyRuns = 1 << 50

var errDamaged = errors.New("damaged")

// MarshalBinary gives everything that the Judge knows, its goal included:
// some hundred bytes, at most 16 kB with MaxRows rows of busy windows.
func (j *Judge) MarshalBinary() ([]byte, error) {
	w := writer{data: []byte{encodingVersion}}
	w.goal(&j.goal)
	w.number(j.first)
	w.number(j.last)
	w.number(j.floor)
	w.number(int64(j.next))
	for _, at := range j.recent {
		w.number(at)
	}
	w.number(j.seen)
	for _, n := range j.lastBad {
		w.number(n)
	}
	w.ring(&j.budget)
	for i := range j.rows {
		r := &j.rows[i]
		w.ring(&r.ring)
		a := r.alert
		if !a.active {
			w.number(0)
			continue
		}
		w.number(1)
		for _, n := range []int64{a.since, a.bad, a.total, a.good, a.calm} {
			w.number(n)
		}
	}
	return w.data, nil
}

type writer struct{ data []byte }

// number writes what is never negative.
func (w *writer) number(n int64) { w.data = binary.AppendUvarint(w.data, uint64(n)) }

func (w *writer) float(f float64) {
	w.data = binary.LittleEndian.AppendUint64(w.data, math.Float64bits(f))
}

func (w *writer) goal(g *Goal) {
	w.number(int64(len(g.Name)))
	w.data = append(w.data, g.Name...)
	w.float(g.Good)
	w.number(int64(g.Over))
	w.number(int64(g.Latency))
	w.number(int64(g.Cadence))
	if g.Rows == nil {
		w.number(0)
		return
	}
	w.number(int64(len(g.Rows)) + 1)
	for _, r := range g.Rows {
		w.number(int64(r.Long))
		w.number(int64(r.Short))
		w.float(r.Rate)
		w.number(int64(r.Severity))
	}
}

// ring writes the newest bucket first, empty ones as their number.
func (w *writer) ring(r *ring) {
	w.number(r.head)
	for i := 0; i < len(r.buckets); {
		b := r.back(i)
		w.number(int64(b.total))
		if b.total > 0 {
			w.number(int64(b.bad))
			i++
			continue
		}
		empty := 1
		for i+empty < len(r.buckets) && r.back(i+empty).total == 0 {
			empty++
		}
		w.number(int64(empty))
		i += empty
	}
}

// back gives the bucket so many before the newest one.
func (r *ring) back(i int) bucket {
	n := int64(len(r.buckets))
	return r.buckets[((r.head-int64(i))%n+n)%n]
}

// UnmarshalBinary takes over what MarshalBinary wrote; the Judge then goes on
// as the one that was written would have. On an error it is left as it was.
func (j *Judge) UnmarshalBinary(data []byte) error {
	read, err := decode(data)
	if err != nil {
		return fmt.Errorf("decode the state of an objective: %w", err)
	}
	*j = *read
	return nil
}

func decode(data []byte) (*Judge, error) {
	if len(data) == 0 || len(data) > maxEncoded {
		return nil, fmt.Errorf("%d bytes, not 1 to %d", len(data), maxEncoded)
	}
	if data[0] != encodingVersion {
		return nil, fmt.Errorf("version %d, this program reads version %d", data[0], encodingVersion)
	}
	r := reader{data: data[1:]}
	goal := r.goal()
	if r.err != nil {
		return nil, r.err
	}
	j := &Judge{}
	if err := j.set(goal); err != nil {
		return nil, err
	}
	j.first = r.time()
	j.last = r.time()
	j.floor = r.upTo(j.last)
	j.next = int(r.upTo(remembered - 1))
	for i := range j.recent {
		j.recent[i] = r.upTo(j.last)
	}
	j.seen = r.upTo(manyRuns)
	before := j.seen + 1
	for i := range j.lastBad {
		before = max(before-1, 0) // they fall, and end in zeros
		j.lastBad[i] = r.upTo(before)
		before = j.lastBad[i]
	}
	if j.first > j.last || (j.first == 0) != (j.last == 0) {
		r.err = errDamaged
	}
	r.ring(&j.budget, j.last)
	for i := range j.rows {
		r.ring(&j.rows[i].ring, j.last)
		r.alert(&j.rows[i].alert, j.last)
	}
	if r.err == nil && len(r.data) > 0 {
		r.err = errDamaged
	}
	j.severity = j.worst()
	return j, r.err
}

// reader reads on after an error, but only zeros.
type reader struct {
	data []byte
	err  error
}

// upTo reads a number that must not be greater than a bound.
func (r *reader) upTo(most int64) int64 {
	n, size := binary.Uvarint(r.data)
	if r.err != nil || size <= 0 || most < 0 || n > uint64(most) {
		r.err = errDamaged
		return 0
	}
	r.data = r.data[size:]
	return int64(n)
}

// time reads a start that is possible, or zero.
func (r *reader) time() int64 {
	at := r.upTo(math.MaxInt64)
	if at != 0 && !possible(at) {
		r.err = errDamaged
	}
	return at
}

func (r *reader) duration() time.Duration { return time.Duration(r.upTo(int64(MaxWindow))) }

func (r *reader) float() float64 {
	if r.err != nil || len(r.data) < 8 {
		r.err = errDamaged
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(r.data))
	r.data = r.data[8:]
	return f
}

func (r *reader) goal() Goal {
	var g Goal
	if n := int(r.upTo(maxName)); n <= len(r.data) {
		g.Name, r.data = string(r.data[:n]), r.data[n:]
	} else {
		r.err = errDamaged
	}
	g.Good = r.float()
	g.Over = r.duration()
	g.Latency = r.duration()
	g.Cadence = r.duration()
	n := r.upTo(MaxRows + 1)
	if n == 0 {
		return g
	}
	g.Rows = make([]Row, n-1)
	for i := range g.Rows {
		g.Rows[i] = Row{Long: r.duration(), Short: r.duration(), Rate: r.float(), Severity: Severity(r.upTo(int64(Critical)))}
	}
	return g
}

func (r *reader) ring(into *ring, last int64) {
	into.head = r.upTo(into.number(last))
	if into.head != into.number(last) {
		r.err = errDamaged
	}
	for i := 0; i < len(into.buckets) && r.err == nil; {
		total := r.upTo(full)
		if total == 0 {
			empty := int(r.upTo(int64(len(into.buckets) - i)))
			if empty == 0 {
				r.err = errDamaged
			}
			i += empty
			continue
		}
		b := bucket{total: uint16(total), bad: uint16(r.upTo(total))}
		n := int64(len(into.buckets))
		into.buckets[((into.head-int64(i))%n+n)%n] = b
		i++
	}
	into.sum()
}

func (r *reader) alert(into *alert, last int64) {
	if r.upTo(1) == 0 {
		return
	}
	*into = alert{active: true, since: r.upTo(last)}
	into.bad = r.upTo(manyRuns)
	into.total = r.upTo(manyRuns)
	into.good = r.upTo(manyRuns)
	into.calm = r.upTo(last)
	if into.bad > into.total {
		r.err = errDamaged
	}
}
