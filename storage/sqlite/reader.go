package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"outrider/incidents"
	"outrider/storage"
)

// ErrOlder says that an older Outrider made the database, and that no newer one
// has brought it up to date yet.
var ErrOlder = errors.New("made by an older version of Outrider")

// Reader reads a database that another process may be writing to at the same
// time. It takes no lock and changes nothing.
type Reader struct {
	runs
	overview
	incidentLog
	store *Store
}

// The contracts that a Reader keeps, by names that are none of their methods.
type (
	runs        = storage.Runs
	overview    = storage.Overview
	incidentLog = storage.Incidents
)

// OpenReader opens an existing database for reading. Its errors are
// fs.ErrNotExist if there is none, ErrForeign, ErrDamaged, and ErrNewer or
// ErrOlder if its schema is not that of this version.
func OpenReader(ctx context.Context, path string) (_ *Reader, err error) {
	// Connecting would make a file that is missing.
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{path: path, now: time.Now, log: slog.New(slog.DiscardHandler)}
	if s.reading, err = s.connect(readerDSN(path), readers); err != nil {
		return nil, err
	}
	if err := s.readable(ctx); err != nil {
		s.reading.Close()
		return nil, s.wrap("open", err)
	}
	return &Reader{runs: s, overview: s, incidentLog: s, store: s}, nil
}

// CheckRunsAfter gives up to limit runs of a check, at all locations, with a
// Seq above seq, in the order of the log, which is the order in which they are
// judged. Their artifacts come without Data.
func (r *Reader) CheckRunsAfter(ctx context.Context, checkID string, seq int64, limit int) ([]storage.Entry, error) {
	return r.store.checkRunsAfter(ctx, checkID, seq, limit)
}

// Deployments gives what was marked as deployed, as Store.Deployments does.
func (r *Reader) Deployments(ctx context.Context, checkID string, from, to time.Time) ([]incidents.Note, error) {
	return r.store.Deployments(ctx, checkID, from, to)
}

// Close ends reading.
func (r *Reader) Close() error { return r.store.wrap("close", r.store.reading.Close()) }

// readable tells whether the database has the shape that this version reads.
func (s *Store) readable(ctx context.Context) error {
	blank, err := s.identify(ctx)
	if err != nil {
		return err
	}
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	var version int64
	if !blank {
		err = s.reading.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
		if err != nil {
			return fmt.Errorf("read schema version: %w", err)
		}
	}
	switch {
	case version > newest:
		return fmt.Errorf("%w: its schema has version %d, this one knows %d", ErrNewer, version, newest)
	case version < newest:
		return fmt.Errorf("%w: its schema has version %d of %d; outrider serve brings it up to date", ErrOlder, version, newest)
	}
	return nil
}

func newestMigration() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		v, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}
