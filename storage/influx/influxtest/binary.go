package influxtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	version = "1.8.10"
	// binaryVariable names a binary to use instead of building one.
	binaryVariable = "OUTRIDER_TEST_INFLUXD"
)

// Binary gives the path of influxd, which is built once, in about a minute,
// and kept in the user's cache folder.
func Binary(ctx context.Context) (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for influxd: set %s: %w", binaryVariable, err)
	}
	folder := filepath.Join(cache, "outrider", "influxd-"+version)
	path := filepath.Join(folder, "influxd")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("find a place for influxd: %w", err)
	}
	// Tests of several packages run at once: one builds, the others wait.
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", fmt.Errorf("build influxd: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("build influxd: lock: %w", err)
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, build(ctx, folder)
}

// build builds into a folder of its own first, so that a build that was cut
// off leaves no broken binary behind.
func build(ctx context.Context, folder string) error {
	half, err := os.MkdirTemp(folder, "build-")
	if err != nil {
		return fmt.Errorf("build influxd: %w", err)
	}
	defer os.RemoveAll(half)
	c := exec.CommandContext(ctx, "go", "install", "github.com/influxdata/influxdb/cmd/influxd@v"+version)
	c.Dir = half // outside of any module
	c.Env = append(os.Environ(), "GOBIN="+half, "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build influxd: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(filepath.Join(half, "influxd"), filepath.Join(folder, "influxd")); err != nil {
		return fmt.Errorf("build influxd: %w", err)
	}
	return nil
}
