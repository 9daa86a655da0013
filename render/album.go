package render

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/balance"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/spec"
)

// pool is the songs of an album in one version of one delivery that are brought to its
// loudness together, each by the same gain and its trim, so that they stay as loud
// against each other as their masters are.
type pool struct {
	jobs   []job
	stages []*stage // in order, once they are laid out

	description cache.Description // once the length of every song is known
	steps       *int              // of the gain, without trims; nil: not known yet
	moves       []float64         // dB, of each stage, that rules ask for; nil: none
	binding     []string          // rules that do, in words
	seconds     float64
	settled     bool // no other gain is tried any more
}

// stepsPerDB is the grid of an album's gain: steps of 0.05 dB. The gain depends on every song: on a
// finer grid every edit of one song would move it by a hundredth and render all the
// others anew, and nobody hears half of this.
const stepsPerDB = 20

func gainOfSteps(steps int) float64 { return float64(steps) / stepsPerDB }

// poolTolerance is how far, in LU, the loudness of an album's files together may be
// off: half a step, and what the search is off.
const poolTolerance = 0.05

// poolTries is how often an album's level is tried; one is the rule.
const poolTries = 5

// findPools finds the songs that are levelled together.
func findPools(p *spec.Project, all []job) ([]*pool, error) {
	var pools []*pool
	for _, set := range bySet(all) {
		if !set[0].pooled() {
			continue
		}
		if set[0].levelling() == spec.LoudnessSolve && set[0].balance == nil {
			return nil, &InputError{Pos: set[0].delivery.Pos, Message: fmt.Sprintf("delivery %q: loudness_mode: solve needs the album's rules: write loudness: {mode: solve, max_spread: 3 LU} into the album", set[0].delivery.Name)}
		}
		if caps := capsOf(set[0].delivery); len(caps) > 0 {
			return nil, &InputError{Pos: set[0].delivery.Pos, Message: fmt.Sprintf("delivery %q: %s keeps single songs down, and these are levelled together: remove it, or level each song by itself",
				set[0].delivery.Name, caps[0].name)}
		}
		for _, j := range set[1:] {
			if !alike(set[0].delivery, j.delivery) {
				return nil, &InputError{Pos: p.Loudness.Pos, Message: fmt.Sprintf("loudness: the songs are levelled together, and delivery %q is not the same for %s and %s: write deliver into the album",
					j.delivery.Name, set[0].what(), j.what())}
			}
		}
		pools = append(pools, &pool{jobs: set})
	}
	return pools, nil
}

// levelling is how the album's songs are levelled in an output's delivery.
func (j job) levelling() string { return cmp.Or(j.delivery.LoudnessMode, j.mode, spec.LoudnessTrack) }

// pooled reports whether an output gets the album's gain.
func (j job) pooled() bool {
	return j.levelling() != spec.LoudnessTrack && j.sequences() && (j.delivery.Loudness != nil || j.delivery.Peak != nil)
}

// reset forgets what was found out in an earlier try.
func (p *pool) reset() { *p = pool{jobs: p.jobs} }

// set sets the gain, and with it how every song is finished.
func (p *pool) set(steps int) {
	p.steps = &steps
	for _, st := range p.stages {
		st.sound, st.current, st.finish, st.miss = "", "", nil, nil
	}
}

// gain is the gain of a song of the pool in dB.
func (p *pool) gain(st *stage) float64 { return gainOfSteps(*p.steps) + p.offset(st) }

// offset is how a song of the pool lies against the album's gain, in dB: its trim,
// and what rules move it by.
func (p *pool) offset(st *stage) float64 {
	if i := slices.Index(p.stages, st); i >= 0 && i < len(p.moves) {
		return st.trim + p.moves[i]
	}
	return st.trim
}

// name is the pool's for people.
func (p *pool) name() string {
	j := p.jobs[0]
	if j.version.name == "" {
		return j.delivery.Name
	}
	return j.delivery.Name + " (" + j.version.name + ")"
}

// title is what the pool's actions are listed under.
func (p *pool) title() string { return p.jobs[0].release.Title }

// action names the search for the pool's gain.
func (p *pool) action() string { return "album loudness " + p.name() }

