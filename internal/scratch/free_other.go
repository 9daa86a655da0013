//go:build !linux

package scratch

// free is 0: no folder is known to be in memory.
func free(string) int64 { return 0 }
