package influxtest

import "syscall"

// dieWithParent makes the server end when a test process is killed before it
// could stop it.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
