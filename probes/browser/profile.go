package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// profilePrefix starts the name of every profile folder of ours. The whole
// name is prefix, pid and start time of the owner, and chance.
const profilePrefix = "outrider-chromium-"

var profileName = regexp.MustCompile(`^` + profilePrefix + `(\d+)-(\d+)-\d+$`)

// profile is the folder in which one Chromium keeps everything it writes. Its
// owner holds a lock in it for as long as it lives, which the kernel releases
// however the owner ends: a folder whose lock is free is nobody's.
type profile struct {
	dir  string
	lock *os.File
}

// newProfile makes an empty, locked profile folder.
func newProfile(temp string) (*profile, error) {
	// Chromium wants an absolute path, and writes the resolved one into the
	// command lines of its children.
	temp, err := filepath.Abs(temp)
	if err != nil {
		return nil, fmt.Errorf("make a browser profile: %w", err)
	}
	if temp, err = filepath.EvalSymlinks(temp); err != nil {
		return nil, fmt.Errorf("make a browser profile: %w", err)
	}
	pid := os.Getpid()
	dir, err := os.MkdirTemp(temp, fmt.Sprintf("%s%d-%d-", profilePrefix, pid, startTime(pid)))
	if err != nil {
		return nil, fmt.Errorf("make a browser profile: %w", err)
	}
	lock, held, err := lockProfile(dir)
	if err == nil && !held {
		err = fmt.Errorf("its lock is taken")
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "t"), 0o700)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("make a browser profile: %w", err)
	}
	return &profile{dir: dir, lock: lock}, nil
}

// lockProfile takes the lock of a profile folder if it is free.
func lockProfile(dir string) (lock *os.File, held bool, err error) {
	lock, err = os.OpenFile(filepath.Join(dir, "owner.lock"), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, false, nil
	}
	return lock, true, nil
}

// remove deletes the folder and gives up the lock. No process may use it any
// more.
func (p *profile) remove() error {
	defer p.lock.Close()
	if err := os.RemoveAll(p.dir); err != nil {
		return fmt.Errorf("remove the browser profile: %w", err)
	}
	return nil
}

// owner tells from a profile folder's name which process made it.
func owner(name string) (pid int, started uint64, ok bool) {
	m := profileName.FindStringSubmatch(name)
	if m == nil {
		return 0, 0, false
	}
	pid, errPid := strconv.Atoi(m[1])
	started, errStart := strconv.ParseUint(m[2], 10, 64)
	return pid, started, errPid == nil && errStart == nil
}

// sweep ends what dead Outriders left: Chromium processes that still run on a
// profile of theirs, and the profile folders. It touches nothing whose owner
// lives, and nothing of another user. It gives the numbers of processes killed
// and folders removed.
func sweep(temp string) (killed, removed int) {
	if resolved, err := filepath.EvalSymlinks(temp); err == nil {
		temp = resolved
	}
	dirs, err := filepath.Glob(filepath.Join(temp, profilePrefix+"*"))
	if err != nil {
		return 0, 0 // the folder's name is no pattern that fits itself
	}
	for _, dir := range dirs {
		if _, _, ok := owner(filepath.Base(dir)); !ok || !ownFolder(dir) {
			continue
		}
		lock, held, err := lockProfile(dir)
		if err != nil || !held {
			continue
		}
		killed += killUsers(dir, 0)
		if (&profile{dir: dir, lock: lock}).remove() == nil {
			removed++
		}
	}
	return killed + killOrphans(temp), removed
}

// killOrphans kills the Chromium processes on profiles of dead owners below
// temp whose folder is gone already.
func killOrphans(temp string) int {
	killed := 0
	for _, p := range processes() {
		dir := p.profile()
		if dir == "" || filepath.Dir(dir) != temp {
			continue
		}
		if _, err := os.Stat(dir); err == nil {
			continue // its lock tells more than its name
		}
		pid, started, ok := owner(filepath.Base(dir))
		if !ok || started != 0 && startTime(pid) == started || !p.kin() {
			continue
		}
		if syscall.Kill(p.pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}

// ownFolder tells whether a path is a real folder of the user that we are.
func ownFolder(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
