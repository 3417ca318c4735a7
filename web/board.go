package web

import (
	"context"
	"fmt"
	"sync"
	"time"

	"outrider/storage"
)

const (
	stripRuns = 40               // runs shown in the strip of a check
	sparkSpan = 24 * time.Hour   // time shown in the sparkline of a check
	hoursTTL  = 30 * time.Second // roll-ups change slowly
	withinTTL = time.Minute      // asked for each check apart
)

// board keeps what the list of checks shows, so that a look at it reads only
// what is new: with a thousand checks and several people looking, reading
// forty thousand runs each time would keep the store busy.
type board struct {
	overview storage.Overview
	runs     storage.Runs
	now      func() time.Time

	mu     sync.Mutex
	seen   int64 // highest Seq read
	recent map[string][]storage.Summary
	hours  kept[map[string][]storage.Hour]
	totals map[time.Duration]*kept[map[string]storage.Counts]
	kept   map[withinKey]*kept[storage.Kept]
}

// withinKey names a promise on latency of a check.
type withinKey struct {
	check   string
	over    time.Duration
	latency time.Duration
}

// kept is a value with the time at which it was read.
type kept[T any] struct {
	at    time.Time
	value T
}

// read gives the kept value, or a new one if it is older than ttl.
func (k *kept[T]) read(now time.Time, ttl time.Duration, load func() (T, error)) (T, error) {
	if !k.at.IsZero() && now.Sub(k.at) < ttl && !now.Before(k.at) {
		return k.value, nil
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	k.at, k.value = now, v
	return v, nil
}

func newBoard(o storage.Overview, r storage.Runs, now func() time.Time) *board {
	return &board{
		overview: o, runs: r, now: now,
		recent: map[string][]storage.Summary{},
		totals: map[time.Duration]*kept[map[string]storage.Counts]{},
		kept:   map[withinKey]*kept[storage.Kept]{},
	}
}

// latest gives the newest runs of every check, newest first. The slices are
// never changed afterwards: callers share them.
func (b *board) latest(ctx context.Context) (map[string][]storage.Summary, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh, err := b.overview.Recent(ctx, b.seen, stripRuns)
	if err != nil {
		return nil, fmt.Errorf("read recent runs: %w", err)
	}
	for id, runs := range fresh {
		for _, r := range runs {
			b.seen = max(b.seen, r.Seq)
		}
		merged := append(runs[:len(runs):len(runs)], b.recent[id]...)
		b.recent[id] = merged[:min(len(merged), stripRuns)]
	}
	out := make(map[string][]storage.Summary, len(b.recent))
	for id, runs := range b.recent {
		out[id] = runs
	}
	return out, nil
}

// lastDay gives the hourly roll-ups of the last 24 hours of every check.
func (b *board) lastDay(ctx context.Context) (map[string][]storage.Hour, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	return b.hours.read(now, hoursTTL, func() (map[string][]storage.Hour, error) {
		h, err := b.overview.AllHours(ctx, now.Add(-sparkSpan).Truncate(time.Hour), now)
		if err != nil {
			return nil, fmt.Errorf("read hours of all checks: %w", err)
		}
		return h, nil
	})
}

// over gives the runs of every check, summed up over a window until now.
func (b *board) over(ctx context.Context, window time.Duration) (map[string]storage.Counts, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, k := b.now(), b.totals[window]
	if k == nil {
		k = &kept[map[string]storage.Counts]{}
		b.totals[window] = k
	}
	return k.read(now, hoursTTL, func() (map[string]storage.Counts, error) {
		t, err := b.overview.Totals(ctx, now.Add(-window).Truncate(time.Hour), now)
		if err != nil {
			return nil, fmt.Errorf("read totals over %s: %w", window, err)
		}
		return t, nil
	})
}

// within gives how many runs of a check were good and within a latency, over a
// window until now.
func (b *board) within(ctx context.Context, check string, window, latency time.Duration) (storage.Kept, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := withinKey{check, window, latency}
	now, k := b.now(), b.kept[key]
	if k == nil {
		k = &kept[storage.Kept]{}
		b.kept[key] = k
	}
	return k.read(now, withinTTL, func() (storage.Kept, error) {
		n, err := b.runs.Within(ctx, check, latency, now.Add(-window).Truncate(time.Hour), now)
		if err != nil {
			return n, fmt.Errorf("count runs of check %s within %s: %w", check, latency, err)
		}
		return n, nil
	})
}
