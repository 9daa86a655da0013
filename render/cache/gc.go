package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

const (
	// orphanAge is how old an unfinished file, or a blob that no entry names,
	// must be before it goes: until then somebody may be about to name it.
	orphanAge = time.Hour
	// lastAge is how long an action that is not built any more is remembered.
	lastAge = 90 * 24 * time.Hour
	// trimTo is how full the cache is left, so that the next result does not
	// start a trim again.
	trimTo = 0.9
)

// Trimmed says what [Store.GC] removed.
type Trimmed struct {
	Entries int   `json:"entries"`
	Blobs   int   `json:"blobs"`
	Bytes   int64 `json:"bytes"`
	Busy    bool  `json:"busy,omitempty"` // another process was trimming: nothing done here
}

// Stats describes the folder.
type Stats struct {
	Dir      string    `json:"dir"`
	Entries  int       `json:"entries"`
	Blobs    int       `json:"blobs"`
	Bytes    int64     `json:"bytes"` // of all files
	MaxBytes int64     `json:"max_bytes"`
	Oldest   time.Time `json:"oldest,omitzero"` // last use of the entry that goes first
}

// file is a file of the folder.
type file struct {
	id   [32]byte
	path string
	size int64
	time time.Time
}

// list reads the names of one space. What is not named as a stored file is
// not lathe's and is left alone; what vanishes meanwhile is not there.
func (s *Store) list(ctx context.Context, space string) ([]file, error) {
	var all []file
	dirs, err := os.ReadDir(filepath.Join(s.dir, space))
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir := filepath.Join(s.dir, space, d.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, f := range files {
			var id Digest
			info, err := f.Info()
			if err != nil || id.UnmarshalText([]byte(f.Name())) != nil {
				continue
			}
			all = append(all, file{id, filepath.Join(dir, f.Name()), info.Size(), info.ModTime()})
		}
	}
	return all, nil
}

// Stats counts what is in the folder.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	st := Stats{Dir: s.dir, MaxBytes: s.maxBytes()}
	for space, count := range map[string]*int{"ac": &st.Entries, "cas": &st.Blobs, "last": new(int)} {
		files, err := s.list(ctx, space)
		if err != nil {
			return st, fmt.Errorf("read cache: %w", err)
		}
		*count = len(files)
		for _, f := range files {
			st.Bytes += f.size
			if space == "ac" && (st.Oldest.IsZero() || f.time.Before(st.Oldest)) {
				st.Oldest = f.time
			}
		}
	}
	return st, nil
}

// folderBytes is the size of a cache folder, as far as it can be read.
func folderBytes(dir string) (total int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}

// GC removes what nobody can use (damaged entries, entries without their blobs,
// leavings of killed processes) and then, if the folder is over its limit, the
// entries that were not used for longest, until it is 90 % full. One process
// trims at a time; a second one returns at once. Others may read and store
// meanwhile: whoever finds a blob gone has a miss, and an open file stays whole.
func (s *Store) GC(ctx context.Context) (Trimmed, error) {
	lock := flock.New(filepath.Join(s.dir, "gc.lock"))
	if ok, err := lock.TryLock(); err != nil {
		return Trimmed{}, fmt.Errorf("trim cache: %w", err)
	} else if !ok {
		return Trimmed{Busy: true}, nil
	}
	defer lock.Unlock()
	g := collection{store: s}
	if err := g.collect(ctx); err != nil {
		return g.done, fmt.Errorf("trim cache: %w", err)
	}
	return g.done, nil
}

// collection is one run of GC.
type collection struct {
	store   *Store
	entries []usedEntry
	blobs   map[Digest]file
	uses    map[Digest]int // entries that name the blob
	total   int64
	done    Trimmed
}

type usedEntry struct {
	file
	blobs []Digest
}

func (g *collection) collect(ctx context.Context) error {
	g.sweepNew()
	if err := g.sweepLast(ctx); err != nil {
		return err
	}
	if err := g.readEntries(ctx); err != nil {
		return err
	}
	if err := g.readBlobs(ctx); err != nil {
		return err
	}
	g.dropBroken()
	for d, f := range g.blobs {
		if g.uses[d] == 0 && time.Since(f.time) > orphanAge {
			g.removeBlob(d)
		}
	}
	if g.total <= g.store.maxBytes() {
		return nil
	}
	target := int64(trimTo * float64(g.store.maxBytes()))
	slices.SortFunc(g.entries, func(a, b usedEntry) int {
		return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.path, b.path))
	})
	for _, e := range g.entries {
		if err := ctx.Err(); err != nil || g.total <= target {
			return err
		}
		g.evict(e)
	}
	return nil
}

