package render

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/lathe-audio/lathe/dsp"
	"github.com/lathe-audio/lathe/dsp/dither"
	"github.com/lathe-audio/lathe/dsp/dyn"
	"github.com/lathe-audio/lathe/dsp/loudness"
	"github.com/lathe-audio/lathe/dsp/resample"
	"github.com/lathe-audio/lathe/dsp/xmath"
)

// take is a stage of a song at one delivery rate, kept on disk together with
// what does not depend on the level it is delivered at: the inter-sample peak
// around every frame, and the loudness. Every delivery at that rate, and every
// pass of the search for its level, reads it instead of resampling again.
//
// The file is a sequence of blocks of [dsp.MaxBlock] frames (the last one may be
// shorter): left, right and peaks, each as little-endian float64.
type take struct {
	stage  *artifact // in place of the file, where nothing had to be measured
	path   string
	rate   int
	frames int64

	loudness float64      // integrated, LUFS; -Inf for silence
	peak     float64      // true peak, linear
	peakAt   int64        // frame of it
	sample   float64      // sample peak, linear
	floor    float64      // below it peaks may be given as the floor
	reach    float64      // dB that some delivery's limiter may take off
	onGrid   map[int]bool // by word length: every sample is exact in that many bits
}

// untouched is the take of a delivery that asks for no loudness, no ceiling and
// no other rate: the stage itself.
func untouched(a artifact) *take {
	return &take{stage: &a, rate: a.rate, frames: a.song, loudness: math.NaN(), peak: a.Peak}
}

// reachMargin is by how many dB more than a limiter may take off the peaks are
// known exactly.
const reachMargin = 6

// makeTake resamples a stage to rate (when it has another) and scans its peaks.
// Peaks more than reach (in dB) below the song's own peak, and a margin for what
// resampling may do to that, are not looked at closely: no limiter that may take
// off so much gets to see them.
func makeTake(ctx context.Context, a artifact, rate int, reach float64, path string) (*take, error) {
	in, err := a.open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create work file: %w", err)
	}
	defer f.Close()
	t := &take{path: path, rate: rate, reach: reach, frames: a.song, onGrid: map[int]bool{16: true, 24: true}}
	t.floor = float64(a.Peak * xmath.Gain(-reach-reachMargin))
	w := &takeWriter{
		take: t, out: bufio.NewWriterSize(f, 1<<18), scanner: dyn.NewPeakScanner(rate, t.floor),
		meter: loudness.NewIntegrator(rate), block: dsp.NewBlock(dsp.MaxBlock), peaks: make([]float64, dsp.MaxBlock),
	}
	w.delay = dsp.NewDelay(w.scanner.Latency())
	w.skip = w.scanner.Latency()

	feed := w.write
	if rate != a.rate {
		if t.frames, feed, err = w.resampled(a); err != nil {
			return nil, err
		}
	}
	b := dsp.NewBlock(dsp.MaxBlock)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := in.read(b)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if err := feed(b.Cut(0, n)); err != nil {
			return nil, err
		}
	}
	if err := feed(dsp.Block{}); err != nil { // what the resampler still holds
		return nil, err
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	t.loudness = w.meter.Integrated()
	return t, f.Close()
}

// takeWriter measures and writes a take.
type takeWriter struct {
	*take
	out     *bufio.Writer
	scanner *dyn.PeakScanner
	delay   dsp.Delay // of the sound, so that peaks and sound leave together
	skip    int       // frames that are still the scanner's latency
	meter   *loudness.Integrator

	block   dsp.Block // gathers whole blocks for the file
	peaks   []float64
	n       int
	written int64
	scratch dsp.Block
	levels  []float64
	bytes   []byte
}

// resampled puts a resampler before the writer. Fed an empty block it flushes.
func (w *takeWriter) resampled(a artifact) (frames int64, feed func(dsp.Block) error, err error) {
	r, err := resample.New(a.rate, w.rate)
	if err != nil {
		return 0, nil, err
	}
	out := dsp.NewBlock(dsp.MaxBlock)
	return r.OutFrames(a.song), func(b dsp.Block) error {
		flush := b.Len() == 0
		for {
			consumed, produced := 0, 0
			if flush {
				produced = r.Flush(out)
			} else {
				consumed, produced = r.Process(b, out)
			}
			if err := w.write(out.Cut(0, produced)); err != nil {
				return err
			}
			b = b.Cut(consumed, b.Len())
			if b.Len() == 0 && produced < out.Len() {
				return nil
			}
		}
	}, nil
}

