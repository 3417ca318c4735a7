package probes

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pressure is what the kernel has counted so far of waiting for the CPU.
type pressure struct {
	// waiting is the time in which at least one task that could have run waited
	// for a core (PSI "some": Linux, Documentation/accounting/psi.rst).
	waiting time.Duration
	// throttled is the time for which our control group had to pause since it
	// had used up its quota (cpu.stat: Documentation/admin-guide/cgroup-v2.rst).
	throttled time.Duration
}

// pressureGauge reads pressure where this kernel tells it. A browser's
// processes compete for cores on their own, which our own naps hardly feel:
// sleepers are served first. The zero value is ready.
type pressureGauge struct {
	once           sync.Once
	pressure, stat string // files; empty: there is none
}

// read gives the counters; what the kernel does not tell stays zero.
func (g *pressureGauge) read() pressure {
	g.once.Do(g.find)
	var p pressure
	if text, err := readShort(g.pressure); err == nil {
		p.waiting = parseWaiting(text)
	}
	if text, err := readShort(g.stat); err == nil {
		p.throttled = parseThrottled(text)
	}
	return p
}

// find picks the files: those of our own control group, which speak of us
// alone, before the machine's.
func (g *pressureGauge) find() {
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		membership = nil // no control groups, or no Linux
	}
	for _, dir := range groupFolders(string(membership)) {
		if g.pressure == "" {
			g.pressure = existing(dir + "/cpu.pressure")
		}
		if g.stat == "" {
			g.stat = existing(dir + "/cpu.stat")
		}
	}
	if g.pressure == "" {
		g.pressure = existing("/proc/pressure/cpu")
	}
}

// existing gives a path if its file can be read, or nothing. (PSI can be there
// and off: then reading fails.)
func existing(name string) string {
	if _, err := readShort(name); err != nil {
		return ""
	}
	return name
}

// groupFolders gives the folders in which the CPU's files of a control group
// may be, by the text of /proc/self/cgroup: version 2 before version 1. In a
// container the path is often another than that below the mount; the mount's
// root is the container's own then.
func groupFolders(membership string) []string {
	const mount = "/sys/fs/cgroup"
	var second, first []string
	for line := range strings.Lines(membership) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		group := path.Clean("/" + parts[2])
		switch {
		case parts[0] == "0" && parts[1] == "":
			for _, root := range []string{mount, mount + "/unified"} {
				second = append(second, root+strings.TrimSuffix(group, "/"), root)
			}
		case strings.Contains(","+parts[1]+",", ",cpu,"):
			for _, root := range []string{mount + "/" + parts[1], mount + "/cpu"} {
				first = append(first, root+strings.TrimSuffix(group, "/"), root)
			}
		}
	}
	return append(second, first...)
}

// longestCounters bounds what is read of a file of counters, in bytes.
const longestCounters = 4 << 10

// readShort reads the beginning of a file of counters.
func readShort(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := make([]byte, longestCounters)
	n, err := f.Read(text) // the kernel writes such a file at once
	if n > 0 {
		err = nil
	}
	return text[:n], err
}

// parseWaiting reads "some avg10=0.00 avg60=0.00 avg300=0.00 total=123", total
// being in microseconds. What cannot be read is zero.
func parseWaiting(text []byte) time.Duration {
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(line, []byte("some "))
		if !found {
			continue
		}
		for _, field := range bytes.Fields(rest) {
			if total, found := bytes.CutPrefix(field, []byte("total=")); found {
				return count(total, time.Microsecond)
			}
		}
	}
	return 0
}

// parseThrottled reads the line "throttled_usec 123" (version 2) or
// "throttled_time 123000" (version 1, nanoseconds). What cannot be read is zero.
func parseThrottled(text []byte) time.Duration {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) != 2 {
			continue
		}
		switch string(fields[0]) {
		case "throttled_usec":
			return count(fields[1], time.Microsecond)
		case "throttled_time":
			return count(fields[1], time.Nanosecond)
		}
	}
	return 0
}

// count reads a number of units, or zero.
func count(digits []byte, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || n < 0 || n > int64(1<<62/unit) {
		return 0
	}
	return time.Duration(n) * unit
}
