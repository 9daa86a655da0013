package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
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

	worth    func(strip string, cost time.Duration, size int64) bool // its place in the cache
	remote   bool                                                    // there is a second cache to ask
	dry      bool                                                    // only finding out what there is to do
	mu       sync.Mutex
	rendered int
	cached   int
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

// song makes one song's outputs: what is stored already is taken from the
// store, and only what is missing is rendered.
func (b *builder) song(ctx context.Context, jobs []job) ([]staged, error) {
	song := jobs[0].song
	sources, rate, err := b.sources(song)
	if err != nil {
		return nil, err
	}
	if err := b.digest(ctx, sources); err != nil {
		return nil, err
	}
	s, err := b.lay(ctx, song, rate, sources, jobs)
	if err != nil {
		return nil, err
	}
	if err := b.stages(ctx, s); err != nil {
		return nil, err
	}
	return b.deliver(ctx, s)
}

// sources opens the headers of a song's files and settles the session's rate.
func (b *builder) sources(song *spec.Song) (map[string]source, int, error) {
	opened := map[string]*stemSource{}
	offsets := map[string]float64{}
	var order []string
	var faults []error
	open := func(name string, file spec.File, offset float64) {
		s, err := openStem(name, file, offset)
		if err != nil {
			faults = append(faults, err)
			return
		}
		opened[name], offsets[name] = s, offset
		order = append(order, name)
	}
	if song.MixFile != nil {
		open("mix", *song.MixFile, 0)
	}
	for _, s := range song.Stems {
		open(s.Name, s.File, s.Offset)
	}
	if len(faults) > 0 {
		return nil, 0, errors.Join(faults...)
	}
	rate := song.SampleRate
	if rate == 0 {
		rate = commonRate(opened)
	}
	sources := map[string]source{}
	for _, name := range order {
		s := opened[name]
		if s.info.Rate != rate {
			b.event(Event{Event: Warning, Song: song.Title, Pos: s.file.Pos, Message: fmt.Sprintf("stem %q: file %s is at %s: resampled to the session's %s",
				name, s.file.Name, kHz(s.info.Rate), kHz(rate))})
		}
		for _, w := range s.info.Warnings {
			b.event(Event{Event: Warning, Song: song.Title, Pos: s.file.Pos, Message: fmt.Sprintf("stem %q: file %s: %s", name, s.file.Name, w)})
		}
		if err := s.at(rate, offsets[name]); err != nil {
			return nil, 0, err
		}
		sources[name] = s
	}
	return sources, rate, nil
}

// digest takes the digest of every file; most are remembered.
func (b *builder) digest(ctx context.Context, sources map[string]source) error {
	var stems []*stemSource
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if s, ok := sources[name].(*stemSource); ok {
			stems, paths = append(stems, s), append(paths, s.file.Path)
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

// commonRate is the most common rate among the stems; of two equally common
// ones the higher.
func commonRate(stems map[string]*stemSource) int {
	count := map[int]int{}
	best := 0
	for _, s := range stems {
		count[s.info.Rate]++
	}
	for rate, n := range count {
		if n > count[best] || n == count[best] && rate > best {
			best = rate
		}
	}
	return best
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