// place is the stable name under which what the gain depends on is remembered.
func (p *pool) place() string {
	return fmt.Sprintf("album/%s/%s", p.jobs[0].version.name, p.jobs[0].delivery.Name)
}

// describe says what the gain depends on: every song, as it is heard; nil while the
// length of one is not known.
func (p *pool) describe() (cache.Description, error) {
	if p.description != nil {
		return p.description, nil
	}
	d := p.jobs[0].delivery
	t := cache.Describe(EngineVersion, "album loudness")
	for i, st := range p.stages {
		if st.laid.length == 0 || st.toneUnknown() {
			return nil, nil
		}
		what := fmt.Sprintf("song %d: ", i+1)
		t.AddInput(what+st.from.name, st.from.key)
		t.Add(what+"frames", fmt.Sprint(st.laid.length))
		t.Add(what+"trim", fmt.Sprint(st.trim))
		if r := st.run; r != nil {
			if known, err := r.known(); err != nil || !known {
				return nil, err
			}
			q := r.parts[r.index(st)]
			t.Add(what+"is heard", fmt.Sprintf("from frame %d to %d, fading %s, %s, file from frame %d to %d", q.from, q.to, q.fadeIn, q.fadeOut, q.mark-q.at, q.end-q.at))
		}
		t.Add(what+"max_reduction", fmt.Sprint(st.delivery.MaxReduction))
	}
	t.Add("sample_rate", fmt.Sprint(d.SampleRate))
	t.Add("bit_depth", fmt.Sprint(d.BitDepth, d.Float))
	t.Add("dither", d.Dither)
	t.Add("loudness", optional(d.Loudness))
	t.Add("peak", optional(d.Peak))
	t.Add("ceiling", optional(d.Ceiling))
	t.Add("resample", d.Resample)
	t.Add("silence", fmt.Sprintf("%v s before, %v s after", d.Head, d.Tail))
	t.Add("steps per dB", fmt.Sprint(stepsPerDB))
	if p.jobs[0].levelling() == spec.LoudnessSolve {
		if err := t.AddValue("rules", describeBalance(p.jobs[0].balance)); err != nil {
			return nil, err
		}
	}
	p.description = t
	return t, nil
}

// settledPool is what is stored of a pool.
type settledPool struct {
	Steps   int       `json:"gain_steps"`
	Moves   []float64 `json:"moves_db,omitempty"` // of each song, by rules
	Binding []string  `json:"binding,omitempty"`
}

// known reports whether the pool's gain is known: from a build before, by what it
// depends on.
func (b *builder) known(ctx context.Context, p *pool) (bool, error) {
	if p.steps != nil {
		return true, nil
	}
	t, err := p.describe()
	if t == nil || err != nil {
		return false, err
	}
	var found settledPool
	if e, ok := b.look(ctx, t.Key()); !ok || json.Unmarshal(e.Meta, &found) != nil {
		return false, nil
	}
	p.moves, p.binding = found.Moves, found.Binding
	p.set(found.Steps)
	return true, nil
}

// outlineAction describes the outline of a stage, at a rate.
func (s *stage) outlineAction() cache.Description {
	t := cache.Describe(EngineVersion, "outline")
	t.AddInput(s.from.name, s.from.key)
	t.Add("frames", fmt.Sprint(s.laid.length))
	t.Add("sample_rate", fmt.Sprint(s.takeID(s.laid.desk.rate).rate))
	if s.takeID(s.laid.desk.rate).minimum {
		t.Add("resample", minimumPhase)
	}
	return t
}

// outlined is what is stored of a take beside its outline: all that is known of it
// but its sound.
type outlined struct {
	Loudness *float64     `json:"integrated_lufs"`
	Peak     float64      `json:"peak"`
	PeakAt   int64        `json:"peak_at"`
	Song     int64        `json:"frames"`
	Sample   float64      `json:"sample_peak"`
	OnGrid   map[int]bool `json:"on_grid"`
	Shift    float64      `json:"shift_lu"`
	Slots    []byte       `json:"outline"` // energy, peak and sample of each, 32-bit float, little-endian
}

