// Package sqlite is Outrider's embedded store: one SQLite file that keeps
// runs, their steps and evidence, hourly roll-ups, incidents and the outbox of
// notifications. What a writing method has acknowledged survives the end of
// the process and of the machine at any moment.
//
// Writes go through one goroutine that commits what many callers ask for in
// one transaction (see writer); reads use connections of their own and never
// wait for a write.
package sqlite

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"outrider/incidents"
	"outrider/storage"
)

// Options is how a store is opened.
type Options struct {
	// Path is the database file. It is created, with its folder, if it does
	// not exist. Beside it lie its "-wal" and "-shm" and a ".lock".
	Path      string
	Retention Retention
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default()
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path      string
	retention Retention
	now       func() time.Time
	log       *slog.Logger

	lock    *lock
	writing *sql.DB
	reading *sql.DB
	writer  *writer

	mu        sync.Mutex
	followers map[chan struct{}]struct{}
}

var (
	_ storage.Runs      = (*Store)(nil)
	_ storage.Overview  = (*Store)(nil)
	_ storage.Incidents = (*Store)(nil)
	_ incidents.Store   = (*Store)(nil)
)

// readers is how many connections read at once.
const readers = 4

// Open opens the database, bringing an older one up to date. Its errors are
// ErrInUse if another process has it open, ErrNewer if a newer Outrider made
// it, ErrForeign if it is not Outrider's and ErrDamaged if it cannot be read;
// the file is then left as it is.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	s := &Store{
		path:      o.Path,
		retention: o.Retention.orDefault(),
		now:       o.Now,
		log:       o.Logger,
		followers: map[chan struct{}]struct{}{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if err := makeFile(o.Path); err != nil {
		return nil, err
	}
	if s.lock, err = acquire(o.Path + ".lock"); err != nil {
		return nil, err
	}
	if s.reading, err = s.connect(readerDSN(o.Path), readers); err != nil {
		return nil, err
	}
	// The writer's settings change a file: first make sure that it is ours.
	blank, err := s.identify(ctx)
	if err != nil {
		return nil, s.wrap("open", err)
	}
	if s.writing, err = s.connect(writerDSN(o.Path, blank), 1); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, blank); err != nil {
		return nil, s.wrap("open", err)
	}
	if s.writer, err = startWriter(ctx, s.writing, s.notify); err != nil {
		return nil, s.wrap("open", err)
	}
	return s, nil
}

// Close finishes the writes that were begun, refuses further ones with
// ErrClosed, and closes the file. It may be called more than once.
func (s *Store) Close() error {
	return s.wrap("close", s.release())
}

// release frees whatever Open has got so far.
func (s *Store) release() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	if s.writer != nil {
		keep(s.writer.stop())
	}
	if s.reading != nil {
		keep(s.reading.Close())
	}
	if s.writing != nil {
		keep(s.writing.Close()) // the last connection empties the WAL
	}
	keep(s.lock.release())
	return first
}

// write runs do in the writer's next transaction and waits until that is
// durable. do may be run again if another caller's part of the transaction
// fails, so it must not change anything but the database.
func (s *Store) write(ctx context.Context, op string, do func(*tx) error) error {
	return s.wrap(op, s.writer.do(ctx, do))
}

// read runs do on one snapshot of the database.
func (s *Store) read(ctx context.Context, op string, do func(*sql.Tx) error) error {
	t, err := s.reading.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.wrap(op, err)
	}
	defer t.Rollback() // nothing to keep
	return s.wrap(op, do(t))
}

// Subscribe gives a channel that receives after runs or incident events were
// recorded; what happens while nobody receives comes as one. The function ends
// the subscription.
func (s *Store) Subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.followers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.followers, c)
		s.mu.Unlock()
	}
}

// notify tells every subscriber that a log has grown.
func (s *Store) notify() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.followers {
		select {
		case c <- struct{}{}:
		default: // it has not yet taken the last one
		}
	}
}

// nanos is how times are stored; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// fromNanos is the inverse of nanos.
func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
