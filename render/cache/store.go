package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a store.
type Options struct {
	// MaxBytes is the size to which the store is trimmed; 0: LATHE_CACHE_SIZE, or
	// else 20 GB, or a tenth of the free disk if that is less.
	MaxBytes int64
	// Remote is asked for what is not here, and gets a copy of what is stored;
	// nil: none. The store closes it when it is an [io.Closer].
	Remote Remote
	// Warn is told, from any goroutine and once each, what went wrong without
	// harm: damaged files, a server that cannot be reached. May be nil.
	Warn func(message string)
}

// Store is a folder of results, shared between processes. Its methods may be
// called from any goroutine.
type Store struct {
	dir      string
	maxBytes func() int64
	remote   *guard // nil: none
	wrote    atomic.Int64

	ctx     context.Context // of uploads; ends with Close
	cancel  context.CancelFunc
	uploads sync.WaitGroup
	slots   chan struct{}

	mu       sync.Mutex
	verified map[fileID]Digest // blobs hashed in this process
	warned   map[string]bool
	warnFunc func(string)
}

// uploadJobs is how many results go to the remote cache at once.
const uploadJobs = 2

// Open opens the store in a folder, making it when it is not there.
func Open(dir string, o Options) (*Store, error) {
	for _, sub := range []string{"ac", "cas", "last", "new"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			return nil, fmt.Errorf("open cache: %w", err)
		}
	}
	// git and backup programs (bford.info/cachedir) shall leave the folder alone.
	for name, text := range map[string]string{
		".gitignore":   "*\n",
		"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Results that lathe can make again; this folder may be deleted.\n",
	} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := writeFile(filepath.Join(dir, "new"), path, []byte(text), false); err != nil {
				return nil, fmt.Errorf("open cache: %w", err)
			}
		}
	}
	s := &Store{dir: dir, warnFunc: o.Warn,
		slots: make(chan struct{}, uploadJobs), verified: map[fileID]Digest{}, warned: map[string]bool{}}
	if err := s.setLimit(o.MaxBytes); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if o.Remote != nil {
		s.remote = newGuard(o.Remote, s.warn)
	}
	return s, nil
}

// Dir is the folder of the store.
func (s *Store) Dir() string { return s.dir }

// Close gives up uploads that are under way (see [Store.Flush]) and, when this
// process stored something, trims the store.
func (s *Store) Close() error {
	s.cancel()
	s.uploads.Wait()
	if s.remote != nil {
		if c, ok := s.remote.Remote.(io.Closer); ok {
			c.Close()
		}
	}
	if s.wrote.Load() == 0 {
		return nil
	}
	_, err := s.GC(context.Background())
	return err
}

// Flush waits until everything stored so far is in the remote cache too, or has
// failed to get there, or ctx ends.
func (s *Store) Flush(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.uploads.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// warn passes a message on, once.
func (s *Store) warn(message string) {
	s.mu.Lock()
	first := !s.warned[message]
	s.warned[message] = true
	s.mu.Unlock()
	if first && s.warnFunc != nil {
		s.warnFunc(message)
	}
}

func (s *Store) entryPath(key Key) string { return hexPath(s.dir, "ac", key) }
func (s *Store) blobPath(d Digest) string { return hexPath(s.dir, "cas", d) }
func (s *Store) newDir() string           { return filepath.Join(s.dir, "new") }

// hexPath spreads files over 256 folders: DIR/SPACE/ab/abcdef….
func hexPath(dir, space string, id [32]byte) string {
	name := Digest(id).String()
	return filepath.Join(dir, space, name[:2], name)
}

// Peek looks an action up in the folder alone, reading no blob and marking no
// use: for plans, and to see that nothing has to be done.
func (s *Store) Peek(key Key) (Entry, bool) {
	e, ok := s.local(key)
	if !ok {
		return Entry{}, false
	}
	for _, b := range e.Files {
		if !s.present(b) {
			return Entry{}, false
		}
	}
	return e, true
}

// Get looks an action up, here and then in the remote cache, from which all
// its files are fetched. On a hit every file of the entry is here with its right
// size; its bytes are verified by [Store.Restore] and [Store.Open]. The only
// error is that of ctx.
func (s *Store) Get(ctx context.Context, key Key) (Entry, bool, error) {
	e, here := s.local(key)
	if !here {
		var ok bool
		if e, ok = s.fetchEntry(ctx, key); !ok {
			return Entry{}, false, ctx.Err()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Files)) {
		if b := e.Files[name]; !s.present(b) && !s.fetchBlob(ctx, b) {
			if err := ctx.Err(); err != nil {
				return Entry{}, false, err
			}
			s.drop(key)
			return Entry{}, false, nil
		}
	}
	if here {
		touch(s.entryPath(key))
	} else if err := s.writeEntry(e); err != nil {
		s.warn(fmt.Sprintf("cache: %v", err)) // a hit nonetheless: the blobs are here
	}
	return e, true, nil
}

// local reads an entry of the folder. A damaged one is removed.
func (s *Store) local(key Key) (Entry, bool) {
	path := s.entryPath(key)
	text, err := os.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.warn(fmt.Sprintf("cache: %v", err))
		}
		return Entry{}, false
	}
	e, err := parseEntry(key, text)
	if err != nil {
		s.warn(fmt.Sprintf("cache: %s: %v; it is made again", path, err))
		os.Remove(path)
		return Entry{}, false
	}
	return e, true
}

