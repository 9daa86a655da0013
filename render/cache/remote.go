package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Space is one of the two kinds of things in a cache.
type Space string

// The two spaces, as the protocol of Bazel's HTTP cache names them.
const (
	Actions Space = "ac"  // entries, by key
	Content Space = "cas" // blobs, by digest
)

// Remote is a cache for a team or for CI. The store asks it for what is not on
// this machine, and copies to it what is made here. It need not be trusted to be
// whole, only to be honest: everything from it is verified by digest, but an
// entry that someone made up under a key is believed.
//
// Methods are called from several goroutines.
type Remote interface {
	// Get opens a value; [ErrNotFound] when there is none.
	Get(ctx context.Context, space Space, id [32]byte) (io.ReadCloser, error)
	// Has tells whether there is a value of that size.
	Has(ctx context.Context, space Space, id [32]byte, size int64) (bool, error)
	// Put stores a value of that size, whole or not at all. [ErrReadOnly] when
	// that is not allowed.
	Put(ctx context.Context, space Space, id [32]byte, size int64, value io.Reader) error
	// String names the cache in messages, without passwords.
	String() string
}

// What a [Remote] may answer.
var (
	ErrNotFound = errors.New("not in the remote cache")
	ErrReadOnly = errors.New("the remote cache does not let this user store")
)

// ParseRemote makes a remote cache from what the user wrote: http:// or
// https:// for a server (user:password@ in it for basic authentication), anything
// else for a shared folder.
func ParseRemote(text string) (Remote, error) {
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		return NewHTTP(text, http.Header{})
	}
	if strings.Contains(text, "://") {
		return nil, fmt.Errorf("remote cache %s: give a folder, or a server as http:// or https://", text)
	}
	return NewFolder(text), nil
}

// Times and rates with a remote cache. They are short: what is not fetched is
// made, which always works.
const (
	retryAfter  = time.Minute      // how long a cache that failed is left alone
	answerTime  = 10 * time.Second // for a value, besides its bytes
	slowestRate = 1e6              // bytes/s below which making it again is better
)

// guard stands before a remote cache: it bounds every request in time, turns
// failures into misses, leaves a failing cache alone for a while (a circuit
// breaker), and tells the user once.
type guard struct {
	Remote
	warn func(string)

	mu       sync.Mutex
	down     time.Time // not to be asked before
	told     bool
	readOnly bool
	damaged  map[[32]byte]bool // values that arrived damaged, to be replaced
}

func newGuard(r Remote, warn func(string)) *guard {
	return &guard{Remote: r, warn: warn, damaged: map[[32]byte]bool{}}
}

func (g *guard) usable() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Now().After(g.down)
}

// failed leaves the cache alone for a while. Only the first failure is told: a
// server that comes and goes is still one piece of news.
func (g *guard) failed(err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("too slow")
	}
	g.mu.Lock()
	g.down = time.Now().Add(retryAfter)
	first := !g.told
	g.told = true
	g.mu.Unlock()
	if first {
		g.warn(fmt.Sprintf("remote cache %s: %v; building without it", g, err))
	}
}

func (g *guard) timeout(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, answerTime+time.Duration(float64(size)/slowestRate*float64(time.Second)))
}

// fetch copies a value to w, and returns its digest and size. It stops beyond
// limit bytes. found is false after any failure of the cache; err is only that of
// writing to w, or of ctx.
func (g *guard) fetch(ctx context.Context, space Space, id [32]byte, w io.Writer, limit int64) (sum Digest, n int64, found bool, err error) {
	if !g.usable() {
		return sum, 0, false, nil
	}
	expected := limit
	if space == Actions { // its limit is far above what any has
		expected = 0
	}
	limited, cancel := g.timeout(ctx, expected)
	defer cancel()
	body, err := g.Get(limited, space, id)
	if err == nil {
		sum, n, err = copyHash(limited, w, io.LimitReader(body, limit+1))
		body.Close()
		var read *readError
		if err != nil && limited.Err() == nil && !errors.As(err, &read) {
			return sum, n, false, err
		}
	}
	switch {
	case err == nil:
		return sum, n, true, nil
	case ctx.Err() != nil:
		return sum, n, false, ctx.Err()
	case !errors.Is(err, ErrNotFound):
		g.failed(err)
	}
	return sum, n, false, nil
}

