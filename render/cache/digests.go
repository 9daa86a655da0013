package cache

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"
)

// Digests remembers the SHA-256 of files, so that a file is read only when it
// may have changed. Like git's index it goes by path, inode, size, and the times
// of modification and of change; and like git it does not believe a record of a
// file that was changed shortly before it was digested, because the clock of a
// file system is too coarse to show a second change.
//
// Its methods may be called from any goroutine, and several processes may save
// to the same folder.
type Digests struct {
	path string

	// How long before its digest a file must have been at rest, where clocks are
	// coarse and where they are fine.
	coarse, fine time.Duration

	mu      sync.Mutex
	records map[string]record // by absolute path
	dirty   map[string]bool   // digested since the last save
}

// record is what is remembered of a file.
type record struct {
	digest Digest
	id     fileID
	at     int64 // when it was digested, ns since 1970
}

const (
	digestsName = "digests"
	digestsKind = "digests"
	// coarseWindow covers the coarsest time stamps in use (2 s, on FAT), fineWindow
	// those of file systems that count fractions of a second, which they take from a
	// clock that ticks every 1 to 10 ms.
	coarseWindow = 2 * time.Second
	fineWindow   = 50 * time.Millisecond
	// maxRecords is how many files are remembered; the last digested ones stay.
	maxRecords = 10000
)

// OpenDigests reads what is remembered in a cache folder. A file that is missing
// or damaged there is as good as an empty one.
func OpenDigests(dir string) *Digests {
	d := &Digests{path: filepath.Join(dir, digestsName), coarse: coarseWindow, fine: fineWindow, dirty: map[string]bool{}}
	d.records = readDigests(d.path)
	return d
}

// ErrBusy says that a file changed while it was being digested.
var ErrBusy = errors.New("is being written")

// File returns the digest of a file, and whether that is another one than was
// remembered (true for a file never seen). A file that is replaced by the same
// bytes, or only touched, has not changed.
//
// Call it before an action reads a file and again before its result is stored:
// an equal digest then proves that the action read what the key says.
func (d *Digests) File(ctx context.Context, path string) (sum Digest, changed bool, err error) {
	path = absolute(path)
	info, err := os.Stat(path)
	if err != nil {
		return Digest{}, false, err
	}
	if !info.Mode().IsRegular() { // hashing a pipe would wait for ever
		return Digest{}, false, &fs.PathError{Op: "digest", Path: path, Err: errors.New("not a file")}
	}
	id := identify(path, info)
	d.mu.Lock()
	old, known := d.records[path]
	d.mu.Unlock()
	if known && old.id == id && d.settled(old) {
		return old.digest, false, nil
	}
	now, err := digestFile(ctx, path)
	if err != nil {
		return Digest{}, false, err
	}
	d.mu.Lock()
	d.records[path], d.dirty[path] = now, true
	d.mu.Unlock()
	return now.digest, !known || now.digest != old.digest, nil
}

// settled reports whether a file was at rest long enough before it was digested
// that any later change shows in its times.
func (d *Digests) settled(r record) bool {
	return max(r.id.mtime, r.id.ctime)+d.window(r.id).Nanoseconds() < r.at
}

// window is how coarse the times of a file may be. The time of change is set by
// the system alone: a fraction of a second in it shows a fine clock.
func (d *Digests) window(id fileID) time.Duration {
	if id.ctime%int64(time.Second) != 0 {
		return d.fine
	}
	return d.coarse
}

// Learn remembers the digest of a file that this process has just written and
// put in its place, so that it need not be read again.
func (d *Digests) Learn(path string, sum Digest) {
	path = absolute(path)
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	id := identify(path, info)
	at := max(id.mtime, id.ctime) + d.window(id).Nanoseconds() + 1
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records[path], d.dirty[path] = record{sum, id, at}, true
}

// digestFile hashes a file that holds still meanwhile.
func digestFile(ctx context.Context, path string) (record, error) {
	for range 3 {
		at := time.Now().UnixNano() // before the first byte is read
		f, err := os.Open(path)
		if err != nil {
			return record{}, err
		}
		before, err := f.Stat()
		if err != nil {
			f.Close()
			return record{}, err
		}
		// A file that grows as fast as it is read has no end.
		sum, n, err := copyHash(ctx, io.Discard, io.LimitReader(f, before.Size()+1))
		f.Close()
		if err != nil {
			return record{}, err
		}
		after, err := os.Stat(path) // by name: it may have been replaced
		if err != nil {
			return record{}, err
		}
		if id := identify(path, before); id == identify(path, after) && n == id.size {
			return record{sum, id, at}, nil
		}
	}
	return record{}, &fs.PathError{Op: "digest", Path: path, Err: ErrBusy}
}

