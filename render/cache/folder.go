package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Folder is a remote cache in a shared folder, laid out as a [Store]: opening a
// store there (LATHE_CACHE) is how it is trimmed.
type Folder struct{ dir string }

// NewFolder uses an existing folder. It is never made: where a network drive is
// not mounted, a folder of its name would fill the local disk unseen.
func NewFolder(dir string) *Folder { return &Folder{dir: dir} }

// String implements [Remote].
func (f *Folder) String() string { return f.dir }

// reachTime is how long a shared folder may take to show itself. A network
// drive whose server is gone hangs in the system call; the goroutine that is
// stuck there is left behind until it returns.
const reachTime = 3 * time.Second

func (f *Folder) reach(ctx context.Context) error {
	answer := make(chan error, 1)
	go func() {
		info, err := os.Stat(f.dir)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is not a folder", f.dir)
		}
		answer <- err
	}()
	timer := time.NewTimer(reachTime)
	defer timer.Stop()
	select {
	case err := <-answer:
		return err
	case <-timer.C:
		return fmt.Errorf("no answer in %s", reachTime)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get implements [Remote].
func (f *Folder) Get(ctx context.Context, space Space, id [32]byte) (io.ReadCloser, error) {
	if err := f.reach(ctx); err != nil {
		return nil, err
	}
	path := hexPath(f.dir, string(space), id)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err == nil && space == Actions {
		touch(path)
	}
	return file, err
}

// Has implements [Remote].
func (f *Folder) Has(ctx context.Context, space Space, id [32]byte, size int64) (bool, error) {
	if err := f.reach(ctx); err != nil {
		return false, err
	}
	info, err := os.Stat(hexPath(f.dir, string(space), id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() == size, err
}

// Put implements [Remote].
func (f *Folder) Put(ctx context.Context, space Space, id [32]byte, size int64, value io.Reader) error {
	if err := f.reach(ctx); err != nil {
		return err
	}
	err := f.put(ctx, hexPath(f.dir, string(space), id), size, value)
	if errors.Is(err, fs.ErrPermission) {
		return ErrReadOnly
	}
	return err
}

func (f *Folder) put(ctx context.Context, path string, size int64, value io.Reader) error {
	temp := filepath.Join(f.dir, "new")
	if err := os.MkdirAll(temp, 0o777); err != nil {
		return err
	}
	file, err := os.CreateTemp(temp, "blob-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, n, err := copyHash(ctx, file, value)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes of %d", n, size)
	}
	if err == nil {
		err = protect(file.Name()) // and readable for the others of the team
	}
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = rename(file.Name(), path)
	}
	return err
}
