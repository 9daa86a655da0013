package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/seed"
	"github.com/lathe-audio/lathe/dsp/xmath"
	"github.com/lathe-audio/lathe/render/audiofile"
	"github.com/lathe-audio/lathe/render/measure"
)

// programme is the sound of a run: its songs, each at its level, with their fades,
// one over the other where they cross.
type programme struct {
	takes []*take // each what is heard of its song
	parts []segment
	gains []float64 // linear
	rings []int64   // frames for which each part sounds on under the next; see [run.rings]
	dips  []dip

	at      int64 // frame of the run that is read next
	next    int   // the first part that is not over
	readers []*artifactReader
	tmp     dsp.Block
}

// dip is a short dip of level around a mark. A file that is cut from a run begins
// and ends in the middle of things, and a meter that is given that file alone takes
// what lies beyond for silence: the step between can read higher than any peak of the
// run. As a limiter does with a peak, the level dips around it.
type dip struct {
	at     int64
	frames int64 // on either side
	gain   float64
}

// factor is the gain of a dip at a frame.
func (d dip) factor(frame int64) float64 {
	away := frame - d.at
	if away < 0 {
		away = -1 - away // the mark lies between two frames
	}
	if away >= d.frames {
		return 1
	}
	depth := float64((1 - d.gain) * 0.5)
	return 1 - depth - float64(depth*xmath.Cos(float64(pi*(float64(away)/float64(d.frames)))))
}

func (p *programme) Close() error {
	var errs []error
	for i, r := range p.readers {
		if r != nil {
			errs = append(errs, r.Close())
			p.readers[i] = nil
		}
	}
	return errors.Join(errs...)
}

// read implements [stream].
func (p *programme) read(b dsp.Block) (int, error) {
	silence(b)
	end := p.at + int64(b.Len())
	for i := p.next; i < len(p.parts) && p.parts[i].at < end; i++ {
		over := p.parts[i].at + p.parts[i].length() + p.rings[i]
		if over <= p.at {
			if r := p.readers[i]; r != nil {
				p.readers[i] = nil
				if err := r.Close(); err != nil {
					return 0, err
				}
			}
			if i == p.next {
				p.next++
			}
			continue
		}
		from, to := max(p.parts[i].at, p.at), min(over, end)
		if err := p.add(b.Cut(int(from-p.at), int(to-p.at)), i, from-p.parts[i].at); err != nil {
			return 0, err
		}
	}
	for _, d := range p.dips {
		for frame := max(d.at-d.frames, p.at); frame < min(d.at+d.frames, end); frame++ {
			f := d.factor(frame)
			b[0][frame-p.at] *= f
			b[1][frame-p.at] *= f
		}
	}
	p.at = end
	return b.Len(), nil
}

// add adds the frames of a part from one of its own on.
func (p *programme) add(b dsp.Block, i int, own int64) error {
	if p.readers[i] == nil {
		sound := p.takes[i].sound
		sound.song += p.rings[i]
		r, err := sound.open()
		if err != nil {
			return err
		}
		p.readers[i] = r
	}
	x := p.tmp.Cut(0, b.Len())
	if _, err := p.readers[i].read(x); err != nil {
		return err
	}
	part, gain := p.parts[i], p.gains[i]
	length := part.length()
	for k := range x[0] {
		g, at := gain, own+int64(k)
		if at < part.fadeIn.frames {
			g = float64(g * part.fadeIn.gain(at))
		}
		if left := length - 1 - at; part.fadeOut.frames > 0 && left < part.fadeOut.frames {
			g = float64(g * part.fadeOut.gain(left))
		}
		b[0][k] += float64(x[0][k] * g)
		b[1][k] += float64(x[1][k] * g)
	}
	return nil
}

// runLevel is what a run is finished at.
type runLevel struct {
	gains   []float64 // dB, of each song
	ceiling float64   // linear; +Inf: no limiter
	limiter
	dips []dip
}

// bound is more than the highest peak of a run at its gains can be: two songs at most
// sound at once, and a step between two of them is no higher than both.
func (l runLevel) bound(takes []*take) float64 {
	highest, last := 0.0, 0.0
	for i, t := range takes {
		peak := float64(t.peak * gainOf(l.gains[i]))
		highest, last = max(highest, last+peak), peak
	}
	return highest
}

