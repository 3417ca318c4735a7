//go:build !linux

package influxtest

import "syscall"

// dieWithParent has no portable form: elsewhere a server outlives a test
// process that is killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
