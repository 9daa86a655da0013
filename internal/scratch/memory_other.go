//go:build !linux

package scratch

// inMemory makes nothing: no folder is known to be in memory.
func inMemory() (dir string, remove func()) { return "", nil }
