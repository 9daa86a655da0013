package render

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/render/audiofile"
)

// drive is the level at which a take is delivered.
type drive struct {
	gain    float64 // dB applied to the take
	ceiling float64 // linear; +Inf: no limiter
	limiter
}

// levelled is a drive and what it does to a take.
type levelled struct {
	drive
	loudness    float64   // integrated, LUFS; only where somebody listened
	reduction   float64   // dB, the most the limiter takes off
	reductionAt int64     // frame of it
	clip        float64   // dB, the most the clipper before it takes off
	clipAt      int64     // frame of it
	edge        float64   // linear, the highest peak over the ceiling of what is at the edge of the band; only where it was written
	end         float64   // linear, the peak of the song's last [endWindow]; only where it was written
	cap         *levelCap // what keeps it below the loudness that is asked for; nil: nothing
}

// play streams a take at a drive through the limiter: blocks of at most
// [dsp.MaxBlock] frames, as many frames in all as the take has. emit runs beside
// the limiter, so that one song keeps two cores busy.
func (t *take) play(ctx context.Context, d drive, emit func(dsp.Block) error) (levelled, error) {
	done := levelled{drive: d}
	r, err := t.sound.open()
	if err != nil {
		return done, err
	}
	defer r.Close()
	gain := gainOf(d.gain)
	peaks := d.peaks(t.peak, t.sound.rate)
	skip := int64(peaks.latency())
	end := t.sound.song + skip
	free, full := make(chan dsp.Block, blocksAhead), make(chan played, blocksAhead)
	for range blocksAhead {
		free <- dsp.NewBlock(dsp.MaxBlock)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(full)
		for at := int64(0); at < end; {
			if err := inner.Err(); err != nil {
				return err
			}
			var p played
			select {
			case p.whole = <-free:
			case <-inner.Done():
				return inner.Err()
			}
			b := p.whole.Cut(0, int(min(dsp.MaxBlock, end-at)))
			n, err := r.read(b)
			if err != nil {
				return err
			}
			silence(b.Cut(n, b.Len()))
			scale(b[0], gain)
			scale(b[1], gain)
			peaks.process(b)
			p.song = b.Cut(int(min(max(skip-at, 0), int64(b.Len()))), b.Len())
			at += int64(b.Len())
			full <- p // never waits: it has room for all blocks there are
		}
		return nil
	})
	group.Go(func() error {
		for p := range full {
			if err := emit(p.song); err != nil {
				return err
			}
			free <- p.whole
		}
		return nil
	})
	err = group.Wait()
	peaks.tell(&done)
	return done, err
}

// blocksAhead is how many blocks a player may be ahead of who takes them.
const blocksAhead = 16

// played is a block on its way round: all of its memory, and what of it is song.
type played struct{ whole, song dsp.Block }

// listen plays a take into a loudness meter.
func (t *take) listen(ctx context.Context, d drive) (levelled, error) {
	m := loudness.NewIntegrator(t.sound.rate)
	done, err := t.play(ctx, d, func(b dsp.Block) error { m.Write(b); return nil })
	done.loudness = m.Integrated()
	return done, err
}

// file describes a finished file to be written.
type file struct {
	path   string
	bits   int
	float  bool
	dither string // a name of [dither.Named]
	seed   uint64

	ceiling float64 // linear; +Inf: none

	head, tail int64 // frames of silence around the song
}

// write plays a take at a level into a WAV file and returns what the limiter did
// and how many samples had to be clamped to full scale.
func (t *take) write(ctx context.Context, d drive, f file) (done levelled, clamped int64, err error) {
	out, err := os.Create(f.path)
	if err != nil {
		return done, 0, fmt.Errorf("create output: %w", err)
	}
	defer out.Close()
	w, err := audiofile.CreateWAV(out, audiofile.Spec{Rate: t.sound.rate, Channels: 2, Bits: f.bits, Float: f.float, Frames: f.head + t.sound.song + f.tail})
	if err != nil {
		return done, 0, err
	}
	edge := newEdge(f.ceiling)
	emit := func(b dsp.Block) error {
		edge.hear(b)
		return w.WriteFloat(b[:])
	}
	var q *dither.Quantizer
	if !f.float {
		kind, ok := dither.Named(f.dither)
		if !ok {
			return done, 0, fmt.Errorf("there is no dither %q", f.dither)
		}
		if exact := d.gain == 0 && t.onGrid[f.bits] && float64(t.peak) <= d.ceiling; exact {
			kind = dither.None
		}
		q = dither.New(f.bits, kind, f.seed)
		words := [2][]int32{make([]int32, dsp.MaxBlock), make([]int32, dsp.MaxBlock)}
		emit = func(b dsp.Block) error {
			n := b.Len()
			q.Process(b, [2][]int32{words[0][:n], words[1][:n]})
			edge.hearWords([2][]int32{words[0][:n], words[1][:n]}, f.bits)
			return w.WriteInt([][]int32{words[0][:n], words[1][:n]})
		}
	}
	if err := silent(w, f.head, f.float); err != nil {
		return done, 0, err
	}
	end := ending{left: t.sound.song, window: frames(endWindow, t.sound.rate)}
	if done, err = t.play(ctx, d, func(b dsp.Block) error { end.hear(b); return emit(b) }); err != nil {
		return done, 0, err
	}
	done.end, done.edge = end.peak, edge.peak()
	if err := silent(w, f.tail, f.float); err != nil {
		return done, 0, err
	}
	if err := w.Close(); err != nil {
		return done, 0, err
	}
	if q != nil {
		clamped = q.Clipped()
	}
	return done, clamped, out.Close()
}
