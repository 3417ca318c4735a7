package browser

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// watchEvery is how often the memory of a browser with runs is looked at. A
	// page fills one to two gigabytes a second.
	watchEvery = 250 * time.Millisecond
	// weighEvery is after how many runs a browser at rest is weighed: that
	// walks all of its memory, which takes some milliseconds.
	weighEvery = 10
	// afresh is how often a family looks at all processes anew, those that it
	// knows to be others' included.
	afresh = 10 * time.Second
	// mostPageMemory bounds what one page may take by default, in bytes.
	mostPageMemory = 2 << 30
	// restingMemory is what a browser may hold between runs by default, in
	// bytes: four times what a headless shell does at its start.
	restingMemory = 1 << 30
)

// family is the processes of one browser, found by their descent.
type family struct {
	leader int
	known  map[int]bool // by pid: whether it is one of ours
	looked time.Time    // when all were looked at
}

// members gives the processes of the browser, its main one included. It is for
// one goroutine at a time.
func (f *family) members() []int {
	pids := allPids()
	if now := time.Now(); now.Sub(f.looked) > afresh {
		f.known, f.looked = map[int]bool{f.leader: true}, now
	}
	parents := map[int]int{}
	alive := map[int]bool{}
	for _, pid := range pids {
		alive[pid] = true
		if _, known := f.known[pid]; known {
			continue
		}
		p, ok := readStat(pid)
		if !ok {
			continue
		}
		f.known[pid] = p.session == f.leader
		parents[pid] = p.parent
	}
	for grown := true; grown; {
		grown = false
		for pid, parent := range parents {
			if !f.known[pid] && f.known[parent] {
				f.known[pid], grown = true, true
			}
		}
	}
	var ours []int
	for pid, own := range f.known {
		switch {
		case !alive[pid]:
			delete(f.known, pid)
		case own:
			ours = append(ours, pid)
		}
	}
	return ours
}

// allPids gives the ids of all processes that can be seen.
func allPids() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ownMemory gives what a process holds that no other does, about: resident
// pages that are of no file, in bytes. It costs next to nothing.
func ownMemory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text)) // size resident shared …, in pages
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(fields[1], 10, 64)
	shared, _ := strconv.ParseInt(fields[2], 10, 64)
	return max(0, resident-shared) * int64(os.Getpagesize())
}

// weight gives the memory of a process with its part of what it shares with
// others (PSS), in bytes. Where the kernel does not let us look, since the
// process is in a sandbox, it is what ownMemory gives.
func weight(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return ownMemory(pid)
	}
	for line := range bytes.Lines(text) {
		if rest, found := bytes.CutPrefix(line, []byte("Pss:")); found {
			return kilobytes(rest)
		}
	}
	return ownMemory(pid)
}

// kilobytes reads "   123 kB" as bytes; zero if it is none.
func kilobytes(text []byte) int64 {
	fields := bytes.Fields(text)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil || n < 0 || n > 1<<50 {
		return 0
	}
	return n << 10
}

// guard keeps the pages of one browser from taking all memory of the machine.
type guard struct {
	family family
	limit  int64
	// Of the last page that was ended: when, in Unix nanoseconds, and how much
	// memory it had.
	ended  atomic.Int64
	weight atomic.Int64
}

// look ends the process of a page that has taken more than its limit, or, if
// all pages together have taken more than is due to so many runs, the largest.
// A browser whose other processes have grown like that is ended as a whole.
func (g *guard) look(runs int) {
	var sum, most int64
	largest := 0
	for _, pid := range g.family.members() {
		own := ownMemory(pid)
		sum += own
		if own > most {
			most, largest = own, pid
		}
	}
	if most <= g.limit && sum <= g.limit*int64(runs+1) {
		return
	}
	g.weight.Store(most)
	g.ended.Store(time.Now().UnixNano())
	if isRenderer(largest) {
		_ = syscall.Kill(largest, syscall.SIGKILL) // gone already is as good
		return
	}
	_ = syscall.Kill(-g.family.leader, syscall.SIGKILL)
}

// hoarded tells whether a page was ended for its memory a moment ago, and how
// much it had, in bytes.
func (g *guard) hoarded() (int64, bool) {
	at := g.ended.Load()
	return g.weight.Load(), at != 0 && time.Since(time.Unix(0, at)) < 5*time.Second
}

// isRenderer tells whether a process shows pages.
func isRenderer(pid int) bool {
	p, ok := inspect(pid)
	return ok && p.is("renderer")
}

// is tells whether a process of Chromium is of a type.
func (p processInfo) is(kind string) bool {
	for _, arg := range p.args {
		if string(arg) == "--type="+kind {
			return true
		}
	}
	return false
}

// defaultPageMemory is half of the memory that there is, within bounds.
func defaultPageMemory() int64 {
	limit := int64(mostPageMemory)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if rest, found := bytes.CutPrefix(text, []byte("MemTotal:")); found {
			limit = min(limit, kilobytes(rest)/2)
		}
	}
	// In a container; version 2 and version 1 of control groups.
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
			limit = min(limit, n/2)
		}
	}
	return max(limit, 256<<20)
}

// Usage is what the browsers of a Probe hold of the machine.
type Usage struct {
	Browsers  int   // that are started
	Processes int   // of all browsers
	Memory    int64 // PSS of these, in bytes
	Disk      int64 // bytes in profile folders
	Journeys  int64 // attempts at one since the probe was made
}

// Usage measures what the browsers of the probe hold at present. It walks all
// of their memory, which takes some ten milliseconds.
func (p *Probe) Usage() Usage {
	p.mu.Lock()
	var pools []*pool
	for _, pool := range p.pools {
		pools = append(pools, pool)
	}
	p.mu.Unlock()
	u := Usage{Journeys: p.journeys.Load()}
	for _, pool := range pools {
		for _, process := range pool.processes() {
			u.Browsers++
			for _, pid := range (&family{leader: process.pid}).members() {
				u.Processes++
				u.Memory += weight(pid)
			}
			u.Disk += folderSize(process.profile.dir)
		}
	}
	return u
}

// folderSize sums up the files below a folder, in bytes.
func folderSize(dir string) int64 {
	var sum int64
	// Files come and go meanwhile: what cannot be looked at does not count.
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
