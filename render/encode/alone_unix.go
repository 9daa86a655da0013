//go:build unix

package encode

import (
	"os/exec"
	"syscall"
)

// alone puts a program into a process group of its own, which ends as a whole: what
// stands on PATH may be a script that starts the encoder. A terminal's interrupt does
// not reach the group; lathe ends it.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
