package browser

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processInfo is a process as /proc shows it. Where there is no /proc, no
// process is ever found, and only the process group is killed.
type processInfo struct {
	pid     int
	parent  int
	session int
	zombie  bool
	started uint64 // clock ticks since boot
	args    [][]byte
}

// processes gives all processes that can be seen.
func processes() []processInfo {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var all []processInfo
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if p, ok := inspect(pid); ok {
			all = append(all, p)
		}
	}
	return all
}

// inspect reads one process.
func inspect(pid int) (processInfo, bool) {
	p, ok := readStat(pid)
	if !ok {
		return p, false
	}
	if line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil {
		p.args = bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0})
		if len(p.args) == 1 {
			// Chromium's children write their title over their arguments, all
			// in one line.
			p.args = bytes.Split(p.args[0], []byte{' '})
		}
	}
	return p, true
}

// readStat reads one process without its arguments.
func readStat(pid int) (processInfo, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return processInfo{}, false
	}
	// pid (name) state ppid pgrp session …; the name may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return processInfo{}, false
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return processInfo{}, false
	}
	p := processInfo{pid: pid, zombie: fields[0] == "Z" || fields[0] == "X"}
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.started, _ = strconv.ParseUint(fields[19], 10, 64)
	return p, true
}

// ticks gives the time since boot, in clock ticks, of which Linux tells
// programs 100 a second (proc(5)); zero: it cannot be known.
func ticks() uint64 {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	since, _, _ := strings.Cut(string(text), " ")
	seconds, _ := strconv.ParseFloat(since, 64)
	return uint64(math.Round(seconds * 100))
}

// startTime gives when a process started, in clock ticks since boot: together
// with the pid it names a process for ever. Zero: no such process.
func startTime(pid int) uint64 {
	p, _ := inspect(pid)
	return p.started
}

// profile gives the profile folder of ours on which a process runs, or nothing.
func (p processInfo) profile() string {
	for _, arg := range p.args {
		dir, found := bytes.CutPrefix(arg, []byte("--user-data-dir="))
		if found && strings.HasPrefix(filepath.Base(string(dir)), profilePrefix) {
			return string(dir)
		}
	}
	return ""
}

// kin tells whether a process belongs to our user and sees the same processes
// as we do: one in a container of its own has pids that mean nothing here.
func (p processInfo) kin() bool {
	path := "/proc/" + strconv.Itoa(p.pid)
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Getuid() {
		return false
	}
	theirs, err := os.Readlink(path + "/ns/pid")
	if err != nil {
		// The renderers of a sandboxed browser let nobody look, and have a
		// namespace of their own: they end with their parent.
		return false
	}
	ours, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && ours == theirs
}

// users gives the processes that belong to the Chromium on a profile folder:
// those that name the folder, those in the session of its leader (zero:
// unknown), and all their descendants.
func users(dir string, leader int) []int {
	all := processes()
	ours := map[int]bool{}
	for _, p := range all {
		ours[p.pid] = p.profile() == dir || leader != 0 && p.session == leader
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if !ours[p.pid] && ours[p.parent] {
				ours[p.pid], grown = true, true
			}
		}
	}
	var pids []int
	for _, p := range all {
		if ours[p.pid] && !p.zombie && p.pid != os.Getpid() {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// killUsers kills the processes of the Chromium on a profile folder until none
// is left, for at most two seconds, and gives how many it killed.
func killUsers(dir string, leader int) int {
	killed := map[int]bool{}
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		pids := users(dir, leader)
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed[pid] = true
			}
		}
	}
	return len(killed)
}
