package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outrider/probes"
	"outrider/storage/storagetest"
)

var start = time.Date(2026, 3, 14, 12, 30, 0, 0, time.UTC)

// filled gives the path of a closed database with a few hundred runs.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outrider.db")
	s, err := Open(t.Context(), Options{Path: path})
	must(t, err)
	var runs []probes.Run
	for i := range 300 {
		runs = append(runs, storagetest.NewRun("a", start.Add(time.Duration(i)*time.Minute), time.Second))
	}
	must(t, s.Record(t.Context(), runs...))
	must(t, s.Close())
	return path
}

// refused opens a file that must not be opened, and checks that it stays as it is.
func refused(t *testing.T, path string, want error) error {
	t.Helper()
	before, err := os.ReadFile(path)
	must(t, err)
	s, err := Open(t.Context(), Options{Path: path})
	if err == nil {
		s.Close()
		t.Fatal("opened")
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the file: %v", err)
	}
	after, err2 := os.ReadFile(path)
	must(t, err2)
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	return err
}

func TestOpenDamaged(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"not a database":    func([]byte) []byte { return []byte(strings.Repeat("no database at all ", 500)) },
		"header lost":       func(b []byte) []byte { copy(b, make([]byte, 100)); return b },
		"cut short":         func(b []byte) []byte { return b[:len(b)/2] },
		"cut within a page": func(b []byte) []byte { return b[:len(b)-100] },
		"pages overwritten": func(b []byte) []byte {
			for i := 4096 * 8; i < 4096*40; i++ {
				b[i] = byte(i * 31)
			}
			return b
		},
		"schema overwritten": func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xff}, 3000)); return b },
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			content, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, damage(content), 0o600))
			refused(t, path, ErrDamaged)
		})
	}
}

func TestOpenForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec("PRAGMA journal_mode=wal; CREATE TABLE invoices (id INTEGER)")
	must(t, err)
	must(t, db.Close())
	refused(t, path, ErrForeign)
}

func TestOpenNewer(t *testing.T) {
	path := filled(t)
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	must(t, err)
	must(t, db.Close())
	err = refused(t, path, ErrNewer)
	if !strings.Contains(err.Error(), "9999") {
		t.Errorf("the error does not say which version: %v", err)
	}
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outrider.db")
	first := open(t, Options{Path: path})
	_, err := Open(t.Context(), Options{Path: path})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("opened a second time: %v", err)
	}
	must(t, first.Record(t.Context(), storagetest.NewRun("a", start, time.Second)))
	must(t, first.Close())
	second := open(t, Options{Path: path})
	if entries, err := second.RunsAfter(t.Context(), 0, 10); err != nil || len(entries) != 1 {
		t.Errorf("after the first closed: %d runs, %v", len(entries), err)
	}
}

func TestOpenPlaces(t *testing.T) {
	t.Run("a folder that does not exist", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "deep", "er", "outrider.db")
		open(t, Options{Path: path})
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("the database may be read by others: %v", info.Mode())
		}
	})
	t.Run("a name that looks like a query", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a?mode=memory&x=%20#y.db")
		s := open(t, Options{Path: path})
		must(t, s.Record(t.Context(), storagetest.NewRun("a", start, time.Second)))
		must(t, s.Close())
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("the database is elsewhere: %v", err)
		}
	})
	t.Run("a file where the folder should be", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(file, nil, 0o600))
		if _, err := Open(t.Context(), Options{Path: filepath.Join(file, "outrider.db")}); err == nil {
			t.Error("opened")
		}
	})
	t.Run("no path", func(t *testing.T) {
		if _, err := Open(t.Context(), Options{}); err == nil {
			t.Error("opened")
		}
	})
}

// What was recorded outlives the store, sequence numbers go on, and the
// settings that durability hangs on are in force.
func TestReopen(t *testing.T) {
	path := filled(t)
	s := open(t, Options{Path: path})
	entries, err := s.RunsAfter(t.Context(), 299, 10)
	must(t, err)
	if len(entries) != 1 || entries[0].Seq != 300 {
		t.Fatalf("the log ends with %+v, want one run with Seq 300", entries)
	}
	must(t, s.Record(t.Context(), storagetest.NewRun("a", start, time.Second)))
	entries, err = s.RunsAfter(t.Context(), 300, 10)
	must(t, err)
	if len(entries) != 1 || entries[0].Seq != 301 {
		t.Errorf("the log goes on with %+v, want Seq 301", entries)
	}
	must(t, s.write(t.Context(), "read settings", func(x *tx) error {
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "auto_vacuum": "2", "busy_timeout": "5000",
		} {
			var value string
			if _, err := x.scan("PRAGMA "+pragma, nil, &value); err != nil {
				return err
			}
			if value != want {
				t.Errorf("%s is %s, want %s", pragma, value, want)
			}
		}
		return nil
	}))
	if _, err := s.reading.Exec("DELETE FROM runs"); err == nil {
		t.Error("a reader wrote")
	}
}

func TestClose(t *testing.T) {
	s := open(t, Options{})
	results := make(chan error)
	for range 20 {
		go func() {
			for {
				err := s.Record(context.Background(), storagetest.NewRun("a", start, time.Second))
				if err != nil {
					results <- err
					return
				}
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	must(t, s.Close())
	for range 20 {
		if err := <-results; !errors.Is(err, ErrClosed) {
			t.Errorf("recording into a closed store: %v", err)
		}
	}
	if _, err := s.RunsAfter(context.Background(), 0, 1); err == nil {
		t.Error("read from a closed store")
	}
	must(t, s.Close())
}
