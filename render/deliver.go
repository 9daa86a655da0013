package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Checks of a finished file, besides the delivery's own numbers.
const (
	peakTolerance = 0.0  // dB a file may be over its ceiling
	ceilingMargin = 0.06 // dB by which the limiter stays below it: on wideband sound, other meters read that much more than ours
	peakMargin    = 0.02 // dB more than it was over, when a level is tried again
	levelTries    = 6    // at most; one is the rule, two where the limiter works hard
)

// finished reports whether an output's sound is stored and at hand: in its
// place already, or brought into the workspace.
func (b *builder) finished(ctx context.Context, s *laid, st *stage) bool {
	if st.sound != "" || st.current != "" {
		return true
	}
	if known, err := b.describable(ctx, st); !known || err != nil {
		return false
	}
	st.finish = st.describe(s)
	key := st.finish.Key()
	e, ok := b.look(ctx, key)
	var found finishedSound
	if ok {
		ok = json.Unmarshal(e.Meta, &found) == nil && found.Blocks != nil
	}
	if !ok {
		return false
	}
	st.output, st.blocks = found.Output, unpackBlocks(found.Blocks)
	if !st.tellsAlbum() && b.inPlace(ctx, st) {
		return true
	}
	if b.dry {
		return e.Files["sound"].Size > 0
	}
	path := b.soundPath(st, st.delivery.Format)
	if _, ok, err := b.store.Restore(ctx, key, map[string]string{"sound": path}, cache.Link); err != nil || !ok {
		return false
	}
	st.sound = path
	return true
}

// inPlace reports whether an output lies in its place, with its words.
func (b *builder) inPlace(ctx context.Context, st *stage) bool {
	e, ok := b.look(ctx, b.words(ctx, st).Key())
	var file Output
	if !ok || json.Unmarshal(e.Meta, &file) != nil || !b.place.holds(ctx, st.path, file.SHA256) {
		return false
	}
	st.current = file.SHA256
	return true
}

// describe says what a finished output's sound depends on.
func (st *stage) describe(s *laid) cache.Description {
	if st.run != nil {
		return st.run.describe(st)
	}
	t := cache.Describe(EngineVersion, "finish")
	t.AddInput(st.from.name, st.from.key)
	t.Add("frames", fmt.Sprint(s.length))
	st.describeFormat(&t)
	if st.pool == nil {
		t.Add("loudness", optional(st.delivery.Loudness))
		t.Add("trim", fmt.Sprint(st.trim))
		t.Add("tolerance", fmt.Sprint(st.delivery.Tolerance))
	} else {
		t.Add("gain of the album, and trim", gainText(st.pool.gain(st)))
	}
	t.Add("ceiling", optional(st.delivery.Ceiling))
	t.Add("max_reduction", fmt.Sprint(st.delivery.MaxReduction))
	st.describeLimiter(&t)
	st.describeFigures(&t)
	return t
}

// describeFormat says how an output's sound is written.
func (st *stage) describeFormat(t *cache.Description) {
	d := st.delivery
	t.Add("sample_rate", fmt.Sprint(st.takeID(st.laid.desk.rate).rate))
	if st.takeID(st.laid.desk.rate).minimum {
		t.Add("resample", minimumPhase)
	}
	t.Add("format", d.Format)
	t.Add("bit_depth", fmt.Sprint(d.BitDepth, d.Float))
	t.Add("dither", d.Dither)
	t.Add("dither seed", strings.Join(st.ditherSeed(), "/"))
}

// describeLimiter says how the limiter works, and what keeps the level down.
func (st *stage) describeLimiter(t *cache.Description) {
	d := st.delivery
	if how := limiterOf(d.Limiter).describe(); how != "" && d.Ceiling != nil {
		t.Add("limiter", how)
	}
	for _, c := range capsOf(d) {
		t.Add(c.name, fmt.Sprint(c.limit))
	}
}

