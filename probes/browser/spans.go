package browser

import (
	"slices"
	"time"
)

// span is a time from a moment until another.
type span struct{ from, till time.Time }

func (s span) length() time.Duration { return max(s.till.Sub(s.from), 0) }

// clip gives the part of a span that is in another.
func (s span) clip(in span) span { return span{later(s.from, in.from), earlier(s.till, in.till)} }

// spans are in order and do not overlap; see union.
type spans []span

// union makes spans of any, empty and overlapping ones included.
func union(any ...span) spans {
	list := slices.DeleteFunc(slices.Clone(any), func(s span) bool { return !s.from.Before(s.till) })
	slices.SortFunc(list, func(a, b span) int { return a.from.Compare(b.from) })
	var merged spans
	for _, s := range list {
		if n := len(merged); n > 0 && !s.from.After(merged[n-1].till) {
			merged[n-1].till = later(merged[n-1].till, s.till)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// and gives the moments that are in both.
func (a spans) and(b spans) spans {
	var both spans
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if s := a[i].clip(b[j]); s.from.Before(s.till) {
			both = append(both, s)
		}
		if a[i].till.Before(b[j].till) {
			i++
		} else {
			j++
		}
	}
	return both
}

// without gives the moments that are in a and not in b.
func (a spans) without(b spans) spans {
	var left spans
	j := 0
	for _, s := range a {
		for j < len(b) && !b[j].till.After(s.from) {
			j++
		}
		for k := j; k < len(b) && b[k].from.Before(s.till); k++ {
			if s.from.Before(b[k].from) {
				left = append(left, span{s.from, b[k].from})
			}
			s.from = later(s.from, b[k].till)
		}
		if s.from.Before(s.till) {
			left = append(left, s)
		}
	}
	return left
}

// length is the sum of all moments.
func (a spans) length() (sum time.Duration) {
	for _, s := range a {
		sum += s.length()
	}
	return sum
}
