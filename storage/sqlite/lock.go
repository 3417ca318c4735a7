package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// lock is an advisory lock on a file, held until it is released or the process
// ends, however it ends. SQLite alone would let a second process in, and two
// monitors on one database would judge and notify everything twice.
type lock struct{ file *os.File }

// acquire takes the lock, or says at once who has it.
func acquire(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the database: %s: %w", path, err)
		}
		holder := ""
		if pid, _ := io.ReadAll(io.LimitReader(f, 32)); len(pid) > 0 {
			holder = " (process " + strings.TrimSpace(string(pid)) + ")"
		}
		return nil, fmt.Errorf("database %s is %w%s", strings.TrimSuffix(path, ".lock"), ErrInUse, holder)
	}
	// Whose lock it is only helps the reader of an error message.
	if err := f.Truncate(0); err == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return &lock{f}, nil
}

// release gives the lock back. The file stays: removing it would let two
// processes hold locks on two files of the same name.
func (l *lock) release() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