// Files returns the digests of many files in the same order, digesting up to
// jobs of them at once. All faults are reported, not only the first.
func (d *Digests) Files(ctx context.Context, paths []string, jobs int) ([]Digest, error) {
	sums := make([]Digest, len(paths))
	faults := make([]error, len(paths))
	var group errgroup.Group
	group.SetLimit(max(jobs, 1))
	for i, path := range paths {
		group.Go(func() error {
			sums[i], _, faults[i] = d.File(ctx, path)
			return nil
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return sums, errors.Join(faults...)
}

// Save writes what was learned, together with what other processes have saved
// since. Losing it costs time only.
func (d *Digests) Save() error {
	d.mu.Lock()
	mine := map[string]record{}
	for path := range d.dirty {
		mine[path] = d.records[path]
	}
	d.mu.Unlock()
	if len(mine) == 0 {
		return nil
	}
	temp := filepath.Join(filepath.Dir(d.path), "new")
	if err := os.MkdirAll(temp, 0o777); err != nil {
		return fmt.Errorf("save digests: %w", err)
	}
	lock := flock.New(d.path + ".lock")
	if err := lock.Lock(); err != nil { // held for milliseconds
		return fmt.Errorf("save digests: %w", err)
	}
	defer lock.Unlock()
	all := readDigests(d.path)
	for path, r := range mine {
		if r.at > all[path].at {
			all[path] = r
		}
	}
	if err := writeFile(temp, d.path, formatDigests(all), false); err != nil {
		return fmt.Errorf("save digests: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, r := range mine {
		if d.records[path] == r {
			delete(d.dirty, path)
		}
	}
	return nil
}

// readDigests reads a file of records; a damaged one is empty.
func readDigests(path string) map[string]record {
	text, err := os.ReadFile(path)
	if err != nil {
		return map[string]record{}
	}
	records, err := parseDigests(text)
	if err != nil {
		return map[string]record{}
	}
	return records
}

// formatDigests writes a line for each record: digest, size, times of
// modification and change, device, inode, time of the digest, path.
func formatDigests(records map[string]record) []byte {
	paths := slices.SortedFunc(maps.Keys(records), func(a, b string) int {
		return cmp.Or(cmp.Compare(records[b].at, records[a].at), cmp.Compare(a, b))
	})
	var b bytes.Buffer
	for _, path := range paths[:min(len(paths), maxRecords)] {
		r := records[path]
		fmt.Fprintf(&b, "%s %d %d %d %d %d %d %q\n", r.digest, r.id.size, r.id.mtime, r.id.ctime, r.id.dev, r.id.ino, r.at, path)
	}
	return seal(digestsKind, b.Bytes())
}

func parseDigests(text []byte) (map[string]record, error) {
	body, err := unseal(digestsKind, text)
	if err != nil {
		return nil, err
	}
	records := map[string]record{}
	for line := range strings.Lines(string(body)) {
		path, r, err := parseRecord(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("digests: %w", err)
		}
		records[path] = r
	}
	return records, nil
}

func parseRecord(line string) (path string, r record, err error) {
	field := strings.SplitN(line, " ", 8)
	if len(field) != 8 {
		return "", r, fmt.Errorf("%d fields in a record of 8", len(field))
	}
	if err := r.digest.UnmarshalText([]byte(field[0])); err != nil {
		return "", r, err
	}
	for i, to := range []*int64{&r.id.size, &r.id.mtime, &r.id.ctime} {
		if *to, err = strconv.ParseInt(field[1+i], 10, 64); err != nil {
			return "", r, err
		}
	}
	for i, to := range []*uint64{&r.id.dev, &r.id.ino} {
		if *to, err = strconv.ParseUint(field[4+i], 10, 64); err != nil {
			return "", r, err
		}
	}
	if r.at, err = strconv.ParseInt(field[6], 10, 64); err != nil {
		return "", r, err
	}
	if path, err = strconv.Unquote(field[7]); err != nil {
		return "", r, err
	}
	if r.id.dev == 0 && r.id.ino == 0 { // see identify
		r.id.path = path
	}
	return path, r, nil
}
