//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup lets a command be ended with everything it has started: a shell
// alone would leave its children behind.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
}