// write takes in the next frames, at the take's rate.
func (w *takeWriter) write(b dsp.Block) error {
	if b.Len() == 0 {
		return nil
	}
	w.meter.Write(b)
	for bits, exact := range w.onGrid {
		w.onGrid[bits] = exact && dither.OnGrid(b, bits)
	}
	for ch := range b {
		for _, x := range b[ch] {
			w.sample = max(w.sample, math.Abs(x))
		}
	}
	return w.push(b)
}

// push scans a block and writes what has left the delay.
func (w *takeWriter) push(b dsp.Block) error {
	n := b.Len()
	if w.levels == nil {
		w.levels, w.scratch = make([]float64, dsp.MaxBlock), dsp.NewBlock(dsp.MaxBlock)
	}
	levels, x := w.levels[:n], w.scratch.Cut(0, n)
	w.scanner.Scan(b, levels)
	copy(x[0], b[0])
	copy(x[1], b[1])
	w.delay.Process(x)
	if w.skip > 0 {
		s := min(w.skip, n)
		w.skip -= s
		levels, x = levels[s:], x.Cut(s, n)
	}
	for i := range levels {
		if w.written+int64(w.n) == w.frames {
			break
		}
		w.block[0][w.n], w.block[1][w.n], w.peaks[w.n] = x[0][i], x[1][i], levels[i]
		if levels[i] > w.peak {
			w.peak, w.peakAt = levels[i], w.written+int64(w.n)
		}
		if w.n++; w.n == dsp.MaxBlock {
			if err := w.put(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush pushes out the scanner's latency and writes the last block.
func (w *takeWriter) flush() error {
	silence := dsp.NewBlock(w.scanner.Latency())
	for at := 0; at < silence.Len(); at += dsp.MaxBlock {
		if err := w.push(silence.Cut(at, min(at+dsp.MaxBlock, silence.Len()))); err != nil {
			return err
		}
	}
	if err := w.put(); err != nil {
		return err
	}
	if w.written != w.frames {
		return fmt.Errorf("render: take has %d frames of %d", w.written, w.frames)
	}
	return w.out.Flush()
}

// put writes the gathered block.
func (w *takeWriter) put() error {
	if w.bytes == nil {
		w.bytes = make([]byte, 8*dsp.MaxBlock)
	}
	for _, x := range [][]float64{w.block[0][:w.n], w.block[1][:w.n], w.peaks[:w.n]} {
		out := w.bytes[:8*w.n]
		for i, v := range x {
			binary.LittleEndian.PutUint64(out[8*i:], math.Float64bits(v))
		}
		if _, err := w.out.Write(out); err != nil {
			return err
		}
	}
	w.written += int64(w.n)
	w.n = 0
	return nil
}

// takeReader streams a take.
type takeReader struct {
	stage *artifactReader // of an untouched take
	file  *os.File
	buf   *bufio.Reader
	bytes []byte
	left  int64
}

func (t *take) open() (*takeReader, error) {
	if t.stage != nil {
		in, err := t.stage.open()
		return &takeReader{stage: in}, err
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fmt.Errorf("open work file: %w", err)
	}
	return &takeReader{file: f, buf: bufio.NewReaderSize(f, 1<<18), bytes: make([]byte, 8*dsp.MaxBlock), left: t.frames}, nil
}

// read gives the next block of the take, of [dsp.MaxBlock] frames but for the
// last one; 0 at the end.
func (r *takeReader) read(b dsp.Block, peaks []float64) (int, error) {
	if r.stage != nil {
		return r.stage.read(b)
	}
	n := int(min(dsp.MaxBlock, r.left))
	for _, x := range [][]float64{b[0][:n], b[1][:n], peaks[:n]} {
		in := r.bytes[:8*n]
		if _, err := io.ReadFull(r.buf, in); err != nil {
			return 0, fmt.Errorf("read work file: %w", err)
		}
		for i := range x {
			x[i] = math.Float64frombits(binary.LittleEndian.Uint64(in[8*i:]))
		}
	}
	r.left -= int64(n)
	return n, nil
}

func (r *takeReader) Close() error {
	if r.stage != nil {
		return r.stage.Close()
	}
	return r.file.Close()
}
