package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/measure"
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
	takes   map[takeID]*take // made while their stages were rendered
	pass    [2]float64       // of several passes: between which parts of the rendering this one lies

	toneOf   *tonedSong // its part in the album's tone; nil: none
	measured bool       // its master is needed, to be measured for that
}

// stage is a job with the sound it starts from.
type stage struct {
	job
	laid  *laid
	run   *run  // that it is a part of; nil: it stands by itself
	pool  *pool // that gives it its gain; nil: it has a target of its own
	asked bool  // it is an output that was asked for, not only needed for one

	mix      *channel // the version's mixdown; of a print, the print
	from     *channel // what is delivered: the mixdown, its master, or a print
	master   *channel // the version's, as it is before the delivery or the album does anything to it; nil: there is none
	tone     *toning  // of the album, which it gets; nil: none
	artifact artifact

	finish  cache.Description // of the finished sound, without words and names
	report  measure.Report    // of the file just written
	output  Output            // what is known of it, when it is stored
	current string            // its digest with words, when the file in place has it
	sound   string            // the finished sound in the workspace, without words
	session int               // Hz, the rate that the song is mixed at
	coder   *coder            // of a lossy delivery; else nil
	coding  *Coding           // how the file just written was encoded
	history []Coded           // every encoding so far
	seconds float64           // that finishing took
	blocks  []float64         // energies of its gating blocks, of the finished sound
	miss    *Miss
	made    bool // in this build
	told    bool // that it is there
}

// lay describes the graph of every version that is asked for, and finds what
// of it is stored.
func (b *builder) lay(ctx context.Context, song *spec.Song, number, rate int, sources map[string]source, jobs []job) (*laid, error) {
	s := &laid{song: song, desk: newDesk(song, rate, sources), sources: sources, stored: map[*channel]*artifact{}, takes: map[takeID]*take{}}
	s.desk.worth = b.worth
	s.desk.number = number
	s.desk.files.digest = func(path string) (cache.Digest, error) {
		sum, _, err := b.inputs.File(ctx, path)
		return sum, err
	}
	// The main version says how long the song is, also when only others are
	// asked for: all versions of a song are equally long.
	mix, err := s.desk.mixdown(version{})
	if err != nil {
		return nil, err
	}
	mix, master, err := s.desk.mastered(version{}, mix)
	if err != nil {
		return nil, err
	}
	s.main = []*channel{mix, master}
	if jobs, err = b.aimed(ctx, s, jobs); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if j.print != nil {
			part, from, err := s.desk.print(j)
			if err != nil {
				return nil, err
			}
			s.stages = append(s.stages, stage{job: j, mix: part, from: from, session: rate})
			continue
		}
		mix, err := s.desk.mixdown(j.version)
		if err != nil {
			return nil, err
		}
		from := mix
		var master *channel
		if j.delivery.From != "mix" {
			if mix, master, err = s.desk.mastered(j.version, mix); err != nil {
				return nil, err
			}
			from = master
		}
		if from, err = s.desk.monoBass(j.delivery, from); err != nil {
			return nil, err
		}
		s.stages = append(s.stages, stage{job: j, mix: mix, from: from, master: master, session: rate})
	}
	for i := range s.stages {
		st := &s.stages[i]
		if st.coder, err = coderOf(ctx, st.delivery, rate); err != nil {
			return nil, err
		}
	}
	s.length = s.desk.length
	if s.length == 0 {
		s.length = b.end(ctx, s)
	}
	return s, nil
}

