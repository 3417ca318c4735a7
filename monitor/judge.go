package monitor

import (
	"context"
	"fmt"
	"time"
)

// judgeBatch is how many runs are read from the log at a time.
const judgeBatch = 256

// judge follows the log and has every run judged, in order, until ctx ends;
// then it judges what is left, with a bound on its time. What was recorded but
// not judged when an earlier process died comes first.
func (m *Monitor) judge(ctx context.Context) error {
	appended, unsubscribe := m.opts.Log.Subscribe()
	defer unsubscribe()
	const shortest, longest = 200 * time.Millisecond, 10 * time.Second
	pause := shortest
	for ctx.Err() == nil {
		err := m.follow(ctx, appended)
		if err == nil || ctx.Err() != nil {
			break
		}
		m.log.Error("judge runs; trying again", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longest)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	cursor, err := m.opts.Judge.Cursor(last)
	if err != nil {
		return fmt.Errorf("read the judge's cursor: %w", err)
	}
	_, err = m.judgeAfter(last, cursor)
	return err
}

// follow judges runs as they are appended until ctx ends or something fails.
func (m *Monitor) follow(ctx context.Context, appended <-chan struct{}) error {
	cursor, err := m.opts.Judge.Cursor(ctx)
	if err != nil {
		return fmt.Errorf("read the judge's cursor: %w", err)
	}
	for {
		if cursor, err = m.judgeAfter(ctx, cursor); err != nil {
			return err
		}
		select {
		case <-appended:
		case <-m.unretired:
			if err := m.retire(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// judgeAfter judges every run after the cursor and gives the new one.
func (m *Monitor) judgeAfter(ctx context.Context, cursor int64) (int64, error) {
	for {
		entries, err := m.opts.Log.RunsAfter(ctx, cursor, judgeBatch)
		if err != nil {
			return cursor, fmt.Errorf("read runs after %d: %w", cursor, err)
		}
		for _, e := range entries {
			if err := m.opts.Judge.Judge(ctx, e.Seq, e.Run); err != nil {
				return cursor, err
			}
			cursor = e.Seq
		}
		if len(entries) < judgeBatch {
			return cursor, m.opts.Judge.Flush(ctx)
		}
	}
}
