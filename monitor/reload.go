package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"outrider/checks"
)

// Reloader takes new versions of the definitions into force when their files
// change or when it is told to. A version with problems is refused: the
// problems are logged and shown, and the old version goes on.
type Reloader struct {
	Monitor *Monitor
	// Paths are the files and folders that were given by the user.
	Paths []string
	// Load reads them.
	Load func() (*checks.Definitions, error)
	// Signal, if set, asks for a reload (SIGHUP).
	Signal <-chan os.Signal
	Logger *slog.Logger
}

// calm is how long files must have been left alone before they are read: an
// editor or a git checkout writes many of them in one go.
const calm = 300 * time.Millisecond

// Run watches until ctx ends. Without a working file watcher, signals still
// reload.
func (r *Reloader) Run(ctx context.Context) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		r.Logger.Warn("cannot watch the definition files; send SIGHUP after a change", "error", err)
		watcher = &fsnotify.Watcher{}
	} else {
		defer watcher.Close()
		r.watch(watcher)
	}
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.Signal:
			timer.Reset(0)
		case e := <-watcher.Events:
			if r.concerns(e) {
				timer.Reset(calm)
			}
		case err := <-watcher.Errors:
			r.Logger.Warn("watch the definition files", "error", err)
		case <-timer.C:
			r.reload(ctx)
			if watcher.Events != nil {
				r.watch(watcher)
			}
		}
	}
}

// concerns tells whether an event in a watched folder may change definitions.
// Such a folder can hold other files, even our own database.
func (r *Reloader) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	name := filepath.Base(e.Name)
	switch filepath.Ext(name) {
	case ".yaml", ".yml":
		return true
	}
	if strings.HasPrefix(name, "..") { // a Kubernetes config map swaps its "..data" link
		return true
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
		return true
	}
	return slices.Contains(r.Monitor.Definitions().Files, e.Name)
}

func (r *Reloader) reload(ctx context.Context) {
	defs, err := r.Load()
	if err == nil {
		err = r.Monitor.Apply(ctx, defs)
	}
	if err != nil {
		r.Monitor.Refuse(err)
		r.Logger.Error("refused the new definitions; the old ones stay in force", "error", err)
		return
	}
	for _, w := range defs.Warnings {
		r.Logger.Warn("definition", "warning", w.Error())
	}
	r.Logger.Info("took new definitions", "checks", len(defs.Checks))
}

// watch adds every folder that holds a definition file. Folders, not files:
// editors and config maps replace files rather than write them.
func (r *Reloader) watch(watcher *fsnotify.Watcher) {
	folders := map[string]bool{}
	for _, path := range r.Paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // it may come back; its folder is watched below
		}
		if !info.IsDir() {
			folders[filepath.Dir(path)] = true
			continue
		}
		err = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				folders[p] = true
			}
			return nil
		})
		if err != nil {
			r.Logger.Warn("watch the definition files", "folder", path, "error", err)
		}
	}
	for _, f := range r.Monitor.Definitions().Files {
		folders[filepath.Dir(f)] = true
	}
	for folder := range folders {
		if err := watcher.Add(folder); err != nil {
			r.Logger.Warn("watch the definition files", "folder", folder, "error", fmt.Errorf("watch %s: %w", folder, err))
		}
	}
}
