package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"time"
)

// Mode says how a file passes between the store and the rest.
type Mode int

const (
	// Link shares the bytes, by a hard link: nothing is copied. Both sides may
	// read for as long as they like, whatever the other does with its name;
	// neither may ever write (the file becomes read-only). Where file systems
	// cannot link, the file is copied.
	Link Mode = iota
	// Copy makes bytes of its own, for a file that leaves lathe's hands (an
	// output that a tagging program may change in its place).
	Copy
	// Move gives a file up to the store. Restoring, it is the same as Link.
	Move
)

// blobMode keeps people and programs from writing to a stored file by accident.
const blobMode fs.FileMode = 0o444

// present reports whether a blob is in the folder with its right size.
func (s *Store) present(b Blob) bool {
	info, err := os.Stat(s.blobPath(b.Digest))
	return err == nil && info.Size() == b.Size
}

// Open opens a file of an entry for reading, verified. [ErrGone] means that it
// is missing or damaged here and in the remote cache. The handle stays good when
// the store is trimmed meanwhile.
func (s *Store) Open(ctx context.Context, b Blob) (*os.File, error) {
	var f *os.File
	err := s.orFetch(ctx, b, func() (err error) {
		f, err = s.open(ctx, b)
		return err
	})
	return f, err
}

// orFetch tries something with a blob, and again with one from the remote
// cache when the blob is gone.
func (s *Store) orFetch(ctx context.Context, b Blob, try func() error) error {
	err := try()
	if errors.Is(err, ErrGone) && s.fetchBlob(ctx, b) {
		err = try()
	}
	if e := ctx.Err(); e != nil && err != nil {
		return e
	}
	return err
}

// open opens a blob of the folder and verifies it.
func (s *Store) open(ctx context.Context, b Blob) (*os.File, error) {
	path := s.blobPath(b.Digest)
	f, err := os.Open(path)
	if err != nil {
		return nil, s.gone(err)
	}
	if err := s.verify(ctx, f, b); err != nil {
		s.dropDamaged(err, path, f)
		f.Close()
		return nil, err
	}
	return f, nil
}

// gone turns any failure to open or read a blob into ErrGone: what cannot be
// read has to be made again.
func (s *Store) gone(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		s.warn(fmt.Sprintf("cache: %v", err))
	}
	return fmt.Errorf("%w: %v", ErrGone, err)
}

// errDamaged is an ErrGone that is about to become true.
var errDamaged = fmt.Errorf("%w: damaged", ErrGone)

// verify checks size and digest of an open blob, and leaves it at its start.
// What was hashed once in this process is known by its inode, size and time.
func (s *Store) verify(ctx context.Context, f *os.File, b Blob) error {
	info, err := f.Stat()
	if err != nil {
		return s.gone(err)
	}
	if info.Size() != b.Size {
		return errDamaged
	}
	id := blobID(f.Name(), info)
	if s.isVerified(id, b.Digest) {
		return nil
	}
	sum, n, err := copyHash(ctx, io.Discard, f)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return s.gone(err)
	case n != b.Size || sum != b.Digest:
		return errDamaged
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return s.gone(err)
	}
	s.markVerified(id, b.Digest)
	return nil
}

// blobID tells a file that nobody writes to any more from others; a new hard link
// changes its ctime.
func blobID(path string, info fs.FileInfo) fileID {
	id := identify(path, info)
	id.ctime = 0
	return id
}

func (s *Store) isVerified(id fileID, d Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.verified[id]
	return ok && known == d
}

func (s *Store) markVerified(id fileID, d Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verified[id] = d
}

// dropDamaged removes a blob that err says is damaged, unless another process
// has put a good one in its place since f was opened.
func (s *Store) dropDamaged(err error, path string, f *os.File) {
	if !errors.Is(err, errDamaged) {
		return
	}
	s.warn(fmt.Sprintf("cache: %s is damaged; it is made again", path))
	bad, err := f.Stat()
	now, e := os.Stat(path)
	if err == nil && e == nil && os.SameFile(bad, now) {
		os.Remove(path)
	}
}

// checkout puts a verified blob at a path.
func (s *Store) checkout(ctx context.Context, b Blob, path string, mode Mode) error {
	return s.orFetch(ctx, b, func() error {
		if mode != Copy {
			if err := s.linkOut(ctx, b, path); err == nil || errors.Is(err, ErrGone) || ctx.Err() != nil {
				return err
			}
		}
		return s.copyOut(ctx, b, path)
	})
}

