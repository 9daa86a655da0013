package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/cache"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Checks of a finished file, besides the delivery's own numbers.
const (
	peakTolerance = 0.0  // dB a file may be over its ceiling
	ceilingMargin = 0.06 // dB by which the limiter stays below it: on wideband sound, other meters read that much more than ours
	peakMargin    = 0.02 // dB more than it was over, when a level is tried again
	peakTries     = 4
)

// finished reports whether an output's sound is stored and at hand: in its
// place already, or brought into the workspace.
func (b *builder) finished(ctx context.Context, s *laid, st *stage) bool {
	if st.wav != "" || st.current != "" {
		return true
	}
	st.finish = st.describe(s)
	key := st.finish.Key()
	e, ok := b.look(ctx, key)
	if ok {
		ok = json.Unmarshal(e.Meta, &st.output) == nil
	}
	if !ok {
		return false
	}
	if e, ok := b.look(ctx, st.words().Key()); ok {
		var file Output
		if json.Unmarshal(e.Meta, &file) == nil && b.place.holds(ctx, st.path, file.SHA256) {
			st.current = file.SHA256
			return true
		}
	}
	if b.dry {
		return e.Files["wav"].Size > 0
	}
	path := b.work.path(key.String()[:24] + ".wav")
	if _, ok, err := b.store.Restore(ctx, key, map[string]string{"wav": path}, cache.Link); err != nil || !ok {
		return false
	}
	st.wav = path
	return true
}

// describe says what a finished output's sound depends on.
func (st *stage) describe(s *laid) cache.Description {
	d := st.delivery
	t := cache.Describe(EngineVersion, "finish")
	t.AddInput(st.from.name, st.from.key)
	t.Add("frames", fmt.Sprint(s.length))
	t.Add("sample_rate", fmt.Sprint(st.takeID(s.desk.rate).rate))
	t.Add("bit_depth", fmt.Sprint(d.BitDepth, d.Float))
	t.Add("dither", d.Dither)
	t.Add("dither seed", st.version.name+"/"+d.Name)
	t.Add("loudness", optional(d.Loudness))
	t.Add("trim", fmt.Sprint(st.trim))
	t.Add("tolerance", fmt.Sprint(d.Tolerance))
	t.Add("ceiling", optional(d.Ceiling))
	t.Add("max_reduction", fmt.Sprint(d.MaxReduction))
	return t
}

func optional(x *float64) string {
	if x == nil {
		return "none"
	}
	return fmt.Sprint(*x)
}

// words describes the finished file: the sound with its tags.
func (st *stage) words() cache.Description {
	t := cache.Describe(EngineVersion, "file")
	t.AddInput("finish", st.finish.Key())
	if st.delivery.Metadata {
		for _, name := range slices.Sorted(maps.Keys(st.tags())) {
			t.Add("tags."+name, st.tags()[name])
		}
	}
	return t
}

