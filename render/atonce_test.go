package render_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/lathe-audio/lathe/render"
)

// during builds the twin i, and calls f in the middle of it: when what is in
// place has been looked at, and before anything is put there.
func (c *cacheTest) during(i int, f func()) {
	c.Helper()
	called := false
	c.build(i, render.Options{Event: func(e render.Event) {
		if e.Event == render.ActionDone && strings.HasPrefix(e.Action, "deliver") && !called {
			called = true
			f()
		}
	}})
	if !called {
		c.Fatal("the build delivered nothing")
	}
}

// lock reads the lock file and checks that it has the text of the twin i as its
// input, and the outputs of that twin.
func (c *cacheTest) lock(i int) {
	c.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, render.LockName))
	if err != nil {
		c.Fatal(err)
	}
	want := []string{fmt.Sprintf("input %x lathe.yaml", sha256.Sum256([]byte(twins[i])))}
	for name, data := range c.clean[i] {
		if strings.HasSuffix(name, ".wav") { // neither manifest nor release sheet
			want = append(want, fmt.Sprintf("output %x ", sha256.Sum256([]byte(data))))
		}
	}
	for _, line := range want {
		if !strings.Contains(string(text), "\n"+line) {
			c.Errorf("the lock file has no %q:\n%s", line, text)
		}
	}
}

// Another build that changes what this one found in place, and meant to leave
// there: the outputs, the manifest and the lock file are those of the last one.
func TestOvertakenBuild(t *testing.T) {
	c := newCacheTest(t, "")
	for _, i := range []int{0, 1, 0} { // now both are in the cache, and the first in place
		c.build(i, render.Options{})
	}
	c.during(0, func() {
		c.build(1, render.Options{})
		c.lock(1)
	})
	dist := filepath.Join(c.dir, "dist")
	if diff := different(snapshot(t, dist), c.clean[0]); diff != nil {
		t.Error(diff)
	}
	c.lock(0)
	c.during(0, func() { os.RemoveAll(filepath.Join(dist, "streaming")) })
	if diff := different(snapshot(t, dist), c.clean[0]); diff != nil {
		t.Error("after outputs were deleted in the middle of a build:", diff)
	}
}

// The lock file says what was built, also when the project was edited meanwhile.
func TestLockIsOfWhatWasBuilt(t *testing.T) {
	c := newCacheTest(t, "")
	c.during(0, func() {
		if err := os.WriteFile(filepath.Join(c.dir, "lathe.yaml"), []byte(twins[1]), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	c.lock(0)
}

// A build that begins while another is putting its files into place waits for
// it, and does not take them for somebody else's.
func TestBuildWaitsForFilesOnTheirWay(t *testing.T) {
	c := newCacheTest(t, "")
	c.build(0, render.Options{})
	locks, err := filepath.Glob(filepath.Join(c.dir, ".lathe", "out-*.lock"))
	if err != nil || len(locks) != 1 {
		t.Fatal(locks, err)
	}
	held := flock.New(locks[0])
	if err := held.Lock(); err != nil {
		t.Fatal(err)
	}
	manifest := ""
	for name, data := range c.clean[1] { // the files of a build are there, its manifest is not
		if name == "manifest.json" {
			manifest = data
			continue
		}
		if err := os.WriteFile(filepath.Join(c.dir, "dist", name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "lathe.yaml"), []byte(twins[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	p := load(t, c.dir)
	ended := make(chan error, 1)
	go func() {
		_, err := render.Build(context.Background(), p, render.Options{})
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("the build did not wait: %v", err)
	case <-time.After(300 * time.Millisecond): // longer than it takes to fail
	}
	if err := os.WriteFile(filepath.Join(c.dir, "dist", "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	held.Unlock()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if diff := different(snapshot(t, filepath.Join(c.dir, "dist")), c.clean[1]); diff != nil {
		t.Error(diff)
	}
}
