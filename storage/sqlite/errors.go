package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"outrider/storage"
)

var (
	// ErrInUse says that another process has the database open.
	ErrInUse = errors.New("in use by another process")
	// ErrNewer says that a newer Outrider made the database.
	ErrNewer = errors.New("made by a newer version of Outrider")
	// ErrForeign says that the file is a database, but not Outrider's.
	ErrForeign = errors.New("not a database of Outrider")
	// ErrDamaged says that the file is not a database, or is one no longer.
	ErrDamaged = errors.New("damaged")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
)

// wrap says which operation on which file failed, and what to do about damage.
func (s *Store) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%s: %w", op, err)
	}
	if isDamage(err) {
		return fmt.Errorf("%s: database %s is %w and was left as it is; move it away or restore a copy: %w",
			op, s.path, ErrDamaged, err)
	}
	return fmt.Errorf("%s: database %s: %w", op, s.path, err)
}

func isDamage(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff // without the extension
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}