// peaks returns what a run is sent through. A clipper goes by the highest peak of any
// song.
func (l runLevel) peaks(takes []*take, rate int) peaks {
	if l.bound(takes) <= l.ceiling {
		return peaks{}
	}
	highest := 0.0
	for i, t := range takes {
		highest = max(highest, float64(t.peak*gainOf(l.gains[i])))
	}
	d := drive{ceiling: l.ceiling, limiter: l.limiter}
	return peaks{clipper: d.clipper(highest), limiter: dyn.NewLimiter(dyn.LimiterSettings{GainSettings: d.settings(rate), Unlink: d.unlink})}
}

// cutFile is the file of a song in a run.
type cutFile struct {
	level   levelled
	clamped int64
	report  measure.Report
}

// write makes the files of a run's songs: one programme through one limiter and one
// dither, cut at the marks; and reads them back.
func (r *run) write(ctx context.Context, all *release, b *builder, takes []*take, l runLevel) ([]cutFile, error) {
	out := make([]cutFile, len(r.parts))
	var marks []int64
	for i, p := range r.parts {
		out[i].level = levelled{drive: drive{gain: l.gains[i], ceiling: l.ceiling, limiter: l.limiter}}
		if i > 0 {
			marks = append(marks, p.mark)
		}
	}
	gains := make([]float64, len(l.gains))
	for i, db := range l.gains {
		gains[i] = gainOf(db)
	}
	p := &programme{takes: takes, parts: r.parts, gains: gains, rings: r.rings(takes), dips: l.dips, readers: make([]*artifactReader, len(takes)), tmp: dsp.NewBlock(dsp.MaxBlock)}
	defer p.Close()
	w, err := newCutter(r, b, takes, l)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	one := pass{
		stream: p, frames: r.parts[len(r.parts)-1].end, rate: r.rate, gain: 1, peaks: l.peaks(takes, r.rate), marks: marks,
		told: func(i int, one levelled) {
			level, mark := &out[i].level, r.parts[i].mark
			level.reduction, level.reductionAt = one.reduction, max(one.reductionAt-mark, 0)
			level.clip, level.clipAt = one.clip, max(one.clipAt-mark, 0)
		},
	}
	if _, err := through(ctx, one, w.emit); err != nil {
		return nil, err
	}
	if err := w.finish(); err != nil {
		return nil, err
	}
	out[0].level.edge = w.edge.peak()
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(b.jobs)
	for i, st := range r.stages {
		out[i].clamped, out[i].level.end = w.clamped[i], w.ends[i].peak
		group.Go(func() (err error) {
			if p := r.parts[i]; st.coder != nil {
				err = all.desk(b, st.laid).code(inner, st, st.sound, w.head+p.end-p.mark+w.tail, r.rate)
			} else {
				st.report, err = measure.File(inner, st.sound, measure.Options{})
			}
			out[i].report = st.report
			return err
		})
	}
	return out, group.Wait()
}

// cutter writes a programme into the files of its songs.
type cutter struct {
	run     *run
	q       *dither.Quantizer // nil for float
	words   [2][]int32
	clamped []int64
	ends    []ending
	edge    *edge // of the whole run: what a cut makes of the band's edge is no peak of it
	head    int64 // frames of silence around the sound; of a run of one song
	tail    int64

	i    int // the song that is being written
	at   int64
	file *os.File
	wav  audiofile.Writer
}

func newCutter(r *run, b *builder, takes []*take, l runLevel) (*cutter, error) {
	first := r.stages[0]
	d := first.delivery
	c := &cutter{run: r, clamped: make([]int64, len(r.parts)), head: frames(d.Head, r.rate), tail: frames(d.Tail, r.rate), edge: newEdge(first.ceiling())}
	for i, st := range r.stages {
		st.sound = b.soundPath(st, "wav")
		c.ends = append(c.ends, ending{left: r.parts[i].end - r.parts[i].mark, window: frames(endWindow, r.rate)})
	}
	if !d.Float {
		kind, ok := dither.Named(d.Dither)
		if !ok {
			return nil, fmt.Errorf("there is no dither %q", d.Dither)
		}
		if r.exact(takes, l) {
			kind = dither.None
		}
		c.q = dither.New(d.BitDepth, kind, seed.Of(append([]string{"dither"}, first.ditherSeed()...)...))
		c.words = [2][]int32{make([]int32, dsp.MaxBlock), make([]int32, dsp.MaxBlock)}
	}
	return c, c.begin()
}

