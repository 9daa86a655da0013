package scratch

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

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
