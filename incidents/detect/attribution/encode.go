package attribution

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// profileVersion changes when older profiles can no longer be read.
const profileVersion = 1

// MarshalBinary gives the profile as bytes: about 500 for each step and 100 for
// each host of a step. It never fails.
func (p *Profile) MarshalBinary() ([]byte, error) {
	w := writer{buf: make([]byte, 0, 64+len(p.steps)*512)}
	w.u8(profileVersion)
	w.u64(uint64(p.last))
	w.u64(uint64(p.learned))
	w.u64(uint64(p.marked[0]))
	w.u64(uint64(p.marked[1]))
	w.u32(p.runs)
	w.level(p.duration)
	w.level(p.disturbance)
	w.rate(p.broken)
	w.u8(uint8(len(p.steps)))
	for i := range p.steps {
		w.step(&p.steps[i])
	}
	w.u8(uint8(len(p.addresses)))
	for i := range p.addresses {
		a := &p.addresses[i]
		w.text(a.address)
		w.u64(a.host)
		w.u32(a.born)
		w.u32(a.seen)
		w.u64(uint64(a.bornAt))
		w.rate(a.used)
		w.level(a.slow)
	}
	w.u8(uint8(len(p.hosts)))
	for i := range p.hosts {
		h := &p.hosts[i]
		w.u64(h.host)
		w.u32(h.born)
		w.u32(h.seen)
		w.u64(uint64(h.bornAt))
		w.u64(uint64(h.notAfter))
		w.text(h.issuer)
		w.text(h.formerIssuer)
		w.u64(uint64(h.formerExpires))
	}
	return w.buf, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. If the bytes are no profile
// it says so and leaves p as it was.
func (p *Profile) UnmarshalBinary(data []byte) error {
	r := reader{rest: data}
	if v := r.u8(); r.err == nil && v != profileVersion {
		return fmt.Errorf("decode profile: version %d, this program reads version %d", v, profileVersion)
	}
	var q Profile
	q.last = int64(r.u64())
	q.learned = int64(r.u64())
	q.marked = [2]int64{int64(r.u64()), int64(r.u64())}
	q.runs = r.u32()
	q.duration = r.level()
	q.disturbance = r.level()
	q.broken = r.rate()
	q.steps = table(&r, maxSteps, r.step)
	q.addresses = table(&r, maxAddresses, func() addressProfile {
		return addressProfile{address: r.text(), host: r.u64(), born: r.u32(), seen: r.u32(), bornAt: int64(r.u64()), used: r.rate(), slow: r.level()}
	})
	q.hosts = table(&r, maxHosts, func() hostProfile {
		return hostProfile{
			host: r.u64(), born: r.u32(), seen: r.u32(), bornAt: int64(r.u64()), notAfter: int64(r.u64()),
			issuer: r.text(), formerIssuer: r.text(), formerExpires: int64(r.u64()),
		}
	})
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("%d bytes too many", len(r.rest))
	}
	if r.err != nil {
		return fmt.Errorf("decode profile: %w", r.err)
	}
	*p = q
	return nil
}

// writer appends numbers in little-endian order.
type writer struct{ buf []byte }

func (w *writer) u8(x uint8)   { w.buf = append(w.buf, x) }
func (w *writer) u16(x uint16) { w.buf = binary.LittleEndian.AppendUint16(w.buf, x) }
func (w *writer) u32(x uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, x) }
func (w *writer) u64(x uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, x) }

func (w *writer) text(s string) {
	w.u8(uint8(len(s))) // at most maxText
	w.buf = append(w.buf, s...)
}

func (w *writer) rate(r rate) {
	w.u32(math.Float32bits(r.share))
	w.u16(r.n)
}

func (w *writer) level(l level) {
	w.u32(math.Float32bits(l.mean))
	w.u32(math.Float32bits(l.spread))
	w.u16(l.n)
	for _, m := range l.marks {
		w.u32(math.Float32bits(m.mean))
		w.u32(math.Float32bits(m.spread))
	}
}

func (w *writer) step(s *stepProfile) {
	w.u64(s.name)
	w.u32(s.seen)
	for _, l := range s.levels {
		w.level(l)
	}
	w.rate(s.navigates)
	w.rate(s.asks)
	w.rate(s.throws)
	w.u16(s.status)
	w.text(s.protocol.now)
	w.text(s.protocol.former)
	w.u32(s.protocol.born)
	w.u64(uint64(s.protocol.bornAt))
	w.u8(uint8(len(s.groups)))
	for i := range s.groups {
		g := &s.groups[i]
		w.u64(g.host)
		w.u32(g.seen)
		w.level(g.time)
		w.level(g.bytes)
		w.rate(g.failed)
		w.rate(g.pending)
	}
}

// reader takes the same apart. After an error it gives zeros.
type reader struct {
	rest []byte
	err  error
}

var (
	errShort = errors.New("it ends too early")
	errWrong = errors.New("a number that cannot be")
)

func (r *reader) take(n int) []byte {
	if r.err == nil && len(r.rest) < n {
		r.err = errShort
	}
	if r.err != nil {
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) u8() uint8   { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) text() string {
	n := int(r.u8())
	if n > maxText {
		r.fail()
		return ""
	}
	return string(r.take(n))
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errWrong
	}
}

func (r *reader) float() float32 { return math.Float32frombits(r.u32()) }

func (r *reader) rate() rate {
	x := rate{share: r.float(), n: r.u16()}
	if !x.valid() {
		r.fail()
	}
	return x
}

func (r *reader) level() level {
	l := level{mean: r.float(), spread: r.float(), n: r.u16()}
	for i := range l.marks {
		l.marks[i] = mark{r.float(), r.float()}
	}
	if !l.valid() {
		r.fail()
	}
	return l
}

func (r *reader) step() stepProfile {
	s := stepProfile{name: r.u64(), seen: r.u32()}
	for i := range s.levels {
		s.levels[i] = r.level()
	}
	s.navigates, s.asks, s.throws = r.rate(), r.rate(), r.rate()
	s.status = r.u16()
	s.protocol = protocolProfile{now: r.text(), former: r.text(), born: r.u32(), bornAt: int64(r.u64())}
	s.groups = table(r, maxGroups, func() groupProfile {
		return groupProfile{
			host: r.u64(), seen: r.u32(), time: r.level(), bytes: r.level(),
			failed: r.rate(), pending: r.rate(),
		}
	})
	return s
}

// table reads a bounded list.
func table[T any](r *reader, limit int, one func() T) []T {
	n := int(r.u8())
	if n > limit {
		r.fail()
	}
	if r.err != nil || n == 0 {
		return nil
	}
	list := make([]T, 0, n)
	for range n {
		list = append(list, one())
		if r.err != nil {
			return nil
		}
	}
	return list
}