// sweepNew removes what killed processes were writing.
func (g *collection) sweepNew() {
	files, _ := os.ReadDir(g.store.newDir())
	for _, f := range files {
		if info, err := f.Info(); err == nil && time.Since(info.ModTime()) > orphanAge {
			if os.Remove(filepath.Join(g.store.newDir(), f.Name())) == nil {
				g.done.Bytes += info.Size()
			}
		}
	}
}

func (g *collection) sweepLast(ctx context.Context) error {
	files, err := g.store.list(ctx, "last")
	for _, f := range files {
		g.total += f.size
		if time.Since(f.time) > lastAge {
			g.remove(f)
		}
	}
	return err
}

// readEntries reads which blobs are named. Blobs are listed after that, so that
// a result stored meanwhile appears as young blobs without an entry, which stay.
func (g *collection) readEntries(ctx context.Context) error {
	files, err := g.store.list(ctx, "ac")
	if err != nil {
		return err
	}
	g.uses = map[Digest]int{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			continue
		}
		g.total += f.size
		e, err := parseEntry(Key(f.id), text)
		if err != nil {
			if g.remove(f) {
				g.done.Entries++
			}
			continue
		}
		used := usedEntry{file: f}
		for _, name := range slices.Sorted(maps.Keys(e.Files)) {
			d := e.Files[name].Digest
			if !slices.Contains(used.blobs, d) {
				used.blobs = append(used.blobs, d)
				g.uses[d]++
			}
		}
		g.entries = append(g.entries, used)
	}
	return nil
}

func (g *collection) readBlobs(ctx context.Context) error {
	files, err := g.store.list(ctx, "cas")
	g.blobs = map[Digest]file{}
	for _, f := range files {
		g.blobs[f.id] = f
		g.total += f.size
	}
	return err
}

// dropBroken removes entries that miss a blob.
func (g *collection) dropBroken() {
	g.entries = slices.DeleteFunc(g.entries, func(e usedEntry) bool {
		broken := slices.ContainsFunc(e.blobs, func(d Digest) bool { _, ok := g.blobs[d]; return !ok })
		if broken {
			g.forget(e)
		}
		return broken
	})
}

// evict removes an entry and the blobs that nothing else names, unless it was
// used since it was listed.
func (g *collection) evict(e usedEntry) {
	if info, err := os.Stat(e.path); err == nil && !info.ModTime().Equal(e.time) {
		return
	}
	g.forget(e)
	for _, d := range e.blobs {
		if g.uses[d] == 0 {
			g.removeBlob(d)
		}
	}
}

// forget removes the entry alone.
func (g *collection) forget(e usedEntry) {
	if g.remove(e.file) {
		g.done.Entries++
	}
	for _, d := range e.blobs {
		g.uses[d]--
	}
}

func (g *collection) removeBlob(d Digest) {
	f, ok := g.blobs[d]
	if ok && g.remove(f) {
		g.done.Blobs++
	}
	delete(g.blobs, d)
}

func (g *collection) remove(f file) bool {
	err := os.Remove(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.store.warn(fmt.Sprintf("cache: %v", err))
		return false
	}
	g.total -= f.size
	if err != nil { // somebody else did
		return false
	}
	g.done.Bytes += f.size
	return true
}

// Clear removes every result, and all that is remembered of inputs and actions.
// It waits for a trim that is under way.
func (s *Store) Clear(ctx context.Context) (Trimmed, error) {
	lock := flock.New(filepath.Join(s.dir, "gc.lock"))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return Trimmed{}, fmt.Errorf("clear cache: %w", err)
	}
	defer lock.Unlock()
	g := collection{store: s}
	g.sweepNew()
	os.Remove(filepath.Join(s.dir, digestsName))
	for _, space := range []string{"ac", "cas", "last"} { // entries before what they name
		files, err := s.list(ctx, space)
		if err != nil {
			return g.done, fmt.Errorf("clear cache: %w", err)
		}
		for _, f := range files {
			if !g.remove(f) {
				continue
			}
			switch space {
			case "ac":
				g.done.Entries++
			case "cas":
				g.done.Blobs++
			}
		}
	}
	return g.done, nil
}