// linkOut links first and verifies what it has then: the name in the store may
// come to mean another file at any time.
func (s *Store) linkOut(ctx context.Context, b Blob, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	stored := s.blobPath(b.Digest)
	if err := os.Link(stored, path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.verify(ctx, f, b); err != nil {
		os.Remove(path)
		s.dropDamaged(err, stored, f)
		return err
	}
	return nil
}

// copyOut hashes the very bytes that it writes.
func (s *Store) copyOut(ctx context.Context, b Blob, path string) error {
	stored := s.blobPath(b.Digest)
	in, err := os.Open(stored)
	if err != nil {
		return s.gone(err)
	}
	defer in.Close()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	sum, n, err := copyHash(ctx, out, in)
	var read *readError
	switch {
	case errors.As(err, &read):
		err = s.gone(err)
	case err == nil && (n != b.Size || sum != b.Digest):
		err = errDamaged
		s.dropDamaged(err, stored, in)
	case err == nil:
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// Vouch tells the digest of a finished file that was worked out by reading all of it,
// so that [Store.Put] does not read it once more.
func (s *Store) Vouch(path string, sum Digest) {
	if info, err := os.Stat(path); err == nil {
		s.markVerified(blobID(path, info), sum)
	}
}

// vouched is what [Store.Vouch] was told of an open file, if it is still the same.
func (s *Store) vouched(f *os.File) (b Blob, ok bool) {
	info, err := f.Stat()
	if err != nil {
		return b, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sum, ok := s.verified[blobID(f.Name(), info)]
	return Blob{Digest: sum, Size: info.Size()}, ok
}

// add brings a finished file into the folder. A blob that is already there is
// replaced, not kept: the new one is known to be whole.
func (s *Store) add(ctx context.Context, path string, mode Mode) (Blob, error) {
	if mode == Copy {
		return s.addCopy(ctx, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return Blob{}, err
	}
	defer f.Close()
	b, known := s.vouched(f)
	if !known {
		if b.Digest, b.Size, err = copyHash(ctx, io.Discard, f); err != nil {
			return Blob{}, err
		}
	}
	temp, err := s.tempName()
	if err != nil {
		return Blob{}, err
	}
	defer os.Remove(temp)
	os.Remove(temp)
	take := os.Link
	if mode == Move {
		take = os.Rename
	}
	if take(path, temp) != nil { // another file system, or one without links
		b, err := s.addCopy(ctx, path)
		if err == nil && mode == Move {
			os.Remove(path)
		}
		return b, err
	}
	return b, s.finish(f, temp, b)
}

// addCopy brings in a copy of a file.
func (s *Store) addCopy(ctx context.Context, path string) (Blob, error) {
	in, err := os.Open(path)
	if err != nil {
		return Blob{}, err
	}
	defer in.Close()
	out, err := os.CreateTemp(s.newDir(), "blob-*")
	if err != nil {
		return Blob{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	sum, n, err := copyHash(ctx, out, in)
	if err != nil {
		return Blob{}, err
	}
	b := Blob{Digest: sum, Size: n}
	return b, s.finish(out, out.Name(), b)
}

// tempName reserves a name in new/.
func (s *Store) tempName() (string, error) {
	f, err := os.CreateTemp(s.newDir(), "blob-*")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// finish gives a complete file its place as a blob. f is open on it; temp is its
// name in new/. The disk is not waited for: what a power cut leaves half is found
// by its digest and made again, while waiting costs a first build of many stems
// seconds.
func (s *Store) finish(f *os.File, temp string, b Blob) error {
	if err := protect(temp); err != nil {
		return err
	}
	// GC leaves young blobs alone; the file may have been made long ago.
	now := time.Now()
	if err := os.Chtimes(temp, now, now); err != nil {
		return err
	}
	path := s.blobPath(b.Digest)
	if err := rename(temp, path); err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil {
		s.markVerified(blobID(path, info), b.Digest)
	}
	return nil
}

// protect makes a stored file read-only; not on Windows, where such a file
// could not be replaced.
func protect(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return os.Chmod(path, blobMode)
}

// readError marks an error of the source of a copy, not of its destination.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

// copyHash copies until the end and returns the digest and number of bytes
// copied. It looks at ctx for each buffer.
func copyHash(ctx context.Context, dst io.Writer, src io.Reader) (Digest, int64, error) {
	buf := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buf)
	h := sha256.New()
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return Digest{}, total, err
		}
		n, err := src.Read(buf[:])
		h.Write(buf[:n])
		if _, e := dst.Write(buf[:n]); e != nil {
			return Digest{}, total, e
		}
		total += int64(n)
		if err == io.EOF {
			return Digest(h.Sum(nil)), total, nil
		}
		if err != nil {
			return Digest{}, total, &readError{err}
		}
	}
}

var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}