// drop forgets an action whose files are not to be had.
func (s *Store) drop(key Key) { os.Remove(s.entryPath(key)) }

// touchEvery is how exactly the last use of an entry is known.
const touchEvery = time.Hour

// touch marks an entry as used. Failing to is no fault: it may be evicted early.
func touch(path string) {
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > touchEvery {
		now := time.Now()
		os.Chtimes(path, now, now)
	}
}

// Result is what an action made.
type Result struct {
	Files       map[string]string // finished files: name within the entry → path
	Mode        Mode              // what becomes of those files
	Meta        any               // measurements and the like, stored as JSON; may be nil
	Description Description       // what the key was made from
	Seconds     float64           // what it cost to make
}

// Put stores the result of an action, here and (in the background, see
// [Store.Flush]) in the remote cache. After an error nothing is stored, which
// costs time in a later build and nothing else.
func (s *Store) Put(ctx context.Context, key Key, r Result) (Entry, error) {
	e := Entry{Key: key, Seconds: r.Seconds, Description: r.Description, Files: map[string]Blob{}}
	if r.Meta != nil {
		meta, err := json.Marshal(r.Meta)
		if err != nil {
			return Entry{}, fmt.Errorf("store result: %w", err)
		}
		e.Meta = meta
	}
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		b, err := s.add(ctx, r.Files[name], r.Mode)
		if err != nil {
			return Entry{}, fmt.Errorf("store result: %w", err)
		}
		e.Files[name] = b
	}
	if err := s.writeEntry(e); err != nil {
		return Entry{}, fmt.Errorf("store result: %w", err)
	}
	s.upload(e)
	return e, nil
}

func (s *Store) writeEntry(e Entry) error {
	text, err := formatEntry(e)
	if err != nil {
		return err
	}
	s.wrote.Add(e.bytes() + int64(len(text)))
	return writeFile(s.newDir(), s.entryPath(e.Key), text, true)
}

// Restore looks an action up and puts those of its files that are named
// (name within the entry → path) at the paths given, replacing what is there.
// Every byte put there has been verified. Anything missing or damaged that the
// remote cache cannot replace makes it a miss, with none of the paths left. An
// error is that of ctx, or of writing to the paths.
func (s *Store) Restore(ctx context.Context, key Key, files map[string]string, mode Mode) (Entry, bool, error) {
	e, ok, err := s.Get(ctx, key)
	if !ok {
		return Entry{}, false, err
	}
	var done []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b, ok := e.Files[name]
		err := error(ErrGone)
		if ok {
			err = s.checkout(ctx, b, files[name], mode)
		}
		if err == nil {
			done = append(done, files[name])
			continue
		}
		for _, path := range done {
			os.Remove(path)
		}
		if errors.Is(err, ErrGone) {
			s.drop(key)
			return Entry{}, false, nil
		}
		return Entry{}, false, fmt.Errorf("restore from cache: %w", err)
	}
	return e, true, nil
}
