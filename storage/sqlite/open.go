package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a file as Outrider's ("OUTR"), see PRAGMA application_id.
const applicationID = 0x4f555452

// busyTimeout is for the moments in which even readers wait in WAL mode: when
// the first connection recovers the log, or the last one removes it.
const busyTimeout = "5000"

// makeFile makes the database file and its folder. Runs may hold what customers
// see, so nobody else may look into it; SQLite would make the file readable by
// all that the umask lets.
func makeFile(path string) error {
	if path == "" {
		return errors.New("open database: no path given")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return nil
}

// writerDSN asks for what an acknowledged write needs to survive a power cut:
// synchronous=FULL syncs the log at each commit (sqlite.org/pragma.html).
func writerDSN(path string, blank bool) string {
	values := url.Values{
		"_busy_timeout": {busyTimeout},
		"_journal_mode": {"wal"},
		"_synchronous":  {"full"},
		"_foreign_keys": {"on"},
		"_defensive":    {"1"},
		"_dqs":          {"0"},
		"_pragma": {
			"journal_size_limit(67108864)", // the log shrinks again after a burst
			"wal_autocheckpoint(4000)",     // 16 MiB: pages written often are moved less often
			"cache_size(-16384)",           // 16 MiB
			"trusted_schema(off)",
		},
	}
	if blank { // before the first table, or never
		values.Set("_auto_vacuum", "incremental")
	}
	return dsn(path, values)
}

func readerDSN(path string) string {
	return dsn(path, url.Values{
		"_busy_timeout": {busyTimeout},
		"_query_only":   {"on"},
		"_dqs":          {"0"},
		"_pragma":       {"trusted_schema(off)"},
	})
}

func dsn(path string, values url.Values) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: values.Encode()}
	return u.String()
}

func (s *Store) connect(dsn string, connections int) (*sql.DB, error) {
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, s.wrap("open", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// prepare gives the file this version's shape and makes sure that it is sound,
// as far as can be told quickly.
func (s *Store) prepare(ctx context.Context, blank bool) error {
	if blank {
		// The mark comes before the tables: a file that got no further is still
		// known to be ours.
		if _, err := s.writing.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.inspect(ctx); err != nil {
		return err
	}
	return syncFolder(s.path)
}

// identify tells an Outrider database, or a blank one, from all others.
func (s *Store) identify(ctx context.Context) (blank bool, err error) {
	var id, tables int
	if err := s.reading.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return false, err
	}
	if err := s.reading.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, err
	}
	switch {
	case id == applicationID:
		return false, nil
	case id == 0 && tables == 0:
		return true, nil
	}
	return false, ErrForeign
}

// migrate brings an older database up to this version's schema.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writing, files,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w: its schema has version %d, this one knows %d; install the newer version again",
			ErrNewer, current, target)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate schema from version %d: %w", current, err)
	}
	if current > 0 && len(done) > 0 {
		s.log.Info("database brought up to date", "path", s.path, "from", current, "to", target)
	}
	return nil
}

// quickCheckMax is the size in bytes up to which a database is looked through
// when it is opened; it takes some seconds for each GiB.
const quickCheckMax = 64 << 20

// inspect finds the common kinds of damage, a file cut short and pages
// overwritten, before anything is written to it.
func (s *Store) inspect(ctx context.Context) error {
	// What a crash left in the log belongs to the file.
	var busy, inLog, moved int
	err := s.writing.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inLog, &moved)
	if err != nil {
		return err
	}
	var bytes int64
	if err := s.writing.QueryRowContext(ctx,
		"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&bytes); err != nil {
		return err
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if busy == 0 && info.Size() < bytes {
		return fmt.Errorf("%w: the file has %d bytes of %d", ErrDamaged, info.Size(), bytes)
	}
	if bytes > quickCheckMax {
		return nil
	}
	return check(ctx, s.writing, "PRAGMA quick_check(1)")
}

// Check looks through the whole database for damage, which takes time and
// reading in proportion to its size.
func (s *Store) Check(ctx context.Context) error {
	return s.wrap("check", check(ctx, s.reading, "PRAGMA integrity_check(1)"))
}

func check(ctx context.Context, db *sql.DB, pragma string) error {
	var verdict string
	if err := db.QueryRowContext(ctx, pragma).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s; move it away or restore a copy", ErrDamaged, verdict)
	}
	return nil
}

// syncFolder makes the names of new files durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
