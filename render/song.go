package render

import (
	"context"
	"encoding/json"
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

	remote   bool // there is a second cache to ask
	dry      bool // only finding out what there is to do
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

// laid is a song laid out: every output with the stage it starts from.
type laid struct {
	song    *spec.Song
	desk    *desk
	sources map[string]source
	stages  []stage    // one for each job
	main    []*channel // whose end is the song's end: mix and master of the main version
	length  int64      // of the song in frames; 0: known once main is rendered
	stored  map[*channel]*artifact
}

// stage is a job with the sound it starts from.
type stage struct {
	job
	mix      *channel // the version's mixdown
	from     *channel // what is delivered: the mixdown, or its master
	artifact artifact

	finish  cache.Description // of the finished sound, without words and names
	output  Output            // what is known of it, when it is stored
	current string            // its digest with words, when the file in place has it
	wav     string            // the finished sound in the workspace
	seconds float64           // that finishing took
}

// lay describes the graph of every version that is asked for, and finds what
// of it is stored.
func (b *builder) lay(ctx context.Context, song *spec.Song, rate int, sources map[string]source, jobs []job) (*laid, error) {
	s := &laid{song: song, desk: newDesk(song, rate, sources), sources: sources, stored: map[*channel]*artifact{}}
	// The main version says how long the song is, also when only others are
	// asked for: all versions of a song are equally long.
	mix, err := s.desk.mixdown(version{})
	if err != nil {
		return nil, err
	}
	master, err := s.desk.master(mix)
	if err != nil {
		return nil, err
	}
	s.main = []*channel{mix, master}
	for _, j := range jobs {
		mix, err := s.desk.mixdown(j.version)
		if err != nil {
			return nil, err
		}
		from := mix
		if j.delivery.From != "mix" {
			if from, err = s.desk.master(mix); err != nil {
				return nil, err
			}
		}
		s.stages = append(s.stages, stage{job: j, mix: mix, from: from})
	}
	for _, c := range s.desk.known {
		if !c.rounded {
			continue
		}
		if e, ok := b.look(ctx, c.key); ok {
			a := &artifact{key: c.key, rate: rate}
			if json.Unmarshal(e.Meta, &a.stageInfo) == nil {
				s.stored[c] = a
			}
		}
	}
	s.length = s.desk.length
	if s.length == 0 {
		s.length = s.end()
	}
	return s, nil
}

// look finds what is stored of an action, here or in the remote cache.
func (b *builder) look(ctx context.Context, key cache.Key) (cache.Entry, bool) {
	if e, ok := b.store.Peek(key); ok || !b.remote || b.dry {
		return e, ok
	}
	e, ok, err := b.store.Get(ctx, key)
	return e, ok && err == nil
}

// end is the song's length as the main version's stages tell it; 0 when they are
// not there yet.
func (s *laid) end() int64 {
	length := int64(0)
	for _, c := range s.main {
		a := s.stored[c]
		if a == nil {
			return 0
		}
		length = max(length, a.Audible)
	}
	if length == 0 { // silence from end to end: as long as its files
		for _, src := range s.sources {
			length = max(length, src.frames())
		}
	}
	return length
}

// stages sees to it that the sound of every stage that is still needed is on
// disk: what is stored is fetched, the rest is rendered in one pass over the
// stems.
func (b *builder) stages(ctx context.Context, s *laid) error {
	needed := b.unfinished(ctx, s)
	var render []*channel
	for _, c := range needed {
		if !b.fetch(ctx, s, c) {
			render = append(render, c)
		}
	}
	if len(render) > 0 {
		if err := b.render(ctx, s, render); err != nil {
			return err
		}
	}
	if s.length == 0 {
		s.length = s.end()
	}
	for i := range s.stages {
		if a := s.stored[s.stages[i].from]; a != nil {
			a.song = s.length
			s.stages[i].artifact = *a
		}
	}
	return nil
}

// unfinished lists the channels whose sound or length is needed, in the order of
// the project: those of outputs that are not stored, and the main version's
// while nobody knows how long the song is.
func (b *builder) unfinished(ctx context.Context, s *laid) []*channel {
	var list []*channel
	add := func(c *channel) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	if s.length == 0 {
		for _, c := range s.main {
			if s.stored[c] == nil {
				add(c)
			}
		}
	}
	for i := range s.stages {
		if s.length == 0 || !b.finished(ctx, s, &s.stages[i]) {
			if s.stored[s.stages[i].from] == nil { // on the way to the master the mix is kept as well
				add(s.stages[i].mix)
			}
			add(s.stages[i].from)
		}
	}
	return list
}

// fetch brings a stored stage into the workspace, verified. It reports whether
// it is there.
func (b *builder) fetch(ctx context.Context, s *laid, c *channel) bool {
	if a := s.stored[c]; a != nil && a.path != "" {
		return true
	}
	path := b.work.path(c.key.String()[:24] + ".f32")
	e, ok, err := b.store.Restore(ctx, c.key, map[string]string{"audio": path}, cache.Link)
	if err != nil || !ok {
		return false
	}
	a := &artifact{key: c.key, rate: s.desk.rate, path: path}
	if json.Unmarshal(e.Meta, &a.stageInfo) != nil {
		return false
	}
	s.stored[c] = a
	b.count(true)
	return true
}

// count counts an action.
func (b *builder) count(cached bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cached {
		b.cached++
	} else {
		b.rendered++
	}
}

// render makes the stages, all in one pass, and stores them.
func (b *builder) render(ctx context.Context, s *laid, stages []*channel) error {
	s.desk.kept = func(c *channel) *stageSource {
		if slices.Contains(stages, c) || !b.fetch(ctx, s, c) {
			return nil
		}
		return &stageSource{artifact: *s.stored[c]}
	}
	writers := make([]*artifactWriter, len(stages))
	defer func() {
		for _, w := range writers {
			if w != nil {
				w.file.Close()
			}
		}
	}()
	total := int64(0)
	for i, c := range stages {
		n, err := s.desk.make(c)
		if err != nil {
			return err
		}
		if writers[i], err = newArtifactWriter(b.work.path(c.key.String()[:24]+".f32"), n); err != nil {
			return err
		}
		n.sink = writers[i]
		total = max(total, n.end+int64(n.latency))
	}
	action := Event{Event: ActionStarted, Song: s.song.Title, Action: "mix and master", Key: stages[len(stages)-1].key.String()}
	b.event(action)
	began := time.Now()
	err := schedule(ctx, needed(s.desk.order), (total+chunkFrames-1)/chunkFrames, b.jobs, func(done, total int64) {
		b.event(Event{Event: Progress, Song: s.song.Title, Fraction: mixShare * float64(done) / float64(total)})
	})
	if err != nil {
		return err
	}
	if err := b.unchanged(ctx, s); err != nil {
		return err
	}
	action.Event, action.Seconds = ActionDone, time.Since(began).Seconds()
	for i, c := range stages {
		w := writers[i]
		if err := w.close(); err != nil {
			return err
		}
		a := &artifact{stageInfo: w.stageInfo, key: c.key, path: w.file.Name(), rate: s.desk.rate}
		s.stored[c] = a
		c.seconds = action.Seconds
		b.keep(ctx, c.key, cache.Result{Files: map[string]string{"audio": a.path}, Meta: a.stageInfo, Seconds: c.seconds})
		b.count(false)
	}
	b.event(action)
	return nil
}

// keep stores a result. Mixdowns, masters and finished sounds are always worth
// their place: each stands for all the work before it. A full or broken cache is
// no fault of the build.
func (b *builder) keep(ctx context.Context, key cache.Key, r cache.Result) {
	if _, err := b.store.Put(ctx, key, r); err != nil && ctx.Err() == nil {
		b.event(Event{Event: Warning, Message: fmt.Sprintf("not kept in the cache: %v", err)})
	}
}

// unchanged fails when a file is no longer what it was when its digest was
// taken: then nobody knows what was read.
func (b *builder) unchanged(ctx context.Context, s *laid) error {
	for _, src := range s.sources {
		stem, ok := src.(*stemSource)
		if !ok {
			continue
		}
		if sum, _, err := b.inputs.File(ctx, stem.file.Path); err != nil || sum != stem.sum {
			return stemError(stem.name, stem.file, errors.New("changed while it was read: build again when it is finished"))
		}
	}
	return nil
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
