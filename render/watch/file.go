package watch

import (
	"crypto/sha256"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// doubt is how old a file's time must be to say anything: file systems count
// time in ticks of up to two seconds (FAT), and what is written twice within
// one tick, to the same size, looks like written once.
const doubt = 3 * time.Second

// agreeing is how many looks in a row must see the same as the look before them
// until a file that may take long to write counts as written.
const agreeing = 2

// file is one file of the set.
type file struct {
	name  string // as given
	path  string // absolute
	slow  bool   // may take long to write: all but project files
	known record

	stirred bool      // there is reason to look
	suspect bool      // the bytes may be others even if size and time are not
	before  time.Time // when all was still as known
	noticed time.Time // when there was last reason to look
	seen    fs.FileInfo
	looked  time.Time
	looks   int // 0: not looked at since it was stirred
	same    int // looks that saw what the look before saw
}

// record is what is known of a file's content.
type record struct {
	info   fs.FileInfo // nil: there is nothing
	digest *[sha256.Size]byte
	failed bool // it cannot be read
	sure   bool // info was taken long after the last change
}

func newFile(path string) *file {
	ext := strings.ToLower(filepath.Ext(path))
	return &file{path: path, slow: ext != ".yaml" && ext != ".yml"}
}

// stat returns what is at a path, following links; nil where there is neither
// a file nor a folder.
func stat(path string) fs.FileInfo {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	return info
}

// sameStat reports whether nothing is known to have happened between two
// looks. Of folders only their being there counts.
func sameStat(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a.IsDir() || b.IsDir() {
		return a.IsDir() && b.IsDir()
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

// remember takes what is there now as known. Large files are read later, in
// idle moments. It reports false where the file is being written right now.
func (f *file) remember() (ok bool) {
	f.known = record{info: stat(f.path)}
	if f.slow || !f.known.isFile() {
		return true
	}
	r, ok := f.readNow(f.known.info)
	if ok {
		f.known = r
	}
	return ok
}

func (r record) isFile() bool { return r.info != nil && !r.info.IsDir() }

// modified is the file's own time of its last change.
func (r record) modified() time.Time {
	if !r.isFile() {
		return time.Time{}
	}
	return r.info.ModTime()
}

// doubtful reports whether the file may have changed without its size or time
// saying so.
func (r record) doubtful() bool { return r.isFile() && r.digest != nil && !r.sure }

// old reports whether the file's time is far enough from now to be believed.
// A clock of another machine may be ahead of ours.
func (r record) old(now time.Time) bool { return now.Sub(r.modified()).Abs() >= doubt }

// look takes a look if it is time for one, and reports whether it was another
// sight than the last. An event makes it time at once, so that the waiting
// begins with the last write and not with some look after it; but only looks
// that lie apart count as agreeing.
func (f *file) look(now time.Time, interval time.Duration) (moving bool) {
	early := f.slow && f.looks > 0 && now.Sub(f.looked) < interval
	if early && !f.noticed.After(f.looked) {
		return false
	}
	seen := stat(f.path)
	moving = f.looks > 0 && !sameStat(seen, f.seen)
	if early && !moving {
		return false
	}
	f.same++
	if f.looks == 0 || moving {
		f.same = 0
	}
	f.seen, f.looked = seen, now
	f.looks++
	return moving
}

// settled reports whether the file is finished, as far as can be told from outside.
func (f *file) settled() bool {
	return !f.slow || f.same >= agreeing || sameStat(f.seen, f.known.info)
}

// differs reports whether the file is certainly not what it was.
func (f *file) differs() bool {
	if f.seen == nil || f.known.info == nil {
		return f.seen != f.known.info
	}
	return f.seen.IsDir() != f.known.info.IsDir() || !f.seen.IsDir() && f.seen.Size() != f.known.info.Size()
}

// compare finds out what became of the file, "" for nothing, and what is to be
// known of it from now on. ok is false where it changed meanwhile.
func (f *file) compare() (what What, now record, ok bool) {
	now = record{info: stat(f.path)}
	if f.slow && !sameStat(now.info, f.seen) {
		return "", now, false
	}
	if sameStat(now.info, f.known.info) && (!f.suspect || f.known.digest == nil) {
		return "", f.known, true
	}
	switch {
	case now.info == nil && f.known.info == nil:
		return "", now, true
	case now.info == nil:
		return Removed, now, true
	case f.known.info == nil:
		what = Created
	case !now.isFile() && !f.known.isFile():
		return "", now, true
	case now.isFile() != f.known.isFile() || now.info.Size() != f.known.info.Size():
		what = Changed
	}
	if !now.isFile() || what != "" && f.slow { // read when there is time
		return what, now, true
	}
	now, ok = f.readNow(now.info)
	if what == "" && !now.sameContent(f.known) {
		what = Changed
	}
	return what, now, ok
}

// sameContent reports whether two records are certainly of the same bytes.
func (r record) sameContent(s record) bool {
	if r.failed || s.failed {
		return r.failed == s.failed
	}
	return r.digest != nil && s.digest != nil && *r.digest == *s.digest
}

// readNow reads the whole file. ok is false where it is not that of info, or
// no more when it has been read.
func (f *file) readNow(info fs.FileInfo) (r record, ok bool) {
	rd, err := newReading(f, info)
	if err != nil {
		return record{info: info, failed: true, sure: true}, sameStat(stat(f.path), info)
	}
	for done := false; !done; {
		r, done, ok = rd.step()
	}
	return r, ok
}

// reading is a file being digested, a piece at a time.
type reading struct {
	file  *file
	info  fs.FileInfo // as it was before
	began time.Time
	in    *os.File
	sum   hash.Hash
}

// piece is how much is read in one step: a few milliseconds.
const piece = 4 << 20

func newReading(f *file, info fs.FileInfo) (*reading, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return &reading{file: f, info: info, began: time.Now(), in: in, sum: sha256.New()}, nil
}

// step reads a piece. When it is done the file is closed; ok is false where it
// changed meanwhile.
func (r *reading) step() (rec record, done, ok bool) {
	_, err := io.CopyN(r.sum, r.in, piece)
	if err == nil {
		return record{}, false, false
	}
	r.in.Close()
	rec = record{info: r.info, failed: err != io.EOF}
	if err == io.EOF {
		rec.digest = (*[sha256.Size]byte)(r.sum.Sum(nil))
	}
	rec.sure = rec.old(r.began)
	return rec, true, sameStat(stat(r.file.path), r.info)
}

var ready = func() chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// idle returns a channel that is ready while there are files to be read.
// Only so can touch later be told from a change.
func (w *Watcher) idle(now time.Time) <-chan time.Time {
	if w.reading != nil {
		return ready
	}
	for _, f := range w.files {
		if f.unread(now) {
			return ready
		}
	}
	return nil
}

func (f *file) unread(now time.Time) bool {
	k := f.known
	return !f.stirred && k.isFile() && k.digest == nil && !k.failed && k.old(now)
}

// read digests a piece of the file that is being read, or begins the next.
func (w *Watcher) read() {
	now := time.Now()
	if w.reading == nil {
		for _, f := range w.files {
			if !f.unread(now) {
				continue
			}
			r, err := newReading(f, f.known.info)
			if err != nil {
				f.known.failed = true
				return
			}
			w.reading = r
			break
		}
	}
	r := w.reading
	if r == nil {
		return
	}
	rec, done, ok := r.step()
	if !done {
		return
	}
	w.reading = nil
	if ok {
		r.file.known = rec
	} else {
		w.stir(r.file, now)
	}
}

func (w *Watcher) stopReading() {
	if w.reading != nil {
		w.reading.in.Close()
		w.reading = nil
	}
}
