package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// workspace is a build's own folder for unfinished files, below the project's
// .lathe folder. A lock held for as long as the build lives tells the next
// build which folders belong to nobody any more.
type workspace struct {
	cache string // the .lathe folder
	dir   string
	lock  *flock.Flock
}

// CacheDir returns where a project keeps what can be made again: LATHE_CACHE,
// or .lathe beside the project file.
func CacheDir(projectDir string) string {
	if dir := os.Getenv("LATHE_CACHE"); dir != "" {
		return dir
	}
	return filepath.Join(projectDir, ".lathe")
}

func openWorkspace(cache string) (*workspace, error) {
	tmp := filepath.Join(cache, "tmp")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return nil, fmt.Errorf("make work folder: %w", err)
	}
	ignore := filepath.Join(cache, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return nil, fmt.Errorf("make work folder: %w", err)
		}
	}
	sweep(tmp)
	lock, err := newLock(tmp)
	if err != nil {
		return nil, fmt.Errorf("lock work folder: %w", err)
	}
	w := &workspace{cache: cache, dir: strings.TrimSuffix(lock.Path(), lockExt), lock: lock}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make work folder: %w", err)
	}
	return w, nil
}

// lockExt ends the name of a workspace's lock file, which lies beside its folder
// and is there before it: a folder whose lock is free, or gone, is nobody's.
const lockExt = ".lock"

// newLock makes a lock file of a new name and holds it.
func newLock(tmp string) (*flock.Flock, error) {
	for {
		f, err := os.CreateTemp(tmp, "build-*"+lockExt)
		if err != nil {
			return nil, err
		}
		made, err := f.Stat()
		f.Close()
		if err != nil {
			return nil, err
		}
		l := flock.New(f.Name())
		if err := l.Lock(); err != nil {
			return nil, err
		}
		// Between making and locking it another build may have swept it away; then locking
		// has made a file anew, which is nobody's.
		if now, err := os.Stat(f.Name()); err == nil && os.SameFile(made, now) {
			return l, nil
		}
		os.Remove(f.Name())
		l.Unlock()
	}
}

// sweep removes what builds that were killed have left.
func sweep(tmp string) {
	entries, _ := os.ReadDir(tmp)
	for _, e := range entries {
		path := filepath.Join(tmp, strings.TrimSuffix(e.Name(), lockExt))
		l := flock.New(path + lockExt)
		if e.IsDir() {
			if _, err := os.Stat(l.Path()); errors.Is(err, fs.ErrNotExist) {
				os.RemoveAll(path)
			}
			continue
		}
		if ok, err := l.TryLock(); ok && err == nil {
			os.RemoveAll(path)
			os.Remove(l.Path())
			l.Unlock()
		}
	}
}

// path names a file in the workspace.
func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

func (w *workspace) close() {
	os.RemoveAll(w.dir)
	os.Remove(w.lock.Path())
	w.lock.Unlock()
}
