package render

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/render/measure"
	"github.com/lathe-audio/lathe/spec"
)

// Checks of a finished file, besides the delivery's own numbers.
const (
	peakTolerance = 0.0  // dB a file may be over its ceiling
	peakMargin    = 0.02 // dB more than it was over, when a level is tried again
	peakTries     = 4
)

// deliver makes a song's outputs from its stages. What two deliveries have in
// common (the resampled take, the level that meets a target) is made once.
func (b *builder) deliver(ctx context.Context, song *spec.Song, stages []stage) ([]staged, error) {
	desk := &mastering{builder: b, slots: semaphore.NewWeighted(int64(b.jobs)), reach: map[takeID]float64{}, measured: map[takeID]bool{}}
	for _, s := range stages {
		id := s.takeID()
		desk.reach[id] = max(desk.reach[id], s.delivery.MaxReduction)
		desk.measured[id] = desk.measured[id] || s.delivery.Loudness != nil || s.delivery.Ceiling != nil || !s.delivery.Float
	}
	done := make([]staged, len(stages))
	misses := make([]*Miss, len(stages))
	group, ctx := errgroup.WithContext(ctx)
	var finished atomic.Int64
	for i, s := range stages {
		group.Go(func() (err error) {
			done[i], misses[i], err = desk.output(ctx, s)
			b.progress(song.Title, &finished, len(stages))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	b.actions += len(stages)
	missed := &TargetError{}
	for _, m := range misses {
		if m != nil {
			missed.Misses = append(missed.Misses, *m)
		}
	}
	if len(missed.Misses) > 0 {
		return nil, missed
	}
	return done, nil
}

// mastering makes the deliveries of one song.
type mastering struct {
	*builder
	slots    *semaphore.Weighted // how many work at once
	reach    map[takeID]float64  // dB: the most any delivery's limiter may take off
	measured map[takeID]bool     // some delivery has a target or a ceiling

	mu     sync.Mutex
	takes  future[takeID, *take]
	levels future[levelID, solved]
}

type takeID struct {
	path string // of the artifact
	rate int
}

type levelID struct {
	takeID
	goal goal
}

type solved struct {
	levelled
	miss *Miss
}

func (s stage) takeID() takeID {
	rate := s.delivery.SampleRate
	if rate == 0 {
		rate = s.artifact.rate
	}
	return takeID{s.artifact.path, rate}
}

// goal is what the stage's delivery asks for.
func (s stage) goal() goal {
	g := goal{loudness: math.NaN(), ceiling: math.Inf(1), maxReduction: s.delivery.MaxReduction}
	if l := s.delivery.Loudness; l != nil {
		g.loudness = *l + s.trim
	}
	if c := s.delivery.Ceiling; c != nil {
		g.ceiling = *c
	}
	return g
}

// output makes one output: level, write, read back, check. A file that turns
// out over its ceiling is made again with the limiter's own ceiling lowered by
// as much, because dither and the meter's finer look can add a little.
func (m *mastering) output(ctx context.Context, s stage) (staged, *Miss, error) {
	id := s.takeID()
	t, err := m.takes.get(&m.mu, id, func() (*take, error) {
		var t *take
		err := m.slot(ctx, func() (err error) {
			if !m.measured[id] && id.rate == s.artifact.rate {
				t = untouched(s.artifact)
				return nil
			}
			path := m.work.path(fmt.Sprintf("%x-%d.take", seed.Of(id.path), id.rate))
			t, err = makeTake(ctx, s.artifact, id.rate, m.reach[id], path)
			return err
		})
		return t, err
	})
	if err != nil {
		return staged{}, nil, err
	}
	action := Event{Event: ActionStarted, Song: s.song.Title, Action: "deliver " + s.path}
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
			return staged{}, nil, err
		}
		if level.miss != nil {
			return staged{}, s.missed(*level.miss), nil
		}
		var done staged
		var over float64
		var miss *Miss
		err = m.slot(ctx, func() (err error) {
			done, over, miss, err = m.file(ctx, s, t, level.levelled)
			return err
		})
		if err != nil || miss != nil && over <= peakTolerance {
			return staged{}, miss, err
		}
		if over <= peakTolerance {
			action.Event, action.Seconds = ActionDone, time.Since(began).Seconds()
			m.event(action)
			return done, nil, nil
		}
		if try == peakTries {
			return staged{}, miss, nil
		}
		g.ceiling -= over + peakMargin
	}
}

// key makes a goal usable as the key of a map: NaN equals nothing.
func (s stage) key(g goal) goal {
	if math.IsNaN(g.loudness) {
		g.loudness = math.Inf(1)
	}
	return g
}

// missed completes a miss with what it is about.
func (s stage) missed(m Miss) *Miss {
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

// file writes an output and reads it back. over is by how many dB it exceeds
// its ceiling.
func (m *mastering) file(ctx context.Context, s stage, t *take, level levelled) (done staged, over float64, miss *Miss, err error) {
	d := s.delivery
	f := file{
		path: m.work.path(fmt.Sprintf("%x.out", seed.Of(s.path))), bits: d.BitDepth, float: d.Float, dither: d.Dither,
		seed: seed.Of("dither", s.version.name, d.Name), // not the title: a new title makes no new sound
	}
	if d.Metadata {
		f.tags = s.tags()
	}
	clamped, err := t.write(ctx, level.drive, f)
	if err != nil {
		return done, 0, nil, err
	}
	r, err := measure.File(ctx, f.path, measure.Options{})
	if err != nil {
		return done, 0, nil, err
	}
	done = staged{file: f.path, Output: s.describe(r, level, t)}
	if d.Ceiling != nil && r.TruePeak != nil {
		over = *r.TruePeak - *d.Ceiling
	}
	return done, over, s.check(r, clamped), nil
}

// describe is the output's line in the manifest.
func (s stage) describe(r measure.Report, level levelled, t *take) Output {
	name := s.version.name
	if name == "" {
		name = "main"
	}
	target := s.delivery.Loudness
	if target != nil {
		l := *target + s.trim
		target = &l
	}
	return Output{
		Path: s.path, Song: s.song.Title, Version: name, Delivery: s.delivery.Name,
		SHA256: r.SHA256, PCM: r.PCMSHA256,
		Format: r.Format, Encoding: r.Encoding, BitDepth: r.BitDepth, SampleRate: r.SampleRate, Channels: r.Channels,
		Frames: r.Frames, Duration: r.Duration, Dither: s.delivery.Dither,
		Integrated: r.Integrated, Range: r.Range, MaxMomentary: r.MaxMomentary, MaxShortTerm: r.MaxShortTerm,
		TruePeak: r.TruePeak, SamplePeak: r.SamplePeak,
		TargetLoudness: target, Ceiling: s.delivery.Ceiling,
		Gain: round(level.gain), Reduction: round(level.reduction), ReductionAt: float64(level.reductionAt) / float64(t.rate),
	}
}

// round keeps thousandths of a dB: what a report needs.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// tags is the text that goes into the file.
func (s stage) tags() map[string]string {
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
func (s stage) check(r measure.Report, clamped int64) *Miss {
	d := s.delivery
	miss := func(format string, args ...any) *Miss { return s.missed(Miss{Message: fmt.Sprintf(format, args...)}) }
	switch {
	case r.Frames == 0:
		return miss("the song is empty: no frame was rendered")
	case r.BitDepth != d.BitDepth || (r.Encoding == "float") != d.Float || r.Channels != 2 || r.SampleRate != s.takeID().rate:
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
