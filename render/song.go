package render

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lathe-audio/lathe/spec"
)

// builder renders the songs of one build.
type builder struct {
	work    *workspace
	jobs    int
	event   func(Event)
	actions int
	songs   int // rendered so far: names work files
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

// song renders one song: the mix and the master of every version in one pass
// over the stems, then its deliveries.
func (b *builder) song(ctx context.Context, jobs []job) ([]staged, error) {
	song := jobs[0].song
	b.songs++
	sources, rate, err := b.sources(song)
	if err != nil {
		return nil, err
	}
	stages, err := b.stages(ctx, song, rate, sources, jobs)
	if err != nil {
		return nil, err
	}
	return b.deliver(ctx, song, stages)
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

// stages renders what a song's deliveries start from, all in one pass, and
// returns it for every job.
func (b *builder) stages(ctx context.Context, song *spec.Song, rate int, sources map[string]source, jobs []job) ([]stage, error) {
	d := newDesk(song, rate, sources)
	limit := frames(song.Length, rate)
	writers := map[*node]*artifactWriter{}
	files := map[*node]string{}
	listen := func(n *node, keep bool) error {
		path := files[n]
		if keep && path == "" {
			path = b.work.path(fmt.Sprintf("song%d-%.16s.f32", b.songs, n.digest))
		}
		if w, ok := writers[n]; ok && (w.file != nil || path == "") {
			return nil
		}
		w, err := newArtifactWriter(path, limit)
		writers[n], files[n], n.sink = w, path, w
		return err
	}
	defer func() {
		for _, w := range writers {
			w.close()
		}
	}()

	// The main version says how long the song is, also when only others are
	// asked for: all versions of a song are equally long.
	type pair struct{ mix, master *node }
	made := map[string]pair{}
	build := func(v version) (pair, error) {
		if p, ok := made[v.name]; ok {
			return p, nil
		}
		mix, err := d.mixdown(v)
		if err != nil {
			return pair{}, err
		}
		master, err := d.master(mix)
		made[v.name] = pair{mix, master}
		return pair{mix, master}, err
	}
	var main pair
	if limit == 0 {
		var err error
		if main, err = build(version{}); err != nil {
			return nil, err
		}
		if err := listen(main.mix, false); err != nil {
			return nil, err
		}
		if err := listen(main.master, false); err != nil {
			return nil, err
		}
	}
	from := make([]*node, len(jobs))
	for i, j := range jobs {
		p, err := build(j.version)
		if err != nil {
			return nil, err
		}
		from[i] = p.master
		if j.delivery.From == "mix" {
			from[i] = p.mix
		}
		if err := listen(from[i], true); err != nil {
			return nil, err
		}
	}

	nodes := needed(d.order)
	total := int64(0)
	for _, n := range nodes {
		if n.sink != nil {
			end := n.end
			if limit > 0 {
				end = limit
			}
			total = max(total, end+int64(n.latency))
		}
	}
	action := Event{Event: ActionStarted, Song: song.Title, Action: "mix and master"}
	b.event(action)
	began := time.Now()
	err := schedule(ctx, nodes, (total+chunkFrames-1)/chunkFrames, b.jobs, func(done, total int64) {
		b.event(Event{Event: Progress, Song: song.Title, Fraction: mixShare * float64(done) / float64(total)})
	})
	if err != nil {
		return nil, err
	}
	length := limit
	if limit == 0 {
		length = max(writers[main.mix].audible, writers[main.master].audible)
	}
	if length == 0 { // silence from end to end: as long as its files
		for _, s := range sources {
			length = max(length, s.frames())
		}
	}
	for _, w := range writers {
		if err := w.pad(length); err != nil {
			return nil, err
		}
		if err := w.close(); err != nil {
			return nil, err
		}
	}
	action.Event, action.Seconds = ActionDone, time.Since(began).Seconds()
	b.event(action)
	b.actions++
	stages := make([]stage, len(jobs))
	for i, j := range jobs {
		w := writers[from[i]]
		stages[i] = stage{job: j, artifact: artifact{path: files[from[i]], rate: rate, frames: length, peak: w.peak}}
	}
	return stages, nil
}

// stage is a job with the sound it starts from.
type stage struct {
	job
	artifact artifact
}

// needed drops nodes that lead to no sink: strips that nothing listens to.
func needed(nodes []*node) []*node {
	keep := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if keep[n] {
			return
		}
		keep[n] = true
		for _, in := range n.inputs {
			visit(in.from)
		}
		for _, in := range n.keys {
			if in.from != nil {
				visit(in.from)
			}
		}
	}
	for _, n := range nodes {
		if n.sink != nil {
			visit(n)
		}
	}
	var out []*node
	for _, n := range nodes {
		if !keep[n] {
			continue
		}
		var consumers []*node
		for _, c := range n.consumers {
			if keep[c] {
				consumers = append(consumers, c)
			}
		}
		n.consumers = consumers
		out = append(out, n)
	}
	return out
}

// mixShare is the part of a song's work, for the progress bar, that is mixing
// and mastering; the rest is its deliveries.
const mixShare = 0.6

// meterProgress counts finished deliveries.
func (b *builder) progress(song string, done *atomic.Int64, total int) {
	n := done.Add(1)
	b.event(Event{Event: Progress, Song: song, Fraction: mixShare + (1-mixShare)*float64(n)/float64(total)})
}
