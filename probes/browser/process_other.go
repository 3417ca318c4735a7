//go:build unix && !linux

package browser

import "syscall"

// ownSession puts Chromium into a session of its own, so that it can be killed
// as a whole. When we are killed, the end of its debugging pipe makes it exit.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}
