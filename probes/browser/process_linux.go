package browser

import "syscall"

// ownSession puts Chromium into a session of its own, so that it can be killed
// as a whole and no signal of our terminal reaches it, and makes the kernel
// kill it when the thread that started it ends, however that comes about.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