// outline returns a stage's take without its sound, where it is stored.
func (b *builder) outline(ctx context.Context, st *stage) *take {
	if st.laid.length == 0 {
		return nil
	}
	var found outlined
	e, ok := b.look(ctx, st.outlineAction().Key())
	if !ok || json.Unmarshal(e.Meta, &found) != nil || len(found.Slots)%slotBytes != 0 {
		return nil
	}
	rate := st.takeID(st.laid.desk.rate).rate
	t := &take{loudness: math.Inf(-1), peak: found.Peak, peakAt: found.PeakAt, onGrid: found.OnGrid, outline: newOutline(rate)}
	if found.Loudness != nil {
		t.loudness = *found.Loudness
	}
	t.sound = artifact{rate: rate, song: found.Song, stageInfo: stageInfo{Peak: found.Sample}}
	t.outline.shift = found.Shift
	for in := found.Slots; len(in) > 0; in = in[slotBytes:] {
		value := func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(in[4*i:])) }
		t.outline.slots = append(t.outline.slots, slot{value(0), value(1), value(2)})
	}
	return t
}

// slotBytes is what a slot of an outline takes where it is stored.
const slotBytes = 12

// keepOutline stores a take without its sound: so an album's level is found without
// the songs that have not changed.
func (b *builder) keepOutline(ctx context.Context, st *stage, t *take) {
	found := outlined{Peak: t.peak, PeakAt: t.peakAt, OnGrid: t.onGrid, Song: t.sound.song, Sample: t.sound.Peak, Shift: t.outline.shift}
	if !math.IsInf(t.loudness, -1) {
		found.Loudness = &t.loudness
	}
	for _, s := range t.outline.slots {
		for _, x := range []float32{s.energy, s.peak, s.sample} {
			found.Slots = binary.LittleEndian.AppendUint32(found.Slots, math.Float32bits(x))
		}
	}
	b.keep(ctx, st.outlineAction().Key(), cache.Result{Meta: found})
}

// level finds the gain of a pool by its songs' outlines, unless it is known. It is the
// place where what all songs measure turns into their levels.
func (b *builder) level(ctx context.Context, r *release, p *pool) (found bool, err error) {
	if known, err := b.known(ctx, p); known || err != nil {
		return known, err
	}
	if _, err := p.describe(); err != nil {
		return false, err
	}
	takes := make([]*take, len(p.stages))
	for i, st := range p.stages {
		t := b.outline(ctx, st)
		if t == nil {
			if t, err = r.desk(b, st.laid).take(ctx, st); err != nil {
				return false, err
			}
			b.keepOutline(ctx, st, t)
		}
		takes[i] = st.partOf(t)
		if math.IsInf(takes[i].loudness, -1) {
			b.event(Event{Event: Warning, Song: st.song.Title, Pos: st.entry.Pos, Message: fmt.Sprintf(
				"%s: %q has no measurable loudness (it is silent, below -70 LUFS throughout, or shorter than 0.4 s): it has no part in the album's, and gets the album's gain", st.delivery.Name, st.song.Title)})
		}
	}
	if err := p.balance(takes); err != nil {
		var conflict *balance.Conflict
		if !errors.As(err, &conflict) {
			return false, err
		}
		p.set(0)
		p.stages[0].miss = p.stages[0].missed(Miss{Target: "loudness", Message: conflict.Error(), Options: []string{"a rule less", "another limit"}})
		return false, nil
	}
	var steps int
	if peak := p.jobs[0].delivery.Peak; peak != nil {
		steps = p.highest(takes, *peak)
	} else {
		steps = p.search(takes, *p.jobs[0].delivery.Loudness)
	}
	var misses []*Miss
	for _, st := range p.stages {
		misses = append(misses, st.miss)
	}
	p.set(steps)
	for i, st := range p.stages {
		st.miss = misses[i]
	}
	return false, nil
}

// partOf is what the file of a stage's song has of its take.
func (s *stage) partOf(t *take) *take {
	if s.run == nil {
		return t
	}
	p := s.run.parts[s.run.index(s)]
	return t.heard(p.from, p.from+min(p.end-p.at, p.length()))
}

// highest finds the gain, in steps, at which the highest sample peak of an album's songs
// is no higher than asked for.
func (p *pool) highest(takes []*take, peak float64) (steps int) {
	most := math.Inf(-1)
	for i, t := range takes {
		most = max(most, xmath.DB(t.sound.Peak)+p.offset(p.stages[i]))
	}
	if math.IsInf(most, -1) {
		return 0
	}
	return int(math.Floor((peak - most) * stepsPerDB))
}

