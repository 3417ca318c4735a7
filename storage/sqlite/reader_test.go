package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"outrider/storage"
	"outrider/storage/storagetest"
)

func TestReaderBesideAWriter(t *testing.T) {
	path := filled(t)
	s, err := Open(t.Context(), Options{Path: path})
	must(t, err)
	defer s.Close()
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	defer r.Close()
	count := func() int {
		t.Helper()
		all, err := r.Summaries(t.Context(), storage.RunQuery{CheckID: "a", Limit: 10_000})
		must(t, err)
		return len(all)
	}
	if n := count(); n != 300 {
		t.Errorf("%d runs, want 300", n)
	}
	must(t, s.Record(t.Context(), storagetest.NewRun("a", start.Add(24*time.Hour), time.Second)))
	if n := count(); n != 301 {
		t.Errorf("%d runs after one more was recorded, want 301", n)
	}
	if _, err := r.store.reading.ExecContext(t.Context(), "DELETE FROM runs"); err == nil {
		t.Error("a reader could write")
	}
	must(t, s.Record(t.Context(), storagetest.NewRun("a", start.Add(25*time.Hour), time.Second)))
}

func TestReaderReadsAheadByCheck(t *testing.T) {
	path := filled(t)
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	defer r.Close()
	newest, err := r.Runs(t.Context(), storage.RunQuery{CheckID: "a", Limit: 1000})
	must(t, err)
	var read []storage.Entry
	for seq := int64(0); ; {
		page, err := r.CheckRunsAfter(t.Context(), "a", seq, 70)
		must(t, err)
		if read = append(read, page...); len(page) < 70 {
			break
		}
		seq = page[len(page)-1].Seq
	}
	if len(read) != len(newest) {
		t.Fatalf("%d runs, want %d", len(read), len(newest))
	}
	for i, e := range read {
		if want := newest[len(newest)-1-i]; e.Seq != want.Seq || e.Run.ID != want.Run.ID {
			t.Fatalf("run %d has place %d, want %d", i, e.Seq, want.Seq)
		}
	}
}

func TestReaderAlone(t *testing.T) {
	path := filled(t)
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	entries, err := r.Runs(t.Context(), storage.RunQuery{})
	if err != nil || len(entries) != 100 {
		t.Errorf("%d runs, %v", len(entries), err)
	}
	must(t, r.Close())
	s, err := Open(t.Context(), Options{Path: path})
	must(t, err)
	must(t, s.Close())
}

func TestReaderRefuses(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing.db")
	if _, err := OpenReader(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a reader made a database")
	}
	blank := filepath.Join(folder, "blank.db")
	must(t, os.WriteFile(blank, nil, 0o600))
	if _, err := OpenReader(t.Context(), blank); !errors.Is(err, ErrOlder) {
		t.Errorf("blank: %v", err)
	}
	rubbish := filepath.Join(folder, "rubbish.db")
	must(t, os.WriteFile(rubbish, []byte("these are no pages of a database, but they are long enough to be taken for one at a glance"), 0o600))
	if _, err := OpenReader(t.Context(), rubbish); !errors.Is(err, ErrDamaged) {
		t.Errorf("rubbish: %v", err)
	}
}