// deliver makes a song's outputs from its stages. What two deliveries have in
// common (the resampled take, the level that meets a target) is made once.
func (b *builder) deliver(ctx context.Context, s *laid) ([]staged, error) {
	desk := &mastering{builder: b, rate: s.desk.rate, slots: semaphore.NewWeighted(int64(b.jobs)), reach: map[takeID]float64{}, measured: map[takeID]bool{}}
	var open []*stage // what has no finished sound yet
	for i := range s.stages {
		st := &s.stages[i]
		if b.finished(ctx, s, st) {
			b.count(true)
			b.event(Event{Event: ActionDone, Song: s.song.Title, Action: "deliver " + st.path, Key: st.finish.Key().String(), Cached: true})
			continue
		}
		open = append(open, st)
		id := st.takeID(desk.rate)
		d := st.delivery
		desk.reach[id] = max(desk.reach[id], d.MaxReduction)
		desk.measured[id] = desk.measured[id] || d.Loudness != nil || d.Ceiling != nil || !d.Float
	}
	misses := make([]*Miss, len(open))
	group, inner := errgroup.WithContext(ctx)
	var finished atomic.Int64
	for i, st := range open {
		group.Go(func() (err error) {
			misses[i], err = desk.output(inner, st)
			b.progress(s.song.Title, &finished, len(open))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	missed := &TargetError{}
	for _, m := range misses {
		if m != nil {
			missed.Misses = append(missed.Misses, *m)
		}
	}
	if len(missed.Misses) > 0 {
		return nil, missed
	}
	done := make([]staged, len(s.stages))
	for i := range s.stages {
		var err error
		if done[i], err = b.word(ctx, &s.stages[i]); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// word makes the finished file of a finished sound: tags, names, digest.
func (b *builder) word(ctx context.Context, st *stage) (staged, error) {
	out := st.named(st.output)
	if st.current != "" {
		out.SHA256 = st.current
		return staged{Output: out}, nil
	}
	path := b.work.path(fmt.Sprintf("%x.out", seed.Of(st.path)))
	var tags map[string]string
	if st.delivery.Metadata {
		tags = st.tags()
	}
	var err error
	if out.SHA256, err = copyTagged(path, st.wav, tags); err != nil {
		return staged{}, err
	}
	b.keep(ctx, st.words().Key(), cache.Result{Meta: out})
	b.remember(st)
	return staged{Output: out, file: path}, nil
}

// copyTagged copies a finished sound, adds its tags, reads them back, and
// returns the file's digest.
func copyTagged(to, from string, tags map[string]string) (string, error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	out, err := os.Create(to)
	if err != nil {
		return "", fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	sum := sha256.New()
	if err := audiofile.CopyTagged(io.MultiWriter(out, sum), in, info.Size(), tags); err != nil {
		return "", err
	}
	if err := out.Sync(); err != nil {
		return "", err
	}
	r, err := audiofile.Open(to)
	if err != nil {
		return "", err
	}
	defer r.Close()
	for name, text := range tags {
		if got := r.Info().Tags[name]; got != text {
			return "", fmt.Errorf("%s: tag %s reads back as %q, not %q", to, name, got, text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), out.Close()
}

// mastering makes the deliveries of one song.
type mastering struct {
	*builder
	rate     int                 // of the stages
	slots    *semaphore.Weighted // how many work at once
	reach    map[takeID]float64  // dB: the most any delivery's limiter may take off
	measured map[takeID]bool     // some delivery has a target or a ceiling

	mu     sync.Mutex
	takes  future[takeID, *take]
	levels future[levelID, solved]
}

type takeID struct {
	stage cache.Key
	rate  int
}

type levelID struct {
	takeID
	goal goal
}

type solved struct {
	levelled
	miss *Miss
}

// takeID names the take of a stage whose own rate is session.
func (s *stage) takeID(session int) takeID {
	rate := s.delivery.SampleRate
	if rate == 0 {
		rate = session
	}
	return takeID{s.from.key, rate}
}

// goal is what the stage's delivery asks for.
func (s *stage) goal() goal {
	g := goal{loudness: math.NaN(), ceiling: math.Inf(1), maxReduction: s.delivery.MaxReduction, tolerance: s.delivery.Tolerance}
	if l := s.delivery.Loudness; l != nil {
		g.loudness = *l + s.trim
	}
	if c := s.delivery.Ceiling; c != nil {
		g.ceiling = *c - ceilingMargin
	}
	return g
}

// output makes one output: level, write, read back, check. A file that turns
// out over its ceiling is made again with the limiter's own ceiling lowered by
// as much, because dither and the meter's finer look can add a little.
func (m *mastering) output(ctx context.Context, s *stage) (*Miss, error) {
	id := s.takeID(m.rate)
	t, err := m.takes.get(&m.mu, id, func() (t *take, err error) {
		err = m.slot(ctx, func() error {
			if !m.measured[id] && id.rate == s.artifact.rate {
				t = untouched(s.artifact)
				return nil
			}
			t, err = makeTake(ctx, s.artifact, id.rate, m.reach[id], m.work.path(fmt.Sprintf("%.12s-%d.take", id.stage, id.rate)))
			return err
		})
		return t, err
	})
	if err != nil {
		return nil, err
	}
	action := Event{Event: ActionStarted, Song: s.song.Title, Action: "deliver " + s.path, Key: s.finish.Key().String()}
	m.event(action)
	began := time.Now()
	g := s.goal()
	for try := 1; ; try++ {
		level, err := m.levels.get(&m.mu, levelID{id, s.key(g)}, func() (solved, error) {
			var done solved
			err := m.slot(ctx, func() (err error) {
				done.levelled, done.miss, err = t.solve(ctx, g)
				return err
			})
			return done, err
		})
		if err != nil {
			return nil, err
		}
		if level.miss != nil {
			return s.missed(*level.miss), nil
		}
		var over float64
		var miss *Miss
		err = m.slot(ctx, func() (err error) {
			over, miss, err = m.file(ctx, s, t, level.levelled)
			return err
		})
		if err != nil {
			return nil, err
		}
		if over > peakTolerance && try < peakTries {
			g.ceiling -= over + peakMargin
			continue
		}
		if miss == nil {
			action.Event, action.Seconds = ActionDone, time.Since(began).Seconds()
			m.event(action)
			m.count(false)
			s.seconds = action.Seconds
			m.keep(ctx, s.finish.Key(), cache.Result{Files: map[string]string{"wav": s.wav}, Meta: s.output, Seconds: s.seconds})
		}
		return miss, nil
	}
}

// key makes a goal usable as the key of a map: NaN equals nothing.
func (s *stage) key(g goal) goal {
	if math.IsNaN(g.loudness) {
		g.loudness = math.Inf(1)
	}
	return g
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

// file writes an output's sound and reads it back. over is by how many dB it
// exceeds its ceiling.
func (m *mastering) file(ctx context.Context, s *stage, t *take, level levelled) (over float64, miss *Miss, err error) {
	d := s.delivery
	s.wav = m.work.path(s.finish.Key().String()[:24] + ".wav")
	clamped, err := t.write(ctx, level.drive, file{
		path: s.wav, bits: d.BitDepth, float: d.Float, dither: d.Dither,
		seed: seed.Of("dither", s.version.name, d.Name), // not the title: a new title makes no new sound
	})
	if err != nil {
		return 0, nil, err
	}
	r, err := measure.File(ctx, s.wav, measure.Options{})
	if err != nil {
		return 0, nil, err
	}
	s.output = s.measured(r, level, t)
	if d.Ceiling != nil && r.TruePeak != nil {
		over = *r.TruePeak - *d.Ceiling
	}
	return over, s.check(r, clamped, t.rate), nil
}

// measured is what is known of an output's sound.
func (s *stage) measured(r measure.Report, level levelled, t *take) Output {
	target := s.delivery.Loudness
	if target != nil {
		l := *target + s.trim
		target = &l
	}
	return Output{
		PCM:    r.PCMSHA256,
		Format: r.Format, Encoding: r.Encoding, BitDepth: r.BitDepth, SampleRate: r.SampleRate, Channels: r.Channels,
		Frames: r.Frames, Duration: r.Duration, Dither: s.delivery.Dither,
		Integrated: rounded(r.Integrated), Range: rounded(r.Range), MaxMomentary: rounded(r.MaxMomentary), MaxShortTerm: rounded(r.MaxShortTerm),
		TruePeak: rounded(r.TruePeak), SamplePeak: rounded(r.SamplePeak),
		TargetLoudness: target, Ceiling: s.delivery.Ceiling,
		Gain: round(level.gain), Reduction: round(level.reduction), ReductionAt: float64(level.reductionAt) / float64(t.rate),
	}
}

// named is an output with its names.
func (s *stage) named(out Output) Output {
	out.Path, out.Song, out.Version, out.Delivery = s.path, s.song.Title, s.version.name, s.delivery.Name
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

// tags is the text that goes into the file.
func (s *stage) tags() map[string]string {
	tags := map[string]string{}
	put := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				tags[name] = v
				return
			}
		}
	}
	title := s.song.Title
	if s.version.title != "" {
		title += " (" + s.version.title + ")"
	}
	put("title", title)
	var release spec.Release
	if s.release != nil {
		release = *s.release
		put("album", release.Title)
		put("track", fmt.Sprint(s.number))
	}
	put("artist", s.song.Artist, release.Artist)
	put("date", s.song.Date, release.Date)
	put("genre", s.song.Genre, release.Genre)
	put("copyright", s.song.Copyright, release.Copyright)
	return tags
}

// check holds what was read back from the file against the delivery.
func (s *stage) check(r measure.Report, clamped int64, rate int) *Miss {
	d := s.delivery
	miss := func(format string, args ...any) *Miss { return s.missed(Miss{Message: fmt.Sprintf(format, args...)}) }
	switch {
	case r.Frames == 0:
		return miss("the song is empty: no frame was rendered")
	case r.BitDepth != d.BitDepth || (r.Encoding == "float") != d.Float || r.Channels != 2 || r.SampleRate != rate:
		return miss("read back as %d-bit %s, %d channels, %d Hz", r.BitDepth, r.Encoding, r.Channels, r.SampleRate)
	case clamped > 0:
		m := miss("%d samples are beyond full scale and would clip", clamped)
		m.Options = []string{"ceiling: -1 dBTP", "a lower master or loudness"}
		return m
	}
	if d.Loudness != nil {
		target := *d.Loudness + s.trim
		if r.Integrated == nil || math.Abs(*r.Integrated-target) > d.Tolerance {
			return miss("reads %s where %.1f LUFS ±%.1f LU was asked for", number(r.Integrated, "LUFS"), target, d.Tolerance)
		}
	}
	if d.Ceiling != nil && r.TruePeak != nil && *r.TruePeak > *d.Ceiling+peakTolerance {
		return miss("true peak reads %s, over the ceiling of %.2f dBTP", number(r.TruePeak, "dBTP"), *d.Ceiling)
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
