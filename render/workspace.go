package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	dir, err := os.MkdirTemp(tmp, "build-")
	if err != nil {
		return nil, fmt.Errorf("make work folder: %w", err)
	}
	w := &workspace{cache: cache, dir: dir, lock: flock.New(filepath.Join(dir, "lock"))}
	if err := w.lock.Lock(); err != nil {
		return nil, fmt.Errorf("lock work folder: %w", err)
	}
	return w, nil
}

// sweep removes the folders of builds that were killed: those whose lock is
// free. A folder without a lock file may be one just being made; it is left
// until its lock is there.
func sweep(tmp string) {
	entries, _ := os.ReadDir(tmp)
	for _, e := range entries {
		path := filepath.Join(tmp, e.Name(), "lock")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		l := flock.New(path)
		if ok, err := l.TryLock(); ok && err == nil {
			os.RemoveAll(filepath.Join(tmp, e.Name()))
			l.Unlock()
		}
	}
}

// path names a file in the workspace.
func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

func (w *workspace) close() {
	os.RemoveAll(w.dir)
	w.lock.Unlock()
}
