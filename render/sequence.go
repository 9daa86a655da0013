package render

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/disc"
	"github.com/lathe-audio/lathe/spec"
)

// run is what sounds without a break in one version of one delivery: songs joined
// by crossfades or by no gap, or one song that the sequence cuts or fades. It is
// levelled, limited and dithered as one programme; the files of its songs are cut
// from that at the marks where the next song begins. A song that stands by itself
// and is whole is no run.
type run struct {
	jobs   []job
	stages []*stage // in order, once they are laid out

	parts []segment // once the length of every song is known
	rate  int
}

// segment is a song in a run. Frames are counted at the delivery's rate.
type segment struct {
	from, to        int64 // what is heard of the song
	at              int64 // where that begins in the run
	mark, end       int64 // of the song's file in the run
	fadeIn, fadeOut fade
}

// length is how long a part sounds.
func (p segment) length() int64 { return p.to - p.from }

// sector is a CD's frame in samples: songs begin at a multiple of it.
const sector = 588

// sequences reports whether the sequence has a say in how an output sounds: it is
// about mastered songs. A mix, or its parts, is handed over as it is.
func (j job) sequences() bool {
	return j.entry != nil && j.print == nil && j.delivery.From == "master"
}

// findRuns finds the runs among all outputs of an album. warn is told of songs that
// are to follow another one that is not there.
func findRuns(all []job, warn func(spec.Pos, string)) ([]*run, error) {
	var runs []*run
	for _, set := range bySet(all) {
		var open *run
		for i, j := range set {
			joined := j.entry.Joined()
			follows := joined && i > 0 && set[i-1].number == j.number-1
			if joined && !follows {
				warn(j.entry.Pos, fmt.Sprintf("%s: %s follows a song without a break that is not delivered so: it stands by itself there", j.delivery.Name, j.what()))
			}
			if !follows {
				open = &run{}
				runs = append(runs, open)
			}
			open.jobs = append(open.jobs, j)
		}
	}
	runs = slices.DeleteFunc(runs, func(r *run) bool { return len(r.jobs) == 1 && !r.jobs[0].entry.Edited() })
	for _, r := range runs {
		if err := r.fits(); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// bySet groups the outputs that the sequence is about by delivery and version.
func bySet(all []job) [][]job {
	type set struct{ delivery, version string }
	at := map[set]int{}
	var sets [][]job
	for _, j := range all {
		if !j.sequences() {
			continue
		}
		k := set{j.delivery.Name, j.version.name}
		n, known := at[k]
		if !known {
			n = len(sets)
			at[k] = n
			sets = append(sets, nil)
		}
		sets[n] = append(sets[n], j)
	}
	return sets
}

// fits refuses songs that cannot be one programme.
func (r *run) fits() error {
	first := r.jobs[0].delivery
	if len(r.jobs) == 1 {
		return nil
	}
	if first.Head > 0 || first.Tail > 0 {
		return &InputError{Pos: first.Pos, Message: fmt.Sprintf("delivery %q: head and tail would lie between songs that follow without a break", first.Name)}
	}
	for _, j := range r.jobs[1:] {
		if !alike(first, j.delivery) || limiterOf(first.Limiter) != limiterOf(j.delivery.Limiter) {
			return &InputError{Pos: j.delivery.Pos, Message: fmt.Sprintf("%s follows %s without a break, and delivery %q is not the same for both: write deliver into the album",
				j.what(), r.jobs[0].what(), first.Name)}
		}
	}
	return nil
}

// alike reports whether two songs' deliveries ask for the same but for the limit of
// reduction, which is their masters'.
func alike(a, b *spec.Delivery) bool {
	same := func(x, y *float64) bool { return (x == nil) == (y == nil) && (x == nil || *x == *y) }
	return a.LoudnessMode == b.LoudnessMode && a.SampleRate == b.SampleRate && a.MaxSampleRate == b.MaxSampleRate && a.Resample == b.Resample && same(a.Peak, b.Peak) && a.MonoBelow == b.MonoBelow && a.BitDepth == b.BitDepth && a.Float == b.Float && a.Format == b.Format && a.Dither == b.Dither &&
		a.Tolerance == b.Tolerance && a.Head == b.Head && a.Tail == b.Tail && same(a.Loudness, b.Loudness) && same(a.Ceiling, b.Ceiling)
}

// known reports whether the length of every song of a run is known, and lays the
// songs out in it then.
func (r *run) known() (bool, error) {
	if r.parts != nil {
		return true, nil
	}
	for _, st := range r.stages {
		if st.laid.length == 0 {
			return false, nil
		}
	}
	return true, r.lay()
}

// lay puts the songs into the run.
func (r *run) lay() error {
	r.rate = r.stages[0].takeID(r.stages[0].laid.desk.rate).rate
	var parts []segment
	for i, st := range r.stages {
		rate := st.takeID(st.laid.desk.rate).rate
		if rate != r.rate {
			return st.fault("follows %s without a break, and is at %s where that is at %s: write sample_rate into delivery %q", r.jobs[0].what(), kHz(rate), kHz(r.rate), st.delivery.Name)
		}
		e := st.entry
		length := st.takeFrames()
		p := segment{from: frames(e.Start, rate), to: length, fadeIn: newFade(e.FadeIn, rate), fadeOut: newFade(e.FadeOut, rate)}
		if e.End > 0 {
			p.to = min(frames(e.End, rate), length)
			if frames(e.End, rate)-length > int64(rate)/1000 { // an end that was read off a display is rounded
				return st.fault("end, %s, lies beyond the end of the song, which is %s long", spec.FormatClock(e.End), r.clock(length))
			}
		}
		if p.length() <= 0 {
			return st.fault("nothing is left of it from %s on: it is %s long", spec.FormatClock(e.Start), r.clock(length))
		}
		if i > 0 {
			last := &parts[i-1]
			cross := newFade(e.Crossfade, rate)
			if cross.frames > 0 {
				last.fadeOut, p.fadeIn = cross, cross
			}
			p.at = last.at + last.length() - cross.frames
			p.mark = r.aligned(p.at)
			last.end = p.mark
		}
		p.end = p.at + p.length()
		parts = append(parts, p)
	}
	for i, p := range parts {
		if fades := p.fadeIn.frames + p.fadeOut.frames; fades > p.length() {
			return r.stages[i].fault("its fades and crossfades take %s, and it is %s long", r.clock(fades), r.clock(p.length()))
		}
		if p.end <= p.mark {
			return r.stages[i].fault("nothing of it is left before the next song begins")
		}
	}
	r.parts = parts
	return nil
}

// aligned is where a song's file begins that begins at a frame: on a CD at a
// multiple of its sectors, before rather than after, so that nothing is cut off.
func (r *run) aligned(at int64) int64 {
	if len(r.jobs[0].delivery.Images) > 0 {
		return at - at%sector
	}
	return at
}

func (r *run) clock(frames int64) string {
	return spec.FormatClock(float64(frames) / float64(r.rate))
}

// fault is an error of an entry of the sequence.
func (s *stage) fault(format string, args ...any) error {
	return &InputError{Pos: s.entry.Pos, Message: fmt.Sprintf("song %d, %q: ", s.number, s.song.Title) + fmt.Sprintf(format, args...)}
}

// missed reports whether a song of the run has missed its target.
func (r *run) missed() bool {
	return slices.ContainsFunc(r.stages, func(st *stage) bool { return st.miss != nil })
}

// index is the place of a stage in its run.
func (r *run) index(st *stage) int { return slices.Index(r.stages, st) }

// describe says what the sound of one of a run's songs depends on: on the whole
// run, since there is one limiter, and on its place in it.
func (r *run) describe(st *stage) cache.Description {
	t := cache.Describe(EngineVersion, "finish in a run")
	for i, s := range r.stages {
		what := songOf(i)
		t.AddInput(what+s.from.name, s.from.key)
		t.Add(what+"frames", fmt.Sprint(s.laid.length))
		p := r.parts[i]
		t.Add(what+"is heard", fmt.Sprintf("from frame %d to %d", p.from, p.to))
		t.Add(what+"begins", fmt.Sprintf("at frame %d", p.at))
		t.Add(what+"file", fmt.Sprintf("from frame %d to %d", p.mark, p.end))
		if p.fadeIn.frames > 0 {
			t.Add(what+"fade in", p.fadeIn.String())
		}
		if p.fadeOut.frames > 0 {
			t.Add(what+"fade out", p.fadeOut.String())
		}
		if s.pool == nil {
			t.Add(what+"trim", fmt.Sprint(s.trim))
		} else {
			t.Add(what+"gain of the album, and trim", gainText(s.pool.gain(s)))
		}
		t.Add(what+"max_reduction", fmt.Sprint(s.delivery.MaxReduction))
	}
	st.describeLimiter(&t)
	st.describeFormat(&t)
	if st.pool == nil {
		t.Add("loudness", optional(st.delivery.Loudness))
		t.Add("tolerance", fmt.Sprint(st.delivery.Tolerance))
	}
	t.Add("ceiling", optional(st.delivery.Ceiling))
	st.describeFigures(&t)
	t.Add("the file's song", fmt.Sprint(r.index(st)+1))
	return t
}

// songOf begins the names of fields that are about one of several songs.
func songOf(i int) string { return fmt.Sprintf("song %d: ", i+1) }

// together is what all outputs of an album have to do with each other.
type together struct {
	runs  []*run
	pools []*pool
	tone  *toning // nil: none
}

// gather finds what belongs together among all outputs of a project. warn is told what
// of the sequence cannot be.
func gather(p *spec.Project, all []job, warn func(spec.Pos, string)) (*together, error) {
	t := &together{tone: newToning(p)}
	var err error
	if t.runs, err = findRuns(all, warn); err != nil {
		return nil, err
	}
	t.pools, err = findPools(p, all)
	return t, err
}

// with lists the outputs that have to be made for those that are asked for to be
// right: a run is made whole, and the level of an album needs all of its songs.
func (t *together) with(jobs, all []job) []job {
	need := map[string]bool{}
	for _, j := range jobs {
		need[j.path] = true
	}
	var groups [][]job
	for _, r := range t.runs {
		groups = append(groups, r.jobs)
	}
	for _, p := range t.pools {
		groups = append(groups, p.jobs)
	}
	groups = append(groups, tellAlbum(all)...)
	for grown := true; grown; {
		grown = false
		for _, g := range groups {
			missing := func(j job) bool { return !need[j.path] }
			if slices.ContainsFunc(g, missing) && !slices.ContainsFunc(g, func(j job) bool { return need[j.path] }) || !slices.ContainsFunc(g, missing) {
				continue
			}
			for _, j := range g {
				need[j.path] = true
			}
			grown = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(j job) bool { return !need[j.path] })
}

// tellAlbum groups the outputs whose files say how loud the album is, by delivery and
// version.
func tellAlbum(all []job) [][]job {
	type set struct{ delivery, version string }
	groups := map[set][]job{}
	var order []set
	for _, j := range all {
		if !j.tellsAlbum() {
			continue
		}
		k := set{j.delivery.Name, j.version.name}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], j)
	}
	var out [][]job
	for _, k := range order {
		out = append(out, groups[k])
	}
	return out
}

// release is a whole project, laid out.
type release struct {
	*together
	songs    []*laid
	heard    []*laid // songs of which nothing is made: their masters have a part in the album's tone
	carriers []*carrier

	mu    sync.Mutex
	slots *semaphore.Weighted // how many outputs are worked on at once
	desks map[*laid]*mastering
}

// layAll lays out every song of which an output is needed, and joins what belongs
// together.
func (b *builder) layAll(ctx context.Context, jobs []job) (*release, error) {
	r := &release{together: &together{}}
	wanted := map[string]bool{}
	for _, j := range jobs {
		wanted[j.path] = true
	}
	stages := map[string]*stage{}
	need := slices.Clone(jobs)
	for _, c := range b.asked {
		need = append(need, c.jobs...)
	}
	for _, group := range bySong(b.together.with(need, b.sounds)) {
		s, err := b.layOut(ctx, group)
		if err != nil {
			return nil, err
		}
		for i := range s.stages {
			st := &s.stages[i]
			st.laid, st.asked = s, wanted[st.path]
			stages[st.path] = st
		}
		r.songs = append(r.songs, s)
	}
	for _, one := range b.together.runs {
		one.parts, one.stages = nil, nil
		for _, j := range one.jobs {
			if st := stages[j.path]; st != nil {
				st.run = one
				one.stages = append(one.stages, st)
			}
		}
		if one.stages != nil {
			r.runs = append(r.runs, one)
		}
	}
	for _, one := range b.together.pools {
		one.reset()
		for _, j := range one.jobs {
			if st := stages[j.path]; st != nil {
				st.pool = one
				one.stages = append(one.stages, st)
			}
		}
		if one.stages != nil {
			r.pools = append(r.pools, one)
		}
	}
	for _, c := range b.asked {
		c.stages = nil
		for _, j := range c.jobs {
			c.stages = append(c.stages, stages[j.path])
		}
	}
	r.carriers = b.asked
	return r, b.layTone(ctx, r)
}

// desk returns the desk at which a song's outputs are finished.
func (r *release) desk(b *builder, s *laid) *mastering {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots, r.desks = semaphore.NewWeighted(int64(b.jobs)), map[*laid]*mastering{}
	}
	if r.desks[s] == nil {
		r.desks[s] = &mastering{builder: b, laid: s, slots: r.slots}
	}
	return r.desks[s]
}

