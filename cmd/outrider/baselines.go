package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// baselines writes the pictures that looks_like expectations are held against.
// It may be used by many goroutines at once.
type baselines struct {
	mu      sync.Mutex
	written []string // their paths
}

// write writes one picture, whole or not at all.
func (b *baselines) write(path string, png []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	temporary := path + ".new"
	if err := os.WriteFile(temporary, png, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary) // the first error counts
		return err
	}
	if !slices.Contains(b.written, path) {
		b.written = append(b.written, path)
	}
	return nil
}

// tell says what was written.
func (b *baselines) tell(out io.Writer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.written) == 0 {
		fmt.Fprintln(out, "no picture was taken: no step expects looks_like, or none came to it")
	}
	for _, path := range b.written {
		fmt.Fprintf(out, "wrote %s\n", path)
	}
}
