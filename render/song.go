package render

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lathe-audio/lathe/render/cache"
)

// builder renders the songs of one build.
type builder struct {
	work    *workspace
	store   *cache.Store
	inputs  *cache.Digests
	place   *outputs
	project string // absolute path of the project file: under it actions are remembered
	jobs    int
	event   func(Event)

	sounds   []job      // all that are finished for the project
	together *together  // what belongs together among them
	carriers []*carrier // of the project
	asked    []*carrier // of them

	worth    func(strip string, cost time.Duration, size int64) bool // its place in the cache
	remote   bool                                                    // there is a second cache to ask
	dry      bool                                                    // only finding out what there is to do
	keeping  sync.WaitGroup                                          // results on their way into the store
	mu       sync.Mutex
	matches  []Match // of the songs so far
	rendered int
	cached   int
	chains   []ChainReport // of the songs so far
}

// close gives back what [start] opened.
func (b *builder) close() {
	if b.inputs != nil {
		b.inputs.Save() // losing it costs time only
	}
	if b.store != nil {
		b.store.Close()
	}
	if b.work != nil {
		b.work.close()
	}
}

// newEmitter makes an event function that several goroutines may call.
func newEmitter(f func(Event)) func(Event) {
	var mu sync.Mutex
	return func(e Event) {
		if f == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		f(e)
	}
}

// digest takes the digest of every file; most are remembered.
func (b *builder) digest(ctx context.Context, sources map[string]source) error {
	var stems []*stemSource
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		for _, s := range clips(sources[name]) {
			stems, paths = append(stems, s), append(paths, s.clip.File.Path)
		}
	}
	sums, err := b.inputs.Files(ctx, paths, b.jobs)
	if err != nil {
		return err
	}
	for i, s := range stems {
		s.sum = sums[i]
	}
	return nil
}

func kHz(rate int) string { return fmt.Sprintf("%g kHz", float64(rate)/1000) }

// mixShare is the part of a song's work, for the progress bar, that is mixing
// and mastering; the rest is its deliveries.
const mixShare = 0.6

// progress tells of one more finished delivery.
func (b *builder) progress(song string, done *atomic.Int64, total int) {
	n := done.Add(1)
	b.event(Event{Event: Progress, Song: song, Fraction: mixShare + (1-mixShare)*float64(n)/float64(total)})
}