// takeFrames is how long a stage's take is at its delivery's rate.
func (s *stage) takeFrames() int64 {
	session := s.laid.desk.rate
	id := s.takeID(session)
	if id.rate == session {
		return s.laid.length
	}
	speed, err := id.resampler(session)
	if err != nil { // the stage is resampled so all the same, and then it is told
		return s.laid.length
	}
	return speed.OutFrames(s.laid.length)
}

// describable reports whether all is known that an output's sound depends on.
func (b *builder) describable(ctx context.Context, st *stage) (bool, error) {
	if st.toneUnknown() {
		return false, nil
	}
	if st.run != nil {
		if known, err := st.run.known(); !known || err != nil {
			return false, err
		}
	}
	if st.pool != nil {
		return b.known(ctx, st.pool)
	}
	return true, nil
}

// wanted reports whether the sound of an output's stage is needed to make it, or to
// make another one right.
func (b *builder) wanted(ctx context.Context, st *stage) (bool, error) {
	if st.toneUnknown() {
		return true, nil
	}
	known, err := b.describable(ctx, st)
	if err != nil {
		return false, err
	}
	if !known && st.pool != nil {
		_, outlined := b.look(ctx, st.outlineAction().Key())
		return !outlined, nil
	}
	if st.run == nil {
		return !known || !b.finished(ctx, st.laid, st), nil
	}
	return !known || !b.whole(ctx, st.run), nil
}

