// Package watch tells which of a project's files have changed.
//
// Three layers, each of which may be wrong without harm. Events of the
// operating system (folders.go) only say where it is worth looking; what is
// there is decided by looking at the file (file.go): size and time first, the
// bytes where these leave a doubt. And because events get lost (a full queue, a
// network file system, a folder renamed far above), all files are looked at
// every few seconds anyway, which costs microseconds. Without events this
// look alone, a little faster, is polling.
//
// Folders are watched, never files: an editor that saves by renaming a new
// file over the old one leaves a watch on the old one, which is never heard of
// again.
package watch

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options are the ways of watching. The zero value is right for people.
type Options struct {
	// Debounce is how long nothing must happen before changes count as one
	// batch; 0: 100 ms.
	Debounce time.Duration
	// Settle is the time between looks at a file that may take long to write;
	// three looks must agree. 0: 300 ms.
	Settle time.Duration
	// Poll looks at the files regularly and asks the system for no events.
	Poll bool
	// Interval is the time between looks where there are no events; 0: 500 ms.
	Interval time.Duration
	// Ignore names folders: files below them are not watched.
	Ignore []string
	// Unsettled is called from within Next with the files that have begun to
	// change but are not finished, such as a stem that is still being written:
	// work that uses them is for nothing. It may be called again as there come
	// to be more of them. May be nil.
	Unsettled func(files []string)
}

// ErrClosed is the error of a Watcher after Close.
var ErrClosed = errors.New("the watcher is closed")

const (
	defaultDebounce = 100 * time.Millisecond
	defaultSettle   = 300 * time.Millisecond
	defaultInterval = 500 * time.Millisecond

	// sweepInterval is the time between looks at all files where there are
	// events: how late a change is seen whose event got lost.
	sweepInterval = 2 * time.Second

	// patience ends the wait for a quiet moment: whatever saves every 50 ms
	// must not keep the others waiting for ever.
	patience = 2 * time.Second
)

// Watcher watches a set of files. It is for one goroutine at a time.
type Watcher struct {
	o      Options
	ignore []string
	files  []*file // in the order of Set

	events  *fsnotify.Watcher // nil: polling
	lost    chan struct{}     // events got lost: everything has to be looked at
	folders folders

	// The batch in the making. first is zero where nothing has happened.
	first, last time.Time
	told        int  // files that Unsettled was told
	moved       bool // names have come or gone: which folders to watch may have changed

	swept   time.Time // when all files were last looked at
	sweep   time.Duration
	reading *reading      // idle work
	drained chan struct{} // closed when drain has ended
}

// New makes a watcher of no files yet. Where the system has no events to give
// (too many watchers, say) it polls.
func New(o Options) (*Watcher, error) {
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&o.Debounce, defaultDebounce}, {&o.Settle, defaultSettle}, {&o.Interval, defaultInterval}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	w := &Watcher{o: o, lost: make(chan struct{}, 1), sweep: sweepInterval}
	for _, dir := range o.Ignore {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		w.ignore = append(w.ignore, abs)
	}
	if o.Poll {
		return w, nil
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return w, nil // polling
	}
	w.events, w.drained = events, make(chan struct{})
	go w.drain()
	return w, nil
}

// drain takes fsnotify's errors, of which each means that events may be
// missing. It has to be a goroutine of its own: fsnotify reports some errors
// while it holds the lock that adding a folder waits for.
func (w *Watcher) drain() {
	defer close(w.drained)
	for range w.events.Errors {
		select {
		case w.lost <- struct{}{}:
		default:
		}
	}
}

// Close ends watching and returns everything that the system lent.
func (w *Watcher) Close() error {
	w.stopReading()
	if w.events == nil {
		return nil
	}
	err := w.events.Close()
	<-w.drained
	return err
}

// Polling reports whether files are found changed only by looking at them
// every [Options.Interval]: because it was asked for, or because some of them
// lie where there are no events.
func (w *Watcher) Polling() bool { return w.events == nil || w.folders.blind }

// Set says which files are watched from now on; there need not be a file of
// each name yet. Files that were in the set before stay as they were last
// reported, so no change between two sets is lost. For the others, what is
// there now is what changes are compared with; they are returned.
func (w *Watcher) Set(names []string) (added []string) {
	old := map[string]*file{}
	for _, f := range w.files {
		old[f.path] = f
	}
	w.files = nil
	var fresh []*file
	taken := map[string]bool{}
	for _, name := range names {
		path, err := filepath.Abs(name)
		if err != nil || taken[path] || w.ignored(path) {
			continue
		}
		taken[path] = true
		f := old[path]
		if f == nil {
			f = newFile(path)
			fresh = append(fresh, f)
			added = append(added, name)
		}
		f.name = name
		w.files = append(w.files, f)
	}
	if r := w.reading; r != nil && !slices.Contains(w.files, r.file) {
		w.stopReading()
	}
	w.rewatch()
	for _, f := range fresh { // after its folder is watched: no gap in between
		if !f.remember() {
			w.stir(f, time.Now())
		}
	}
	return added
}

func (w *Watcher) ignored(path string) bool {
	return slices.ContainsFunc(w.ignore, func(dir string) bool {
		rel, err := filepath.Rel(dir, path)
		return err == nil && filepath.IsLocal(rel)
	})
}

