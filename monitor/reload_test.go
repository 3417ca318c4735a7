package monitor

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"outrider/checks"
)

func TestReloader(t *testing.T) {
	change := func(t *testing.T, name string) func(dir string, _ chan<- os.Signal) {
		return func(dir string, _ chan<- os.Signal) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("changed"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name    string
		act     func(dir string, signal chan<- os.Signal)
		reloads bool
	}{
		{name: "SIGHUP", act: func(_ string, s chan<- os.Signal) { s <- syscall.SIGHUP }, reloads: true},
		{name: "a definition changes", act: change(t, "checks.yaml"), reloads: true},
		{name: "a definition is new", act: change(t, "more.yml"), reloads: true},
		{name: "a file that a definition names changes", act: change(t, "body.bin"), reloads: true},
		{name: "a config map is swapped", act: change(t, "..data"), reloads: true},
		{name: "some other file changes", act: change(t, "outrider.db-wal"), reloads: false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			w := newWorld()
			m := New(Options{Executor: w, Log: w, Judge: w, Logger: slog.New(slog.DiscardHandler)})
			old := &checks.Definitions{Files: []string{filepath.Join(dir, "checks.yaml"), filepath.Join(dir, "body.bin")}}
			if err := m.Apply(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			var loads atomic.Int64
			signal := make(chan os.Signal, 1)
			r := &Reloader{
				Monitor: m, Paths: []string{dir}, Signal: signal, Logger: slog.New(slog.DiscardHandler),
				Load: func() (*checks.Definitions, error) {
					loads.Add(1)
					return &checks.Definitions{Files: old.Files}, nil
				},
			}
			stop := running(t, r)
			// The watcher is up when it notices a file that always counts.
			eventually(t, "the watcher is up", func() bool {
				change(t, "probe.yaml")(dir, nil)
				time.Sleep(2 * calm)
				return loads.Load() > 0
			})
			time.Sleep(2 * calm)
			before := loads.Load()
			test.act(dir, signal)
			if test.reloads {
				eventually(t, "a reload", func() bool { return loads.Load() > before })
			} else {
				time.Sleep(3 * calm)
				if loads.Load() != before {
					t.Error("reloaded without a reason")
				}
			}
			stop()
		})
	}
}

func TestReloaderRefusesABadVersion(t *testing.T) {
	w := newWorld()
	m := New(Options{Executor: w, Log: w, Judge: w, Logger: slog.New(slog.DiscardHandler)})
	good := &checks.Definitions{Checks: []checks.Check{every("a", time.Minute)}}
	if err := m.Apply(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	var bad atomic.Bool
	bad.Store(true)
	signal := make(chan os.Signal, 1)
	r := &Reloader{
		Monitor: m, Paths: []string{t.TempDir()}, Signal: signal, Logger: slog.New(slog.DiscardHandler),
		Load: func() (*checks.Definitions, error) {
			if bad.Load() {
				return nil, errors.New("checks.yaml:3:1: unknown key")
			}
			return &checks.Definitions{}, nil
		},
	}
	stop := running(t, r)
	signal <- syscall.SIGHUP
	eventually(t, "the refusal shows", func() bool { return m.Status().Refused != nil })
	if m.Definitions() != good {
		t.Error("the old definitions are no longer in force")
	}
	bad.Store(false)
	signal <- syscall.SIGHUP
	eventually(t, "the good version is taken", func() bool { return m.Status().Refused == nil && len(m.Definitions().Checks) == 0 })
	stop()
}

// running runs the reloader; the function it gives ends it.
func running(t *testing.T, r *Reloader) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}
