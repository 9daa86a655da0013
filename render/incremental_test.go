package render_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/lathe-audio/lathe/dsp/catalogue"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

// After any edits, a build that takes what it can from the cache gives the same
// as one from nothing, bit for bit: outputs, manifest and lock file, and the same
// error where there is one. A failed build leaves the outputs as they were. And a
// build does what its plan says.
//
// The edits are the same in every run; LATHE_LONG=1 tries others, many more.
func TestIncrementalIsClean(t *testing.T) {
	checks, seed := "1", "1"
	if os.Getenv("LATHE_LONG") != "" { // some ten minutes
		checks, seed = "30", "0"
	} else if testing.Short() {
		t.Skip("builds many songs")
	}
	setFlag(t, "rapid.checks", checks)
	setFlag(t, "rapid.seed", seed)
	setFlag(t, "rapid.nofailfile", "true")
	for _, kind := range []string{"song", "album"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel() // with each other; the flags stay set until both have ended
			var n tally
			dirs := t.TempDir()
			rapid.Check(t, func(t *rapid.T) { n.edit(t, dirs, kind == "album") })
			t.Logf("%d edits in %d builds, of which %d failed as they have to", n.edits, n.builds, n.failed)
		})
	}
}

// tally counts what was checked.
type tally struct{ edits, builds, failed int }

// edit edits and builds a song or an album ten times.
func (n *tally) edit(t *rapid.T, dirs string, album bool) {
	dir, err := os.MkdirTemp(dirs, "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w := &workbench{dir: dir, draft: newDraft(album)}
	if err := w.compare(t, w.build(t, 2)); err != nil {
		t.Fatalf("as it is at first: %v", err)
	}
	for range 10 {
		what := w.disturb(t)
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			what = append(what, w.edit(t))
			n.edits++
		}
		if rapid.IntRange(1, 5).Draw(t, "miss") == 1 {
			w.at["club"] = rapid.SampledFrom(impossible).Draw(t, "impossible")
			what = append(what, w.at["club"])
		}
		before := snapshot(t, filepath.Join(dir, "dist"))
		err := w.build(t, rapid.IntRange(1, 3).Draw(t, "jobs"))
		if e := w.compare(t, err); e != nil {
			t.Fatalf("after %s: %v", strings.Join(what, "; "), e)
		}
		n.builds++
		if err == nil {
			continue
		}
		n.failed++
		if diff := different(before, snapshot(t, filepath.Join(dir, "dist"))); diff != nil {
			t.Fatalf("after %s: the build failed, and changed %v", strings.Join(what, "; "), diff)
		}
		for _, name := range []string{"club", "dub.mute", "bass.mute"} { // what makes a build fail
			w.at[name] = newDraft(false).at[name]
		}
	}
}

// setFlag sets a flag for the time of a test.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	was := f.Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flag.Set(name, was) })
}

// workbench is a project in a folder, built again and again with one cache.
type workbench struct {
	*draft
	dir string
}

// load writes the project down and loads it.
func (w *workbench) load(t *rapid.T) *spec.Project {
	if err := w.write(w.dir); err != nil {
		t.Fatal(err)
	}
	p, diags := spec.Load(w.dir, spec.Options{Catalogue: catalogue.Params()})
	if p == nil {
		t.Fatalf("the project does not load:\n%s", diags.Text())
	}
	return p
}

// build builds with the project's own cache. Which strips are kept there is left
// to the rule, or to chance.
func (w *workbench) build(t *rapid.T, jobs int, only ...string) error {
	o := render.Options{Cache: filepath.Join(w.dir, ".lathe"), Jobs: jobs, Only: only}
	if every := rapid.IntRange(0, 3).Draw(t, "kept"); every > 0 { // all, half of them, a third
		o = render.Keeping(o, func(strip string) bool { return seed.Of(strip)%uint64(every) == 0 })
	}
	p := w.load(t)
	steps, planErr := render.Plan(context.Background(), p, o)
	var made []string
	var mu sync.Mutex
	o.Event = func(e render.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Event == render.ActionDone && !e.Cached {
			made = append(made, e.Song+": "+e.Action)
		}
	}
	_, err := render.Build(context.Background(), p, o)
	if err != nil || planErr != nil {
		return err
	}
	for _, s := range steps {
		name := s.Song + ": " + s.Action
		at := slices.Index(made, name)
		switch {
		case at >= 0 && s.Run:
			made = slices.Delete(made, at, at+1)
		case at >= 0:
			t.Fatalf("%s was made (only %q), against the plan", name, only)
		case s.Run && (s.Output == "" || !unmeasured(steps, s.Song)) && (s.Action == "tilt of the master" || !untoned(steps)):
			t.Fatalf("%s was planned (only %q), and not made", name, only)
		}
	}
	if len(made) > 0 {
		t.Fatalf("%q were made (only %q), and not planned", made, only)
	}
	return nil
}