// describeFigures says what is stored beside an output's sound, and the silence
// around it.
func (st *stage) describeFigures(t *cache.Description) {
	d := st.delivery
	t.Add("figures", measuredFigures)
	if d.Peak != nil {
		t.Add("peak", optional(d.Peak))
	}
	st.describeCoding(t)
	if d.Head > 0 || d.Tail > 0 {
		t.Add("silence", fmt.Sprintf("%v s before, %v s after", d.Head, d.Tail))
	}
	if handedOver(d) {
		t.Add("figures of a hand-over", handoverFigures)
	}
}

// gainText is a gain as people and keys have it.
func gainText(db float64) string { return fmt.Sprintf("%+.2f dB", db) }

// measuredFigures names the set of figures that is stored beside a finished
// sound. With another set, sounds are finished and measured anew.
const measuredFigures = "2"

func optional(x *float64) string {
	if x == nil {
		return "none"
	}
	return fmt.Sprint(*x)
}

// words describes the finished file: the sound with its tags.
func (b *builder) words(ctx context.Context, st *stage) cache.Description {
	t := cache.Describe(EngineVersion, "file")
	t.AddInput("finish", st.finish.Key())
	b.describeMetadata(ctx, st, &t)
	return t
}

// word makes the finished file of a finished sound: tags, names, digest.
func (b *builder) word(ctx context.Context, st *stage) (staged, error) {
	out := st.named(st.output)
	if st.current != "" || st.tellsAlbum() && b.inPlace(ctx, st) {
		out.SHA256 = st.current
		return staged{Output: out}, nil
	}
	path := b.work.path(fmt.Sprintf("%x.out", seed.Of(st.path)))
	words, err := st.metadata()
	if err != nil {
		return staged{}, err
	}
	copy := copyWith
	if st.delivery.Lossy() {
		copy = st.copyCoded
	}
	if out.SHA256, err = copy(path, st.sound, words); err != nil {
		return staged{}, err
	}
	b.keep(ctx, b.words(ctx, st).Key(), cache.Result{Meta: out})
	return staged{Output: out, file: path}, nil
}

// mastering makes the deliveries of one song.
type mastering struct {
	*builder
	*laid
	slots *semaphore.Weighted // how many work at once

	mu    sync.Mutex
	takes future[takeID, *take]
}

// minimumPhase is the value of a delivery's `resample` that asks for it.
const minimumPhase = "minimum"

// takeID names the take that an output is made from; of a stage whose own rate
// is session.
func (s *stage) takeID(session int) takeID {
	rate := deliveredRate(s.delivery, session)
	return takeID{s.from, rate, rate != session && s.delivery.Resample == minimumPhase}
}

// levelled reports whether anything must be known of a stage's sound to deliver
// it: not where it goes out as it is.
func (s *stage) levelled(session int) bool {
	d := s.delivery
	return d.Loudness != nil || d.Peak != nil || d.Ceiling != nil || !d.Float || s.takeID(session).rate != session
}

// goal is what the stage's delivery asks for.
func (s *stage) goal() goal {
	g := goal{
		loudness: math.NaN(), peak: s.targetPeak(), ceiling: math.Inf(1), maxReduction: s.delivery.MaxReduction, tolerance: s.delivery.Tolerance,
		limiter: limiterOf(s.delivery.Limiter), caps: capsOf(s.delivery),
	}
	if l := s.delivery.Loudness; l != nil {
		g.loudness = *l + s.trim
	}
	if s.pool != nil { // by the search for its gain
		g.loudness = math.NaN()
		if s.pool.steps != nil {
			g.gain = s.pool.gain(s)
		}
	}
	if c := s.delivery.Ceiling; c != nil {
		g.ceiling = *c - ceilingMargin
	}
	return g
}

