package objective

import "time"

// bucket counts the runs that started within one width of time.
type bucket struct{ bad, total uint16 }

// full is the count at which a bucket is halved, which keeps its share: three
// runs a second would have to go on for six hours to get there.
const full = 1<<16 - 1

// count is a sum of buckets.
type count struct{ bad, total int64 }

func (c *count) add(b bucket)  { c.bad += int64(b.bad); c.total += int64(b.total) }
func (c *count) take(b bucket) { c.bad -= int64(b.bad); c.total -= int64(b.total) }

// ring holds the newest buckets of a window and keeps the sums of all of them
// and of the newest few. Times are microseconds since 1970.
type ring struct {
	width   int64 // of a bucket
	recent  int   // how many buckets the short window has
	head    int64 // number of the newest bucket since 1970; meaningless while all is zero
	buckets []bucket
	long    count
	short   count
}

const (
	// perShort is how finely a row's short window is cut; perLong is how many
	// buckets its ring has at the most.
	perShort = 10
	perLong  = 240
	// perBudget is how finely the objective's own window is cut.
	perBudget = 120
)

// newRing covers a long and a short window. The bucket that is being filled is
// the newest of them: a run leaves its window up to one width early.
func newRing(long, short time.Duration, cuts int64) ring {
	l, s := long.Microseconds(), short.Microseconds()
	width := max(ceil(s, cuts), ceil(l, perLong), 1)
	r := ring{width: width, recent: int(ceil(s, width))}
	r.buckets = make([]bucket, ceil(l, width))
	r.recent = min(r.recent, len(r.buckets))
	return r
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }

// number gives the bucket of a time, which must not be before 1970.
func (r *ring) number(at int64) int64 { return at / r.width }

func (r *ring) at(number int64) *bucket { return &r.buckets[number%int64(len(r.buckets))] }

// advance makes the bucket of a time the newest one, if it is newer.
func (r *ring) advance(at int64) {
	to := r.number(at)
	if to <= r.head {
		return
	}
	if to-r.head >= int64(len(r.buckets)) {
		clear(r.buckets)
		r.long, r.short = count{}, count{}
		r.head = to
		return
	}
	for r.head < to {
		r.head++
		if leaving := r.head - int64(r.recent); leaving >= 0 && r.recent < len(r.buckets) {
			r.short.take(*r.at(leaving))
		}
		b := r.at(r.head)
		r.long.take(*b)
		if r.recent == len(r.buckets) {
			r.short.take(*b)
		}
		*b = bucket{}
	}
}

// add counts runs. It tells whether their time is still in the ring; the ring
// must have been advanced to it.
func (r *ring) add(at int64, bad, total uint16) bool {
	n := r.number(at)
	if n > r.head || r.head-n >= int64(len(r.buckets)) {
		return false
	}
	b := r.at(n)
	inShort := r.head-n < int64(r.recent)
	r.long.take(*b)
	if inShort {
		r.short.take(*b)
	}
	for int(b.total)+int(total) > full {
		b.bad, b.total = b.bad/2, b.total/2
		bad, total = bad/2, total/2
	}
	b.bad += bad
	b.total += total
	r.long.add(*b)
	if inShort {
		r.short.add(*b)
	}
	return true
}

// rewind makes the bucket of a time the newest one, if it is older, and forgets
// those after it.
func (r *ring) rewind(at int64) {
	to := r.number(at)
	if to >= r.head {
		return
	}
	for n := max(to+1, r.head-int64(len(r.buckets))+1); n <= r.head; n++ {
		*r.at(n) = bucket{}
	}
	r.head = to
	r.sum()
}

// sum computes the sums anew.
func (r *ring) sum() {
	r.long, r.short = count{}, count{}
	for i := range int64(len(r.buckets)) {
		if r.head-i < 0 {
			break
		}
		b := *r.at(r.head - i)
		r.long.add(b)
		if i < int64(r.recent) {
			r.short.add(b)
		}
	}
}

// refill takes over what another ring has, bucket by bucket.
func (r *ring) refill(from *ring) {
	for i := int64(len(from.buckets)) - 1; i >= 0; i-- {
		n := from.head - i
		if n < 0 {
			continue
		}
		if b := *from.at(n); b.total > 0 {
			at := n * from.width
			r.advance(at)
			r.add(at, b.bad, b.total)
		}
	}
	r.advance(from.head * from.width)
}
