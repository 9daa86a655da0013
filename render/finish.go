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

// play streams a take at a drive through the limiter, as [through] does.
func (t *take) play(ctx context.Context, d drive, emit func(dsp.Block) error) (levelled, error) {
	r, err := t.sound.open()
	if err != nil {
		return levelled{drive: d}, err
	}
	defer r.Close()
	gain := gainOf(d.gain)
	p := pass{stream: r, frames: t.sound.song, rate: t.sound.rate, gain: gain, peaks: d.peaks(t.peak, t.sound.rate)}
	done, err := through(ctx, p, emit)
	done.drive = d
	return done, err
}

// stream gives sound from its beginning on.
type stream interface {
	// read fills a block as far as the sound goes and returns how many frames that is.
	read(dsp.Block) (int, error)
}

// pass is what goes once through a limiter.
type pass struct {
	stream stream
	frames int64
	rate   int
	gain   float64 // linear, before the limiter
	peaks  peaks   // what works on its peaks
	marks  []int64 // frames, ascending, at which something else begins
	told   func(i int, one levelled)
}

// through streams sound through the limiter: blocks of at most [dsp.MaxBlock]
// frames, as many frames in all as there are. emit runs beside the limiter, so
// that one song keeps two cores busy. Of every stretch that ends at a mark, told gets
// what was taken off.
func through(ctx context.Context, p pass, emit func(dsp.Block) error) (done levelled, err error) {
	skip := int64(p.peaks.latency())
	end := p.frames + skip
	free, full := make(chan dsp.Block, blocksAhead), make(chan played, blocksAhead)
	for range blocksAhead {
		free <- dsp.NewBlock(dsp.MaxBlock)
	}
	stretch, marks := 0, p.marks
	note := func() {
		if p.told == nil {
			p.peaks.tell(&done)
			return
		}
		var one levelled
		p.peaks.tell(&one)
		p.peaks.forget()
		p.told(stretch, one)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(full)
		for at := int64(0); at < end; {
			if err := inner.Err(); err != nil {
				return err
			}
			var q played
			select {
			case q.whole = <-free:
			case <-inner.Done():
				return inner.Err()
			}
			n := min(dsp.MaxBlock, end-at)
			if len(marks) > 0 {
				n = min(n, marks[0]+skip-at)
			}
			b := q.whole.Cut(0, int(n))
			got, err := p.stream.read(b)
			if err != nil {
				return err
			}
			silence(b.Cut(got, b.Len()))
			scale(b[0], p.gain)
			scale(b[1], p.gain)
			p.peaks.process(b)
			q.song = b.Cut(int(min(max(skip-at, 0), int64(b.Len()))), b.Len())
			at += int64(b.Len())
			if len(marks) > 0 && at == marks[0]+skip {
				note()
				stretch, marks = stretch+1, marks[1:]
			}
			full <- q // never waits: it has room for all blocks there are
		}
		return nil
	})
	group.Go(func() error {
		for q := range full {
			if err := emit(q.song); err != nil {
				return err
			}
			free <- q.whole
		}
		return nil
	})
	err = group.Wait()
	note()
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