// exact reports whether a run is made of samples of the word length as they are, so
// that there is nothing to dither.
func (r *run) exact(takes []*take, l runLevel) bool {
	for i, t := range takes {
		if l.gains[i] != 0 || !t.onGrid[r.stages[0].delivery.BitDepth] || r.parts[i].fadeIn.frames > 0 || r.parts[i].fadeOut.frames > 0 {
			return false
		}
	}
	return len(l.dips) == 0 && l.bound(takes) <= l.ceiling
}

// begin opens the file of the next song.
func (c *cutter) begin() error {
	st, p := c.run.stages[c.i], c.run.parts[c.i]
	var err error
	if c.file, err = os.Create(st.sound); err != nil {
		return fmt.Errorf("create output: %w", err)
	}
	c.wav, err = audiofile.CreateWAV(c.file, audiofile.Spec{
		Rate: c.run.rate, Channels: 2, Bits: st.delivery.BitDepth, Float: st.delivery.Float, Frames: c.head + p.end - p.mark + c.tail,
	})
	if err != nil {
		return err
	}
	return silent(c.wav, c.head, st.delivery.Float)
}

// end closes the file of the song.
func (c *cutter) end() error {
	if err := silent(c.wav, c.tail, c.run.stages[c.i].delivery.Float); err != nil {
		return err
	}
	if err := c.wav.Close(); err != nil {
		return err
	}
	if c.q != nil {
		c.clamped[c.i] = c.q.Clipped()
		for _, n := range c.clamped[:c.i] {
			c.clamped[c.i] -= n
		}
	}
	err := c.file.Close()
	c.file = nil
	return err
}

// emit takes the next frames of the programme.
func (c *cutter) emit(b dsp.Block) error {
	for b.Len() > 0 {
		if c.at == c.run.parts[c.i].end {
			if err := c.end(); err != nil {
				return err
			}
			c.i++
			if err := c.begin(); err != nil {
				return err
			}
		}
		n := int(min(int64(b.Len()), c.run.parts[c.i].end-c.at))
		if err := c.put(b.Cut(0, n)); err != nil {
			return err
		}
		c.at += int64(n)
		b = b.Cut(n, b.Len())
	}
	return nil
}

// put writes frames into the open file.
func (c *cutter) put(b dsp.Block) error {
	c.ends[c.i].hear(b)
	if c.q == nil {
		c.edge.hear(b)
		return c.wav.WriteFloat(b[:])
	}
	n := b.Len()
	c.q.Process(b, [2][]int32{c.words[0][:n], c.words[1][:n]})
	c.edge.hearWords([2][]int32{c.words[0][:n], c.words[1][:n]}, c.run.stages[0].delivery.BitDepth)
	return c.wav.WriteInt([][]int32{c.words[0][:n], c.words[1][:n]})
}

// finish ends the last file.
func (c *cutter) finish() error {
	if c.at != c.run.parts[len(c.run.parts)-1].end {
		return fmt.Errorf("programme of %d frames ended at %d", c.run.parts[len(c.run.parts)-1].end, c.at)
	}
	return c.end()
}

// Close gives up what is open.
func (c *cutter) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// heard is the part of a take that is heard, as a take of its own: frames are those of
// the take.
func (t *take) heard(from, to int64) *take {
	if from == 0 && to == t.sound.song {
		return t
	}
	own := *t
	own.sound.head, own.sound.song = t.sound.head+from, to-from
	if t.outline.slots == nil {
		return &own
	}
	o := t.outline
	first, last := from/o.frames, min(to/o.frames, int64(len(o.slots)))
	o.slots = o.slots[min(first, last):last]
	own.outline = o
	own.loudness = o.loudness(drive{ceiling: math.Inf(1)})
	own.sound.Peak = 0
	for _, s := range o.slots {
		own.sound.Peak = max(own.sound.Peak, float64(s.sample))
	}
	if t.peakAt >= from && t.peakAt < to {
		own.peakAt = t.peakAt - from
		return &own
	}
	own.peak, own.peakAt = 0, 0
	for i, s := range o.slots {
		if p := float64(s.peak); p > own.peak {
			own.peak, own.peakAt = p, int64(i)*o.frames
		}
	}
	return &own
}
