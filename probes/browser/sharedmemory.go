package browser

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sharedMemoryDir is where Chromium makes files for memory that its processes
// share.
const sharedMemoryDir = "/dev/shm"

// sharedMemoryAge is the age from which on such a file is nobody's: Chromium
// takes the name away the moment that it has made the file, and keeps it open
// (base/memory/platform_shared_memory_region_posix.cc). One that was killed in
// between leaves it, and its memory is gone until somebody removes it.
const sharedMemoryAge = time.Minute

// sweepSharedMemory removes what killed Chromiums of our user have left in a
// folder for shared memory, and gives the number of files.
func sweepSharedMemory(dir string, age time.Duration) int {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	removed := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".org.chromium.Chromium.") && !strings.HasPrefix(e.Name(), ".com.google.Chrome.") {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < age {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Getuid() {
			continue
		}
		if os.Remove(filepath.Join(dir, e.Name())) == nil {
			removed++
		}
	}
	return removed
}