// whole reports whether all files of a run are there.
func (b *builder) whole(ctx context.Context, r *run) bool {
	for _, st := range r.stages {
		if !b.finished(ctx, st.laid, st) {
			return false
		}
	}
	return true
}

// passOn gives the miss of an output that nobody asked for to one that was, and that
// cannot be right without it.
func (r *release) passOn() {
	groups := [][]*stage{}
	for _, one := range r.runs {
		groups = append(groups, one.stages)
	}
	for _, p := range r.pools {
		groups = append(groups, p.stages)
	}
	for _, g := range groups {
		asked := slices.IndexFunc(g, func(st *stage) bool { return st.asked })
		for _, st := range g {
			if st.miss == nil || st.asked || asked < 0 || g[asked].miss != nil {
				continue
			}
			m := *st.miss
			m.Message = fmt.Sprintf("is made together with %s: %s", st.path, m.Message)
			m.Output = g[asked].path
			g[asked].miss = &m
		}
	}
}

// inspectSequence finds what of a sequence can be known without its songs' lengths.
func inspectSequence(p *spec.Project, all []job) spec.Diagnostics {
	var found spec.Diagnostics
	note := func(severity spec.Severity, at spec.Pos, text string) {
		found = append(found, spec.Diagnostic{Severity: severity, File: at.File, Line: at.Line, Col: at.Col, Message: text})
	}
	fault := func(err error) {
		var input *InputError
		if errors.As(err, &input) {
			note(spec.SeverityError, input.Pos, input.Message)
		}
	}
	carriers, err := findCarriers(p, all)
	fault(err)
	fault(collide(delivered(all), carriers))
	_, err = gather(p, all, func(at spec.Pos, text string) { note(spec.SeverityWarning, at, text) })
	fault(err)
	for _, c := range carriers {
		for _, f := range c.inspect() {
			switch f.Severity {
			case disc.Error:
				note(spec.SeverityError, c.jobs[0].delivery.Pos, f.String())
			case disc.Warning:
				note(spec.SeverityWarning, c.jobs[0].delivery.Pos, strings.TrimPrefix(f.String(), "warning: "))
			}
		}
	}
	return found
}
