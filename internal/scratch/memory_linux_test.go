package scratch

import (
	"os"
	"testing"
	"time"
)

// What tests left behind that were killed is removed; what others hold, or have just
// made, stays.
func TestSweep(t *testing.T) {
	if free(shared) < room {
		t.Skip("no room in memory")
	}
	makeDir := func() string {
		dir, err := os.MkdirTemp(shared, folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	fresh, held, left := makeDir(), makeDir(), makeDir()
	lock := lockOf(held)
	if !locked(lock) {
		t.Fatal("the folder's lock was not to be had")
	}
	defer lock.Unlock()
	then := time.Now().Add(-time.Hour)
	for _, dir := range []string{held, left} {
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	for dir, want := range map[string]bool{fresh: true, held: true, left: false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: there: %t, want %t", dir, err == nil, want)
		}
	}
}