// search finds the gain, in steps, at which the outlines of an album's songs have a
// loudness together. With the gain it rises ever more slowly, the more the limiter
// holds against it: the search begins where the gain would be right without one. It
// ends where a song's limiter would take off more than it may; that song gets the miss.
func (p *pool) search(takes []*take, target float64) (steps int) {
	together := func(steps int) float64 {
		blocks := make([][]float64, len(takes))
		for i, t := range takes {
			d := p.stages[i].goal().drive()
			d.gain = gainOfSteps(steps) + p.offset(p.stages[i])
			blocks[i] = t.outline.energies(d)
			shift := loudness.Energy(t.outline.shift) / loudness.Energy(0)
			for k := range blocks[i] {
				blocks[i][k] *= shift
			}
		}
		return loudness.Integrated(blocks...)
	}
	plain := together(0)
	if math.IsInf(plain, -1) {
		return 0
	}
	if p.jobs[0].delivery.Ceiling == nil {
		return int(math.Round((target - plain) * stepsPerDB))
	}
	for steps = int(math.Floor((target-plain)*stepsPerDB)) - 1; ; steps++ {
		short := target - together(steps)
		if short <= 0.5/stepsPerDB || p.overReduced(takes, steps, target, target-short) {
			return steps
		}
		if far := int(math.Floor(short * stepsPerDB)); far > 4 { // the loudness rises no faster than the gain: nothing is passed over
			steps += far - 3
		}
	}
}

// overReduced gives the first song whose limiter would have to take off more than it
// may a miss, and reports whether there is one.
func (p *pool) overReduced(takes []*take, steps int, target, reached float64) bool {
	for i, st := range p.stages {
		g := st.goal()
		over := xmath.DB(takes[i].peak) + gainOfSteps(steps) + p.offset(st) - g.ceiling - g.clip
		if over <= g.maxReduction {
			continue
		}
		st.miss = st.missed(Miss{
			Message: fmt.Sprintf("%.1f LUFS for the songs of the album together needs more than %+.2f dB (%.2f LUFS), where the limiter takes %.1f dB off the peaks of this one at %s (allowed: %.1f dB, max_reduction)",
				target, gainOfSteps(steps), reached, over, clock(takes[i].peakAt, takes[i].sound.rate), g.maxReduction),
			Options: []string{fmt.Sprintf("loudness: %.1f LUFS", math.Floor(reached*10)/10), fmt.Sprintf("max_reduction: %.1f dB or more", math.Ceil(over*10)/10)},
		})
		return true
	}
	return false
}

// drive is what a goal asks for without a search.
func (g goal) drive() drive {
	d := drive{gain: g.gain, ceiling: math.Inf(1), limiter: g.limiter}
	if !math.IsInf(g.ceiling, 1) {
		d.ceiling = gainOf(g.ceiling)
	}
	return d
}

// together is the loudness of a pool's finished files, by all their gating blocks.
func (p *pool) together() float64 {
	var all [][]float64
	for _, st := range p.stages {
		all = append(all, st.blocks)
	}
	return loudness.Integrated(all...)
}

// finishPool finishes a pool's songs at the gain that was found, reads them back, and
// moves the gain where they are not as loud together as they have to be.
func (b *builder) finishPool(ctx context.Context, r *release, p *pool, known bool) error {
	if p.jobs[0].delivery.Peak != nil {
		return b.finishPeaks(ctx, r, p, known)
	}
	target := *p.jobs[0].delivery.Loudness
	tried := map[int]float64{} // how far off, by steps
	for {
		if p.missed() {
			return nil
		}
		err := b.finishAll(ctx, r, p.stages)
		if err == nil && known {
			b.settle(p)
		}
		if err != nil || known || p.missed() {
			return err
		}
		got := p.together()
		if math.IsInf(got, -1) {
			p.fail("%.1f LUFS can't be reached: no song of the album has a measurable loudness", target)
			return nil
		}
		now := *p.steps
		tried[now] = math.Abs(got - target)
		next := now - int(math.Round((got-target)*stepsPerDB))
		if _, again := tried[next]; !again && len(tried) < poolTries {
			p.set(next)
			continue
		}
		best := now
		for _, steps := range slices.Sorted(maps.Keys(tried)) {
			if tried[steps] < tried[best] {
				best = steps
			}
		}
		if tried[best] > poolTolerance {
			p.fail("the songs of the album read %.2f LUFS together where %.1f LUFS ±%.2f LU was asked for", got, target, poolTolerance)
			return nil
		}
		b.keep(ctx, p.description.Key(), cache.Result{Meta: settledPool{best, p.moves, p.binding}})
		if best == now {
			b.settle(p)
			return nil
		}
		p.set(best)
		known = true
	}
}

