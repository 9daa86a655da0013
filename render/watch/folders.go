package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// folders knows which folders are watched, and which names in them matter.
type folders struct {
	names   map[string]map[string][]*file // by folder, by folded name in it
	watched map[string]fs.FileInfo        // which folder it was
	blind   bool                          // there is one whose events do not come
}

// watchParents is whether the folders above those of the files are watched
// too, to hear of their being renamed. Elsewhere than on Linux and Windows a
// watched folder takes a descriptor for each file in it, and who knows what
// lies above a project.
const watchParents = runtime.GOOS == "linux" || runtime.GOOS == "windows"

// maxLinks ends circles of links.
const maxLinks = 40

// fold makes names comparable that a file system may hold for the same. That
// it makes equal what is not costs a needless look.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// add notes that a name in a folder matters to a file.
func (d *folders) add(path string, f *file) {
	dir, name := filepath.Dir(path), fold(filepath.Base(path))
	if dir == path {
		return
	}
	if d.names[dir] == nil {
		d.names[dir] = map[string][]*file{}
	}
	d.names[dir][name] = append(d.names[dir][name], f)
}

// concerned lists the files that an event about a path may mean.
func (d *folders) concerned(path string) []*file {
	files := d.names[filepath.Dir(path)][fold(filepath.Base(path))]
	if inside, is := d.names[path]; is { // the folder itself: it was moved or removed
		for _, more := range inside {
			files = append(files[:len(files):len(files)], more...)
		}
	}
	return files
}

// trace notes every name on the way to a file of which a change may change the
// file: the file itself, the folders it lies in, and all that again for each
// link on the way. Folders are noted by their true paths, so that each is
// watched once.
func (d *folders) trace(f *file) {
	path := f.path
	for range maxLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		d.traceLinks(path, f)
		if err != nil {
			d.traceMissing(filepath.Dir(path), f)
			return
		}
		path = filepath.Join(dir, filepath.Base(path))
		d.add(path, f)
		if watchParents {
			d.add(dir, f)
		}
		to, err := os.Readlink(path)
		if err != nil {
			return // no link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(dir, to)
		}
		path = to
	}
}

// traceLinks notes the links among the folders of a path.
func (d *folders) traceLinks(path string, f *file) {
	for dir := filepath.Dir(path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Lstat(dir); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if above, err := filepath.EvalSymlinks(filepath.Dir(dir)); err == nil {
			d.add(filepath.Join(above, filepath.Base(dir)), f)
		}
	}
}

// traceMissing notes the first folder on the way that is not there.
func (d *folders) traceMissing(dir string, f *file) {
	for dir != filepath.Dir(dir) {
		if above, err := filepath.EvalSymlinks(filepath.Dir(dir)); err == nil {
			d.add(filepath.Join(above, filepath.Base(dir)), f)
			return
		}
		dir = filepath.Dir(dir)
	}
}

// rewatch brings the watched folders in line with the files and with what is
// there now.
func (w *Watcher) rewatch() {
	if w.events == nil {
		return
	}
	d := folders{names: map[string]map[string][]*file{}, watched: map[string]fs.FileInfo{}}
	for _, f := range w.files {
		d.trace(f)
	}
	live := map[string]bool{} // fsnotify drops a folder that is moved or removed
	for _, dir := range w.events.WatchList() {
		live[dir] = true
		if d.names[dir] == nil {
			w.events.Remove(dir)
		}
	}
	for dir := range d.names {
		info, err := os.Stat(dir)
		if err != nil {
			continue // gone again: an event or the next look at all will tell
		}
		d.watched[dir] = info
		if before := w.folders.watched[dir]; live[dir] && before != nil && os.SameFile(before, info) {
			d.blind = d.blind || remote(dir)
			continue
		}
		if live[dir] { // another folder of the same name
			w.events.Remove(dir)
		}
		if err := w.events.Add(dir); err != nil || remote(dir) {
			d.blind = true
		}
	}
	w.folders = d
}