// stored returns what is stored of a channel's sound, or nil. It is looked for
// once, when somebody asks first: most strips of a song are never asked for.
func (b *builder) stored(ctx context.Context, s *laid, c *channel) *artifact {
	if a, known := s.stored[c]; known || !s.desk.keeps(c) {
		return a
	}
	s.stored[c] = nil
	e, ok := b.look(ctx, c.key)
	if _, withPre := e.Files[pre.String()]; !ok || c.wantPre && !withPre {
		return nil
	}
	a := &artifact{rate: s.desk.rate}
	if json.Unmarshal(e.Meta, &a.stageInfo) != nil {
		return nil
	}
	s.stored[c] = a
	return a
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
func (b *builder) end(ctx context.Context, s *laid) int64 {
	length := int64(0)
	for _, c := range s.main {
		a := b.stored(ctx, s, c)
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
	needed, err := b.unfinished(ctx, s)
	if err != nil {
		return err
	}
	var render []*channel
	for _, c := range needed {
		if !b.fetch(ctx, s, c) {
			render = append(render, c)
		}
	}
	analysers := map[takeID]*analyser{}
	defer func() {
		for _, a := range analysers {
			a.Close()
		}
	}()
	if len(render) > 0 {
		if err := b.passes(ctx, s, render, analysers); err != nil {
			return err
		}
	}
	if s.length == 0 {
		s.length = b.end(ctx, s)
	}
	for i := range s.stages {
		if a := s.stored[s.stages[i].from]; a != nil {
			a.song = s.length
			s.stages[i].artifact = *a
		}
	}
	s.desk.clear() // all that is needed lies on disk; the songs of an album are laid out at once
	for id, a := range analysers {
		if s.takes[id], err = a.finish(*s.stored[id.stage]); err != nil {
			return err
		}
	}
	return nil
}

// unfinished lists the channels whose sound or length is needed, in the order of
// the project: those of outputs that are not stored, and the main version's
// while nobody knows how long the song is.
func (b *builder) unfinished(ctx context.Context, s *laid) ([]*channel, error) {
	var list []*channel
	add := func(c *channel) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	if s.length == 0 {
		for _, c := range s.main {
			if b.stored(ctx, s, c) == nil {
				add(c)
			}
		}
	}
	if s.measured {
		if b.stored(ctx, s, s.main[1]) == nil {
			add(s.main[0])
		}
		add(s.main[1])
	}
	for i := range s.stages {
		wanted := s.length == 0
		if !wanted {
			var err error
			if wanted, err = b.wanted(ctx, &s.stages[i]); err != nil {
				return nil, err
			}
		}
		if wanted {
			if b.stored(ctx, s, s.stages[i].from) == nil { // on the way to the master the mix is kept as well
				add(s.stages[i].mix)
			}
			add(s.stages[i].from)
		}
	}
	return list, nil
}

// fetch brings a stored stage into the workspace, verified. It reports whether
// it is there.
func (b *builder) fetch(ctx context.Context, s *laid, c *channel) bool {
	a := b.stored(ctx, s, c)
	if a == nil || a.path != "" {
		return a != nil
	}
	if !b.restore(ctx, c, a) {
		s.stored[c] = nil
		return false
	}
	return true
}

// restore does the work of fetch: a is what is known of the channel's sound.
func (b *builder) restore(ctx context.Context, c *channel, a *artifact) bool {
	files := map[string]string{post.String(): b.stagePath(c, post)}
	if c.wantPre {
		files[pre.String()] = b.stagePath(c, pre)
	}
	if _, ok, err := b.store.Restore(ctx, c.key, files, cache.Link); err != nil || !ok {
		return false
	}
	a.path, a.pre = files[post.String()], files[pre.String()]
	b.count(true)
	return true
}

// prefetch fetches what is stored of all that stages are made from, several at a
// time: they are long, and every byte is verified.
func (b *builder) prefetch(ctx context.Context, s *laid, stages []*channel) {
	var group errgroup.Group
	group.SetLimit(b.jobs)
	seen, gone := map[*channel]bool{}, make(chan *channel, len(s.desk.known))
	var visit func(c *channel)
	visit = func(c *channel) {
		if seen[c] {
			return
		}
		seen[c] = true
		if a := b.stored(ctx, s, c); a != nil && !slices.Contains(stages, c) {
			if a.path == "" {
				group.Go(func() error {
					if !b.restore(ctx, c, a) {
						gone <- c
					}
					return nil
				})
			}
			return
		}
		for _, from := range c.before() {
			visit(from)
		}
	}
	for _, c := range stages {
		visit(c)
	}
	group.Wait()
	close(gone)
	for c := range gone {
		s.stored[c] = nil
	}
}

// stagePath is where a stage's sound lies in the workspace.
func (b *builder) stagePath(c *channel, p port) string {
	return b.work.path(fmt.Sprintf("%d-%.24s.%s.f32", c.song, c.key, p))
}

// takePath is where a resampled take lies in the workspace.
func (b *builder) takePath(id takeID) string {
	phase := ""
	if id.minimum {
		phase = "-minimum"
	}
	return b.work.path(fmt.Sprintf("%d-%.24s-%d%s.f32", id.stage.song, id.stage.key, id.rate, phase))
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

// render makes the stages, all in one pass, with the strips that lead to them,
// and stores what is worth it. The takes of outputs are made on the way.
func (b *builder) render(ctx context.Context, s *laid, stages []*channel, analysers map[takeID]*analyser) error {
	s.desk.kept = func(c *channel) *stageSource {
		if slices.Contains(stages, c) || !b.fetch(ctx, s, c) {
			return nil
		}
		return &stageSource{artifact: *s.stored[c]}
	}
	b.prefetch(ctx, s, stages)
	total := int64(0)
	for _, c := range stages {
		n, err := s.desk.make(c)
		if err != nil {
			return err
		}
		total = max(total, n.end+int64(n.latency))
	}
	var keepers []*keeper
	defer func() {
		for _, k := range keepers {
			k.Close()
		}
	}()
	for _, c := range s.desk.made {
		if !s.desk.keeps(c) {
			continue
		}
		k, err := b.newKeeper(c)
		if err != nil {
			return err
		}
		if c.name == "master" {
			k.meters = s.desk.meterChain(c)
		}
		keepers = append(keepers, k)
	}
	nodes := s.desk.order
	for i := range s.stages {
		st := &s.stages[i]
		id := st.takeID(s.desk.rate)
		if analysers[id] != nil || !slices.Contains(stages, st.from) || !st.levelled(s.desk.rate) || st.toneUnknown() {
			continue
		}
		a, n, err := newAnalyser(st.from.node, s.desk.rate, id, b.takePath(id))
		if err != nil {
			return err
		}
		analysers[id] = a
		nodes = append(nodes, n)
	}
	for _, k := range keepers {
		b.event(Event{Event: ActionStarted, Song: s.song.Title, Action: k.channel.action(), Key: k.channel.key.String()})
	}
	err := schedule(ctx, needed(nodes), (total+chunkFrames-1)/chunkFrames, b.jobs, func(done, total int64) {
		b.event(Event{Event: Progress, Song: s.song.Title, Fraction: mixShare * s.through(done, total)})
	})
	if err == nil {
		err = b.unchanged(ctx, s)
	}
	if err != nil {
		return err
	}
	for _, k := range keepers {
		if s.stored[k.channel], err = k.finish(ctx, b, s.desk.rate, s.heard(k)); err != nil {
			return err
		}
		b.count(false)
		b.event(Event{Event: ActionDone, Song: s.song.Title, Action: k.channel.action(), Key: k.channel.key.String(), Seconds: k.channel.seconds})
	}
	return nil
}

// heard is how many frames of a master are heard: to where the project ends the
// song, or to where it has died away, and the mix it was made of.
func (s *laid) heard(k *keeper) int64 {
	if s.desk.length > 0 || len(k.meters) == 0 {
		return s.desk.length
	}
	frames := k.files[post].Audible
	if mix := s.stored[k.meters[0].channel]; mix != nil {
		frames = max(frames, mix.Audible)
	}
	return frames
}

// keep stores a result, beside the work that goes on with it: nobody may write
// to its files any more. A full or broken cache is no fault of the build.
func (b *builder) keep(ctx context.Context, key cache.Key, r cache.Result) {
	ctx = context.WithoutCancel(ctx) // a group's ends with its work, and a result may be on its way still
	b.keeping.Go(func() {
		if _, err := b.store.Put(ctx, key, r); err != nil {
			b.event(Event{Event: Warning, Message: fmt.Sprintf("not kept in the cache: %v", err)})
		}
	})
}

// unchanged fails when a file is no longer what it was when its digest was
// taken: then nobody knows what was read.
func (b *builder) unchanged(ctx context.Context, s *laid) error {
	for _, src := range s.sources {
		for _, stem := range clips(src) {
			if sum, _, err := b.inputs.File(ctx, stem.clip.File.Path); err != nil || sum != stem.sum {
				return stemError(stem.name, stem.clip.File, errors.New("changed while it was read: build again when it is finished"))
			}
		}
	}
	return s.desk.files.unchanged()
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
		for _, list := range n.edges() {
			for _, in := range list {
				if in.from != nil {
					visit(in.from)
				}
			}
		}
	}
	for _, n := range nodes {
		if n.sinks != [2]sink{} {
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
