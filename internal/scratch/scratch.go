// Package scratch gives tests a quick place for their files.
//
// A build syncs what it stores and delivers to the disk, as a power cut may not cost
// anybody a master. The tests build hundreds of songs of a few seconds, and would wait for
// the disk longer than for the sound: in a folder in memory they take half the time. What
// they show is the same there, as no test can cut the power. The tests of the cache and of
// watch, whose subject are files, stay where TMPDIR is.
package scratch

import "os"

// Tests runs the tests of a package with their temporary files in memory, where the
// machine has room for them, and without what a person's environment says about the
// cache. It stands in for a [testing.M] in TestMain.
type Tests struct {
	M interface{ Run() int }
}

// room is what has to be free, in bytes: all tests of .ci/run together have 450 MB at a time.
const room = 2 << 30

// Run implements testscript's TestingM: it runs the tests, and returns their exit code.
func (t Tests) Run() int {
	os.Unsetenv("LATHE_CACHE") // each project has a cache of its own
	// Else it is a tenth of what is free, and on a full disk a test would find its results evicted.
	os.Setenv("LATHE_CACHE_SIZE", "10 GB")
	if os.Getenv("TMPDIR") == "" { // who says where temporary files go is obeyed
		if dir, remove := inMemory(); dir != "" {
			defer remove()
			os.Setenv("TMPDIR", dir)
		}
	}
	return t.M.Run()
}
