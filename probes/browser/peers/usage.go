package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what a contestant's processes take, those that have ended included.
// It needs a control group of its own for them: children of a browser that are
// killed with it are in nobody's account else.
type usage struct{ group string }

// errNoGroup says that there can be no control group.
var errNoGroup = errors.New("the CPU time of a browser's whole process tree needs a control group: run it as root")

// newUsage makes an empty control group, of version 2 or of cpuacct (version 1).
func newUsage() (*usage, error) {
	for _, root := range []string{"/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			continue
		}
		group, err := os.MkdirTemp(root, "outrider-peers-")
		if err != nil {
			return nil, errors.Join(errNoGroup, err)
		}
		return &usage{group: group}, nil
	}
	return nil, errNoGroup
}

// enter makes a command start in the group; it is killed when the context ends.
func (u *usage) enter(ctx context.Context, cmd *exec.Cmd) *exec.Cmd {
	const script = `echo $$ >"$0" && exec "$@"`
	wrapped := exec.CommandContext(ctx, "sh", append([]string{"-c", script, filepath.Join(u.group, "cgroup.procs")}, cmd.Args...)...)
	wrapped.Env, wrapped.Dir = cmd.Env, cmd.Dir
	return wrapped
}

// cpu gives the CPU time of all processes that are or were in the group.
func (u *usage) cpu() (time.Duration, error) {
	if text, err := os.ReadFile(filepath.Join(u.group, "cpuacct.usage")); err == nil {
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return time.Duration(n), err
	}
	text, err := os.ReadFile(filepath.Join(u.group, "cpu.stat"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "usage_usec "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return time.Duration(n) * time.Microsecond, err
		}
	}
	return 0, fmt.Errorf("no usage_usec in %s/cpu.stat", u.group)
}

// pids are the processes that are in the group.
func (u *usage) pids() []string {
	text, _ := os.ReadFile(filepath.Join(u.group, "cgroup.procs"))
	return strings.Fields(string(text))
}

// sampleEvery is how often memory is looked at.
const sampleEvery = 300 * time.Millisecond

// watch looks at the group's memory until the function that it returns is
// called, which gives the peak: proportional set size in bytes.
func (u *usage) watch() (peak func() int64) {
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, u.memory())
			case <-stop:
				done <- most
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-done
	}
}

// memory sums up the proportional set sizes of the group's processes, in bytes.
func (u *usage) memory() int64 {
	var sum int64
	for _, pid := range u.pids() {
		text, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			continue // it has ended
		}
		for line := range bytes.Lines(text) {
			if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
				n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
				sum += n << 10
			}
		}
	}
	return sum
}

// close removes the group once its processes have ended.
func (u *usage) close() error {
	var err error
	for range 100 {
		if err = os.Remove(u.group); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
