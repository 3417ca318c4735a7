package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"outrider/probes"
	"outrider/storage"
)

const (
	followPage = 500
	// followMost bounds what one scrape reads. Whoever scrapes less often than
	// every ten thousand runs sees counters that miss the rest.
	followMost = 10_000
)

// follower reads the runs that were recorded since it last looked. It is used
// by one goroutine at a time.
type follower struct {
	runs  storage.Runs
	since time.Time // the first look goes back to here
	seen  int64
}

// next gives the new runs, oldest first.
func (f *follower) next(ctx context.Context) ([]probes.Run, error) {
	q := storage.RunQuery{Limit: followPage}
	if f.seen == 0 {
		q.Since = f.since
	}
	var out []probes.Run
	newest := f.seen
	for len(out) < followMost {
		entries, err := f.runs.Runs(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read new runs: %w", err)
		}
		for _, e := range entries {
			if e.Seq <= f.seen {
				entries = nil // reached what is known
				break
			}
			newest = max(newest, e.Seq)
			out = append(out, e.Run)
		}
		if len(entries) < followPage {
			break
		}
		q.Before = entries[len(entries)-1].Seq
	}
	f.seen = newest
	slices.Reverse(out)
	return out, nil
}