// finishPeaks finishes a pool's songs at a gain that goes by their peaks. Dither, and
// songs that cross, may add to a peak: then the gain is a step lower.
func (b *builder) finishPeaks(ctx context.Context, r *release, p *pool, known bool) error {
	for try := 1; ; try++ {
		if err := b.finishAll(ctx, r, p.stages); err != nil || p.missed() {
			return err
		}
		over := math.Inf(-1)
		for _, st := range p.stages {
			if got := st.output.SamplePeak; got != nil {
				over = max(over, *got-*p.jobs[0].delivery.Peak)
			}
		}
		if known || over <= peakPrecision {
			break
		}
		if try == poolTries {
			p.fail("the highest sample peak of the album is %.2f dB over the one that was asked for", over)
			return nil
		}
		p.set(*p.steps - max(int(math.Ceil(over*stepsPerDB)), 1))
	}
	b.settle(p)
	if !known {
		b.keep(ctx, p.description.Key(), cache.Result{Meta: settledPool{*p.steps, p.moves, p.binding}})
	}
	return nil
}

// settle tells of a pool's outputs: at the gain that they have now.
func (b *builder) settle(p *pool) {
	p.settled = true
	if p.moves != nil {
		b.event(Event{Event: Note, Pos: p.jobs[0].delivery.Pos, Message: p.movesText()})
	}
	for _, st := range p.stages {
		b.tellFinished(st)
	}
}

// missed reports whether a song of the pool has missed its target.
func (p *pool) missed() bool {
	return slices.ContainsFunc(p.stages, func(st *stage) bool { return st.miss != nil })
}

// fail is the pool's own miss; its first song carries it.
func (p *pool) fail(format string, args ...any) {
	p.stages[0].miss = p.stages[0].missed(Miss{Target: "loudness", Message: fmt.Sprintf(format, args...), Options: []string{"loudness: none"}})
}

// albumFigures gives the outputs of an album what all songs of their delivery and
// version read together; not where some of them are not made in this build.
func (r *release) albumFigures(all []job) {
	type set struct{ delivery, version string }
	expected := map[set]int{}
	member := func(j job) bool { return j.entry != nil && j.print == nil }
	for _, j := range all {
		if member(j) {
			expected[set{j.delivery.Name, j.version.name}]++
		}
	}
	found := map[set][]*stage{}
	for _, s := range r.songs {
		for i := range s.stages {
			if st := &s.stages[i]; member(st.job) {
				k := set{st.delivery.Name, st.version.name}
				found[k] = append(found[k], st)
			}
		}
	}
	for k, stages := range found {
		if len(stages) < expected[k] {
			continue
		}
		var blocks [][]float64
		var peak *float64
		for _, st := range stages {
			blocks = append(blocks, st.blocks)
			if p := st.output.TruePeak; p != nil && (peak == nil || *p > *peak) {
				peak = p
			}
		}
		var integrated *float64
		if l := loudness.Integrated(blocks...); !math.IsInf(l, -1) {
			l = round(l)
			integrated = &l
		}
		for _, st := range stages {
			st.output.AlbumIntegrated, st.output.AlbumTruePeak = integrated, peak
		}
	}
}

// finishedSound is what is stored beside a finished sound.
type finishedSound struct {
	Output Output `json:"output"`
	Blocks []byte `json:"blocks"` // of the loudness meter, 64-bit float, little-endian
}

func packBlocks(blocks []float64) []byte {
	out := make([]byte, 0, 8*len(blocks))
	for _, x := range blocks {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
	}
	return out
}

func unpackBlocks(in []byte) []float64 {
	out := make([]float64, 0, len(in)/8)
	for ; len(in) >= 8; in = in[8:] {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(in)))
	}
	return out
}
