package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

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