// take returns what an output is made from: made while its stage was rendered, or
// made now, once for all outputs.
func (m *mastering) take(ctx context.Context, s *stage) (*take, error) {
	if !s.levelled(m.desk.rate) {
		return untouched(s.artifact), nil
	}
	id := s.takeID(m.desk.rate)
	if t := m.laid.takes[id]; t != nil {
		return t, nil
	}
	return m.takes.get(&m.mu, id, func() (t *take, err error) {
		err = m.slot(ctx, func() error {
			t, err = m.makeTake(ctx, s.artifact, id)
			return err
		})
		return t, err
	})
}

// output makes one output: level, write, read back, check. What counts is what
// the finished file measures: where that is not yet what was asked for, because
// the estimate of the level was rough or dither and the meter's finer look have
// added to a peak, it is made again with what was learned.
func (m *mastering) output(ctx context.Context, s *stage) (*Miss, error) {
	t, err := m.take(ctx, s)
	if err != nil {
		return nil, err
	}
	m.tellStarted(s)
	began := time.Now()
	g, off, tried := s.goal(), learned{}, tries{}
	for try := 1; ; try++ {
		var level levelled
		var miss *Miss
		var clamped int64
		err := m.slot(ctx, func() (err error) {
			if level, miss, err = t.solve(ctx, g, off); err == nil && miss == nil {
				decides := level.cap
				level.drive = tried.better(level, g, t.most(g))
				level, clamped, err = m.file(ctx, s, t, level.drive)
				level.cap = decides
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if miss == nil {
			miss = t.overReduced(g, level)
		}
		if miss != nil {
			return s.missed(s.withCoder(*miss, g)), nil
		}
		again := false
		if s.delivery.Lossy() {
			s.tried(g, level)
		}
		if f := s.heard(); !math.IsNaN(g.loudness) && !s.settled(g, f, level.cap, try) {
			off, again = t.learn(f, g, level.drive), true
			tried = tried.and(level.drive, f.loudness)
		}
		if got := s.report.SamplePeak; got != nil && g.peak != nil && math.Abs(*got-*g.peak) > peakPrecision {
			off.peak, again = off.peak+*got-*g.peak, true
		}
		if over := s.over(s.report, level); over > peakTolerance {
			before := g.ceiling
			g.ceiling = max(g.ceiling-s.lowered(over, try), s.lowest())
			again = again || g.ceiling < before
		}
		if again && try < s.tries() {
			continue
		}
		s.output = s.measured(s.report, level, t)
		if miss := s.check(s.report, level, clamped, t.sound.rate); miss != nil {
			return miss, nil
		}
		if miss, err := m.encode(ctx, s); miss != nil || err != nil {
			return miss, err
		}
		s.seconds = time.Since(began).Seconds()
		m.keepSound(ctx, s)
		m.tellMade(s)
		return nil, nil
	}
}

// keepSound stores a finished sound with what was measured of it.
func (b *builder) keepSound(ctx context.Context, s *stage) {
	s.blocks = s.report.Blocks()
	b.keep(ctx, s.finish.Key(), cache.Result{Files: map[string]string{"sound": s.sound}, Meta: finishedSound{s.output, packBlocks(s.blocks)}, Seconds: s.seconds})
}

// missed completes a miss with what it is about.
func (s *stage) missed(m Miss) *Miss {
	m.Pos, m.Output = s.delivery.Pos, s.path
	return &m
}

// slot runs f when a worker is free.
func (m *mastering) slot(ctx context.Context, f func() error) error {
	if err := m.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	defer m.slots.Release(1)
	return f()
}

// soundPath is where an output's finished sound lies in the workspace. Outputs are made
// beside each other, and two may have the same sound: versions that differ in nothing.
func (b *builder) soundPath(s *stage, format string) string {
	output := sha256.Sum256([]byte(s.path))
	return b.work.path(fmt.Sprintf("%x-%.24s.%s", output[:8], s.finish.Key(), format))
}

// file writes an output's sound and reads it back.
func (m *mastering) file(ctx context.Context, s *stage, t *take, d drive) (level levelled, clamped int64, err error) {
	s.sound = m.soundPath(s, "wav")
	level, clamped, err = t.write(ctx, d, file{
		path: s.sound, bits: s.delivery.BitDepth, float: s.delivery.Float, dither: s.delivery.Dither,
		seed:    seed.Of(append([]string{"dither"}, s.ditherSeed()...)...),
		ceiling: s.ceiling(),
		head:    frames(s.delivery.Head, t.sound.rate), tail: frames(s.delivery.Tail, t.sound.rate),
	})
	switch length := t.sound.song + frames(s.delivery.Head, t.sound.rate) + frames(s.delivery.Tail, t.sound.rate); {
	case err != nil:
	case s.coder != nil && length > 0:
		err = m.code(ctx, s, s.sound, length, t.sound.rate)
	default:
		if s.report, err = measure.File(ctx, s.sound, measure.Options{}); err == nil {
			m.vouch(s.sound, s.report.SHA256)
		}
	}
	return level, clamped, err
}

// vouch tells the cache the digest of a file that was measured whole.
func (b *builder) vouch(path, sha256 string) {
	var sum cache.Digest
	if _, err := hex.Decode(sum[:], []byte(sha256)); err == nil {
		b.store.Vouch(path, sum)
	}
}

// ceiling is the linear level that the output may not exceed.
func (s *stage) ceiling() float64 {
	if s.delivery.Ceiling == nil {
		return math.Inf(1)
	}
	return gainOf(*s.delivery.Ceiling)
}

// over is by how many dB a file is over its ceiling.
func (s *stage) over(r measure.Report, level levelled) float64 {
	over := math.Inf(-1)
	if s.delivery.Ceiling == nil {
		return over
	}
	if r.TruePeak != nil {
		over = *r.TruePeak - *s.delivery.Ceiling
	}
	if level.edge > 0 && !s.delivery.Lossy() { // of the encoder's input, which nobody hears
		over = max(over, xmath.DB(level.edge)-*s.delivery.Ceiling)
	}
	return over
}

// ditherSeed names the noise of an output: by version, delivery and print, not by
// the title, as a new title makes no new sound.
func (s *stage) ditherSeed() []string {
	if s.print != nil {
		return []string{s.version.name, s.delivery.Name, s.print.Name}
	}
	return []string{s.version.name, s.delivery.Name}
}

// measured is what is known of an output's sound.
func (s *stage) measured(r measure.Report, level levelled, t *take) Output {
	target := s.delivery.Loudness
	if target != nil {
		l := *target + s.trim
		target = &l
	}
	if s.pooled() { // that is the album's
		target = nil
	}
	out := Output{
		PCM:    r.PCMSHA256,
		Format: r.Format, Encoding: r.Encoding, BitDepth: r.BitDepth, SampleRate: r.SampleRate, Channels: r.Channels,
		Frames: r.Frames, Duration: r.Duration, Dither: s.delivery.Dither,
		TargetLoudness: target, Ceiling: s.delivery.Ceiling,
		TargetPeak: s.targetPeak(),
		Gain:       round(level.gain), Reduction: round(level.reduction), ReductionAt: float64(level.reductionAt) / float64(t.sound.rate),
	}
	if session := s.artifact.rate; session != r.SampleRate {
		out.SessionRate = session
	}
	out.take(r)
	if level.clip > 0 {
		clip, at := round(level.clip), float64(level.clipAt+frames(s.delivery.Head, t.sound.rate))/float64(t.sound.rate)
		out.Clip, out.ClipAt = &clip, &at
	}
	if target != nil {
		out.Bound = t.boundBy(level, figuresOf(r), s.delivery.Head, *target)
	}
	if level.reduction > 0 {
		out.ReductionAt += float64(frames(s.delivery.Head, t.sound.rate)) / float64(t.sound.rate)
	}
	if handedOver(s.delivery) && level.end > 0 {
		end := round(xmath.DB(level.end))
		out.EndPeak = &end
	}
	s.coded(&out)
	return out
}

// targetPeak is the sample peak that an output is brought to; nil where its level
// goes by something else.
func (s *stage) targetPeak() *float64 {
	if s.delivery.Peak == nil || s.pooled() { // then it is the album's
		return nil
	}
	p := *s.delivery.Peak + s.trim
	return &p
}

// named is an output with its names.
func (s *stage) named(out Output) Output {
	out.Path, out.Song, out.Version, out.Delivery = s.path, s.song.Title, s.version.name, s.delivery.Name
	out.Profile = s.delivery.Title
	out.Tags = s.says()
	out.Tone = s.songTone()
	out.Print = s.printName()
	if out.Version == "" {
		out.Version = "main"
	}
	return out
}

// round keeps thousandths of a dB: what a report needs.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

func rounded(x *float64) *float64 {
	if x == nil {
		return nil
	}
	y := round(*x)
	return &y
}

// check holds what was read back from the file against the delivery.
func (s *stage) check(r measure.Report, level levelled, clamped int64, rate int) *Miss {
	d := s.delivery
	miss := func(target, format string, args ...any) *Miss {
		return s.missed(Miss{Target: target, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case r.Frames == 0:
		return miss("format", "the song is empty: no frame was rendered")
	case !d.Lossy() && (r.BitDepth != d.BitDepth || (r.Encoding == "float") != d.Float || r.Channels != 2 || r.SampleRate != rate):
		return miss("format", "read back as %d-bit %s, %d channels, %d Hz", r.BitDepth, r.Encoding, r.Channels, r.SampleRate)
	case clamped > 0:
		m := miss("format", "%d samples are beyond full scale and would clip", clamped)
		m.Options = []string{"ceiling: -1 dBTP", "a lower master or loudness"}
		return m
	}
	if d.Loudness != nil && !s.pooled() {
		target := *d.Loudness + s.trim
		low := d.Tolerance
		if level.cap != nil {
			low = math.Inf(1)
		}
		if r.Integrated == nil || *r.Integrated-target > d.Tolerance || target-*r.Integrated > low {
			return miss("loudness", "reads %s where %.1f LUFS ±%.1f LU was asked for", number(r.Integrated, "LUFS"), target, d.Tolerance)
		}
	}
	if want := s.targetPeak(); want != nil && (r.SamplePeak == nil || math.Abs(*r.SamplePeak-*want) > spec.PeakTolerance) {
		return miss("peak", "sample peak reads %s, where %.2f dBFS was asked for", number(r.SamplePeak, "dBFS"), *want)
	}
	for _, c := range capsOf(d) {
		if f := figuresOf(r); c.room(f) < 0 {
			v, _ := c.of(f)
			return miss(c.name, "%s reads %.2f %s where %s is asked for (%s)", c.what, v, c.unit, c.limits(), c.name)
		}
	}
	if d.Ceiling != nil && r.TruePeak != nil && *r.TruePeak > *d.Ceiling+peakTolerance {
		if d.Lossy() {
			return s.peaksStay()
		}
		return miss("ceiling", "true peak reads %s, over the ceiling of %.2f dBTP", number(r.TruePeak, "dBTP"), *d.Ceiling)
	}
	if over := s.over(r, level); over > peakTolerance {
		return miss("ceiling", "true peak may read up to %.2f dBTP by meters that see to the edge of the band, over the ceiling of %.2f dBTP", *d.Ceiling+over, *d.Ceiling)
	}
	return nil
}

func number(x *float64, unit string) string {
	if x == nil {
		return "nothing"
	}
	return fmt.Sprintf("%.2f %s", *x, unit)
}

// future makes each value once, whoever asks first; the others wait.
type future[K comparable, V any] struct {
	made map[K]func() (V, error)
}

func (f *future[K, V]) get(mu *sync.Mutex, key K, make func() (V, error)) (V, error) {
	mu.Lock()
	if f.made == nil {
		f.made = map[K]func() (V, error){}
	}
	once, ok := f.made[key]
	if !ok {
		once = sync.OnceValues(make)
		f.made[key] = once
	}
	mu.Unlock()
	return once()
}