// unmeasured reports whether a plan could not know how long a song is going to
// be: its end is where its mix or master dies away. Then it expects that every
// output has to be made; those of the same length as before need not be.
func unmeasured(steps []render.Step, song string) bool {
	return slices.ContainsFunc(steps, func(s render.Step) bool {
		return s.Song == song && s.Run && (s.Action == "mix" || s.Action == "master")
	})
}

// untoned reports whether a plan could not know the tone of an album: then it expects
// that all that follows has to be made; what keeps its correction need not be.
func untoned(steps []render.Step) bool {
	return slices.ContainsFunc(steps, func(s render.Step) bool { return s.Run && s.Action == "tilt of the master" })
}

// disturb does what happens between two builds besides edits: outputs are
// deleted, parts of the cache too, and single outputs are built.
func (w *workbench) disturb(t *rapid.T) (what []string) {
	often := func(name string, n int) bool { return rapid.IntRange(1, n).Draw(t, name) == 1 }
	if often("delete", 3) {
		outputs := slices.DeleteFunc(filesBelow(t, filepath.Join(w.dir, "dist")), func(f string) bool { return strings.HasSuffix(f, ".json") })
		if len(outputs) > 0 {
			lost := rapid.SampledFrom(outputs).Draw(t, "output")
			os.Remove(filepath.Join(w.dir, "dist", lost))
			what = append(what, "deleted "+lost)
		}
	}
	if often("evict", 4) {
		for range rapid.IntRange(1, 10).Draw(t, "evictions") {
			// Not its own files in dist: of these it does not know then that they are its own.
			files := slices.DeleteFunc(filesBelow(t, filepath.Join(w.dir, ".lathe")), func(f string) bool { return strings.HasPrefix(f, "out-") })
			if len(files) > 0 {
				lost := rapid.SampledFrom(files).Draw(t, "cached")
				os.Remove(filepath.Join(w.dir, ".lathe", lost))
				what = append(what, "evicted "+lost)
			}
		}
	}
	if often("partly", 3) {
		what = append(what, w.edit(t))
		only := rapid.SampledFrom([]string{"*/*dub*", "streaming", "mix", "cd/*", "dub", "club"}).Draw(t, "only")
		err := w.build(t, 2, only)
		what = append(what, fmt.Sprintf("built only %s: %v", only, err))
	}
	return what
}

// compare builds the project from nothing, in places of its own, and compares
// that with the build that came to an end with err.
func (w *workbench) compare(t *rapid.T, err error) error {
	lockFile := filepath.Join(w.dir, render.LockName)
	lock, _ := os.ReadFile(lockFile)
	elsewhere, e := os.MkdirTemp(filepath.Dir(w.dir), "clean-")
	if e != nil {
		return e
	}
	defer os.RemoveAll(elsewhere)
	os.Remove(lockFile)
	_, cleanErr := render.Build(context.Background(), w.load(t), render.Options{Out: filepath.Join(elsewhere, "dist"), Cache: filepath.Join(elsewhere, "cache"), Jobs: 2})
	if fmt.Sprint(err) != fmt.Sprint(cleanErr) {
		return fmt.Errorf("the build ended with\n%v\nfrom nothing it ends with\n%v", err, cleanErr)
	}
	if err != nil {
		return os.WriteFile(lockFile, lock, 0o644)
	}
	if cleanLock, _ := os.ReadFile(lockFile); string(lock) != string(cleanLock) {
		return fmt.Errorf("the lock file is\n%sfrom nothing it is\n%s", lock, cleanLock)
	}
	if diff := different(snapshot(t, filepath.Join(w.dir, "dist")), snapshot(t, filepath.Join(elsewhere, "dist"))); diff != nil {
		return fmt.Errorf("not as from nothing: %v", diff)
	}
	return nil
}

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatal(...any)
}

// filesBelow lists the files below a folder, sorted; none where there is no folder.
func filesBelow(t tester, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

// snapshot reads every file below a folder.
func snapshot(t tester, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range filesBelow(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}

// different names the files that differ between two snapshots.
func different(got, want map[string]string) (names []string) {
	for name, text := range want {
		switch have, ok := got[name]; {
		case !ok:
			names = append(names, name+" is missing")
		case have != text:
			names = append(names, name+" differs")
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			names = append(names, name+" should not be there")
		}
	}
	slices.Sort(names)
	return names
}