// Next waits until files have changed and the changes have settled, and
// returns them. A batch without changes comes only after Unsettled was called:
// the files have become again what they were.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	defer w.stopReading()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var events chan fsnotify.Event // nil, which nothing ever comes from, where there are none
	if w.events != nil {
		events = w.events.Events
	}
	for {
		if err := ctx.Err(); err != nil {
			return Batch{}, err
		}
		if err := w.pending(events); err != nil {
			return Batch{}, err
		}
		now := time.Now()
		if batch, done := w.check(now); done {
			return batch, nil
		}
		timer.Reset(time.Until(w.wake(now)))
		select {
		case <-ctx.Done():
		case e, open := <-events:
			if !open {
				return Batch{}, ErrClosed
			}
			w.event(e, time.Now())
		case <-w.lost:
			w.moved = true
			for _, f := range w.files {
				w.stir(f, time.Now())
			}
		case <-timer.C:
		case <-w.idle(now):
			w.read()
		}
	}
}

// pending takes the events that are there already: a quiet moment is one of the
// files, not one in which this process came late to hear of them.
func (w *Watcher) pending(events <-chan fsnotify.Event) error {
	for range 1000 { // somebody may be faster than this
		select {
		case e, open := <-events:
			if !open {
				return ErrClosed
			}
			w.event(e, time.Now())
		default:
			return nil
		}
	}
	return nil
}

// Batch is what has changed since the batch before.
type Batch struct {
	Changes []Change  // in the order of the set
	Saved   time.Time // when the last of them was made, as near as can be told
}

// Change is one file that is not what it was.
type Change struct {
	File string // as it was named to Set
	What What
}

// What became of a file.
type What string

// The changes.
const (
	Changed What = "changed"
	Created What = "created"
	Removed What = "removed"
)

// event notes which files an event may be about.
func (w *Watcher) event(e fsnotify.Event, now time.Time) {
	files := w.folders.concerned(e.Name)
	if len(files) == 0 {
		return
	}
	w.moved = w.moved || e.Has(fsnotify.Create) || e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
	for _, f := range files {
		if e.Op != fsnotify.Chmod { // which is what touch does
			f.suspect = true
		}
		w.stir(f, now)
	}
}

// stir marks a file to be looked at.
func (w *Watcher) stir(f *file, now time.Time) {
	if w.first.IsZero() {
		w.first = now
	}
	if !f.stirred {
		f.stirred, f.before = true, w.swept
	}
	f.noticed, w.last = now, now
	if r := w.reading; r != nil && r.file == f {
		w.stopReading()
	}
}

// check does what is due at a time; done says that the batch is complete.
func (w *Watcher) check(now time.Time) (batch Batch, done bool) {
	if w.moved {
		w.moved = false
		w.rewatch()
	}
	if !now.Before(w.nextSweep()) {
		w.lookAtAll(now)
	}
	stirred := w.stirred()
	if len(stirred) == 0 {
		w.first = time.Time{}
		return Batch{}, false
	}
	settled := now.Sub(w.last) >= w.o.Debounce || now.Sub(w.first) >= patience
	var unsettled []string
	for _, f := range stirred {
		if f.look(now, w.o.Settle) {
			f.noticed, w.last, settled = now, now, false
		}
		settled = settled && f.settled()
		if f.differs() {
			unsettled = append(unsettled, f.name)
		}
	}
	if settled {
		return w.settle(stirred)
	}
	// Most changes have settled by now; whoever works with these files better
	// hears of those that take longer.
	if now.Sub(w.first) >= w.o.Debounce && len(unsettled) > w.told && w.o.Unsettled != nil {
		w.told = len(unsettled)
		w.o.Unsettled(unsettled)
	}
	return Batch{}, false
}

func (w *Watcher) stirred() []*file {
	var out []*file
	for _, f := range w.files {
		if f.stirred {
			out = append(out, f)
		}
	}
	return out
}

// settle compares files with what was last reported. The batch is not done
// where a file is changing just now.
func (w *Watcher) settle(stirred []*file) (batch Batch, done bool) {
	next := make([]record, len(stirred))
	var is []What
	for i, f := range stirred {
		what, r, ok := f.compare()
		if !ok {
			w.stir(f, time.Now())
			return Batch{}, false
		}
		next[i], is = r, append(is, what)
	}
	for i, f := range stirred {
		f.known, f.stirred, f.suspect, f.looks = next[i], false, false, 0
		if is[i] == "" {
			continue
		}
		batch.Changes = append(batch.Changes, Change{f.name, is[i]})
		// The file's own time is the better one if it can be the time of this change.
		saved := f.noticed
		if t := f.known.modified(); t.After(f.before) && t.Before(saved) {
			saved = t
		}
		if saved.After(batch.Saved) {
			batch.Saved = saved
		}
	}
	done = len(batch.Changes) > 0 || w.told > 0
	w.first, w.told = time.Time{}, 0
	return batch, done
}

// lookAtAll finds what no event has told.
func (w *Watcher) lookAtAll(now time.Time) {
	w.rewatch()
	for _, f := range w.files {
		if f.stirred {
			continue
		}
		switch {
		case !sameStat(f.known.info, stat(f.path)):
			w.stir(f, now)
		case f.known.doubtful() && f.known.old(now):
			f.suspect = true
			w.stir(f, now)
		}
	}
	w.swept = now
}

func (w *Watcher) nextSweep() time.Time {
	if w.Polling() {
		return w.swept.Add(w.o.Interval)
	}
	return w.swept.Add(w.sweep)
}

// wake is when check has something to do again if nothing happens.
func (w *Watcher) wake(now time.Time) time.Time {
	at := w.nextSweep()
	earlier := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	for _, f := range w.stirred() {
		if quiet := w.last.Add(w.o.Debounce); quiet.After(now) {
			earlier(quiet)
		}
		if !f.settled() {
			earlier(f.looked.Add(w.o.Settle))
		}
	}
	return at
}
