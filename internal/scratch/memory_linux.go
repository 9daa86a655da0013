package scratch

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const (
	shared = "/dev/shm"
	folder = "lathe-test-*"
)

// inMemory makes a folder in memory, and says how it is removed; "" where there is no
// room. The folder is locked as long as this process lives: those that are not are of
// tests that were killed, and go.
func inMemory() (dir string, remove func()) {
	if free(shared) < room {
		return "", nil
	}
	sweep()
	dir, err := os.MkdirTemp(shared, folder)
	if err != nil {
		return "", nil
	}
	held := lockOf(dir)
	if !locked(held) {
		os.Remove(dir)
		return "", nil
	}
	return dir, func() {
		os.RemoveAll(dir)
		held.Unlock()
	}
}

// sweep removes folders that nobody holds any more. What is new may not be held yet.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(shared, folder))
	for _, dir := range left {
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if l := lockOf(dir); locked(l) {
			os.RemoveAll(dir)
			l.Unlock()
		}
	}
}

// lockOf is the lock on a folder itself.
func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

// locked reports whether a lock was to be had.
func locked(l *flock.Flock) bool {
	ok, err := l.TryLock()
	return ok && err == nil
}

// free is how much may be written below dir, in bytes: no more than its file system has,
// nor than the machine has memory; 0 where dir is not in memory.
func free(dir string) int64 {
	const tmpfs = 0x01021994
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Type != tmpfs {
		return 0
	}
	return min(int64(s.Bavail)*int64(s.Bsize), available())
}

// available is the memory that programs may still have, in bytes.
func available() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kB); n == 1 {
			return kB << 10
		}
	}
	return 0
}