// store copies a value to the cache, and reports whether it is there now.
func (g *guard) store(ctx context.Context, space Space, id [32]byte, size int64, open func() (io.ReadCloser, error)) bool {
	g.mu.Lock()
	skip, replace := g.readOnly, g.damaged[id]
	g.mu.Unlock()
	if skip || !g.usable() {
		return false
	}
	limited, cancel := g.timeout(ctx, size)
	defer cancel()
	err := g.put(limited, space, id, size, replace, open)
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil, errors.Is(err, ErrGone): // evicted here before its turn
	case errors.Is(err, ErrReadOnly):
		g.mu.Lock()
		g.readOnly = true // no news: a cache that CI fills and others read is usual
		g.mu.Unlock()
	default:
		g.failed(err)
	}
	return false
}

func (g *guard) put(ctx context.Context, space Space, id [32]byte, size int64, replace bool, open func() (io.ReadCloser, error)) error {
	if space == Content && !replace {
		if has, err := g.Has(ctx, space, id, size); has || err != nil {
			return err
		}
	}
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	return g.Put(ctx, space, id, size, r)
}

// arrivedDamaged notes a value that is not what its name says: the next result
// of that name replaces it.
func (g *guard) arrivedDamaged(space Space, id [32]byte, why error) {
	g.mu.Lock()
	g.damaged[id] = true
	g.mu.Unlock()
	g.warn(fmt.Sprintf("remote cache %s: %s/%s is damaged (%v); it is made again", g, space, Digest(id), why))
}

// fetchEntry asks the remote cache for an entry.
func (s *Store) fetchEntry(ctx context.Context, key Key) (Entry, bool) {
	if s.remote == nil {
		return Entry{}, false
	}
	var text bytes.Buffer
	_, _, found, err := s.remote.fetch(ctx, Actions, key, &text, maxEntry)
	if err != nil || !found {
		return Entry{}, false
	}
	e, err := parseEntry(key, text.Bytes())
	if err != nil {
		s.remote.arrivedDamaged(Actions, key, err)
		return Entry{}, false
	}
	return e, true
}

// fetchBlob brings a blob from the remote cache into the folder, and reports
// whether it is there now.
func (s *Store) fetchBlob(ctx context.Context, b Blob) bool {
	if s.remote == nil || ctx.Err() != nil {
		return false
	}
	f, err := os.CreateTemp(s.newDir(), "blob-*")
	if err != nil {
		s.warn(fmt.Sprintf("cache: %v", err))
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	sum, n, found, err := s.remote.fetch(ctx, Content, b.Digest, f, b.Size)
	switch {
	case err == nil && !found:
		return false
	case err == nil && (sum != b.Digest || n != b.Size):
		s.remote.arrivedDamaged(Content, b.Digest, errors.New("another digest"))
		return false
	case err == nil:
		s.wrote.Add(n)
		err = s.finish(f, f.Name(), b)
	}
	if err != nil && ctx.Err() == nil {
		s.warn(fmt.Sprintf("cache: %v", err))
	}
	return err == nil
}

// upload copies a result to the remote cache in the background: blobs first.
func (s *Store) upload(e Entry) {
	if s.remote == nil {
		return
	}
	s.uploads.Go(func() {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-s.ctx.Done():
			return
		}
		for _, b := range e.Files {
			if !s.remote.store(s.ctx, Content, b.Digest, b.Size, func() (io.ReadCloser, error) { return s.open(s.ctx, b) }) {
				return
			}
		}
		text, err := formatEntry(e)
		if err != nil {
			return
		}
		s.remote.store(s.ctx, Actions, e.Key, int64(len(text)), func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text)), nil
		})
	})
}
